//! Times: what is read lies in its range and, written in each standard's form, reads as the same moment.
#![no_main]

use countersign::wire::time::{format_imf_fixdate, format_rfc3339, parse, parse_imf_fixdate, parse_rfc3339};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(ms) = parse(text) else { return };
    assert!((0..=253_402_300_799_999).contains(&ms));
    assert_eq!(parse_rfc3339(&format_rfc3339(ms)), Ok(ms));
    let seconds = ms - ms % 1000;
    assert_eq!(parse_imf_fixdate(&format_imf_fixdate(ms)), Ok(seconds));
    assert_eq!(parse(&(ms / 1000).to_string()), Ok(seconds));
});
