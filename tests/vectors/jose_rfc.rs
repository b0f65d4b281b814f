//! The examples of the RFCs and of the cookbook (RFC 7520) through the engine, each as what it is: taken, refused
//! because it is no compact serialisation, or refused because of what it asks for.

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::Timestamp;
use countersign::crypto::{Algorithm, Backend};
use countersign::error::Code;
use countersign::profile::{ClaimRules, Demand, Form, Fresh, Identification, Input, Jose, Nesting, Profile};
use countersign::verify;
use serde_json::Value;

use crate::jose_parties::{bare, content, decryption, delivery, engine, keys, public};
use crate::place::{backends, read};

const AT: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// A minute before the tokens of the RFCs ended, in March 2011.
const THEN: Timestamp = Timestamp::from_seconds(1_300_819_320);

fn algorithm(name: &Value) -> Option<Algorithm> {
    name.as_str().and_then(|name| name.parse().ok())
}

/// What the engine says to `text` under a key, or an algorithm that no key has.
fn signed(backend: Backend, key: &Value, algorithm: Option<Algorithm>, text: &str) -> Result<Bytes, Code> {
    let keys = keys(backend, &public(key), algorithm).map_err(|_| Code::KeyUnknown)?;
    content(&engine(bare(Nesting::Jws), keys, None).unwrap(), text, AT)
}

/// What the engine says to a token that is not sent along with its payload.
fn detached(backend: Backend, key: &Value, unencoded: bool, token: &str, payload: &str) -> Result<Bytes, Code> {
    let form = Form::Detached { header: "x-jws-signature".into(), input: Input::body(), unencoded };
    let engine = engine(Jose::new(form, None), keys(backend, key, None).unwrap(), None).unwrap();
    let delivery = delivery(&[("x-jws-signature", token.as_bytes())], payload.as_bytes(), AT).unwrap();
    let verified = engine.verify(&delivery).map_err(|rejection| rejection.code())?;
    Ok(verified.content().clone())
}

