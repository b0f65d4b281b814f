//! Decryption on published vectors: Wycheproof's JWE and AES-GCM, and the appendices of RFC 7516. The reading of tokens
//! here is the least that serves the vectors.

use countersign::crypto::{Agreement, ContentEncryption, DecryptionKey, Encrypted, KeyManagement, Secret};
use countersign::keys::read_decryption;
use countersign::wire::encoding::Encoding;
use serde_json::Value;

use crate::place::{hex, read};

fn b64(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() { Some(Vec::new()) } else { Encoding::Base64Url.decode(text, 65_536).ok() }
}

fn ephemeral(epk: &Value) -> Option<Vec<u8>> {
    let coordinate = |name: &str| b64(epk[name].as_str()?);
    match epk["crv"].as_str()? {
        "P-256" => Some([&[4][..], &coordinate("x")?, &coordinate("y")?].concat()),
        _ => coordinate("x"),
    }
}

/// The plaintext of a token in the compact form; `None` whatever is wrong.
fn open(jwk: &Value, token: &str) -> Option<Vec<u8>> {
    let keys = read_decryption(jwk.to_string().as_bytes()).ok()?;
    let parts: Vec<&str> = token.split('.').collect();
    let [head, encrypted_key, iv, ciphertext, tag] = parts[..] else { return None };
    let header: Value = serde_json::from_slice(&b64(head)?).ok()?;
    if header.get("zip").is_some() || header.get("crit").is_some() {
        return None;
    }
    let text = |name: &str| header[name].as_str().map(b64).unwrap_or_else(|| Some(Vec::new()));
    let (party_u, party_v) = (text("apu")?, text("apv")?);
    let ephemeral = header.get("epk").map(|epk| ephemeral(epk).unwrap_or_default());
    let agreement = ephemeral.as_deref().map(|ephemeral| Agreement { ephemeral, party_u: &party_u, party_v: &party_v });
    let message = Encrypted {
        management: header["alg"].as_str()?.parse().ok()?,
        encryption: header["enc"].as_str()?.parse().ok()?,
        additional_data: head.as_bytes(),
        encrypted_key: &b64(encrypted_key)?,
        iv: &b64(iv)?,
        ciphertext: &b64(ciphertext)?,
        tag: &b64(tag)?,
        agreement,
    };
    keys[0].1.decrypt(&message).ok()
}

/// Whether the algorithms of this token and its key are among ours.
fn is_ours(jwk: &Value, token: &str) -> bool {
    let head = token.split('.').next().and_then(b64).unwrap_or_default();
    let Ok(header) = serde_json::from_slice::<Value>(&head) else { return false };
    let known = |name: &str| header[name].as_str().unwrap_or_default();
    known("alg").parse::<KeyManagement>().is_ok()
        && known("enc").parse::<ContentEncryption>().is_ok()
        && header.get("zip").is_none()
        && jwk["crv"] != "P-384"
        // One key for `dir` has the name of an "enc" as its "alg", which we refuse.
        && (jwk["alg"].is_null() || jwk["alg"] == header["alg"])
}

#[test]
fn jwe() {
    let Some(document) = read("wycheproof/json_web_encryption_test.json") else { return };
    let (mut count, mut opened, mut wrong) = (0, 0, Vec::new());
    for group in document["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            count += 1;
            let token = test["jwe"].as_str().unwrap_or_default();
            let expected = test["result"] == "valid" && is_ours(&group["private"], token);
            let found = open(&group["private"], token);
            opened += u64::from(found.is_some());
            let right = match found {
                Some(plaintext) => expected && plaintext == hex(test["pt"].as_str().unwrap()),
                None => !expected,
            };
            if !right {
                wrong.push(test["tcId"].as_u64().unwrap());
            }
        }
    }
    assert_eq!(wrong, Vec::<u64>::new(), "wrong answers");
    assert_eq!(count, document["numberOfTests"].as_u64().unwrap(), "every case was run");
    assert_eq!(opened, 35, "valid tokens of our algorithms");
}

#[test]
fn aes_gcm() {
    let Some(document) = read("wycheproof/aes_gcm_test.json") else { return };
    let (mut count, mut wrong) = (0, Vec::new());
    for group in document["testGroups"].as_array().unwrap() {
        let size = group["keySize"].as_u64().unwrap();
        let encryption = match size {
            128 => ContentEncryption::A128Gcm,
            256 => ContentEncryption::A256Gcm,
            _ => continue,
        };
        for test in group["tests"].as_array().unwrap() {
            let field = |name: &str| hex(test[name].as_str().unwrap());
            let key = DecryptionKey::from_secret(Secret::new(field("key")).unwrap()).unwrap();
            let found = key.decrypt(&Encrypted {
                management: KeyManagement::Dir,
                encryption,
                additional_data: &field("aad"),
                encrypted_key: b"",
                iv: &field("iv"),
                ciphertext: &field("ct"),
                tag: &field("tag"),
                agreement: None,
            });
            // A vector of another length than 12 bytes is right to AES-GCM and wrong to JWE.
            let expected = test["result"] == "valid" && group["ivSize"] == 96;
            if found.as_ref().ok() != expected.then(|| field("msg")).as_ref() {
                wrong.push(test["tcId"].as_u64().unwrap());
            }
            count += 1;
        }
    }
    assert_eq!(wrong, Vec::<u64>::new(), "wrong answers");
    assert!(count > 100, "{count}");
}

#[test]
fn the_appendices_of_the_standard() {
    let Some(document) = read("rfc-jose/rfc_jose_vectors.json") else { return };
    let mut opened = 0;
    for row in document["jwe"].as_array().unwrap() {
        let Some(token) = row["jwe"].as_str() else { continue };
        let found = open(&row["key"], token);
        assert_eq!(found.is_some(), is_ours(&row["key"], token), "{}", row["ref"]);
        if let Some(plaintext) = found {
            assert_eq!(plaintext, row["plaintext"].as_str().unwrap().as_bytes(), "{}", row["ref"]);
            opened += 1;
        }
    }
    assert_eq!(opened, 2, "RFC 7516 A.1 and A.3");
}
