//! The `Digest` header: what was read has a strong digest, and its canonical spelling reads the same.
#![no_main]

use countersign::wire::digest::DigestHeader;
use countersign::wire::encoding::Encoding;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(parsed) = DigestHeader::parse(text) else { return };
    let sha256 = parsed.sha256().map(|value| format!("SHA-256={}", Encoding::Base64.encode(value)));
    let sha512 = parsed.sha512().map(|value| format!("SHA-512={}", Encoding::Base64.encode(value)));
    let entries: Vec<String> = sha256.into_iter().chain(sha512).collect();
    assert!(!entries.is_empty());
    assert_eq!(DigestHeader::parse(&entries.join(",")), Ok(parsed));
});
