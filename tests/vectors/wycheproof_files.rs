//! Wycheproof: RSA PKCS#1 v1.5 and PSS, ECDSA as r‖s, Ed25519 and HMAC, on every backend.

use countersign::crypto::{Algorithm, Backend, KeyKind, MacKey, Secret};
use countersign::keys::public::from_spki;
use serde_json::Value;

use crate::place::{backends, hex, read};

/// `acceptable` is a wrong signature to us: the missing NULL of PKCS#1 v1.5.
fn must_accept(test: &Value) -> bool {
    test["result"] == "valid"
}

fn check_signatures(file: &str, algorithm: Algorithm) {
    let Some(document) = read(&format!("wycheproof/{file}.json")) else { return };
    for backend in backends() {
        if cfg!(feature = "ring") && backend != Backend::AwsLc && algorithm == Algorithm::Es512 {
            eprintln!("left out: {file} on {backend:?}, which has no P-521");
            continue;
        }
        let (mut count, mut wrong) = (0, Vec::new());
        for group in document["testGroups"].as_array().unwrap() {
            let der = hex(group["publicKeyDer"].as_str().unwrap());
            let key = from_spki(backend, &der, Some(algorithm));
            // A few groups have an exponent of 3, which is below our floor: the key is refused with all its signatures,
            // two of which the file calls valid.
            let small = algorithm.key_kind() == KeyKind::Rsa && der.ends_with(&[2, 1, 3]);
            assert_eq!(key.is_err(), small, "{file}: a key was refused that should not be, or the reverse");
            for test in group["tests"].as_array().unwrap() {
                let message = hex(test["msg"].as_str().unwrap());
                let signature = hex(test["sig"].as_str().unwrap());
                let accepted = key.as_ref().is_ok_and(|key| key.verify(&[&message], &signature).is_ok());
                // The same message in pieces has to give the same answer.
                let (head, tail) = message.split_at(message.len() / 2);
                let in_pieces = key.as_ref().is_ok_and(|key| key.verify(&[head, tail], &signature).is_ok());
                assert_eq!(accepted, in_pieces, "{file} {}", test["tcId"]);
                if accepted != (must_accept(test) && !small) {
                    wrong.push(test["tcId"].as_u64().unwrap());
                }
                count += 1;
            }
        }
        assert_eq!(wrong, Vec::<u64>::new(), "{file} on {backend:?}: wrong answers");
        assert_eq!(count, document["numberOfTests"].as_u64().unwrap(), "{file}: every case was run");
    }
}

macro_rules! signatures {
    ($($name:ident: $file:literal, $algorithm:ident;)+) => {
        $(#[test]
        fn $name() {
            check_signatures($file, Algorithm::$algorithm);
        })+
    };
}

signatures! {
    rsa_2048_sha256: "rsa_signature_2048_sha256_test", Rs256;
    rsa_2048_sha384: "rsa_signature_2048_sha384_test", Rs384;
    rsa_2048_sha512: "rsa_signature_2048_sha512_test", Rs512;
    rsa_3072_sha256: "rsa_signature_3072_sha256_test", Rs256;
    rsa_3072_sha384: "rsa_signature_3072_sha384_test", Rs384;
    rsa_3072_sha512: "rsa_signature_3072_sha512_test", Rs512;
    rsa_4096_sha256: "rsa_signature_4096_sha256_test", Rs256;
    rsa_4096_sha384: "rsa_signature_4096_sha384_test", Rs384;
    rsa_4096_sha512: "rsa_signature_4096_sha512_test", Rs512;
    rsa_8192_sha256: "rsa_signature_8192_sha256_test", Rs256;
    pss_2048_sha256: "rsa_pss_2048_sha256_mgf1_32_test", Ps256;
    pss_2048_sha384: "rsa_pss_2048_sha384_mgf1_48_test", Ps384;
    pss_3072_sha256: "rsa_pss_3072_sha256_mgf1_32_test", Ps256;
    pss_4096_sha256: "rsa_pss_4096_sha256_mgf1_32_test", Ps256;
    pss_4096_sha512: "rsa_pss_4096_sha512_mgf1_64_test", Ps512;
    ecdsa_p256: "ecdsa_secp256r1_sha256_p1363_test", Es256;
    ecdsa_p384: "ecdsa_secp384r1_sha384_p1363_test", Es384;
    ecdsa_p521: "ecdsa_secp521r1_sha512_p1363_test", Es512;
    ed25519: "ed25519_test", EdDsa;
}

#[test]
fn a_curve_that_we_do_not_take_is_refused_with_all_its_signatures() {
    let Some(document) = read("wycheproof/ecdsa_secp256k1_sha256_p1363_test.json") else { return };
    for group in document["testGroups"].as_array().unwrap() {
        let der = hex(group["publicKeyDer"].as_str().unwrap());
        for backend in backends() {
            assert!(from_spki(backend, &der, None).is_err());
            assert!(from_spki(backend, &der, Some(Algorithm::Es256)).is_err());
        }
    }
}

#[test]
fn hmac() {
    for (file, algorithm) in [
        ("hmac_sha256_test", Algorithm::Hs256),
        ("hmac_sha384_test", Algorithm::Hs384),
        ("hmac_sha512_test", Algorithm::Hs512),
    ] {
        assert_eq!(algorithm.key_kind(), KeyKind::Secret);
        let Some(document) = read(&format!("wycheproof/{file}.json")) else { return };
        let (mut count, mut wrong) = (0_u64, Vec::new());
        for group in document["testGroups"].as_array().unwrap() {
            let whole = group["tagSize"].as_u64().unwrap() == 8 * algorithm.hash().unwrap().length() as u64;
            for test in group["tests"].as_array().unwrap() {
                count += 1;
                let key = hex(test["key"].as_str().unwrap());
                let tag = hex(test["tag"].as_str().unwrap());
                let message = hex(test["msg"].as_str().unwrap());
                let accepted = match Secret::new(key.clone()) {
                    Ok(secret) => MacKey::new(algorithm, &secret).unwrap().verify(&[&message], &tag).is_ok(),
                    // Below our floor: refused, whatever the vector says.
                    Err(_) => {
                        assert!(key.len() < Secret::SHORTEST);
                        continue;
                    }
                };
                // A truncated MAC is right to some and wrong to us.
                if accepted != (must_accept(test) && whole) {
                    wrong.push(test["tcId"].as_u64().unwrap());
                }
            }
        }
        assert_eq!(wrong, Vec::<u64>::new(), "{file}: wrong answers");
        assert_eq!(count, document["numberOfTests"].as_u64().unwrap(), "{file}: every case was looked at");
    }
}
