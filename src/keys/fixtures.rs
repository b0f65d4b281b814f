//! Keys for the tests of this folder, made anew or put together by hand.
//!
//! The rule: nothing here is read from a file, and only what is called weak is weak.

use std::sync::OnceLock;

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Encode, Tag};
use rcgen::{CertificateParams, KeyPair, PublicKeyData};

use crate::wire::encoding::Encoding;

pub(super) const RSA: &str = "1.2.840.113549.1.1.1";
pub(super) const PSS: &str = "1.2.840.113549.1.1.10";
pub(super) const EC: &str = "1.2.840.10045.2.1";
pub(super) const P256: &str = "1.2.840.10045.3.1.7";
pub(super) const ED25519: &str = "1.3.101.112";

/// The modulus of RFC 7638 section 3.1, of 2048 bits.
pub(super) const MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
/// The key of RFC 8037 appendix A.2.
pub(super) const EDWARDS: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
/// The key of RFC 7515 appendix A.3.
pub(super) const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
pub(super) const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

pub(super) fn b64(text: &str) -> Vec<u8> {
    Encoding::Base64Url.decode(text, 4096).unwrap()
}

/// Puts DER together from its parts.
pub(super) fn tlv(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    AnyRef::new(tag, &parts.concat()).unwrap().to_der().unwrap()
}

pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    UintRef::new(bytes).unwrap().to_der().unwrap()
}

pub(super) fn pkcs1(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    tlv(Tag::Sequence, &[&integer(modulus), &integer(exponent)])
}

/// A modulus with that many bits that nobody has the factors of; it is odd.
pub(super) fn modulus(bits: usize) -> Vec<u8> {
    let mut bytes = vec![0xa5; bits.div_ceil(8)];
    bytes[0] = 0xff >> (bytes.len() * 8 - bits);
    bytes
}

pub(super) fn oid(text: &str) -> Vec<u8> {
    ObjectIdentifier::new(text).unwrap().to_der().unwrap()
}

pub(super) const NULL: &[u8] = &[5, 0];

/// A SubjectPublicKeyInfo with any type, any parameters and any key.
pub(super) fn spki(kind: &str, parameters: &[u8], key: &[u8]) -> Vec<u8> {
    let identifier = tlv(Tag::Sequence, &[&oid(kind), parameters]);
    let key = BitStringRef::from_bytes(key).unwrap().to_der().unwrap();
    tlv(Tag::Sequence, &[&identifier, &key])
}

/// The point of RFC 7515 appendix A.3.
pub(super) fn point() -> Vec<u8> {
    [&[4][..], &b64(X), &b64(Y)].concat()
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    der::pem::encode_string(label, der::pem::LineEnding::LF, der).unwrap()
}

/// One RSA pair for all tests, as making one takes a while.
pub(super) fn rsa() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| pair(&rcgen::PKCS_RSA_SHA256))
}

pub(super) fn pair(kind: &'static rcgen::SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(kind).unwrap()
}

pub(super) fn public_der(pair: &KeyPair) -> Vec<u8> {
    pair.subject_public_key_info()
}

/// A certificate that signs itself, valid in the years `from` to `to`, from New Year to New Year.
pub(super) fn certificate(pair: &KeyPair, from: i32, to: i32) -> Vec<u8> {
    let mut parameters = CertificateParams::new(vec!["bank.example".to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(from, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(to, 1, 1);
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "bank\n.example");
    parameters.serial_number = Some(vec![0x0a, 0xbc].into());
    parameters.self_signed(pair).unwrap().der().to_vec()
}
