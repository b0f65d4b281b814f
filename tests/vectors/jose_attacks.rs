//! Attacks on compact tokens: each row through every form that a token can come in, and through a real endpoint where
//! what counts is what becomes of two of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::Endpoint;
use countersign::clock::{FixedClock, Timestamp};
use countersign::crypto::{Backend, ContentEncryption, Hash, KeyManagement};
use countersign::delivery::Delivery;
use countersign::endpoint::Outcome;
use countersign::error::{Code, Rejection};
use countersign::keys::{DecryptingKey, DecryptionKeys, KeyId, KeySet, read_decryption};
use countersign::profile::{
    Authorization, BodyHash, ClaimRules, Demand, Form, Fresh, Identification, Input, Jose, Nesting, Presence, Profile,
    Types,
};
use countersign::store::{MemoryStore, Store};
use countersign::verify::Verifier;
use countersign::wire::encoding::Encoding;
use http_body_util::Full;
use serde_json::Value;

use crate::jose_parties::{delivery, keys, public};
use crate::place::{backends, read};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// The longest answer to a token that asks for two thousand million rounds of a hash.
const AT_ONCE: Duration = Duration::from_millis(5);

fn rules(jti: Demand) -> ClaimRules {
    ClaimRules {
        iss: vec!["https://bank.example".into()],
        aud: vec!["urn:receiver:tenant-a".into()],
        jti,
        leeway: Duration::from_secs(60),
        ..ClaimRules::default()
    }
}

fn sender_keys(document: &Value, backend: Backend) -> KeySet {
    let one = |kid: &str| {
        let mut jwk = public(&document["keys"][kid]);
        jwk["kid"] = kid.into();
        jwk
    };
    keys(backend, &serde_json::json!({ "keys": [one("bank-rsa-1"), one("bank-ec-1")] }), None).unwrap()
}

/// The key of the rows, and one for each of the key agreements that two rows ask for, so that those get that far.
fn our_keys(document: &Value) -> DecryptionKeys {
    let mut jwk = document["keys"]["recv-enc-1 (private, TEST ONLY)"].clone();
    jwk["kid"] = "recv-enc-1".into();
    let p256 = serde_json::json!({ "kty": "EC", "crv": "P-256", "kid": "recv-ec-1",
        "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0", "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
        "d": "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo" });
    let x25519 = serde_json::json!({ "kty": "OKP", "crv": "X25519", "kid": "recv-x",
        "x": "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo", "d": "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo" });
    let mut all = Vec::new();
    for (jwk, management) in
        [(jwk, KeyManagement::RsaOaep256), (p256, KeyManagement::EcdhEs), (x25519, KeyManagement::EcdhEs)]
    {
        let (id, key) = read_decryption(jwk.to_string().as_bytes()).unwrap().remove(0);
        let encryption = [ContentEncryption::A256Gcm, ContentEncryption::A128Gcm];
        all.push(DecryptingKey::new(id, key, [management], encryption).unwrap());
    }
    assert!(all[0].id() == &KeyId::new("recv-enc-1").unwrap());
    DecryptionKeys::new(all).unwrap()
}

fn profile(scheme: Jose) -> Profile {
    let expiry = scheme.claims.is_some();
    let id = Identification::Fingerprint;
    let profile = Profile::jose(scheme, id);
    if expiry { profile.with_fresh(Fresh::Expiry, Duration::ZERO) } else { profile.accepting_messages_of_any_age() }
}

type Deliver = Box<dyn Fn(&Value) -> Option<Delivery>>;

/// A configuration, how a row comes to it, and the rows that it takes; it refuses all others.
struct Setup {
    name: &'static str,
    verifier: Verifier,
    deliver: Deliver,
    takes: &'static [&'static str],
}

fn token(row: &Value) -> &[u8] {
    row["token"].as_str().unwrap().as_bytes()
}

fn in_body(row: &Value) -> Option<Delivery> {
    delivery(&[], token(row), NOW)
}

/// The body that a detached token signs; of a row that has none, any.
fn payload(row: &Value) -> &[u8] {
    row["detached_payload"].as_str().unwrap_or("{}").as_bytes()
}

