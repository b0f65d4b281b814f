//! A protected header: what is accepted has one name for everything, brings nothing, and its extensions are there.
#![no_main]

use countersign::wire::encoding::Encoding;
use countersign::wire::jose::{JoseHeader, JoseObject};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(header) = JoseHeader::parse(&Encoding::Base64Url.encode(data)) else { return };
    assert_eq!(header.json(), data);
    let members = JoseObject::parse(data).expect("an object");
    for name in ["jwk", "x5c", "zip", "p2c", "p2s"] {
        assert!(!members.has(name), "{name}");
    }
    let listed = members.get("crit").unwrap_or("[]");
    let listed: Vec<String> = serde_json::from_str(listed).expect("names");
    assert_eq!(listed.is_empty(), !members.has("crit"));
    for name in &listed {
        assert!(members.has(name));
        assert!(name == "b64" || header.critical.iter().any(|known| **known == **name));
    }
    assert!(header.b64 || listed.iter().any(|name| name == "b64"));
});
