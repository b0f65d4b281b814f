//! A compact JWE: nothing of impossible length, nothing compressed, and its bytes are written in one way.
#![no_main]

use countersign::wire::encoding::Encoding;
use countersign::wire::jose::CompactJwe;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(jwe) = CompactJwe::parse(text, 65_536) else { return };
    assert!(matches!((jwe.iv.len(), jwe.tag.len()), (12, 16) | (16, 16 | 32)));
    assert!(!jwe.ciphertext.is_empty() && jwe.header.enc.is_some() && jwe.header.b64);
    let parts = [&jwe.encrypted_key, &jwe.iv, &jwe.ciphertext, &jwe.tag].map(|part| Encoding::Base64Url.encode(part));
    assert_eq!(format!("{}.{}", jwe.protected, parts.join(".")), text);
});
