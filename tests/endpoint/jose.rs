//! Tokens that a real endpoint has to refuse, by the names of the attacks; and for each the one that it takes, so that
//! it is not refused for another reason.

use std::collections::HashSet;

use bytes::Bytes;
use countersign::Endpoint;
use countersign::crypto::{Digest, Hash};
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::keys::{KeyId, KeySet};
use countersign::profile::{Authorization, BodyHash, ClaimRules, Demand, Form, Input, Jose, Nesting, Presence, Types};
use countersign::store::Store;
use countersign::wire::encoding::Encoding;
use http::Request;
use http_body_util::Full;
use proptest::prelude::*;
use serde_json::json;

use crate::jose_parties::{Bank, KID, b64, claims, header, in_body, outer, request, rules};
use crate::parties::{Answer, NOW, memory, post};

const BODY: &str = r#"{"event":"payment.executed","id":"p-1"}"#;

async fn refused(endpoint: &Endpoint, request: Request<Full<Bytes>>, expected: Code) -> Answer {
    let answer = post(endpoint, request).await;
    assert_eq!((answer.status, answer.outcome), (401, Outcome::Refused(expected)));
    answer
}

/// An answer as the sender sees it.
fn shown(answer: &Answer) -> (u16, String, Bytes) {
    (answer.status, format!("{:?}", answer.headers), answer.body.clone())
}

fn detached(unencoded: bool) -> Jose {
    Jose::new(Form::Detached { header: "x-jws-signature".into(), input: Input::body(), unencoded }, None)
}

fn bound() -> Jose {
    let body_hash =
        BodyHash { claim: "request_body_sha256".into(), encoding: Encoding::Hex, hash: Hash::Sha256, prefix: None };
    Jose::new(Form::Token { header: "x-verification".into(), body_hash }, Some(rules()))
}

/// A token for the event in the body, and one for the caller in `Authorization`, neither good for the other.
fn beside() -> Jose {
    let mut scheme = in_body(Nesting::Jws);
    scheme.claims.as_mut().unwrap().required = vec!["message".into()];
    let claims = ClaimRules { jti: Demand::Optional, refused: vec!["message".into()], ..rules() };
    scheme.authorization = Some(Authorization { presence: Presence::Required, typ: Types::only(["JWT"]), claims });
    scheme
}

