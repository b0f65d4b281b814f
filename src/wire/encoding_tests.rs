//! What the decoders must refuse: every second spelling of a value.
//!
//! The rule: what is read is written back to the same text.

use proptest::prelude::*;

use super::*;

const ALL: [Encoding; 3] = [Encoding::Base64, Encoding::Base64Url, Encoding::Hex];

fn refused(encoding: Encoding, texts: &[&str]) {
    for text in texts {
        assert!(encoding.decode(text, 64).is_err(), "{encoding}: {text:?}");
    }
}

#[test]
fn a_respelled_base64_is_refused() {
    // Missing, surplus and inner padding; whitespace; trailing bits; the url alphabet.
    refused(
        Encoding::Base64,
        &[
            "", "QQ", "QQ=", "QQ===", "Q=Q=", "QQ==QQ==", "====", " QQ==", "QQ== ", "QQ\n==", "QR==", "QUJ=", "-_-_",
            "A", "QQ==\0", "QÉ==",
        ],
    );
}

#[test]
fn a_padded_or_respelled_base64url_is_refused() {
    refused(Encoding::Base64Url, &["", "QQ==", "QQ=", "+/+/", "QR", "Q", "Q Q", "QQ\n", "="]);
}

#[test]
fn hex_with_a_sign_a_prefix_or_an_odd_digit_is_refused() {
    refused(Encoding::Hex, &["", "a", "abc", "0x41", "+1", "-1", " 41", "41 ", "4g", "4１"]);
}

#[test]
fn hex_is_read_in_both_cases() {
    assert_eq!(Encoding::Hex.decode("aFFf", 2), Ok(vec![0xaf, 0xff]));
}

#[test]
fn a_value_over_the_bound_is_refused_and_one_at_the_bound_is_not() {
    for encoding in ALL {
        for size in 1..=67 {
            let text = encoding.encode(&vec![0xa5; size]);
            assert!(encoding.decode(&text, size).is_ok(), "{encoding} {size}");
            assert!(encoding.decode(&text, size - 1).is_err(), "{encoding} {size}");
        }
    }
}

#[test]
fn an_error_does_not_repeat_the_value() {
    let error = Encoding::Base64.decode("s3cret!!", 64).unwrap_err();
    assert!(!error.to_string().contains("s3cret"));
}

#[test]
fn an_encoding_of_another_name_is_refused() {
    for name in ["", "Base64", "base64 ", "base-64", "base32", "HEX"] {
        assert!(name.parse::<Encoding>().is_err(), "{name:?}");
    }
    for encoding in ALL {
        assert_eq!(encoding.name().parse(), Ok(encoding));
    }
}

proptest! {
    #[test]
    fn what_is_encoded_is_read_back(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
        for encoding in ALL {
            prop_assert_eq!(encoding.decode(&encoding.encode(&bytes), 200), Ok(bytes.clone()));
        }
    }

    #[test]
    fn what_is_read_has_one_spelling(text in "[-A-Za-z0-9+/_= ]{1,12}") {
        for encoding in [Encoding::Base64, Encoding::Base64Url] {
            if let Ok(bytes) = encoding.decode(&text, 64) {
                prop_assert_eq!(encoding.encode(&bytes), text.clone());
            }
        }
    }
}
