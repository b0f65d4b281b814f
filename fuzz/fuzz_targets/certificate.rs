//! Certificates: what is read states a span of time, names nobody with control characters, and holds a strong key.
#![no_main]

use countersign::crypto::Backend;
use countersign::keys::{Certificate, Key};
use countersign_fuzz::assert_strong;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(certificate) = Certificate::from_der(data) else { return };
    assert!(certificate.not_before() <= certificate.not_after());
    assert!(!certificate.subject().chars().any(char::is_control));
    assert_eq!(certificate.thumbprint_sha1_hex().len(), 40);
    assert_eq!(Certificate::from_der(data).as_ref(), Ok(&certificate));
    if let Ok(key) = Key::certificate(&certificate, Backend::AwsLc, None) {
        assert_strong(&key);
        assert_eq!(key.id().as_str(), certificate.thumbprint_sha1_hex());
        assert!(key.is_live(certificate.not_before()) && key.is_live(certificate.not_after()));
    }
});
