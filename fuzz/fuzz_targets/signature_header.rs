//! The `Signature` header: what was read, written down again, reads the same.
#![no_main]

use countersign::wire::cavage::CavageSignature;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(parsed) = CavageSignature::parse(text) else { return };
    let mut written = format!("keyId=\"{}\"", parsed.key_id);
    if let Some(algorithm) = parsed.algorithm {
        written += &format!(",algorithm=\"{algorithm}\"");
    }
    if let Some(created) = parsed.created {
        written += &format!(",created={created}");
    }
    if let Some(expires) = parsed.expires {
        written += &format!(",expires={expires}");
    }
    written += &format!(",headers=\"{}\",signature=\"{}\"", parsed.headers.join(" "), parsed.signature);
    assert_eq!(CavageSignature::parse(&written), Ok(parsed));
});
