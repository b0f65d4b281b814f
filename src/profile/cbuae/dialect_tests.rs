//! Tests of the answers: which have a body, that it is signed, and that nothing tells authentication failures apart.

use std::sync::OnceLock;

use rcgen::{KeyPair, PublicKeyData};
use serde_json::Value;

use super::super::UnfitSigner;
use super::*;
use crate::clock::Timestamp;
use crate::crypto::{Algorithm, Backend, PublicKey, SigningKey};
use crate::error::{Class, Code};
use crate::keys::KeyId;
use crate::wire::encoding::Encoding;

const NOW: Timestamp = Timestamp::from_seconds(1_772_438_400);
const ALL: [Told; 18] = [
    Told::NotAuthenticated,
    Told::RequestId,
    Told::Malformed,
    Told::NotFound,
    Told::Method,
    Told::Timeout,
    Told::Expectation,
    Told::HeadTooLarge,
    Told::Coding,
    Told::Version,
    Told::TooLarge,
    Told::ContentType,
    Told::TooMany,
    Told::Undecodable,
    Told::Conflict,
    Told::Unavailable,
    Told::Failed,
    Told::Upstream,
];

fn pair() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap())
}

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::from_pkcs8(algorithm, &pair().serialize_der()).unwrap()
}

fn signer() -> ReplySigner {
    ReplySigner::new(key(Algorithm::Ps256), KeyId::new("reply-1").unwrap(), "client-7").unwrap()
}

fn signing() -> Errors {
    Errors::new(Some(Arc::new(signer())))
}

fn context() -> Context<'static> {
    Context { now: NOW, request_id: None }
}

/// The header and the claims of a token, after its signature was checked.
fn verified(token: &[u8]) -> (Value, Value) {
    let token = std::str::from_utf8(token).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = Encoding::Base64Url.decode(signature, 1024).unwrap();
    let public = PublicKey::new(Backend::AwsLc, Algorithm::Ps256, pair().der_bytes()).unwrap();
    let _ = public.verify(&[input.as_bytes()], &signature).unwrap();
    let (header, claims) = input.split_once('.').unwrap();
    let read = |part| serde_json::from_slice(&Encoding::Base64Url.decode(part, 4096).unwrap()).unwrap();
    (read(header), read(claims))
}

#[test]
fn a_signed_error_can_be_verified_with_our_public_key() {
    let answer = signing().refusal(Told::Malformed, context());
    assert_eq!((answer.status.as_u16(), answer.content_type.unwrap().to_str().unwrap()), (400, "application/jwt"));
    let (header, claims) = verified(&answer.body);
    assert_eq!(header, json!({"alg": "PS256", "kid": "reply-1", "typ": "JWT"}));
    let message = json!({"Errors": [{"Code": "Body.InvalidFormat", "Message": "Malformed request"}]});
    let at = NOW.seconds();
    let expected = json!({"iss": "client-7", "iat": at, "nbf": at - 10, "exp": at + 300, "message": message});
    assert_eq!(claims, expected);
}

#[test]
fn only_four_statuses_have_a_body() {
    for told in ALL {
        let answer = signing().refusal(told, context());
        let status = answer.status.as_u16();
        assert_eq!(status, told.status().as_u16());
        assert_eq!(answer.body.is_empty(), ![400, 403, 422, 500].contains(&status), "{told:?}");
        assert_eq!(answer.body.is_empty(), answer.content_type.is_none(), "{told:?}");
        if !answer.body.is_empty() {
            let (_, claims) = verified(&answer.body);
            let code = claims["message"]["Errors"][0]["Code"].as_str().unwrap().to_owned();
            assert!(!code.starts_with("JWS.") && !code.starts_with("JWE."), "{code}");
        }
    }
}

#[test]
fn without_a_signer_no_answer_has_a_body() {
    for told in ALL {
        let answer = Errors::new(None).refusal(told, context());
        assert!(answer.body.is_empty() && answer.content_type.is_none() && answer.headers.is_empty(), "{told:?}");
    }
}

#[test]
fn authentication_failures_are_one_empty_401() {
    let mut seen = 0;
    for code in Code::ALL.iter().copied().filter(|code| code.class() == Class::Authentication) {
        let answer = signing().refusal(Told::of(code), context());
        assert_eq!(answer.status.as_u16(), 401, "{code:?}");
        assert!(answer.body.is_empty() && answer.content_type.is_none() && answer.headers.is_empty(), "{code:?}");
        seen += 1;
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn the_interaction_id_is_sent_back_and_no_other_is_made_up() {
    let finished = |request_id| {
        let mut answer = Answer::empty(http::StatusCode::ACCEPTED);
        Errors::new(None).finish(&mut answer, Context { now: NOW, request_id });
        answer.headers
    };
    let id = "1af7b333-7a06-41b1-8a61-e9a29fd069bc";
    assert_eq!(finished(Some(id))["x-fapi-interaction-id"], id);
    assert!(finished(None).is_empty());
    assert_eq!(Errors::new(None).correlation_header(), "x-fapi-interaction-id");
}

#[test]
fn a_key_of_another_algorithm_or_no_issuer_is_refused() {
    let id = || KeyId::new("reply-1").unwrap();
    let other = ReplySigner::new(key(Algorithm::Rs256), id(), "client-7").unwrap_err();
    assert_eq!(other.to_string(), "expected a key for PS256, but found one for RS256");
    assert_eq!(ReplySigner::new(key(Algorithm::Ps256), id(), "").unwrap_err(), UnfitSigner::NoIssuer);
}

#[test]
fn the_key_is_not_shown() {
    assert_eq!(format!("{:?}", signer()), r#"ReplySigner { key_id: KeyId("reply-1"), issuer: "client-7", .. }"#);
}

#[test]
fn a_flood_of_malformed_requests_is_signed_once_a_minute() {
    let errors = signing();
    let at = |seconds: u64| {
        let now = NOW.after(Duration::from_secs(seconds));
        errors.refusal(Told::Malformed, Context { now, request_id: None }).body
    };
    // PSS takes a salt: equal tokens are one token.
    let first = at(0);
    assert!((0..1000).all(|_| at(59) == first));
    let second = at(60);
    assert_ne!(second, first);
    assert_ne!(at(0), second, "a clock that was set back is no reason to send a token of the future");
    let other = errors.refusal(Told::Conflict, context()).body;
    assert_ne!(verified(&other).1["message"], verified(&at(0)).1["message"]);
}