fn setups(document: &Value, backend: Backend) -> Vec<Setup> {
    let keys = || sender_keys(document, backend);
    let build = |scheme: Jose| Endpoint::builder("tenant-a", profile(scheme)).keys(keys());
    let own = |jti| Jose::new(Form::Body, Some(rules(jti)));
    let mut strict = own(Demand::Required);
    strict.typ = Types::only(["JWT"]);
    let mut nested = own(Demand::Required);
    nested.nesting = Nesting::JweOfJws;
    let detached = |unencoded| {
        Jose::new(Form::Detached { header: "x-jws-signature".into(), input: Input::body(), unencoded }, None)
    };
    let mut beside = own(Demand::Optional);
    beside.authorization = Some(Authorization {
        presence: Presence::Required,
        typ: Types::only(["JWT"]),
        claims: rules(Demand::Required),
    });
    let hash = BodyHash {
        claim: "htd".into(),
        encoding: Encoding::Base64,
        hash: Hash::Sha256,
        prefix: Some("SHA-256=".into()),
    };
    let bound = Jose::new(Form::Token { header: "x-token".into(), body_hash: hash }, Some(rules(Demand::Optional)));
    let control = document["cases"][0].clone();
    assert_eq!(control["id"], "OK-1");
    let header = |row: &Value| delivery(&[("x-jws-signature", token(row))], payload(row), NOW);
    vec![
        Setup {
            name: "the body is a token, typ and jti may be absent",
            verifier: build(own(Demand::Optional)).verifier().unwrap(),
            deliver: Box::new(in_body),
            takes: &["OK-1", "OK-2", "J16-11", "J17-3", "J19-1", "J20-27"],
        },
        Setup {
            name: "the body is a token, typ and jti are demanded",
            verifier: build(strict).verifier().unwrap(),
            deliver: Box::new(in_body),
            takes: &["OK-1", "OK-2", "J16-11", "J19-1"],
        },
        Setup {
            name: "the body is a JWE around a token",
            verifier: build(nested).decryption_keys(our_keys(document)).verifier().unwrap(),
            deliver: Box::new(in_body),
            takes: &["J18-1"],
        },
        Setup {
            name: "a token in Authorization beside a body that is a good one",
            verifier: build(beside).verifier().unwrap(),
            deliver: Box::new(move |row| {
                let value = [b"Bearer ", token(row)].concat();
                delivery(&[("authorization", &value)], token(&control), NOW)
            }),
            takes: &["OK-1", "OK-2", "J16-11", "J19-1"],
        },
        Setup {
            name: "a detached token over the body as it is",
            verifier: build(detached(true)).verifier().unwrap(),
            deliver: Box::new(header),
            takes: &["J08-1"],
        },
        Setup {
            name: "a detached token over the body in base64url",
            verifier: build(detached(false)).verifier().unwrap(),
            deliver: Box::new(header),
            takes: &[],
        },
        Setup {
            name: "a token in a header, bound to the body by a hash that none of the rows has",
            verifier: build(bound).verifier().unwrap(),
            deliver: Box::new(|row| delivery(&[("x-token", token(row))], payload(row), NOW)),
            takes: &[],
        },
    ]
}

/// What the row itself demands of the forms that it is about; the table of setups has to agree with it.
fn must_be_refused(row: &Value) -> bool {
    match row["expected"].as_str().unwrap() {
        "reject" | "reject-unless-zip-enabled" => true,
        "accept"
        | "accept-if-jwe-enabled"
        | "accept-if-b64-enabled"
        | "reject-if-typ-required"
        | "policy"
        | "accept-or-reject, but dedup must treat it as the SAME event"
        | "reject as replay or answer as duplicate, never a second event" => false,
        other => panic!("an expectation without a test: {other}"),
    }
}

