//! Documents of UAE Open Finance: what decodes keeps the bytes that were signed.
#![no_main]

use std::sync::LazyLock;

use countersign::profile::Profile;
use countersign_fuzz::assert_decodes;
use libfuzzer_sys::fuzz_target;

/// The one route: an event of a kind that is not known yet is about nothing that we know.
const WITHOUT_SUBJECT: [&str; 1] = [""];

static PROFILE: LazyLock<Profile> = LazyLock::new(Profile::cbuae);

fuzz_target!(|data: &[u8]| assert_decodes(&PROFILE, data, &WITHOUT_SUBJECT));
