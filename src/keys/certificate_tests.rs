//! Certificates that are cut, stretched or turned around.
//!
//! The rule: what a certificate says is checked against what it was made with.

use der::Tag;

use super::*;
use crate::keys::fixtures::{certificate, pair};

const YEAR_2020: Timestamp = Timestamp::from_seconds(1_577_836_800);
const YEAR_2021: Timestamp = Timestamp::from_seconds(1_609_459_200);

fn der() -> Vec<u8> {
    certificate(&pair(&rcgen::PKCS_ECDSA_P256_SHA256), 2020, 2021)
}

#[test]
fn a_certificate_says_its_times_and_names() {
    let der = der();
    let one = Certificate::from_der(&der).unwrap();
    assert_eq!((one.not_before(), one.not_after()), (YEAR_2020, YEAR_2021));
    assert_eq!(one.thumbprint_sha1(), sha1(&der));
    assert_eq!(one.thumbprint_sha256(), Digest::sha256_of(&der));
    assert_eq!(one.serial(), "0ABC");
    let hex = one.thumbprint_sha1_hex();
    assert!(hex.len() == 40 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F')), "{hex}");
    assert_eq!(one.public_key(Backend::AwsLc, None).unwrap().algorithm(), Algorithm::Es256);
}

#[test]
fn a_subject_forges_no_line_of_a_log() {
    let one = Certificate::from_der(&der()).unwrap();
    assert!(one.subject().contains("bank"));
    assert!(!one.subject().contains(char::is_control), "{:?}", one.subject());
}

#[test]
fn a_certificate_that_ends_before_it_starts_is_refused() {
    let der = certificate(&pair(&rcgen::PKCS_ECDSA_P256_SHA256), 2021, 2020);
    let error = Certificate::from_der(&der).unwrap_err().to_string();
    assert_eq!(error, "expected a certificate that ends after it starts, but found one that ends before");
}

#[test]
fn a_certificate_without_an_end_outlives_everyone() {
    let der = certificate(&pair(&rcgen::PKCS_ED25519), 2020, 9999);
    assert!(Certificate::from_der(&der).unwrap().not_after() > Timestamp::from_seconds(253_000_000_000));
}

#[test]
fn bytes_after_the_certificate_are_refused() {
    let mut der = der();
    der.push(0);
    assert!(Certificate::from_der(&der).is_err());
}

#[test]
fn a_cut_certificate_is_refused() {
    let der = der();
    for length in 0..der.len() {
        assert!(Certificate::from_der(&der[..length]).is_err(), "{length}");
    }
}

#[test]
fn an_empty_sequence_is_no_certificate() {
    for der in [crate::keys::fixtures::tlv(Tag::Sequence, &[]), vec![], vec![0x30, 0x80, 0, 0]] {
        assert!(Certificate::from_der(&der).is_err());
    }
}

#[test]
fn rs256_on_a_certificate_of_an_ec_key_is_refused() {
    let one = Certificate::from_der(&der()).unwrap();
    assert!(one.public_key(Backend::AwsLc, Some(Algorithm::Rs256)).is_err());
}
