//! Strict JSON: what is accepted is what the library behind reads too, and taking white space out changes nothing.
#![no_main]

use countersign::wire::json::{check, compact};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    if check(data).is_err() {
        return;
    }
    let value: Value = serde_json::from_slice(data).expect("what was accepted");
    let small = compact(data);
    assert_eq!(check(&small), Ok(()));
    assert_eq!(serde_json::from_slice::<Value>(&small).expect("the same document"), value);
    assert_eq!(compact(&small), small);
});
