//! The pair of the million message attack as it was published: a broken ciphertext, and a broken padding of its key.

use std::sync::Arc;

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::{FixedClock, Timestamp};
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::profile::{Identification, Nesting, Profile};
use countersign::store::MemoryStore;
use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::jose_parties::{bare, decryption, keys};
use crate::place::read;
use crate::timing::assert_one_time;

const KID: &str = "2011-04-29";

/// The published form, and the same parts in compact form, whose header names the algorithm as it has to.
fn forms(row: &Value) -> [String; 2] {
    let document = &row["jwe_json"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let header = json!({ "alg": "RSA1_5", "enc": "A128CBC-HS256", "kid": KID }).to_string();
    let key = text(&document["recipients"][0]["encrypted_key"]);
    let protected = countersign::wire::encoding::Encoding::Base64Url.encode(header.as_bytes());
    let rest = ["iv", "ciphertext", "tag"].map(|name| text(&document[name])).join(".");
    [document.to_string(), format!("{protected}.{key}.{rest}")]
}

fn endpoint(row: &Value) -> Endpoint {
    let mut ours = row["keys"][0].clone();
    ours["kid"] = KID.into();
    let sender = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let clock = Arc::new(FixedClock::at(Timestamp::from_seconds(1_800_000_000)));
    let profile = Profile::jose(bare(Nesting::JweOfJws), Identification::Fingerprint);
    let profile = profile.accepting_messages_of_any_age().accepting_tokens_for_others();
    Endpoint::builder("bank", profile)
        .path("/hooks")
        .keys(keys(countersign::crypto::Backend::default(), &sender, None).unwrap())
        .decryption_keys(decryption(&ours).unwrap())
        .clock(clock.clone())
        .queue(Arc::new(MemoryStore::new(clock)))
        .build()
        .unwrap()
}

#[test]
fn j14_the_published_pair_has_one_answer_and_one_time() {
    let Some(document) = read("rfc-jose/rfc_jose_vectors.json") else { return };
    let rows = document["jwe"].as_array().unwrap();
    let pair: Vec<&Value> = rows.iter().filter(|row| row["ref"].as_str().unwrap().contains("MMA")).collect();
    assert_eq!(pair.len(), 2);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let endpoint = endpoint(pair[0]);
    let send = |token: &str| {
        let request = Request::post("/hooks").header("host", "hooks.example").header("content-length", token.len());
        let request = request.body(Full::new(Bytes::copy_from_slice(token.as_bytes()))).unwrap();
        runtime.block_on(async {
            let response = endpoint.clone().oneshot(request).await.unwrap();
            let outcome = *response.extensions().get::<Outcome>().unwrap();
            let (parts, body) = response.into_parts();
            (parts.status, parts.headers, body.collect().await.unwrap().to_bytes(), outcome)
        })
    };
    for (form, code) in [(0, Code::TokenMalformed), (1, Code::AlgorithmRefused)] {
        let tokens = [0, 1].map(|which| forms(pair[which])[form].clone());
        let answers = [0, 1].map(|which| send(&tokens[which]));
        assert_eq!(answers[0].3, Outcome::Refused(code));
        assert_eq!(answers[0], answers[1]);
        assert_one_time(|which| drop(send(&tokens[which])));
    }
}
