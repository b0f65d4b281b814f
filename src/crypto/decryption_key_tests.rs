//! Messages to our key as an attacker writes them.
//!
//! The rule: each refusal starts from a message that is taken, and each gives the one error there is.

use std::sync::OnceLock;

use super::*;
use crate::crypto::backend::ciphers::opposite::{rsa1_5, wrap};
use crate::crypto::encryption_key::subject_public_key_info;
use crate::crypto::{ContentEncryption, EncryptionKey, Sealed};
use crate::wire::encoding::Encoding;

const HEAD: &[u8] = b"eyJhbGciOiJSU0EtT0FFUC0yNTYifQ";

fn b64(text: &str) -> Vec<u8> {
    Encoding::Base64Url.decode(text, 4096).unwrap()
}

/// One RSA key for all tests, as making one takes a while.
fn rsa() -> DecryptionKey {
    static KEY: OnceLock<DecryptionKey> = OnceLock::new();
    KEY.get_or_init(another_rsa).clone()
}

fn another_rsa() -> DecryptionKey {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    DecryptionKey::from_pkcs8(&pair.serialize_der()).unwrap()
}

fn seal(management: KeyManagement, encryption: ContentEncryption) -> Sealed {
    let key = EncryptionKey::rsa(rsa().public_material().unwrap()).unwrap();
    key.encrypt(management, encryption, HEAD, b"pay nobody").unwrap()
}

fn parts(management: KeyManagement, encryption: ContentEncryption, sealed: &Sealed) -> Encrypted<'_> {
    let Sealed { encrypted_key, iv, ciphertext, tag } = sealed;
    Encrypted { management, encryption, additional_data: HEAD, encrypted_key, iv, ciphertext, tag, agreement: None }
}

const OAEP: KeyManagement = KeyManagement::RsaOaep256;
const GCM: ContentEncryption = ContentEncryption::A256Gcm;

#[test]
fn what_was_encrypted_to_the_key_is_decrypted() {
    for management in [KeyManagement::RsaOaep256, KeyManagement::RsaOaep] {
        for encryption in [ContentEncryption::A128Gcm, ContentEncryption::A256Gcm] {
            let sealed = seal(management, encryption);
            assert_eq!(sealed.ciphertext.len(), 10);
            assert_eq!(rsa().decrypt(&parts(management, encryption, &sealed)).unwrap(), b"pay nobody");
        }
    }
}

#[test]
fn a_truncated_gcm_tag_is_refused() {
    let sealed = seal(OAEP, GCM);
    let whole = parts(OAEP, GCM, &sealed);
    for length in 0..16 {
        assert_eq!(rsa().decrypt(&Encrypted { tag: &sealed.tag[..length], ..whole }), Err(Undecryptable), "{length}");
    }
    let longer = [&sealed.tag[..], &[0]].concat();
    assert_eq!(rsa().decrypt(&Encrypted { tag: &longer, ..whole }), Err(Undecryptable));
}

#[test]
fn an_empty_or_odd_iv_is_refused() {
    let sealed = seal(OAEP, GCM);
    for length in [0, 1, 8, 11, 13, 16] {
        let message = Encrypted { iv: &vec![0; length], ..parts(OAEP, GCM, &sealed) };
        assert_eq!(rsa().decrypt(&message), Err(Undecryptable), "{length}");
    }
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let sealed = seal(OAEP, GCM);
    let flip = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        bytes
    };
    let whole = parts(OAEP, GCM, &sealed);
    assert!(rsa().decrypt(&whole).is_ok());
    for other in [
        Encrypted { ciphertext: &flip(&sealed.ciphertext), ..whole },
        Encrypted { tag: &flip(&sealed.tag), ..whole },
        Encrypted { iv: &flip(&sealed.iv), ..whole },
        Encrypted { encrypted_key: &flip(&sealed.encrypted_key), ..whole },
        Encrypted { additional_data: &flip(HEAD), ..whole },
        Encrypted { ciphertext: b"", ..whole },
        Encrypted { encrypted_key: b"", ..whole },
        Encrypted { encrypted_key: &[&sealed.encrypted_key[..], &[0]].concat(), ..whole },
    ] {
        assert_eq!(rsa().decrypt(&other), Err(Undecryptable));
    }
}

