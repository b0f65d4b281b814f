//! Files of keys: every key that comes out is a strong one, and one that may verify.
#![no_main]

use countersign::crypto::{Algorithm, Backend};
use countersign::keys::{file, jwk};
use countersign_fuzz::assert_strong;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for demanded in [None, Some(Algorithm::Rs256), Some(Algorithm::Es256)] {
        for key in file::read(Backend::AwsLc, data, demanded).into_iter().flatten() {
            assert_strong(&key);
            assert!(demanded.is_none_or(|algorithm| key.algorithm() == algorithm));
        }
    }
    for key in jwk::read_set(Backend::AwsLc, data, None).into_iter().flatten() {
        assert_strong(&key);
    }
});
