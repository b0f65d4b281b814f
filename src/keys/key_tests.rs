//! Keys at the edges of their validity, and secrets that must stay what they are.
//!
//! The rule: each edge is tested on both of its sides.

use super::*;
use crate::keys::fixtures::{EDWARDS, b64, certificate, pair, rsa};

const AWS: Backend = Backend::AwsLc;

fn pinned() -> (Certificate, Key) {
    let certificate = Certificate::from_der(&certificate(rsa(), 2020, 2021)).unwrap();
    let key = Key::certificate(&certificate, AWS, Some(Algorithm::Ps256)).unwrap();
    (certificate, key)
}

fn edwards() -> Key {
    Key::public(PublicKey::new(AWS, Algorithm::EdDsa, &b64(EDWARDS)).unwrap()).unwrap()
}

fn secret() -> Secret {
    Secret::new(*b"a secret of more than 32 bytes in all").unwrap()
}

#[test]
fn an_expired_certificate_is_not_live() {
    let (certificate, key) = pinned();
    let (first, last) = (certificate.not_before(), certificate.not_after());
    let millisecond = std::time::Duration::from_millis(1);
    assert!(!key.is_live(first.before(millisecond)));
    assert!(key.is_live(first) && key.is_live(last));
    assert!(!key.is_live(last.after(millisecond)));
}

#[test]
fn only_who_says_so_pins_beyond_the_end() {
    let key = pinned().1.ignoring_validity();
    assert!(key.is_live(Timestamp::from_millis(i64::MAX)) && key.is_live(Timestamp::from_millis(i64::MIN)));
    assert_eq!((key.not_before(), key.not_after()), (None, None));
}

#[test]
fn a_certificate_names_its_key() {
    let (certificate, key) = pinned();
    assert_eq!(key.id().as_str(), certificate.thumbprint_sha1_hex());
    assert_eq!(key.certificate_sha1(), Some(certificate.thumbprint_sha1()));
    assert_eq!(key.certificate_sha256(), Some(certificate.thumbprint_sha256()));
    assert_eq!(key.algorithm(), Algorithm::Ps256);
}

#[test]
fn a_bare_key_has_its_thumbprint_for_a_name() {
    let key = edwards();
    assert_eq!(key.id().as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!((key.certificate_sha1(), key.certificate_sha256()), (None, None));
    assert!(key.sha256_spki().is_some() && !key.is_demo());
}

#[test]
fn the_name_of_a_secret_tells_nothing_of_it() {
    let one = Key::secret(Algorithm::Hs256, &secret()).unwrap();
    let other = Key::secret(Algorithm::Hs256, &Secret::new([9; 40]).unwrap()).unwrap();
    assert_eq!(one.id(), other.id());
    assert_eq!(format!("{one:?}"), "Key(\"secret\", Mac(MacKey(HS256)))");
    assert_eq!(one.sha256_spki(), None);
}

#[test]
fn a_secret_never_has_the_algorithm_of_a_public_key() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let error = Key::secret(algorithm, &secret()).unwrap_err().to_string();
        assert!(error.starts_with("expected HS256, HS384 or HS512"), "{error}");
    }
}

#[test]
fn a_new_name_and_new_times_change_nothing_else() {
    let at = Timestamp::from_seconds(5);
    let key = edwards().with_id(KeyId::new("prod").unwrap()).with_validity(None, Some(at));
    assert_eq!(key.id().as_str(), "prod");
    assert_eq!(key.sha256_spki(), edwards().sha256_spki());
    assert!(key.is_live(at) && !key.is_live(Timestamp::from_seconds(6)));
}

#[test]
fn der_signatures_keep_the_key_and_its_times() {
    let der = certificate(&pair(&rcgen::PKCS_ECDSA_P256_SHA256), 2020, 2021);
    let key = Key::certificate(&Certificate::from_der(&der).unwrap(), AWS, None).unwrap();
    let other = key.clone().accepting_der().unwrap();
    assert_eq!((key.id(), key.not_after(), key.sha256_spki()), (other.id(), other.not_after(), other.sha256_spki()));
    assert!(Key::secret(Algorithm::Hs256, &secret()).unwrap().accepting_der().unwrap().is_symmetric());
}
