//! A compact JWS: its parts are those of the text, and its bytes are written in one way.
#![no_main]

use countersign::wire::encoding::Encoding;
use countersign::wire::jose::{CompactJws, LARGEST_TOKEN};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(jws) = CompactJws::parse(text, LARGEST_TOKEN) else { return };
    assert_eq!(text.matches('.').count(), 2);
    assert!(text.len() <= LARGEST_TOKEN && text.starts_with(jws.signing_input));
    assert_eq!(jws.signing_input, format!("{}.{}", jws.protected, jws.payload));
    assert_eq!(Encoding::Base64Url.encode(jws.header.json()), jws.protected);
    assert_eq!(format!("{}.{}", jws.signing_input, Encoding::Base64Url.encode(&jws.signature)), text);
    if let Ok(payload) = jws.decode_payload() {
        assert_eq!(Encoding::Base64Url.encode(&payload), jws.payload);
    }
});
