//! Worldline's documents: what decodes is about a payment or a consent, and keeps the bytes that were signed.
#![no_main]

use std::sync::LazyLock;

use countersign::profile::Profile;
use countersign_fuzz::assert_decodes;
use libfuzzer_sys::fuzz_target;

static PROFILE: LazyLock<Profile> = LazyLock::new(Profile::worldline);

fuzz_target!(|data: &[u8]| assert_decodes(&PROFILE, data, &[]));
