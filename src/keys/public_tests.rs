//! Public keys that a library would take, or would fail on late.
//!
//! The rule: every refusal has a neighbour that is taken.

use der::Tag;

use super::*;
use crate::keys::fixtures::{
    EC, ED25519, EDWARDS, MODULUS, NULL, P256, PSS, RSA, b64, integer, modulus, oid, pair, pkcs1, point, public_der,
    rsa, spki, tlv,
};

const AWS: Backend = Backend::AwsLc;
const F4: &[u8] = &[1, 0, 1];

fn rsa_refused(modulus: &[u8], exponent: &[u8]) -> String {
    let bare = pkcs1(modulus, exponent);
    let one = from_pkcs1(AWS, &bare, None).unwrap_err().to_string();
    assert_eq!(from_spki(AWS, &spki(RSA, NULL, &bare), None).unwrap_err().to_string(), one);
    one
}

#[test]
fn a_key_of_each_kind_is_taken_with_its_default_algorithm() {
    for (kind, algorithm) in [
        (&rcgen::PKCS_ECDSA_P256_SHA256, Algorithm::Es256),
        (&rcgen::PKCS_ECDSA_P384_SHA384, Algorithm::Es384),
        (&rcgen::PKCS_ECDSA_P521_SHA512, Algorithm::Es512),
        (&rcgen::PKCS_ED25519, Algorithm::EdDsa),
    ] {
        assert_eq!(from_spki(AWS, &public_der(&pair(kind)), None).unwrap().algorithm(), algorithm);
    }
    let rsa = public_der(rsa());
    assert_eq!(from_spki(AWS, &rsa, None).unwrap().algorithm(), Algorithm::Rs256);
    assert_eq!(from_spki(AWS, &rsa, Some(Algorithm::Ps384)).unwrap().algorithm(), Algorithm::Ps384);
}

#[test]
fn rs256_on_an_ec_key_is_refused() {
    let der = public_der(&pair(&rcgen::PKCS_ECDSA_P256_SHA256));
    let error = from_spki(AWS, &der, Some(Algorithm::Rs256)).unwrap_err().to_string();
    assert_eq!(error, "expected a key for RS256, but found a key of kind P-256");
}

#[test]
fn a_public_key_is_never_a_mac_key() {
    for der in [public_der(rsa()), public_der(&pair(&rcgen::PKCS_ED25519))] {
        assert!(from_spki(AWS, &der, Some(Algorithm::Hs256)).is_err());
    }
    assert!(from_pkcs1(AWS, &pkcs1(&b64(MODULUS), F4), Some(Algorithm::Hs512)).is_err());
}

#[test]
fn an_rsa_key_too_small_or_too_large_is_refused() {
    for bits in [512, 1024, 1536, 2047, 8193, 16384] {
        let expected = format!("expected an RSA key of 2048 to 8192 bits, but found one of {bits}");
        assert_eq!(rsa_refused(&modulus(bits), F4), expected);
    }
    assert!(from_pkcs1(AWS, &pkcs1(&modulus(2048), F4), None).is_ok());
}

#[test]
fn an_rsa_exponent_of_1_3_or_an_even_one_is_refused() {
    for exponent in [&[0][..], &[1], &[3], &[17], &[1, 0, 0], &[1, 0, 2]] {
        assert!(rsa_refused(&b64(MODULUS), exponent).contains("odd RSA exponent"), "{exponent:?}");
    }
}

#[test]
fn an_even_rsa_modulus_is_refused() {
    let mut even = b64(MODULUS);
    *even.last_mut().unwrap() ^= 1;
    assert_eq!(rsa_refused(&even, F4), "expected an odd RSA modulus, but found an even one");
}

#[test]
fn bytes_after_the_key_are_refused() {
    let bare = pkcs1(&b64(MODULUS), F4);
    let mut after = spki(RSA, NULL, &bare);
    after.push(0);
    assert!(from_spki(AWS, &after, None).is_err());
    let longer = [&bare[..], &[0]].concat();
    assert!(from_pkcs1(AWS, &longer, None).is_err());
    assert!(from_spki(AWS, &spki(RSA, NULL, &longer), None).is_err());
    let third = tlv(Tag::Sequence, &[&integer(&b64(MODULUS)), &integer(F4), &integer(&[1])]);
    assert!(from_pkcs1(AWS, &third, None).is_err());
}

