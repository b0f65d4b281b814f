//! The thumbprints of the standards.
//!
//! The rule: vectors first, then what must not change a thumbprint.

use super::*;
use crate::crypto::{Algorithm, Backend};
use crate::keys::fixtures::{self, EDWARDS, MODULUS, NULL, b64, oid, pair, pkcs1, point, public_der, spki};
use crate::keys::public::{from_pkcs1, from_spki};

const AWS: Backend = Backend::AwsLc;

#[test]
fn the_example_of_rfc_7638_has_its_thumbprint() {
    let key = from_pkcs1(AWS, &pkcs1(&b64(MODULUS), &[1, 0, 1]), None).unwrap();
    assert_eq!(of_jwk(&key).unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn the_example_of_rfc_8037_has_its_thumbprint() {
    let key = PublicKey::new(AWS, Algorithm::EdDsa, &b64(EDWARDS)).unwrap();
    assert_eq!(of_jwk(&key).unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn another_algorithm_is_the_same_key() {
    let bare = pkcs1(&b64(MODULUS), &[1, 0, 1]);
    let one = from_pkcs1(AWS, &bare, None).unwrap();
    let other = from_spki(AWS, &spki(fixtures::PSS, &[], &bare), None).unwrap();
    assert_ne!(one.algorithm(), other.algorithm());
    assert_eq!(of_jwk(&one).unwrap(), of_jwk(&other).unwrap());
    assert_eq!(of_spki(&one).unwrap(), of_spki(&other).unwrap());
}

#[test]
fn the_hash_of_a_public_key_is_that_of_its_file() {
    let rsa = spki(fixtures::RSA, NULL, &pkcs1(&b64(MODULUS), &[1, 0, 1]));
    let ec = spki(fixtures::EC, &oid(fixtures::P256), &point());
    let made = [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ECDSA_P521_SHA512, &rcgen::PKCS_ED25519];
    for der in [rsa, ec].into_iter().chain(made.map(|kind| public_der(&pair(kind)))) {
        let key = from_spki(AWS, &der, None).unwrap();
        assert_eq!(of_spki(&key).unwrap(), Digest::sha256_of(&der), "{key:?}");
    }
}

#[test]
fn the_mirrored_point_has_another_name() {
    let one = PublicKey::new(AWS, Algorithm::Es256, &point()).unwrap();
    // The same x with p - y: the sign is all that tells the two apart.
    let prime = Encoding::Hex.decode("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 32).unwrap();
    let mut mirrored = point();
    let mut borrow = 0;
    for (digit, minuend) in mirrored[33..].iter_mut().zip(prime).rev() {
        let difference = i16::from(minuend) - i16::from(*digit) - borrow;
        borrow = i16::from(difference < 0);
        *digit = difference.rem_euclid(256) as u8;
    }
    let other = PublicKey::new(AWS, Algorithm::Es256, &mirrored).unwrap();
    assert_ne!(of_jwk(&one).unwrap(), of_jwk(&other).unwrap());
    assert_ne!(of_spki(&one).unwrap(), of_spki(&other).unwrap());
}