#[test]
fn a_message_under_another_name_is_refused() {
    let sealed = seal(OAEP, ContentEncryption::A256Gcm);
    for encryption in ContentEncryption::ALL.iter().copied().filter(|other| *other != GCM) {
        assert_eq!(rsa().decrypt(&parts(OAEP, encryption, &sealed)), Err(Undecryptable), "{encryption}");
    }
    for management in KeyManagement::ALL.iter().copied().filter(|other| *other != OAEP) {
        assert_eq!(rsa().decrypt(&parts(management, GCM, &sealed)), Err(Undecryptable), "{management}");
    }
    let agreement = Some(Agreement { ephemeral: b"", party_u: b"", party_v: b"" });
    assert_eq!(rsa().decrypt(&Encrypted { agreement, ..parts(OAEP, GCM, &sealed) }), Err(Undecryptable));
}

#[test]
fn a_wrong_key_fails_at_the_tag_and_not_before() {
    let sealed = seal(OAEP, GCM);
    let message = parts(OAEP, GCM, &sealed);
    let other = another_rsa();
    assert_eq!(other.decrypt(&message), Err(Undecryptable));
    // The content key is there, of the right length and never twice the same.
    let (one, two) = (other.content_key(&message).unwrap(), other.content_key(&message).unwrap());
    assert_eq!((one.len(), two.len()), (32, 32));
    assert_ne!(one, two);
    for encrypted_key in [&b""[..], &[0; 256], &[0xff; 256], &[1; 4096]] {
        assert_eq!(rsa().content_key(&Encrypted { encrypted_key, ..message }).unwrap().len(), 32);
    }
}

#[test]
fn a_content_key_of_another_length_fails_at_the_tag() {
    let short = seal(OAEP, ContentEncryption::A128Gcm);
    let message = parts(OAEP, GCM, &short);
    assert_eq!(rsa().content_key(&message).unwrap().len(), 32);
    assert_eq!(rsa().decrypt(&message), Err(Undecryptable));
}

#[test]
fn a_key_that_was_encrypted_with_pkcs1_v1_5_is_refused() {
    let spki = subject_public_key_info(rsa().public_material().unwrap()).unwrap();
    let content_key = [9; 32];
    let mut sealed = seal(OAEP, GCM);
    sealed.encrypted_key = rsa1_5(&spki, &content_key);
    let mut ciphertext = b"pay nobody".to_vec();
    sealed.tag = ciphers::gcm_seal(&content_key, &sealed.iv, HEAD, &mut ciphertext).unwrap();
    sealed.ciphertext = ciphertext;
    for management in [KeyManagement::RsaOaep256, KeyManagement::RsaOaep] {
        let message = parts(management, GCM, &sealed);
        assert_ne!(*rsa().content_key(&message).unwrap(), content_key);
        assert_eq!(rsa().decrypt(&message), Err(Undecryptable));
    }
}

/// The keys of RFC 7518 appendix C: the receiver's, and the public one of the sender.
const SCALAR: &str = "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw";
const X: &str = "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0";
const Y: &str = "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps";

fn ephemeral() -> Vec<u8> {
    [&[4][..], &b64(X), &b64(Y)].concat()
}

fn agreeing<'a>(management: KeyManagement, ephemeral: &'a [u8], encrypted_key: &'a [u8]) -> Encrypted<'a> {
    let agreement = Some(Agreement { ephemeral, party_u: b"Alice", party_v: b"Bob" });
    let encryption = ContentEncryption::A128Gcm;
    Encrypted {
        management,
        encryption,
        additional_data: HEAD,
        encrypted_key,
        iv: &[0; 12],
        ciphertext: b"",
        tag: &[0; 16],
        agreement,
    }
}