#[test]
fn a_cut_key_is_refused() {
    for der in [spki(RSA, NULL, &pkcs1(&b64(MODULUS), F4)), spki(EC, &oid(P256), &point())] {
        for length in 0..der.len() {
            assert!(from_spki(AWS, &der[..length], None).is_err(), "{length}");
        }
    }
}

#[test]
fn a_negative_or_padded_modulus_is_refused() {
    let negative = tlv(Tag::Integer, &[&modulus(2048)]);
    let padded = tlv(Tag::Integer, &[&[0, 0], &modulus(2048)]);
    for modulus in [negative, padded] {
        assert!(from_pkcs1(AWS, &tlv(Tag::Sequence, &[&modulus, &integer(F4)]), None).is_err());
    }
}

#[test]
fn a_length_in_more_bytes_than_it_needs_is_refused() {
    let der = spki(ED25519, &[], &b64(EDWARDS));
    assert!(from_spki(AWS, &der, None).is_ok());
    assert_eq!(der[0], 0x30);
    let long = [&[0x30, 0x81, der[1]], &der[2..]].concat();
    assert!(from_spki(AWS, &long, None).is_err());
}

#[test]
fn a_point_off_the_curve_is_refused() {
    assert!(from_spki(AWS, &spki(EC, &oid(P256), &point()), None).is_ok());
    let mut off = point();
    *off.last_mut().unwrap() ^= 1;
    assert!(from_spki(AWS, &spki(EC, &oid(P256), &off), None).is_err());
    let origin = [&[4][..], &[0; 64]].concat();
    assert!(from_spki(AWS, &spki(EC, &oid(P256), &origin), None).is_err());
    let beyond = [&[4][..], &[0xff; 64]].concat();
    assert!(from_spki(AWS, &spki(EC, &oid(P256), &beyond), None).is_err());
}

#[test]
fn a_point_in_another_form_is_refused() {
    let point = point();
    let compressed = [&[3], &point[1..33]].concat();
    let hybrid = [&[7], &point[1..]].concat();
    let longer = [&point[..], &[0]].concat();
    for other in [&compressed[..], &hybrid, &longer, &point[..64], &[0], &[]] {
        assert!(from_spki(AWS, &spki(EC, &oid(P256), other), None).is_err(), "{other:?}");
    }
    // A whole SubjectPublicKeyInfo where only its point belongs: the library itself would read it.
    let inner = spki(EC, &oid(P256), &point);
    assert!(from_spki(AWS, &spki(EC, &oid(P256), &inner), None).is_err());
}

#[test]
fn a_point_of_one_curve_under_the_name_of_another_is_refused() {
    assert!(from_spki(AWS, &spki(EC, &oid("1.3.132.0.34"), &point()), None).is_err());
}

#[test]
fn an_ed25519_key_of_small_order_or_another_length_is_refused() {
    for key in [&[0; 32][..], &[9; 31], &[9; 33], &[]] {
        assert!(from_spki(AWS, &spki(ED25519, &[], key), None).is_err());
    }
}

#[test]
fn a_key_with_unused_bits_is_refused() {
    let identifier = tlv(Tag::Sequence, &[&oid(ED25519)]);
    let key = tlv(Tag::BitString, &[&[1], &[2; 32]]);
    assert!(from_spki(AWS, &tlv(Tag::Sequence, &[&identifier, &key]), None).is_err());
}

#[test]
fn a_key_restricted_to_pss_is_not_used_otherwise() {
    let der = spki(PSS, &[], &pkcs1(&b64(MODULUS), F4));
    assert_eq!(from_spki(AWS, &der, None).unwrap().algorithm(), Algorithm::Ps256);
    assert!(from_spki(AWS, &der, Some(Algorithm::Rs256)).is_err());
}