#[test]
fn every_row_in_every_form_is_answered_right() {
    let Some(document) = read("generated/jose_attacks.json") else { return };
    let rows = document["cases"].as_array().unwrap();
    assert_eq!(rows.len(), 112);
    for backend in backends() {
        let setups = setups(&document, backend);
        let (mut run, mut accepted, mut wrong) = (0, 0, Vec::new());
        for row in rows {
            let id = row["id"].as_str().unwrap();
            let mut somewhere = false;
            for setup in &setups {
                run += 1;
                let result = (setup.deliver)(row).map(|delivery| setup.verifier.verify(&delivery));
                let taken = matches!(result, Some(Ok(_)));
                accepted += usize::from(taken);
                somewhere |= taken;
                if taken != setup.takes.contains(&id) || (taken && must_be_refused(row)) {
                    wrong.push(format!("{id} {} in {:?}: {result:?}", row["name"], setup.name));
                }
                if let Some(Err(rejection)) = &result {
                    quotes_nothing(id, rejection);
                }
            }
            if !somewhere && !must_be_refused(row) {
                wrong.push(format!("{id} {} is accepted nowhere", row["name"]));
            }
        }
        assert!(wrong.is_empty(), "{} wrong answers on {backend:?}:\n{}", wrong.len(), wrong.join("\n"));
        assert_eq!((run, accepted), (112 * 7, 16), "{backend:?}");
    }
}

/// A log line stays one line, and holds nothing that an unknown sender wrote.
fn quotes_nothing(id: &str, rejection: &Rejection) {
    let detail = rejection.detail();
    assert!(!detail.contains(char::is_control) && detail.len() < 300, "{id}: {detail:?}");
    for written in ["jndi", "UNION", "dev/null", "bank-rsa-1", "aaaa", "127.0.0.1", "eyJ", "evil"] {
        assert!(!detail.contains(written), "{id}: {detail:?}");
    }
}

