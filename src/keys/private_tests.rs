//! Private keys in other forms than the one that is read.
//!
//! The rule: what is refused is refused with its cure.

use super::*;
use crate::keys::fixtures::{NULL, RSA, oid, pair, pem, public_der, rsa, tlv};
use der::Tag;

fn refused(text: &str) -> String {
    read_private(text, None).unwrap_err().to_string()
}

#[test]
fn a_key_of_each_kind_signs_with_its_default_algorithm() {
    for (kind, algorithm) in [
        (&rcgen::PKCS_ECDSA_P256_SHA256, Algorithm::Es256),
        (&rcgen::PKCS_ECDSA_P384_SHA384, Algorithm::Es384),
        (&rcgen::PKCS_ECDSA_P521_SHA512, Algorithm::Es512),
        (&rcgen::PKCS_ED25519, Algorithm::EdDsa),
    ] {
        let key = read_private(&pair(kind).serialize_pem(), None).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert!(key.sign(b"message").is_ok());
    }
    let text = pem("PRIVATE KEY", &rsa().serialize_der());
    assert_eq!(read_private(&text, None).unwrap().algorithm(), Algorithm::Rs256);
    assert_eq!(read_private(&text, Some(Algorithm::Ps256)).unwrap().algorithm(), Algorithm::Ps256);
}

#[test]
fn an_old_form_is_refused_with_its_cure() {
    for label in ["RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        let error = refused(&pem(label, &rsa().serialize_der()));
        assert!(error.contains("openssl pkcs8 -topk8 -nocrypt"), "{error}");
    }
    let parameters = pem("EC PARAMETERS", b"x") + &pem("EC PRIVATE KEY", b"x");
    assert!(refused(&parameters).contains("openssl pkcs8"));
}

#[test]
fn a_public_key_or_a_certificate_is_refused() {
    for label in ["PUBLIC KEY", "CERTIFICATE"] {
        assert!(refused(&pem(label, &public_der(rsa()))).ends_with(&format!("but found {label:?}")));
    }
    assert!(read_private(&pem("PRIVATE KEY", &public_der(rsa())), None).is_err());
}

#[test]
fn a_second_block_is_refused() {
    let one = pem("PRIVATE KEY", &rsa().serialize_der());
    assert_eq!(refused(&one.repeat(2)), "expected one pem block PRIVATE KEY, but found several");
    assert!(read_private(&(one + &pem("CERTIFICATE", b"x")), None).is_err());
}

#[test]
fn an_algorithm_of_another_kind_is_refused() {
    let text = pair(&rcgen::PKCS_ECDSA_P256_SHA256).serialize_pem();
    for algorithm in [Algorithm::Rs256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::Hs256] {
        assert!(read_private(&text, Some(algorithm)).is_err(), "{algorithm}");
    }
}

#[test]
fn a_cut_stretched_or_hollow_key_is_refused() {
    let der = pair(&rcgen::PKCS_ECDSA_P256_SHA256).serialize_der();
    for length in 1..der.len() {
        assert!(read_private(&pem("PRIVATE KEY", &der[..length]), None).is_err(), "{length}");
    }
    let longer = [&der[..], &[0]].concat();
    assert!(read_private(&pem("PRIVATE KEY", &longer), None).is_err());
    let identifier = tlv(Tag::Sequence, &[&oid(RSA), NULL]);
    let hollow = tlv(Tag::Sequence, &[&[2, 1, 0], &identifier, &tlv(Tag::OctetString, &[b"nothing"])]);
    assert!(read_private(&pem("PRIVATE KEY", &hollow), None).is_err());
}

#[test]
fn an_error_shows_nothing_of_the_key() {
    let der = b"the very secret bytes that are no key";
    for label in ["RSA PRIVATE KEY", "PRIVATE KEY"] {
        let text = pem(label, der);
        let error = read_private(&text, None).unwrap_err();
        let shown = format!("{error:?} {error}");
        assert!(!shown.contains("secret bytes") && !shown.contains(text.lines().nth(1).unwrap()), "{shown}");
    }
}
