//! Content whose tag, padding or lengths an attacker chose.
//!
//! The rule: each refusal starts from a message that is taken.

use std::cell::Cell;

use super::*;
use crate::crypto::KeyManagement;
use crate::crypto::backend::ciphers::opposite::cbc_encrypt;

thread_local! {
    /// How often the content came as far as to be decrypted and its padding looked at.
    pub(super) static DECRYPTED: Cell<u32> = const { Cell::new(0) };
}

const CBC: [(ContentEncryption, Hash); 2] =
    [(ContentEncryption::A128CbcHs256, Hash::Sha256), (ContentEncryption::A256CbcHs512, Hash::Sha512)];

fn message<'a>(encryption: ContentEncryption, iv: &'a [u8], ciphertext: &'a [u8], tag: &'a [u8]) -> Encrypted<'a> {
    let management = KeyManagement::Dir;
    Encrypted {
        management,
        encryption,
        additional_data: b"head",
        encrypted_key: b"",
        iv,
        ciphertext,
        tag,
        agreement: None,
    }
}

fn key(encryption: ContentEncryption) -> Vec<u8> {
    (0..u8::try_from(encryption.key_length()).unwrap()).collect()
}

/// Ciphertext and tag of these blocks, padded or not.
fn seal(encryption: ContentEncryption, hash: Hash, blocks: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let key = key(encryption);
    let (mac_key, encryption_key) = key.split_at(key.len() / 2);
    let ciphertext =
        if blocks.len().is_multiple_of(16) { cbc_encrypt(encryption_key, &[7; 16], blocks) } else { blocks.to_vec() };
    let mut tag = cbc_mac(hash, mac_key, &message(encryption, &[7; 16], &ciphertext, b"")).unwrap();
    tag.truncate(encryption.tag_length());
    (ciphertext, tag)
}

#[test]
fn padding_is_never_looked_at_before_the_mac() {
    for (encryption, hash) in CBC {
        for blocks in [*b"0123456789abcde\x01", *b"0123456789abcde\x00", *b"0123456789abcde\x11"] {
            let (ciphertext, mut tag) = seal(encryption, hash, &blocks);
            tag[0] ^= 1;
            let before = DECRYPTED.get();
            assert_eq!(open(&key(encryption), &message(encryption, &[7; 16], &ciphertext, &tag)), Err(Undecryptable));
            assert_eq!(DECRYPTED.get(), before);
        }
    }
}

#[test]
fn padding_that_is_wrong_under_a_right_mac_is_the_same_error() {
    for (encryption, hash) in CBC {
        let right = seal(encryption, hash, b"0123456789abcde\x01");
        assert_eq!(
            open(&key(encryption), &message(encryption, &[7; 16], &right.0, &right.1)).unwrap(),
            b"0123456789abcde"
        );
        for blocks in
            [&b"0123456789abcde\x00"[..], b"0123456789abcde\x11", b"0123456789abc\x02\x03\x03", b"no block", b""]
        {
            let (ciphertext, tag) = seal(encryption, hash, blocks);
            let opened = open(&key(encryption), &message(encryption, &[7; 16], &ciphertext, &tag));
            assert_eq!(opened, Err(Undecryptable), "{blocks:?}");
        }
    }
}

#[test]
fn a_truncated_stretched_or_flipped_tag_is_refused() {
    for (encryption, hash) in CBC {
        let (ciphertext, tag) = seal(encryption, hash, &[16; 16]);
        let opens = |tag: &[u8]| open(&key(encryption), &message(encryption, &[7; 16], &ciphertext, tag)).is_ok();
        assert!(opens(&tag));
        for length in 0..tag.len() {
            assert!(!opens(&tag[..length]), "{length}");
            let mut other = tag.clone();
            other[length] ^= 0x80;
            assert!(!opens(&other), "{length}");
        }
        assert!(!opens(&[&tag[..], &[0]].concat()));
    }
}

#[test]
fn a_byte_moved_from_the_head_to_the_vector_is_refused() {
    // The length of the head is under the MAC too, so that the parts cannot be cut elsewhere.
    let (encryption, hash) = CBC[0];
    let (ciphertext, tag) = seal(encryption, hash, &[16; 16]);
    let stretched = [&[7][..], &ciphertext].concat();
    let moved = Encrypted {
        additional_data: b"hea",
        iv: b"d\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07",
        ..message(encryption, &[], &stretched, &tag)
    };
    assert_eq!(open(&key(encryption), &moved), Err(Undecryptable));
}

#[test]
fn the_example_of_the_standard_opens() {
    // RFC 7518 appendix B.1, whose keys are those of `key` above.
    let iv = [0x1a, 0xf3, 0x8c, 0x2d, 0xc2, 0xb9, 0x6f, 0xfd, 0xd8, 0x66, 0x94, 0x09, 0x23, 0x41, 0xbc, 0x04];
    let plaintext = b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy without inconvenience";
    let padded = [&plaintext[..], &[16; 16]].concat();
    let head = b"The second principle of Auguste Kerckhoffs";
    for (encryption, hash, tag) in [
        (CBC[0].0, CBC[0].1, "652c3fa36b0a7c5b3219fab3a30bc1c4"),
        (CBC[1].0, CBC[1].1, "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5"),
    ] {
        let key = key(encryption);
        let ciphertext = cbc_encrypt(&key[key.len() / 2..], &iv, &padded);
        let tag = crate::wire::encoding::Encoding::Hex.decode(tag, 32).unwrap();
        let parts = Encrypted { additional_data: head, ..message(encryption, &iv, &ciphertext, &tag) };
        assert_eq!(cbc_mac(hash, &key[..key.len() / 2], &parts).unwrap()[..tag.len()], tag);
        assert_eq!(open(&key, &parts).unwrap(), plaintext);
    }
}