#[test]
fn an_address_or_a_name_in_a_header_opens_no_socket() {
    let Some(document) = read("generated/jose_attacks.json") else { return };
    // Where the rows point to; a port that is taken or forbidden here is left to the count of sockets below.
    let listeners: Vec<_> =
        [9, 80].into_iter().filter_map(|port| std::net::TcpListener::bind(("127.0.0.1", port)).ok()).collect();
    let sockets = || -> Option<usize> {
        let open = std::fs::read_dir("/proc/self/fd").ok()?;
        let links = open.filter_map(|one| std::fs::read_link(one.ok()?.path()).ok());
        Some(links.filter(|link| link.to_string_lossy().starts_with("socket:")).count())
    };
    let setups = setups(&document, Backend::default());
    let mut seen = 0;
    for row in document["cases"].as_array().unwrap() {
        if !row["must_also"].as_str().is_some_and(|also| also.contains("socket") || also.contains("network")) {
            continue;
        }
        seen += 1;
        for setup in &setups {
            let Some(delivery) = (setup.deliver)(row) else { continue };
            let before = sockets();
            assert!(setup.verifier.verify(&delivery).is_err());
            assert!(sockets() <= before, "{}", row["id"]);
        }
    }
    for listener in &listeners {
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
    assert_eq!(seen, 12);
}

#[test]
fn a_header_that_asks_for_work_is_answered_at_once() {
    let Some(document) = read("generated/jose_attacks.json") else { return };
    let setups = setups(&document, Backend::default());
    let mut seen = 0;
    for row in document["cases"].as_array().unwrap() {
        if !row["id"].as_str().unwrap().starts_with("J13-") {
            continue;
        }
        seen += 1;
        for setup in &setups {
            let delivery = (setup.deliver)(row).unwrap();
            // The fastest of some: the machine may have something else to do.
            let fastest = (0..8).map(|_| {
                let start = Instant::now();
                assert!(setup.verifier.verify(&delivery).is_err());
                start.elapsed()
            });
            let fastest = fastest.min().unwrap();
            assert!(fastest < AT_ONCE, "{} in {:?}: {fastest:?}", row["id"], setup.name);
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn key_management_that_is_not_offered_is_refused_by_name() {
    let Some(document) = read("generated/jose_attacks.json") else { return };
    let verifier = &setups(&document, Backend::default())[2].verifier;
    let code = |id: &str| {
        let row = document["cases"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
        verifier.verify(&in_body(row).unwrap()).unwrap_err().code()
    };
    assert_eq!(code("J14-1"), Code::AlgorithmRefused, "before any operation with the private key");
    assert_eq!(code("J25-7"), Code::AlgorithmRefused);
    assert_eq!(code("J18-3"), Code::NestingRefused);
    assert_eq!(code("J18-5"), Code::NestingRefused);
    assert_eq!((code("J15-1"), code("J15-3")), (Code::DecryptionFailed, Code::DecryptionFailed));
    assert_eq!(code("J12-1"), Code::TokenMalformed);
}

/// An endpoint that remembers events by `jti`, or by their content.
fn endpoint(document: &Value, identification: Identification) -> (Endpoint, Arc<MemoryStore>) {
    let scheme = Jose::new(Form::Body, Some(rules(Demand::Required)));
    let clock = Arc::new(FixedClock::at(NOW));
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let profile = Profile::jose(scheme, identification).with_fresh(Fresh::Expiry, Duration::ZERO);
    let builder = Endpoint::builder("tenant-a", profile).path("/hooks").keys(sender_keys(document, Backend::default()));
    (builder.clock(clock).queue(store.clone()).build().unwrap(), store)
}

async fn send(endpoint: &Endpoint, document: &Value, id: &str) -> http::Response<Full<bytes::Bytes>> {
    let row = document["cases"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
    let body = Full::new(bytes::Bytes::copy_from_slice(token(row)));
    let request = http::Request::post("/hooks").header("host", "hooks.example").body(body).unwrap();
    tower::ServiceExt::oneshot(endpoint.clone(), request).await.unwrap()
}

async fn post(endpoint: &Endpoint, document: &Value, id: &str) -> (u16, Outcome) {
    let response = send(endpoint, document, id).await;
    (response.status().as_u16(), *response.extensions().get::<Outcome>().unwrap())
}

#[tokio::test]
async fn a_replay_and_a_twin_of_a_signature_are_the_same_event() {
    let Some(document) = read("generated/jose_attacks.json") else { return };
    let claim = || Identification::Claim { name: "jti".into(), required: true };
    for identification in [claim(), Identification::Fingerprint] {
        for pair in [["OK-1", "J19-1"], ["OK-2", "J16-11"], ["J16-11", "OK-2"], ["J19-1", "J19-1"]] {
            let (endpoint, store) = endpoint(&document, identification.clone());
            let first = post(&endpoint, &document, pair[0]).await;
            let second = post(&endpoint, &document, pair[1]).await;
            assert_eq!([first, second], [(200, Outcome::Accepted), (200, Outcome::Duplicate)], "{pair:?}");
            let stats = store.stats().await.unwrap();
            assert_eq!((stats.identities, stats.ready), (1, 1), "{pair:?}");
        }
    }
}

/// The lines that a real endpoint logs.
#[derive(Clone, Default)]
struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_refusal_logs_one_line_and_all_refusals_look_alike() {
    let Some(document) = read("generated/jose_attacks.json") else { return };
    let lines = Lines::default();
    let writer = lines.clone();
    let logger = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _logging = tracing::subscriber::set_default(logger);
    // Another thread may ask for a line first, when nobody listens, and note that nobody does: once it is noted, not any more.
    let (first, _) = endpoint(&document, Identification::Fingerprint);
    send(
        &first,
        &document,
        document["cases"].as_array().unwrap().iter().find(|row| must_be_refused(row)).unwrap()["id"].as_str().unwrap(),
    )
    .await;
    tracing::callsite::rebuild_interest_cache();
    let mut answers = std::collections::HashSet::new();
    let (mut refused, mut kept) = (0, 0);
    for row in document["cases"].as_array().unwrap().iter().filter(|row| must_be_refused(row)) {
        lines.0.lock().unwrap().clear();
        // An endpoint of its own for each: many refusals of one kind in a moment are counted, not told one by one.
        let (endpoint, store) = endpoint(&document, Identification::Fingerprint);
        let response = send(&endpoint, &document, row["id"].as_str().unwrap()).await;
        assert_eq!(response.status().as_u16(), 401, "{}", row["id"]);
        let headers = format!("{:?}", response.headers());
        answers.insert((headers, http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes()));
        refused += 1;
        kept += store.stats().await.unwrap().identities;
        let text = lines.0.lock().unwrap().clone();
        assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 1, "{}", String::from_utf8_lossy(&text));
    }
    assert_eq!((refused, answers.len(), kept), (104, 1, 0));
}