#[tokio::test]
async fn j18_a_jwe_whatever_is_in_it_is_no_signature_and_every_refusal_looks_alike() {
    let bank = Bank::new();
    let (endpoint, store) = bank.endpoint(in_body(Nesting::JweOfJws));
    let inner = bank.token(&json!({}));
    let bare = claims(&json!({})).to_string();
    let unsigned = format!("{}.{}.", b64(br#"{"alg":"none","typ":"JWT"}"#), b64(bare.as_bytes()));
    let nested = bank.nested(&json!({}));
    let own = |more| bank.encrypted(&outer(&more), inner.as_bytes());
    let mut answers = HashSet::new();
    for (name, token, code) in [
        ("claims without a signature", bank.encrypted(&outer(&json!({})), bare.as_bytes()), Code::NestingRefused),
        ("alg none inside", bank.encrypted(&outer(&json!({})), unsigned.as_bytes()), Code::TokenMalformed),
        ("nothing inside but a word", bank.encrypted(&outer(&json!({})), b"x"), Code::NestingRefused),
        ("a JWE in a JWE", bank.encrypted(&outer(&json!({})), nested.as_bytes()), Code::NestingRefused),
        ("a JWS where a JWE is demanded", inner.clone(), Code::NestingRefused),
        ("a JWS around a JWE", bank.signed(&header(&json!({ "cty": "JWT" })), nested.as_bytes()), Code::NestingRefused),
        ("zip", own(json!({ "zip": "DEF" })), Code::TokenMalformed),
        ("crit", own(json!({ "crit": ["x"], "x": 1 })), Code::TokenMalformed),
        ("jku", own(json!({ "jku": "https://bank.example/jwks" })), Code::TokenMalformed),
        ("another kid", own(json!({ "kid": "ours-2" })), Code::DecryptionKeyUnknown),
        ("the sender's kid", own(json!({ "kid": KID })), Code::DecryptionKeyUnknown),
        ("RSA1_5", own(json!({ "alg": "RSA1_5" })), Code::AlgorithmRefused),
        ("RSA-OAEP", own(json!({ "alg": "RSA-OAEP" })), Code::AlgorithmRefused),
        ("another encryption", own(json!({ "enc": "A128GCM" })), Code::AlgorithmRefused),
        ("dir", own(json!({ "alg": "dir" })), Code::AlgorithmRefused),
        ("another content", own(json!({ "cty": "json" })), Code::NestingRefused),
        (
            "an inner cty",
            bank.encrypted(
                &outer(&json!({})),
                bank.signed(&header(&json!({ "cty": "JWT" })), bare.as_bytes()).as_bytes(),
            ),
            Code::NestingRefused,
        ),
        (
            "an inner key of nobody",
            bank.encrypted(&outer(&json!({})), Bank::new().token(&json!({})).as_bytes()),
            Code::SignatureMismatch,
        ),
        ("an inner token of another time", bank.nested(&json!({ "exp": NOW.seconds() - 3600 })), Code::TokenExpired),
        ("text after it", format!("{nested}\n"), Code::TokenMalformed),
        ("nothing", String::new(), Code::TokenMalformed),
        ("100 000 dots", ".".repeat(100_000), Code::TokenMalformed),
    ] {
        let answer = post(&endpoint, request(&[], token)).await;
        assert_eq!((answer.status, answer.outcome), (401, Outcome::Refused(code)), "{name}");
        answers.insert(shown(&answer));
    }
    assert_eq!(answers.len(), 1, "from outside there is one refusal");
    assert_eq!(store.stats().await.unwrap().identities, 0);
    assert_eq!(post(&endpoint, request(&[], nested)).await.outcome, Outcome::Accepted);
    let again = bank.nested(&json!({}));
    assert_eq!(post(&endpoint, request(&[], again)).await.outcome, Outcome::Duplicate, "encrypted anew");
}

#[tokio::test]
async fn nesting_is_never_guessed() {
    let bank = Bank::new();
    let (signed, _) = bank.endpoint(in_body(Nesting::Jws));
    let (reversed, _) = bank.endpoint(in_body(Nesting::JwsOfJwe));
    let (token, nested) = (bank.token(&json!({})), bank.nested(&json!({})));
    let around = |inner: &str| bank.signed(&header(&json!({})), inner.as_bytes());
    let sealed = |plaintext: &[u8]| {
        let mut head = outer(&json!({}));
        head.as_object_mut().unwrap().remove("cty");
        bank.encrypted(&head, plaintext)
    };
    let right = around(&sealed(claims(&json!({})).to_string().as_bytes()));
    refused(&signed, request(&[], nested.clone()), Code::TokenMalformed).await;
    refused(
        &signed,
        request(&[], bank.signed(&header(&json!({ "cty": "JWT" })), token.as_bytes())),
        Code::NestingRefused,
    )
    .await;
    refused(&reversed, request(&[], nested), Code::TokenMalformed).await;
    refused(&reversed, request(&[], token.clone()), Code::TokenMalformed).await;
    refused(&reversed, request(&[], around(&token)), Code::NestingRefused).await;
    refused(&reversed, request(&[], Bank::new().signed(&header(&json!({})), b"x")), Code::SignatureMismatch).await;
    assert_eq!(post(&signed, request(&[], token)).await.outcome, Outcome::Accepted);
    assert_eq!(post(&reversed, request(&[], right)).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn j07_j08_extensions_types_and_b64_of_an_attached_body() {
    let bank = Bank::new();
    let (endpoint, _) = bank.endpoint(in_body(Nesting::Jws));
    let payload = claims(&json!({})).to_string();
    let mut answers = HashSet::new();
    for (more, code) in [
        (json!({ "crit": ["exp"], "exp": 1 }), Code::TokenMalformed),
        (
            json!({ "crit": ["http://openbanking.org.uk/iat"], "http://openbanking.org.uk/iat": 1 }),
            Code::TokenMalformed,
        ),
        (json!({ "crit": [] }), Code::TokenMalformed),
        (json!({ "crit": ["kid"] }), Code::TokenMalformed),
        (json!({ "b64": false, "crit": ["b64"] }), Code::TokenMalformed),
        (json!({ "b64": false }), Code::TokenMalformed),
        (json!({ "zip": "DEF" }), Code::TokenMalformed),
        (json!({ "jku": "https://bank.example/jwks" }), Code::TokenMalformed),
        (json!({ "x5u": "https://bank.example/x5u" }), Code::TokenMalformed),
        (json!({ "jwk": {} }), Code::TokenMalformed),
        (json!({ "pad": "x".repeat(4096) }), Code::TokenMalformed),
        (json!({ "typ": "at+jwt" }), Code::TokenTypeRefused),
        (json!({ "typ": null }), Code::TokenMalformed),
        (json!({ "alg": "RS256" }), Code::AlgorithmRefused),
        (json!({ "kid": "bank-2" }), Code::KeyUnknown),
        (json!({ "kid": "BANK-1" }), Code::KeyUnknown),
    ] {
        let token = bank.signed(&header(&more), payload.as_bytes());
        let answer = post(&endpoint, request(&[], token)).await;
        assert_eq!((answer.status, answer.outcome), (401, Outcome::Refused(code)), "{more}");
        answers.insert(shown(&answer));
    }
    assert_eq!(answers.len(), 1);
    let token = bank.signed(&header(&json!({})), payload.as_bytes());
    assert_eq!(post(&endpoint, request(&[], token)).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn j22_a_header_is_4096_characters_long_and_not_one_more() {
    let bank = Bank::new();
    let payload = claims(&json!({})).to_string();
    let of_length = |characters: usize| {
        // Three bytes are four characters.
        let bytes = characters * 3 / 4;
        let short = header(&json!({ "pad": "" })).to_string().len();
        let head = header(&json!({ "pad": "x".repeat(bytes - short) }));
        assert_eq!(b64(head.to_string().as_bytes()).len(), characters);
        bank.signed(&head, payload.as_bytes())
    };
    let (endpoint, _) = bank.endpoint(in_body(Nesting::Jws));
    refused(&endpoint, request(&[], of_length(4098)), Code::TokenMalformed).await;
    assert_eq!(post(&endpoint, request(&[], of_length(4096))).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn j05_the_configured_address_is_compared_and_never_called() {
    let bank = Bank::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}/jwks", listener.local_addr().unwrap());
    let mut scheme = in_body(Nesting::Jws);
    scheme.address = Some(address.as_str().into());
    let (endpoint, _) = bank.endpoint(scheme);
    let token = |jku: &str| bank.signed(&header(&json!({ "jku": jku })), claims(&json!({})).to_string().as_bytes());
    for other in [format!("{address}/"), format!("{address}?"), address.replace("http", "HTTP"), String::new()] {
        refused(&endpoint, request(&[], token(&other)), Code::TokenMalformed).await;
    }
    assert_eq!(post(&endpoint, request(&[], token(&address))).await.outcome, Outcome::Accepted);
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody called");
}

#[tokio::test]
async fn j08_a_detached_token_has_one_payload_and_it_is_the_body() {
    let bank = Bank::new();
    let unencoded = header(&json!({ "b64": false, "crit": ["b64"] }));
    for (bare, head) in [(false, header(&json!({}))), (true, unencoded.clone())] {
        let (endpoint, _) = bank.endpoint(detached(bare));
        let token = bank.detached(&head, BODY.as_bytes(), bare);
        let send = |token: &str, body: &str| request(&[("x-jws-signature", token)], body.to_owned());
        let filled = bank.signed(&header(&json!({})), BODY.as_bytes());
        refused(&endpoint, send(&filled, BODY), Code::TokenMalformed).await;
        let middle = token.replace("..", &format!(".{}.", b64(BODY.as_bytes())));
        refused(&endpoint, send(&middle, BODY), Code::TokenMalformed).await;
        refused(&endpoint, send(&token, &BODY.replace("p-1", "p-2")), Code::SignatureMismatch).await;
        refused(&endpoint, send(&token, ""), Code::SignatureMismatch).await;
        refused(&endpoint, request(&[], BODY), Code::SignatureMissing).await;
        let other = if bare { header(&json!({})) } else { unencoded.clone() };
        let other = bank.detached(&other, BODY.as_bytes(), !bare);
        refused(&endpoint, send(&other, BODY), Code::TokenMalformed).await;
        assert_eq!(post(&endpoint, send(&token, BODY)).await.outcome, Outcome::Accepted, "{bare}");
    }
}

#[tokio::test]
async fn j26_a_token_in_a_header_is_good_for_one_body() {
    let bank = Bank::new();
    let (endpoint, _) = bank.endpoint(bound());
    let hash = |body: &str| Encoding::Hex.encode(&Digest::sha256_of(body.as_bytes()));
    let send = |claim: serde_json::Value, body: &str| {
        let token = bank.token(&json!({ "request_body_sha256": claim }));
        request(&[("x-verification", &token)], body.to_owned())
    };
    refused(&endpoint, send(json!(hash(BODY)), "{}"), Code::DigestMismatch).await;
    refused(&endpoint, send(json!(hash("{}")), BODY), Code::DigestMismatch).await;
    refused(&endpoint, send(json!(null), BODY), Code::ClaimNull).await;
    refused(&endpoint, send(json!([hash(BODY)]), BODY), Code::ClaimTypeWrong).await;
    refused(&endpoint, send(json!(&hash(BODY)[..62]), BODY), Code::DigestMismatch).await;
    refused(&endpoint, request(&[("x-verification", &bank.token(&json!({})))], BODY), Code::ClaimMissing).await;
    refused(&endpoint, request(&[], BODY), Code::SignatureMissing).await;
    assert_eq!(post(&endpoint, send(json!(hash(BODY)), BODY)).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn j17_the_token_of_the_caller_and_the_token_of_the_event_are_not_each_other() {
    let bank = Bank::new();
    let (endpoint, _) = bank.endpoint(beside());
    let mut caller = claims(&json!({}));
    caller.as_object_mut().unwrap().remove("message");
    let caller = bank.signed(&header(&json!({})), caller.to_string().as_bytes());
    let event = bank.token(&json!({}));
    let send = |authorization: &str, body: &str| {
        request(&[("authorization", &format!("Bearer {authorization}"))], body.to_owned())
    };
    refused(&endpoint, send(&event, &event), Code::ClaimUnexpected).await;
    refused(&endpoint, send(&caller, &caller), Code::ClaimMissing).await;
    refused(&endpoint, send(&event, &caller), Code::ClaimUnexpected).await;
    refused(&endpoint, request(&[], event.clone()), Code::CredentialMissing).await;
    refused(&endpoint, send(&Bank::new().token(&json!({ "message": null })), &event), Code::ClaimUnexpected).await;
    let twice = [("authorization", &*format!("Bearer {caller}")), ("authorization", &*format!("Bearer {caller}"))];
    assert_eq!(post(&endpoint, request(&twice, event.clone())).await.status, 401);
    assert_eq!(post(&endpoint, send(&format!("Bearer {caller}"), &event)).await.status, 401);
    assert_eq!(post(&endpoint, send(&".".repeat(4000), &event)).await.status, 401);
    assert_eq!(post(&endpoint, send(&caller, &event)).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn a_distrusted_key_signs_neither_a_token_for_us_nor_one_of_the_caller() {
    let (bank, stolen) = (Bank::new(), Bank::new());
    let theirs = json!({ "kid": "stolen" });
    let distrusting = |scheme: Jose| {
        let (builder, clock) = bank.builder(scheme);
        let keys = vec![bank.key(), stolen.key().with_id(KeyId::new("stolen").unwrap())];
        builder.keys(KeySet::new(keys).unwrap()).distrust("stolen").queue(memory(&clock)).build().unwrap()
    };
    let forged = stolen.signed(&header(&theirs), claims(&json!({})).to_string().as_bytes());
    refused(&distrusting(in_body(Nesting::Jws)), request(&[], forged.clone()), Code::KeyDistrusted).await;
    let encrypted = bank.encrypted(&outer(&json!({})), forged.as_bytes());
    refused(&distrusting(in_body(Nesting::JweOfJws)), request(&[], encrypted), Code::KeyDistrusted).await;
    let endpoint = distrusting(beside());
    let mut caller = claims(&json!({}));
    caller.as_object_mut().unwrap().remove("message");
    let caller = caller.to_string();
    let send = |token: String| request(&[("authorization", &format!("Bearer {token}"))], bank.token(&json!({})));
    refused(&endpoint, send(stolen.signed(&header(&theirs), caller.as_bytes())), Code::KeyDistrusted).await;
    let taken = post(&endpoint, send(bank.signed(&header(&json!({})), caller.as_bytes()))).await;
    assert_eq!(taken.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn j19_an_id_is_an_id_of_its_issuer_and_nobody_can_take_it_from_another() {
    let bank = Bank::new();
    let mut scheme = in_body(Nesting::Jws);
    let own = scheme.claims.as_ref().unwrap().iss[0].to_string();
    scheme.claims.as_mut().unwrap().iss.push("https://other.example".into());
    let (endpoint, _) = bank.endpoint(scheme);
    let token =
        |iss: &str, what: &str| bank.token(&json!({ "jti": "one-id", "iss": iss, "message": { "what": what } }));
    let outcome = async |token: String| post(&endpoint, request(&[], token)).await.outcome;
    assert_eq!(outcome(token("https://other.example", "a")).await, Outcome::Accepted);
    assert_eq!(outcome(token(&own, "b")).await, Outcome::Accepted);
    assert_eq!(outcome(token(&own, "b")).await, Outcome::Duplicate);
    assert_eq!(outcome(token(&own, "c")).await, Outcome::Refused(Code::IdConflict));
}

#[tokio::test]
async fn j06_a_key_is_good_for_its_endpoint_and_its_time() {
    let (bank, other) = (Bank::new(), Bank::new());
    let token = bank.token(&json!({}));
    let (endpoint, _) = other.endpoint(in_body(Nesting::Jws));
    refused(&endpoint, request(&[], token.clone()), Code::SignatureMismatch).await;
    // The old key has ended, the new one has not begun: whatever either signed is refused until somebody mends it.
    let second = std::time::Duration::from_secs(1);
    for (validity, expected) in [
        ((None, Some(NOW.before(second))), Some(Code::KeyUnknown)),
        ((Some(NOW.after(second)), None), Some(Code::KeyUnknown)),
        ((Some(NOW), Some(NOW)), None),
    ] {
        let (builder, clock) = bank.builder(in_body(Nesting::Jws));
        let keys = KeySet::new(vec![bank.key().with_validity(validity.0, validity.1)]).unwrap();
        let endpoint = builder.keys(keys).queue(crate::parties::memory(&clock)).build().unwrap();
        let outcome = post(&endpoint, request(&[], token.clone())).await.outcome;
        assert_eq!(outcome, expected.map_or(Outcome::Accepted, Outcome::Refused));
    }
}

/// What the sender shows another ear is not what it signed: every part of a JWE is bound to every other.
#[tokio::test]
async fn any_flipped_bit_of_any_part_of_a_jwe_is_refused() {
    let bank = Bank::new();
    let (endpoint, store) = bank.endpoint(in_body(Nesting::JweOfJws));
    let token = bank.nested(&json!({}));
    let parts: Vec<Vec<u8>> = token.split('.').map(|part| Encoding::Base64Url.decode(part, 65_536).unwrap()).collect();
    let mut tried = 0;
    for (number, part) in parts.iter().enumerate() {
        // Every bit of what is short, one bit of each byte of what is long.
        for at in 0..part.len() {
            for bit in if part.len() <= 32 { 0..8 } else { at % 8..at % 8 + 1 } {
                let mut parts = parts.clone();
                parts[number][at] ^= 1 << bit;
                let changed = parts.iter().map(|part| b64(part)).collect::<Vec<_>>().join(".");
                let answer = post(&endpoint, request(&[], changed)).await;
                assert_eq!(answer.status, 401, "part {number}, byte {at}, bit {bit}");
                tried += 1;
            }
        }
    }
    assert!(tried > 1000, "{tried}");
    assert_eq!(store.stats().await.unwrap().identities, 0);
    assert_eq!(post(&endpoint, request(&[], token)).await.outcome, Outcome::Accepted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// One character of a compact JWS, changed, left out or put in: refused, or the same event.
    #[test]
    fn a_token_with_another_character_is_refused(at in 0_usize..100_000, character in 0_u8..128, how in 0..3) {
        thread_local! {
            static WORLD: (tokio::runtime::Runtime, Endpoint, String) = {
                let bank = Bank::new();
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let token = bank.token(&json!({}));
                let endpoint = bank.endpoint(in_body(Nesting::Jws)).0;
                let outcome = runtime.block_on(post(&endpoint, request(&[], token.clone()))).outcome;
                assert_eq!(outcome, Outcome::Accepted);
                (runtime, endpoint, token)
            };
        }
        WORLD.with(|(runtime, endpoint, token)| {
            let at = at % token.len();
            let mut changed = token.clone().into_bytes();
            match how {
                0 => changed[at] = character,
                1 => drop(changed.remove(at)),
                _ => changed.insert(at, character),
            }
            let same = changed == token.as_bytes();
            let answer = runtime.block_on(post(endpoint, request(&[], changed)));
            if same {
                prop_assert_eq!(answer.outcome, Outcome::Duplicate);
            } else {
                prop_assert_eq!(answer.status, 401);
            }
            Ok(())
        })?;
    }
}