#[test]
fn the_agreement_of_the_standard_gives_its_key() {
    let key = DecryptionKey::from_p256_scalar(&b64(SCALAR)).unwrap();
    let point = ephemeral();
    let message = agreeing(KeyManagement::EcdhEs, &point, b"");
    let content_key = key.content_key(&message).unwrap();
    assert_eq!(Encoding::Base64Url.encode(&content_key), "VqqN6vgjbSBcIijNcacQGg");
    let mut nothing = Vec::new();
    let tag = ciphers::gcm_seal(&content_key, &[0; 12], HEAD, &mut nothing).unwrap();
    assert_eq!(key.decrypt(&Encrypted { tag: &tag, ..message }).unwrap(), b"");
    assert_eq!(key.decrypt(&Encrypted { tag: &tag, encrypted_key: b"x", ..message }), Err(Undecryptable));
    assert_eq!(key.decrypt(&Encrypted { tag: &tag, agreement: None, ..message }), Err(Undecryptable));
}

#[test]
fn the_agreed_key_unwraps_a_content_key() {
    let key = DecryptionKey::from_p256_scalar(&b64(SCALAR)).unwrap();
    let point = ephemeral();
    for management in [KeyManagement::EcdhEsA128Kw, KeyManagement::EcdhEsA256Kw] {
        let Raw::Agreement(raw) = &*key.raw else { panic!() };
        let agreement = agreeing(management, &point, b"").agreement.unwrap();
        let size = management.wrapping_key_length().unwrap();
        let wrapping = agreed(raw, &agreement, management.name(), size).unwrap();
        let wrapped = wrap(&wrapping, &[5; 16]);
        assert_eq!(*key.content_key(&agreeing(management, &point, &wrapped)).unwrap(), [5; 16]);
        // A wrong one goes on with a random key, and one for nobody with none.
        assert_ne!(*key.content_key(&agreeing(management, &point, &wrapped[1..])).unwrap(), [5; 16]);
    }
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let key = DecryptionKey::from_p256_scalar(&b64(SCALAR)).unwrap();
    let mut off = ephemeral();
    off[64] ^= 1;
    let swapped = [&[4][..], &b64(Y), &b64(X)].concat();
    let zero = [&[4][..], &[0; 64]].concat();
    let large = [&[4][..], &[0xff; 64]].concat();
    for point in [&off, &swapped, &zero, &large, &vec![0], &Vec::new(), &vec![0; 65]] {
        assert_eq!(key.content_key(&agreeing(KeyManagement::EcdhEs, point, b"")).err(), Some(Undecryptable));
    }
}

#[test]
fn another_form_of_a_point_is_refused() {
    let key = DecryptionKey::from_p256_scalar(&b64(SCALAR)).unwrap();
    let point = ephemeral();
    let parity = point[64] & 1;
    let compressed = [&[2 + parity][..], &point[1..33]].concat();
    let hybrid = [&[6 + parity][..], &point[1..]].concat();
    let mut spki = vec![0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8];
    spki.extend([0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0]);
    spki.extend(&point);
    for form in [compressed, hybrid, spki] {
        assert_eq!(key.content_key(&agreeing(KeyManagement::EcdhEs, &form, b"")).err(), Some(Undecryptable));
    }
}

#[test]
fn an_x25519_key_of_small_order_is_refused() {
    let key = DecryptionKey::from_x25519(&[0x77; 32]).unwrap();
    let mut one = [0; 32];
    one[0] = 1;
    // 2^255 - 20 and 2^255 - 19, the last of them zero in another spelling; and a point of order 8.
    let mut minus_one = [0xff; 32];
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    let mut prime = minus_one;
    prime[0] = 0xed;
    let eight: [u8; 32] = b64("4Ot6fDtBuK4WVuP68Z_EatoJjeucMrH9hmIFFl9JuAA").try_into().unwrap();
    for point in [[0; 32], one, minus_one, prime, eight] {
        assert_eq!(
            key.content_key(&agreeing(KeyManagement::EcdhEs, &point, b"")).err(),
            Some(Undecryptable),
            "{point:x?}"
        );
    }
    for length in [0, 31, 33, 65] {
        let message = vec![9; length];
        assert!(key.content_key(&agreeing(KeyManagement::EcdhEs, &message, b"")).is_err());
    }
}

