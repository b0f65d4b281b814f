//! The claims of a token: what is read as a date or a text is what every other reader of JSON reads.
#![no_main]

use countersign::wire::jose::{Claim, ClaimSet};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(claims) = ClaimSet::parse(data) else { return };
    let Ok(document) = serde_json::from_slice::<Value>(data) else { return };
    for name in ["exp", "nbf", "iat"] {
        match claims.time(name) {
            Claim::Value(seconds) => {
                assert_eq!(document[name].to_string().parse(), Ok(seconds));
                assert!((0..=1 << 40).contains(&seconds));
            }
            Claim::Absent => assert!(document.get(name).is_none()),
            Claim::Null => assert_eq!(document[name], Value::Null),
            Claim::WrongType | Claim::OutOfRange => {}
        }
    }
    for name in ["iss", "jti"] {
        if let Claim::Value(text) = claims.text(name) {
            assert_eq!(document[name].as_str(), Some(&*text));
            assert!((1..=2048).contains(&text.len()));
        }
    }
    if let Claim::Value(audience) = claims.audience() {
        assert!((1..=16).contains(&audience.len()));
        match &document["aud"] {
            Value::Array(list) => assert!(list.iter().map(Value::as_str).eq(audience.iter().map(|one| Some(&**one)))),
            one => assert!(audience.len() == 1 && one.as_str() == Some(&*audience[0])),
        }
    }
});
