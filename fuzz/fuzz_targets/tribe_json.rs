//! Tribe's documents: what decodes keeps the bytes that were signed, and is about something where something exists.
#![no_main]

use std::sync::LazyLock;

use countersign::profile::Profile;
use countersign_fuzz::assert_decodes;
use libfuzzer_sys::fuzz_target;

/// All accounts are asked for, or a payment that has no id before it is made.
const WITHOUT_SUBJECT: [&str; 4] = ["v2_accounts", "v2_payment_single", "v2_payment_direct_single", "v2_payment_bulk"];

static PROFILE: LazyLock<Profile> = LazyLock::new(Profile::tribe);

fuzz_target!(|data: &[u8]| assert_decodes(&PROFILE, data, &WITHOUT_SUBJECT));
