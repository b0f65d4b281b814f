//! Files that are not what their place says they are.
//!
//! The rule: a private key in any form is refused with the words that say so.

use super::*;
use crate::keys::fixtures::{EDWARDS, certificate, pair, pem, pkcs1, public_der, rsa, tlv};

const PRIVATE: &str = "expected a public key or certificate, but found a private key";

fn all(bytes: &[u8]) -> Result<Vec<Key>, KeyError> {
    read(Backend::AwsLc, bytes, None)
}

#[test]
fn a_private_key_offered_as_public_is_refused() {
    let pkcs8 = rsa().serialize_der();
    let sec1 = tlv(Tag::Sequence, &[&[2, 1, 1], &tlv(Tag::OctetString, &[&[7; 32]])]);
    for der in [&pkcs8, &pair(&rcgen::PKCS_ED25519).serialize_der(), &sec1] {
        assert_eq!(all(der).unwrap_err().to_string(), PRIVATE);
    }
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
        assert_eq!(all(pem(label, &pkcs8).as_bytes()).unwrap_err().to_string(), PRIVATE);
    }
    let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{EDWARDS}","d":"{EDWARDS}"}}"#);
    assert!(all(jwk.as_bytes()).unwrap_err().to_string().contains("a private key"));
}

#[test]
fn a_private_key_beside_its_certificate_is_refused() {
    let both = pem("CERTIFICATE", &certificate(rsa(), 2020, 2021)) + &pem("PRIVATE KEY", &rsa().serialize_der());
    assert_eq!(all(both.as_bytes()).unwrap_err().to_string(), PRIVATE);
}

#[test]
fn a_private_key_under_the_label_of_a_public_one_is_refused() {
    for label in ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"] {
        assert!(all(pem(label, &rsa().serialize_der()).as_bytes()).is_err());
    }
}

#[test]
fn each_form_gives_the_same_key() {
    let der = certificate(rsa(), 2020, 2021);
    let public = pem("PUBLIC KEY", &public_der(rsa()));
    let bare = pem("RSA PUBLIC KEY", rsa().public_key_raw());
    let expected = all(public.as_bytes()).unwrap()[0].sha256_spki();
    for bytes in [&der[..], pem("CERTIFICATE", &der).as_bytes(), bare.as_bytes()] {
        assert_eq!(all(bytes).unwrap()[0].sha256_spki(), expected);
    }
    assert_eq!(all((public + &bare).as_bytes()).unwrap().len(), 2);
    let jwk = format!("\r\n {{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"{EDWARDS}\"}}");
    assert_eq!(all(jwk.as_bytes()).unwrap().len(), 1);
}

#[test]
fn one_bad_block_spoils_the_file() {
    let good = pem("PUBLIC KEY", &public_der(rsa()));
    let weak = pem("RSA PUBLIC KEY", &pkcs1(&[0xff; 128], &[1, 0, 1]));
    for bad in [weak, pem("CERTIFICATE REQUEST", b"x"), pem("CERTIFICATE", b"x"), good.replace("END PUBLIC", "END")] {
        assert!(all((good.clone() + &bad).as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn an_algorithm_that_one_key_does_not_take_is_refused() {
    let both =
        pem("PUBLIC KEY", &public_der(rsa())) + &pem("PUBLIC KEY", &public_der(&pair(&rcgen::PKCS_ECDSA_P256_SHA256)));
    assert!(read(Backend::AwsLc, both.as_bytes(), None).is_ok());
    assert!(read(Backend::AwsLc, both.as_bytes(), Some(Algorithm::Rs256)).is_err());
}

#[test]
fn garbage_is_refused() {
    for bytes in [&b""[..], b"\0", b"hello", b"ssh-rsa AAAAB3NzaC1yc2E=", b"\xff\xfe{\0", b"0", b"{", b"\xef\xbb\xbf{}"]
    {
        assert!(all(bytes).is_err(), "{bytes:?}");
    }
}