#[test]
fn x25519_agrees_from_both_sides() {
    let (one, two) = (DecryptionKey::from_x25519(&[1; 32]).unwrap(), DecryptionKey::from_x25519(&[2; 32]).unwrap());
    let of = |key: &DecryptionKey, other: &DecryptionKey| {
        let public = other.public_material().unwrap().to_vec();
        key.content_key(&agreeing(KeyManagement::EcdhEs, &public, b"")).unwrap()
    };
    assert_eq!(of(&one, &two), of(&two, &one));
    assert_ne!(of(&one, &two), of(&one, &one));
}

fn secret(length: usize) -> DecryptionKey {
    DecryptionKey::from_secret(Secret::new(vec![3; length]).unwrap()).unwrap()
}

#[test]
fn a_wrapped_key_of_the_standard_opens() {
    // RFC 7516 appendix A.3.
    let key = Secret::new(b64("GawgguFyGrWKav7AX4VKUg")).unwrap();
    let key = DecryptionKey::from_secret(key).unwrap();
    let message = Encrypted {
        management: KeyManagement::A128Kw,
        encryption: ContentEncryption::A128CbcHs256,
        additional_data: b"eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0",
        encrypted_key: &b64("6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ"),
        iv: &b64("AxY8DCtDaGlsbGljb3RoZQ"),
        ciphertext: &b64("KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY"),
        tag: &b64("U0m_YmjN04DJvceFICbCVQ"),
        agreement: None,
    };
    assert_eq!(key.decrypt(&message).unwrap(), b"Live long and prosper.");
    // A wrong wrapping key goes on with a random content key.
    assert_eq!(secret(16).content_key(&message).unwrap().len(), 32);
    assert_eq!(secret(16).decrypt(&message), Err(Undecryptable));
    for encrypted_key in [&b""[..], &[0; 7], &[0; 8], &[0; 23], &[0; 24], &[0; 41], &[0; 4096]] {
        assert_eq!(key.content_key(&Encrypted { encrypted_key, ..message }).unwrap().len(), 32);
    }
}

#[test]
fn a_secret_is_used_directly_only_at_its_exact_length() {
    let message = |encryption: ContentEncryption| Encrypted {
        encryption,
        agreement: None,
        ..agreeing(KeyManagement::Dir, b"", b"")
    };
    for encryption in ContentEncryption::ALL.iter().copied() {
        for length in [16, 32, 64] {
            let found = secret(length).content_key(&message(encryption));
            assert_eq!(found.is_ok(), length == encryption.key_length(), "{encryption} {length}");
        }
        let wrapped = Encrypted { encrypted_key: b"x", ..message(encryption) };
        assert!(secret(encryption.key_length()).content_key(&wrapped).is_err());
    }
    for length in [17, 24, 48, 65] {
        assert!(DecryptionKey::from_secret(Secret::new(vec![3; length]).unwrap()).is_err(), "{length}");
    }
}

#[test]
fn a_key_takes_what_fits_it_and_its_restriction() {
    let p256 = DecryptionKey::from_p256_scalar(&[1; 32]).unwrap();
    for (key, taken) in [
        (rsa(), &[KeyManagement::RsaOaep256, KeyManagement::RsaOaep][..]),
        (p256, &[KeyManagement::EcdhEs, KeyManagement::EcdhEsA128Kw, KeyManagement::EcdhEsA256Kw]),
        (secret(16), &[KeyManagement::A128Kw, KeyManagement::Dir]),
        (secret(32), &[KeyManagement::A256Kw, KeyManagement::Dir]),
        (secret(64), &[KeyManagement::Dir]),
    ] {
        for management in KeyManagement::ALL.iter().copied() {
            assert_eq!(key.takes(management), taken.contains(&management), "{key:?} {management}");
            assert_eq!(key.clone().restricted_to(management).is_ok(), taken.contains(&management));
        }
        let only = key.restricted_to(taken[0]).unwrap();
        assert!(KeyManagement::ALL.iter().copied().filter(|one| only.takes(*one)).eq([taken[0]]));
    }
}

