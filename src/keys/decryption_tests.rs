//! Keys that decrypt, as an operator or an attacker puts them together.
//!
//! The rule: what is refused differs in one thing from what is taken.

use super::*;
use crate::crypto::Secret;
use crate::keys::fixtures::rsa;

fn secret(byte: u8) -> DecryptionKey {
    DecryptionKey::from_secret(Secret::new([byte; 32]).unwrap()).unwrap()
}

fn named(name: &str) -> DecryptingKey {
    let id = KeyId::new(name).unwrap();
    DecryptingKey::new(id, secret(1), [KeyManagement::Dir], DecryptingKey::DEFAULT_ENCRYPTION).unwrap()
}

const NOON: Timestamp = Timestamp::from_seconds(1_790_000_000);

#[test]
fn a_key_without_algorithms_is_refused() {
    assert!(DecryptingKey::new(None, secret(1), [], DecryptingKey::DEFAULT_ENCRYPTION).is_err());
    assert!(DecryptingKey::new(None, secret(1), [KeyManagement::Dir], []).is_err());
}

#[test]
fn a_key_for_another_algorithm_is_refused() {
    let gcm = DecryptingKey::DEFAULT_ENCRYPTION;
    let both = [KeyManagement::Dir, KeyManagement::RsaOaep256];
    let error = DecryptingKey::new(None, secret(1), both, gcm).unwrap_err().to_string();
    assert_eq!(error, "expected a key for RSA-OAEP-256, but found one of kind secret for A256KW, dir");
    let key = DecryptionKey::from_pkcs8(&rsa().serialize_der()).unwrap();
    let key = key.restricted_to(KeyManagement::RsaOaep).unwrap();
    assert!(DecryptingKey::new(None, key.clone(), DecryptingKey::DEFAULT_MANAGEMENT, gcm).is_err());
    assert!(DecryptingKey::new(None, key, [KeyManagement::RsaOaep], gcm).is_ok());
}

#[test]
fn a_message_chooses_only_among_what_is_allowed() {
    let key = named("a");
    assert!(key.allows(KeyManagement::Dir, ContentEncryption::A256Gcm));
    assert!(!key.allows(KeyManagement::Dir, ContentEncryption::A128CbcHs256));
    assert!(!key.allows(KeyManagement::A256Kw, ContentEncryption::A256Gcm));
}

#[test]
fn a_key_without_a_name_has_the_one_of_its_public_half() {
    let (gcm, agreed) = (DecryptingKey::DEFAULT_ENCRYPTION, [KeyManagement::EcdhEs]);
    // The key pair of RFC 7748 section 6.1, whose public half RFC 8037 appendix A.6 writes as a JWK.
    let hex = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    let scalar = crate::wire::encoding::Encoding::Hex.decode(hex, 32).unwrap();
    let key = DecryptionKey::from_x25519(&scalar).unwrap();
    let json = r#"{"crv":"X25519","kty":"OKP","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}"#;
    let hash = crate::crypto::Digest::sha256_of(json.as_bytes());
    let expected = crate::wire::encoding::Encoding::Base64Url.encode(&hash);
    assert_eq!(DecryptingKey::new(None, key, agreed, gcm).unwrap().id().as_str(), expected);
    let key = DecryptionKey::from_pkcs8(&rsa().serialize_der()).unwrap();
    let public = crate::keys::public::from_spki(Default::default(), &crate::keys::fixtures::public_der(rsa()), None);
    let same = crate::keys::Key::public(public.unwrap()).unwrap();
    let key = DecryptingKey::new(None, key, DecryptingKey::DEFAULT_MANAGEMENT, gcm).unwrap();
    assert_eq!(key.id(), same.id());
    assert_eq!(DecryptingKey::new(None, secret(1), [KeyManagement::Dir], gcm).unwrap().id().as_str(), "secret");
}

#[test]
fn a_published_private_key_is_known_by_its_public_half() {
    let text = include_str!("../../keys/worldline/signing.key.pem");
    let keys = crate::keys::read_decryption(text.as_bytes()).unwrap();
    let (id, key) = keys.into_iter().next().unwrap();
    let key =
        DecryptingKey::new(id, key, DecryptingKey::DEFAULT_MANAGEMENT, DecryptingKey::DEFAULT_ENCRYPTION).unwrap();
    assert!(key.is_demo());
    assert!(!named("a").is_demo());
    assert!(DecryptionKeys::new(vec![named("a"), key]).unwrap().has_demo_key());
    assert!(!DecryptionKeys::new(vec![named("a")]).unwrap().has_demo_key());
}

#[test]
fn a_set_is_not_empty_and_bounded_and_its_names_differ() {
    let many = |count: usize| DecryptionKeys::new((0..count).map(|number| named(&number.to_string())).collect());
    assert!(many(0).is_err());
    assert_eq!(many(16).unwrap().iter().count(), 16);
    assert!(many(17).is_err());
    let error = DecryptionKeys::new(vec![named("a"), named("a")]).unwrap_err().to_string();
    assert_eq!(error, "expected key ids that differ, but found \"a\" twice");
}

#[test]
fn a_message_without_a_kid_finds_the_only_key_and_never_one_of_two() {
    let one = DecryptionKeys::new(vec![named("a")]).unwrap();
    assert!(one.find(None, NOON).is_some());
    let two = DecryptionKeys::new(vec![named("a"), named("b")]).unwrap();
    assert!(two.find(None, NOON).is_none());
    assert_eq!(two.find(Some("b"), NOON).unwrap().id().as_str(), "b");
    for kid in ["A", "", "a ", "c"] {
        assert!(two.find(Some(kid), NOON).is_none(), "{kid:?}");
    }
}

#[test]
fn a_key_before_or_after_its_time_is_not_found() {
    let early = Timestamp::from_seconds(NOON.seconds() - 1);
    let old = named("old").with_validity(None, Some(early));
    let keys = DecryptionKeys::new(vec![old, named("new").with_validity(Some(NOON), None)]).unwrap();
    assert!(keys.find(Some("old"), NOON).is_none());
    assert!(keys.find(Some("new"), early).is_none());
    assert_eq!(keys.find(None, NOON).unwrap().id().as_str(), "new");
    assert_eq!(keys.find(None, early).unwrap().id().as_str(), "old");
}

#[test]
fn debug_shows_no_key() {
    assert_eq!(format!("{:?}", named("a")), "DecryptingKey(\"a\", DecryptionKey(secret, 256 bits))");
}

#[test]
fn debug_shows_no_private_key() {
    let private = DecryptionKey::from_pkcs8(&rsa().serialize_der()).unwrap();
    assert_eq!(format!("{:?}", secret(1)), "DecryptionKey(secret, 256 bits)");
    assert_eq!(format!("{private:?}"), "DecryptionKey(RSA, 2048 bits)");
    assert_eq!(format!("{:?}", crate::crypto::Undecryptable), "Undecryptable");
}
