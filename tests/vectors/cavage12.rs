//! draft-cavage-http-signatures-12, appendix C, at the level of the primitive: its key has 1024 bits, which no
//! endpoint takes. The signing strings are the draft's; the floor is tested with its key.

use countersign::crypto::Backend;
use countersign::keys;
use countersign::wire::cavage::CavageSignature;

use crate::place::read;

#[test]
fn the_key_of_the_appendix_is_too_small_for_an_endpoint() {
    let Some(document) = read("cavage12/cavage12_appendix_c.json") else { return };
    let pem = document["public_pem"].as_str().unwrap();
    let error = keys::file::read(Backend::AwsLc, pem.as_bytes(), None).unwrap_err();
    assert!(error.to_string().contains("2048"), "{error}");
}

/// The primitive alone, by a library that has no floor for a test.
#[test]
fn the_signatures_of_the_appendix_fit_their_signing_strings() {
    use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY};
    use countersign::wire::encoding::Encoding;
    let Some(document) = read("cavage12/cavage12_appendix_c.json") else { return };
    let blocks = keys::pem::read(document["public_pem"].as_str().unwrap()).unwrap();
    let key = ParsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &blocks[0].der).unwrap();
    for case in document["cases"].as_array().unwrap() {
        let input = case["signing_string"].as_str().unwrap();
        let signature = Encoding::Base64.decode(case["signature"].as_str().unwrap(), 1024).unwrap();
        assert!(key.verify_sig(input.as_bytes(), &signature).is_ok(), "{}", case["ref"]);
        let changed = input.replacen("example.com", "example.org", 1) + " ";
        assert!(key.verify_sig(changed.as_bytes(), &signature).is_err(), "{}", case["ref"]);
    }
}

#[test]
fn the_header_of_c1_leaves_its_list_out_and_is_refused() {
    let header = r#"keyId="Test",algorithm="rsa-sha256",signature="SjWJWbWN7i0=""#;
    assert!(CavageSignature::parse(header).is_err());
}