#[test]
fn a_weak_or_foreign_key_is_refused() {
    for kind in [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
        assert!(DecryptionKey::from_pkcs8(&rcgen::KeyPair::generate_for(kind).unwrap().serialize_der()).is_err());
    }
    let order = b64("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE");
    for scalar in [&[0; 32][..], &[0xff; 32], &order, &[1; 31], &[1; 33], b""] {
        assert!(DecryptionKey::from_p256_scalar(scalar).is_err(), "{scalar:?}");
    }
    assert!(DecryptionKey::from_x25519(&[1; 31]).is_err());
    let error = DecryptionKey::from_pkcs8(b"no key").unwrap_err().to_string();
    assert!(error.ends_with("but found bytes that are none"), "{error}");
}

#[test]
fn a_p256_key_in_pkcs8_is_the_one_of_its_scalar_and_has_no_end() {
    let der = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap().serialize_der();
    let key = DecryptionKey::from_pkcs8(&der).unwrap();
    assert_eq!((key.kind(), key.bits()), (DecryptionKind::P256, 256));
    assert!(DecryptionKey::from_pkcs8(&[&der[..], &[0]].concat()).is_err());
    for length in 0..der.len() {
        assert!(DecryptionKey::from_pkcs8(&der[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_public_half_of_another_key_in_pkcs8_is_refused() {
    let one = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap().serialize_der();
    let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let public = DecryptionKey::from_pkcs8(&one).unwrap().public_material().unwrap().to_vec();
    let at = one.windows(65).position(|window| window == public).unwrap();
    let mut mixed = one;
    mixed[at..at + 65].copy_from_slice(other.public_key_raw());
    assert!(DecryptionKey::from_pkcs8(&mixed).is_err());
}

#[test]
fn the_opposite_side_encrypts_in_two_ways_and_never_twice_alike() {
    let key = EncryptionKey::rsa(rsa().public_material().unwrap()).unwrap();
    for management in KeyManagement::ALL.iter().copied().skip(2) {
        assert!(key.encrypt(management, GCM, HEAD, b"").is_err(), "{management}");
    }
    for encryption in [ContentEncryption::A128CbcHs256, ContentEncryption::A256CbcHs512] {
        assert!(key.encrypt(OAEP, encryption, HEAD, b"").is_err(), "{encryption}");
    }
    let (one, two) = (seal(OAEP, GCM), seal(OAEP, GCM));
    assert!(one.iv != two.iv && one.ciphertext != two.ciphertext && one.encrypted_key != two.encrypted_key);
    assert!(EncryptionKey::rsa(b"no key").is_err());
}

#[test]
fn an_x25519_key_in_pkcs8_is_read_strictly() {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];
    let der = [&head[..], &[0x77; 32]].concat();
    let key = DecryptionKey::from_pkcs8(&der).unwrap();
    assert_eq!(key.public_material(), DecryptionKey::from_x25519(&[0x77; 32]).unwrap().public_material());
    let with = |public: &[u8]| {
        let body = [&[2, 1, 1][..], &head[5..], &[0x77; 32], &[0x81, 0x21, 0], public].concat();
        [&[0x30, u8::try_from(body.len()).unwrap()][..], &body].concat()
    };
    assert!(DecryptionKey::from_pkcs8(&with(key.public_material().unwrap())).is_ok());
    assert!(DecryptionKey::from_pkcs8(&with(&[9; 32])).is_err());
    for length in 0..der.len() {
        assert!(DecryptionKey::from_pkcs8(&der[..length]).is_err(), "{length}");
    }
}
