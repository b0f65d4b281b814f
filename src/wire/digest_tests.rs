//! What the reader of the `Digest` header must refuse.
//!
//! The rule: weak and malformed are told apart, and no mixture of them is read.

use super::*;

// SHA-256 of the empty body.
const EMPTY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

fn malformed(value: &str) {
    assert!(matches!(DigestHeader::parse(value), Err(DigestError::Malformed(_))), "{value:?}");
}

fn sha512() -> String {
    Encoding::Base64.encode(&[7; 64])
}

#[test]
fn both_algorithms_are_read_in_any_case() {
    let value = format!("sha-256={EMPTY} ,\tSHA-512={}", sha512());
    let read = DigestHeader::parse(&value).unwrap();
    assert_eq!(read.sha256().map(|digest| digest[0]), Some(0xe3));
    assert_eq!(read.sha512(), Some(&[7; 64]));
}

#[test]
fn an_algorithm_given_twice_is_refused() {
    malformed(&format!("SHA-256={EMPTY},SHA-256={EMPTY}"));
    malformed(&format!("SHA-256={EMPTY},sha-256={EMPTY}"));
}

#[test]
fn a_weak_or_unknown_algorithm_alone_is_weak() {
    for name in ["MD5", "SHA", "UNIXsum", "CRC32c", "id-SHA-256", "SHA-999", "sha256", "SHA_256"] {
        let value = format!("{name}={EMPTY}");
        assert_eq!(DigestHeader::parse(&value), Err(DigestError::WeakOnly), "{value:?}");
    }
}

#[test]
fn a_weak_algorithm_beside_a_strong_one_is_refused() {
    for name in ["MD5", "SHA", "id-SHA-256", "SHA-999", "sha256"] {
        malformed(&format!("SHA-256={EMPTY},{name}=AAAA"));
        malformed(&format!("{name}=AAAA,SHA-256={EMPTY}"));
    }
}

#[test]
fn a_digest_of_another_length_is_refused() {
    for len in [1, 20, 31, 33, 64] {
        malformed(&format!("SHA-256={}", Encoding::Base64.encode(&vec![0; len])));
    }
    malformed(&format!("SHA-512={EMPTY}"));
}

#[test]
fn a_respelled_value_is_refused() {
    let unpadded = EMPTY.trim_end_matches('=');
    malformed(&format!("SHA-256={unpadded}"));
    malformed(&format!("SHA-256={EMPTY}="));
    malformed(&format!("SHA-256={}", EMPTY.replace('+', "-").replace('/', "_")));
    malformed(&format!("SHA-256={}", EMPTY.replace("FU=", "FV=")));
    malformed(&format!("SHA-256=\"{EMPTY}\""));
    malformed(&format!("SHA-256= {EMPTY}"));
    malformed(&format!("SHA-256 ={EMPTY}"));
    malformed(&format!("SHA-256={}", "e3".repeat(32)));
}

#[test]
fn an_empty_or_misplaced_entry_is_refused() {
    for value in [
        String::new(),
        ",".into(),
        "SHA-256".into(),
        "SHA-256=".into(),
        format!("={EMPTY}"),
        format!("SHA-256={EMPTY},"),
        format!(",SHA-256={EMPTY}"),
        format!("SHA-256={EMPTY};x=1"),
        format!(" SHA-256={EMPTY}"),
        format!("SHA-256={EMPTY} "),
        format!("SHA-256={EMPTY} SHA-512={}", sha512()),
    ] {
        malformed(&value);
    }
}

#[test]
fn the_structured_field_form_is_refused() {
    malformed(&format!("sha-256=:{EMPTY}:"));
    malformed(&format!("md5=:{EMPTY}:"));
}

#[test]
fn a_flood_of_entries_is_refused() {
    malformed("A=1,B=1,C=1,D=1,E=1");
    malformed(&format!("MD5={}", "A".repeat(1024)));
}
