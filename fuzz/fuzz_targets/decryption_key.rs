//! Files of private keys: what comes out is strong, takes at least one algorithm, and shows nothing of itself.
#![no_main]

use countersign::crypto::{DecryptionKind, KeyManagement};
use countersign::keys::read_decryption;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for (_, key) in read_decryption(data).into_iter().flatten() {
        match key.kind() {
            DecryptionKind::Rsa => assert!((2048..=8192).contains(&key.bits())),
            DecryptionKind::P256 | DecryptionKind::X25519 => assert_eq!(key.bits(), 256),
            _ => assert!(matches!(key.bits(), 128 | 256 | 512)),
        }
        // 64 bytes are a content key and nothing else.
        assert!(KeyManagement::ALL.iter().copied().any(|one| key.takes(one)), "{key:?}");
        assert!(format!("{key:?}").len() < 100);
    }
});