/// A key that is good for anything, for tokens that have to be refused whatever the key.
fn any_key() -> Value {
    serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

#[test]
fn every_signature_of_the_rfcs_is_answered_right() {
    let Some(document) = read("rfc-jose/rfc_jose_vectors.json") else { return };
    let rows = document["jws"].as_array().unwrap();
    for backend in backends() {
        let mut taken = Vec::new();
        for row in rows {
            let reference = row["ref"].as_str().unwrap();
            if row["alg"] == "ES512" && backend != Backend::default() {
                println!("left out: {reference}: {backend:?} has no P-521");
                continue;
            }
            let result = match (&row["jws_json"], row["detached_payload"].as_str()) {
                (Value::Null, Some(payload)) => {
                    let token = row["jws"].as_str().unwrap();
                    let other = detached(backend, &row["key"], false, token, payload);
                    assert_eq!(other, Err(Code::TokenMalformed), "{reference}: b64 false where it is not expected");
                    assert_eq!(signed(backend, &row["key"], None, token), Err(Code::TokenMalformed), "{reference}");
                    detached(backend, &row["key"], true, token, payload)
                }
                (Value::Null, None) => {
                    let key = if row["key"].is_null() { any_key() } else { row["key"].clone() };
                    signed(backend, &key, algorithm(&row["alg"]), row["jws"].as_str().unwrap())
                }
                (json, _) => {
                    for key in row["keys"].as_array().unwrap() {
                        let refused = signed(backend, key, None, &json.to_string());
                        assert_eq!(refused, Err(Code::TokenMalformed), "{reference}");
                    }
                    Err(Code::TokenMalformed)
                }
            };
            match result {
                Ok(content) => {
                    let payload = row["payload"].as_str().or(row["detached_payload"].as_str());
                    assert!(payload.is_none_or(|payload| payload.as_bytes() == content), "{reference}");
                    taken.push(reference);
                }
                Err(code) => assert_eq!(code, Code::TokenMalformed, "{reference}"),
            }
        }
        let short: Vec<&str> = taken.iter().map(|reference| &reference[4..12]).collect();
        let mut expected = vec!["7515 A.1", "7515 A.2", "7515 A.3", "7515 A.4", "7797 4.1", "7797 4.2", "8037 A.4"];
        expected.retain(|reference| *reference != "7515 A.4" || backend == Backend::default());
        assert_eq!(short, expected, "{backend:?}");
    }
    assert_eq!(rows.len(), 11);
}

#[test]
fn every_encryption_of_the_rfcs_is_answered_right() {
    let Some(document) = read("rfc-jose/rfc_jose_vectors.json") else { return };
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for row in document["jwe"].as_array().unwrap() {
        let reference = row["ref"].as_str().unwrap();
        let all = row["keys"].as_array().map_or_else(|| vec![row["key"].clone()], Clone::clone);
        let text = row["jwe"].as_str().map_or_else(|| row["jwe_json"].to_string(), str::to_owned);
        for key in all {
            match verify::decrypt(&decryption(&key).unwrap(), &text, AT) {
                Ok(decrypted) => {
                    assert_eq!(decrypted.plaintext(), row["plaintext"].as_str().unwrap().as_bytes());
                    taken.push(reference);
                }
                Err(rejection) => refused.push(rejection.code()),
            }
        }
    }
    assert_eq!(taken, ["RFC 7516 A.1 RSA-OAEP/A256GCM", "RFC 7516 A.3 A128KW/A128CBC-HS256"]);
    // RSA1_5 by its name; the JSON serialisations by their shape, with each of their keys.
    assert_eq!(refused[0], Code::AlgorithmRefused);
    assert!(refused[1..].iter().all(|code| *code == Code::TokenMalformed), "{refused:?}");
}

#[test]
fn both_jwts_of_rfc_7519_are_encrypted_with_rsa1_5_and_refused_by_its_name() {
    let Some(document) = read("rfc-jose/rfc_jose_vectors.json") else { return };
    let rows = document["jwt"].as_array().unwrap();
    for row in rows {
        let key = if row["key"].is_null() { &row["dec_key"] } else { &row["key"] };
        let result = verify::decrypt(&decryption(key).unwrap(), row["jwt"].as_str().unwrap(), THEN);
        assert_eq!(result.unwrap_err().code(), Code::AlgorithmRefused);
    }
    assert_eq!(rows.len(), 2);
}

/// Examples of the cookbook that are compact, by what becomes of them.
#[test]
fn every_compact_signature_of_the_cookbook_fits() {
    let names = [
        "jws/4_1.rsa_v15_signature.json",
        "jws/4_2.rsa-pss_signature.json",
        "jws/4_3.ecdsa_signature.json",
        "jws/4_4.hmac-sha2_integrity_protection.json",
        "curve25519/jws.json",
    ];
    for name in names {
        let Some(document) = read(&format!("rfc7520-cookbook/{name}")) else { return };
        let input = &document["input"];
        for backend in backends() {
            // No vector has P-521 on the second backend.
            let token = document["output"]["compact"].as_str().unwrap();
            let result = signed(backend, &input["key"], algorithm(&input["alg"]), token);
            #[cfg(feature = "ring")]
            if backend == Backend::Ring && input["alg"] == "ES512" {
                assert!(result.is_err(), "{name}: that library has no P-521");
                continue;
            }
            assert_eq!(result.unwrap(), input["payload"].as_str().unwrap(), "{name} on {backend:?}");
            for form in ["json", "json_flat"] {
                let text = document["output"][form].to_string();
                let result = signed(backend, &input["key"], algorithm(&input["alg"]), &text);
                assert_eq!(result, Err(Code::TokenMalformed), "{name} {form}");
            }
        }
    }
}

#[test]
fn detached_content_fits_and_a_payload_with_a_dot_or_in_the_middle_is_refused() {
    let Some(document) = read("rfc7520-cookbook/jws/4_5.signature_with_detached_content.json") else { return };
    let (key, payload) = (&document["input"]["key"], document["input"]["payload"].as_str().unwrap());
    let token = document["output"]["compact"].as_str().unwrap();
    assert_eq!(detached(Backend::default(), key, false, token, payload).unwrap(), payload);
    let other = detached(Backend::default(), key, false, token, &format!("{payload} "));
    assert_eq!(other, Err(Code::SignatureMismatch));
    // A payload that is not encoded stands in the middle of what is called compact.
    let document = read("rfc7520-cookbook/rfc7797/hmac-sha2_b64_false.json").unwrap();
    let (key, payload) = (&document["input"]["key"], document["input"]["payload"].as_str().unwrap());
    let token = document["output"]["compact"].as_str().unwrap();
    assert_eq!(signed(Backend::default(), key, None, token), Err(Code::TokenMalformed));
    assert_eq!(detached(Backend::default(), key, true, token, payload), Err(Code::TokenMalformed));
    let bare = token.replace(payload, "");
    assert_eq!(detached(Backend::default(), key, true, &bare, payload).unwrap(), payload);
}

#[test]
fn what_exists_only_as_json_is_refused() {
    for name in [
        "jws/4_6.protecting_specific_header_fields.json",
        "jws/4_7.protecting_content_only.json",
        "jws/4_8.multiple_signatures.json",
        "rfc7797/4.2.hmac-sha2_b64_false.json",
    ] {
        let Some(document) = read(&format!("rfc7520-cookbook/{name}")) else { return };
        let key = &document["input"]["key"];
        let key = key.as_array().map_or(key, |keys| &keys[2]);
        for form in ["json", "json_flat"] {
            let Some(json) = document["output"].get(form) else { continue };
            let result = signed(Backend::default(), key, None, &json.to_string());
            assert_eq!(result, Err(Code::TokenMalformed), "{name} {form}");
        }
    }
}

#[test]
fn every_encryption_of_the_cookbook_is_answered_right() {
    // What is expected of each: its text, or why not.
    let algorithm = Err(Code::AlgorithmRefused);
    let malformed = Err(Code::TokenMalformed);
    for (name, expected) in [
        ("jwe/5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2.json", algorithm),
        ("jwe/5_2.key_encryption_using_rsa-oaep_with_aes-gcm.json", Ok(())),
        // Its header asks for work; its key is a password.
        ("jwe/5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2.json", malformed),
        // P-384, which is no curve of ours: neither the key nor the header is read.
        ("jwe/5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm.json", malformed),
        ("jwe/5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2.json", Ok(())),
        // The alg of its key is the name of an encryption.
        ("jwe/5_6.direct_encryption_using_aes-gcm.json", Err(Code::KeyUnknown)),
        ("jwe/5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2.json", Err(Code::KeyUnknown)),
        ("jwe/5_8.key_wrap_using_aes-keywrap_with_aes-gcm.json", Ok(())),
        ("jwe/5_9.compressed_content.json", malformed),
        ("jwe/5_10.including_additional_authentication_data.json", malformed),
        ("jwe/5_11.protecting_specific_header_fields.json", malformed),
        ("jwe/5_12.protecting_content_only.json", malformed),
        ("jwe/5_13.encrypting_to_multiple_recipients.json", malformed),
        ("curve25519/ecdh-es.json", Ok(())),
    ] {
        let Some(document) = read(&format!("rfc7520-cookbook/{name}")) else { return };
        let input = &document["input"];
        let output = &document["output"];
        let opened = |text: &str| {
            let own = decryption(&input["key"]);
            let keys = match own {
                Ok(keys) => keys,
                // The shape is refused before the key is asked for, so any key shows it.
                Err(_) if expected == malformed => decryption(&serde_json::json!({ "kty": "oct",
                    "k": "GawgguFyGrWKav7AX4VKUg" }))
                .unwrap(),
                Err(_) => return Err(Code::KeyUnknown),
            };
            verify::decrypt(&keys, text, AT).map_err(|rejection| rejection.code()).map(|one| one.plaintext().clone())
        };
        if let Some(compact) = output["compact"].as_str() {
            let result = opened(compact);
            assert_eq!(result.clone().map(drop), expected, "{name}");
            assert!(result.is_err() || result.unwrap() == input["plaintext"].as_str().unwrap(), "{name}");
        }
        for form in ["json", "json_flat"] {
            let Some(json) = output.get(form) else { continue };
            assert!(opened(&json.to_string()).is_err(), "{name} {form}");
        }
    }
}

/// The public analogue of a body of UAE Open Finance: PS256 inside of RSA-OAEP.
#[test]
fn the_nested_example_decrypts_and_verifies_at_a_time_when_its_claims_hold() {
    let Some(document) = read("rfc7520-cookbook/6.nesting_signatures_and_encryption.json") else { return };
    let mut signer = public(&document["sign"]["input"]["key"]);
    signer["alg"] = "PS256".into();
    let ours = &document["encrypt"]["input"]["key"];
    let token = document["encrypt"]["output"]["compact"].as_str().unwrap();
    let payload = document["sign"]["input"]["payload"].as_str().unwrap();
    let build = |backend, nesting, iss: &str| {
        let rules = ClaimRules { iss: vec![iss.into()], exp: Demand::Required, ..ClaimRules::default() };
        let mut scheme = Jose::new(Form::Body, Some(rules));
        scheme.nesting = nesting;
        let profile = Profile::jose(scheme, Identification::Fingerprint);
        let profile = profile.with_fresh(Fresh::Expiry, std::time::Duration::ZERO).accepting_tokens_for_others();
        let builder = Endpoint::builder("bank", profile).keys(keys(backend, &signer, None).unwrap());
        match nesting {
            Nesting::Jws => builder.verifier().unwrap(),
            _ => builder.decryption_keys(decryption(ours).unwrap()).verifier().unwrap(),
        }
    };
    for backend in backends() {
        let right = build(backend, Nesting::JweOfJws, "hobbiton.example");
        assert_eq!(content(&right, token, THEN).unwrap(), payload);
        assert_eq!(content(&right, token, AT), Err(Code::TokenExpired));
        let other = build(backend, Nesting::JweOfJws, "shire.example");
        assert_eq!(content(&other, token, THEN), Err(Code::ClaimMismatch));
        // Without its envelope, and with another order.
        let inner = document["sign"]["output"]["compact"].as_str().unwrap();
        assert_eq!(content(&right, inner, THEN), Err(Code::NestingRefused));
        assert_eq!(content(&build(backend, Nesting::Jws, "hobbiton.example"), inner, THEN).unwrap(), payload);
        assert_eq!(
            content(&build(backend, Nesting::JwsOfJwe, "hobbiton.example"), token, THEN),
            Err(Code::TokenMalformed)
        );
        for form in ["json", "json_flat"] {
            let text = document["encrypt"]["output"][form].to_string();
            assert_eq!(content(&right, &text, THEN), Err(Code::TokenMalformed), "{form}");
        }
    }
}
