//! What a private key costs, and what it tells: a flood of encrypted tokens delays nobody else, and whether the key or
//! the content of a token was wrong shows neither in the answer nor in its time.

use std::time::{Duration, Instant};

use countersign::Endpoint;
use countersign::crypto::{Algorithm, MacKey, Secret};
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::keys::{Key, KeySet};
use countersign::profile::{BodySignature, Identification, Nesting, Profile};
use countersign::verify::DecryptionPermits;
use countersign::wire::encoding::Encoding;
use serde_json::json;

use crate::jose_parties::{Bank, b64, in_body, outer, request};
use crate::parties::{memory, post};
use crate::timing::assert_one_time;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The two tokens of the million message attack: in one the key is good and the tag is broken, in the other the
/// padding of the encrypted key is.
fn pair(bank: &Bank) -> [String; 2] {
    let token = bank.nested(&json!({}));
    let parts: Vec<&str> = token.split('.').collect();
    let broken = |number: usize| {
        let mut bytes = Encoding::Base64Url.decode(parts[number], 65_536).unwrap();
        bytes[7] ^= 1;
        let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        parts[number] = b64(&bytes);
        parts.join(".")
    };
    [broken(4), broken(1)]
}

/// A broken padding and a broken tag are told apart neither by the answer nor by the clock.
#[tokio::test]
async fn j14_the_million_message_pair_has_one_answer_and_one_time() {
    let bank = Bank::new();
    let (endpoint, _) = bank.endpoint(in_body(Nesting::JweOfJws));
    let tokens = pair(&bank);
    let mut answers = Vec::new();
    for token in &tokens {
        let answer = post(&endpoint, request(&[], token.clone())).await;
        assert_eq!(answer.outcome, Outcome::Refused(Code::DecryptionFailed));
        answers.push((answer.status, answer.headers, answer.body));
    }
    assert_eq!(answers[0], answers[1]);
    let keys = bank.decryption();
    let verify = |which: usize| {
        let token = &tokens[which];
        let at = crate::parties::NOW;
        assert_eq!(countersign::verify::decrypt(&keys, token, at).unwrap_err().code(), Code::DecryptionFailed);
    };
    assert_one_time(verify);
}

/// The pair of the same name with RSA1_5, which is not offered: refused by name, in no time.
#[tokio::test]
async fn j14_rsa1_5_is_refused_before_the_private_key_is_used() {
    let bank = Bank::new();
    let (endpoint, _) = bank.endpoint(in_body(Nesting::JweOfJws));
    let good = bank.encrypted(&outer(&json!({ "alg": "RSA1_5" })), b"x");
    let parts: Vec<&str> = good.split('.').collect();
    let broken = [parts[0], &b64(&[7; 256]), parts[2], parts[3], parts[4]].join(".");
    let mut answers = Vec::new();
    for token in [&good, &broken] {
        let answer = post(&endpoint, request(&[], token.clone())).await;
        assert_eq!(answer.outcome, Outcome::Refused(Code::AlgorithmRefused));
        answers.push((answer.status, answer.headers, answer.body));
    }
    assert_eq!(answers[0], answers[1]);
    let keys = bank.decryption();
    let fastest = |token: &str| {
        let times = (0..50).map(|_| {
            let start = Instant::now();
            assert!(countersign::verify::decrypt(&keys, token, crate::parties::NOW).is_err());
            start.elapsed()
        });
        times.min().unwrap()
    };
    let opening = fastest(&pair(&bank)[0]);
    for token in [&good, &broken] {
        let refusing = fastest(token);
        assert!(refusing * 3 < opening, "{refusing:?} is no less than {opening:?}, as if a private key was used");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_encrypted_tokens_does_not_delay_another_sender() {
    let bank = Bank::new();
    let (builder, clock) = bank.builder(in_body(Nesting::JweOfJws));
    let permits = DecryptionPermits::new(1);
    let flooded = builder.decryption_permits(permits).queue(memory(&clock)).build().unwrap();
    let secret = Secret::new(SECRET).unwrap();
    let keys = KeySet::new(vec![Key::secret(Algorithm::Hs256, &secret).unwrap()]).unwrap();
    let profile = Profile::body_signature(BodySignature::over_body("x-signature"), Identification::Fingerprint);
    let calm = Endpoint::builder("calm", profile).path("/hooks").keys(keys).clock(clock.clone());
    let calm = calm.queue(memory(&clock)).build().unwrap();
    let token = pair(&bank)[0].clone();
    let flood: Vec<_> = (0..600)
        .map(|_| {
            let (endpoint, token) = (flooded.clone(), token.clone());
            tokio::spawn(async move { post(&endpoint, request(&[], token)).await })
        })
        .collect();
    let mac = MacKey::new(Algorithm::Hs256, &secret).unwrap();
    let mut slowest = Duration::ZERO;
    for number in 0..20 {
        let body = format!("{{\"id\":{number}}}");
        let signature = Encoding::Base64.encode(&mac.sign(&[body.as_bytes()]));
        let start = Instant::now();
        let answer = post(&calm, request(&[("x-signature", &signature)], body)).await;
        slowest = slowest.max(start.elapsed());
        assert_eq!(answer.outcome, Outcome::Accepted);
    }
    let (mut refused, mut busy) = (0, 0);
    for one in flood {
        let answer = one.await.unwrap();
        match answer.outcome {
            Outcome::Refused(Code::DecryptionFailed) => refused += 1,
            Outcome::Refused(Code::DecryptionBusy) => {
                assert_eq!(answer.status, 503);
                assert!(answer.headers.contains_key("retry-after"));
                busy += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    eprintln!("slowest beside the flood: {slowest:?}; {refused} refused, {busy} told to come again");
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
    assert_eq!(refused + busy, 600);
    assert!(busy > 0 && refused > 0, "{refused} refused, {busy} told to come again");
}
