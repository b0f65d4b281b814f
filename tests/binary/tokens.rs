//! Senders of tokens that are configured and not built in: each accepted as it signs, refused as soon as something is
//! other, and refused at start where the configuration leaves open what protects.

use std::fs;
use std::path::Path;

use countersign::clock::{Clock, SystemClock};
use countersign::crypto::{Algorithm, Digest, SigningKey};
use countersign::keys::read_private;
use countersign::wire::encoding::Encoding;
use serde_json::{Value, json};

use crate::receiver::{Receiver, err, folder, run, status};

const KEYS: &str = "keys = [{ jwks = \"keys/cbuae/signing.jwks.json\" }]";
const BODY: &str = r#"{"webhook_id":"w-1","a":1}"#;

fn endpoint(signature: &str, more: &str) -> impl FnOnce(String) -> String {
    let table = format!(
        "[[endpoint]]\nname = \"bank\"\npath = \"/bank\"\nprofile = \"jose\"\nsink = \"stdout\"\n{KEYS}\nsignature = {signature}\n{more}\n\n[[sink]]"
    );
    move |text| text.replacen("[[sink]]", &table, 1)
}

fn now() -> i64 {
    SystemClock.now().seconds()
}

fn key() -> SigningKey {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("keys/cbuae/signing.key.pem");
    read_private(&fs::read_to_string(path).unwrap(), Some(Algorithm::Ps256)).unwrap()
}

/// A compact JWS; `more` goes into its header.
fn token(more: &Value, payload: &str) -> String {
    let mut header = json!({"alg": "PS256", "kid": "demo-hub-signing"});
    header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let part = |text: &str| Encoding::Base64Url.encode(text.as_bytes());
    let input = format!("{}.{}", part(&header.to_string()), part(payload));
    format!("{input}.{}", Encoding::Base64Url.encode(&key().sign(input.as_bytes()).unwrap()))
}

fn detached(more: &Value, payload: &str) -> String {
    let token = token(more, payload);
    let parts: Vec<_> = token.split('.').collect();
    format!("{}..{}", parts[0], parts[2])
}

fn post(receiver: &Receiver, kind: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("POST /bank HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\n{lines}");
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    status(&receiver.raw(request.as_bytes())).unwrap()
}

#[test]
fn a_token_in_a_header_that_hashes_the_body() {
    let folder = folder(endpoint(
        "{ header = \"Plaid-Verification\", form = \"jwt\", body_hash = { claim = \"request_body_sha256\", encoding = \"hex\" }, fresh = { claim = \"iat\", tolerance = \"5m\" } }",
        "id = { json = \"/webhook_id\" }",
    ));
    let receiver = Receiver::start(folder.path());
    let hash = Encoding::Hex.encode(&Digest::sha256_of(BODY.as_bytes()));
    let sent = |iat: i64, body: &str| {
        let token = token(&json!({}), &json!({"iat": iat, "request_body_sha256": hash}).to_string());
        post(&receiver, "application/json", &[("plaid-verification", &token)], body)
    };
    assert_eq!(sent(now(), BODY), 200);
    assert_eq!(sent(now(), &BODY.replace('1', "2")), 401);
    assert_eq!(sent(now() - 400, BODY), 401);
    assert_eq!(post(&receiver, "application/json", &[], BODY), 401);
    let event = &receiver.events(1)[0];
    assert_eq!((&event["type"], &event["data"]["detail"]["a"]), (&"openbanking.other".into(), &1.into()), "{event}");
}

#[test]
fn a_detached_signature_over_a_template_with_an_address_of_keys() {
    let folder = folder(endpoint(
        "{ header = \"tl-signature\", form = \"detached\", input = \"POST {path}\\nx-tl-webhook-timestamp: {header:x-tl-webhook-timestamp}\\n{body}\", jku = \"https://bank.example/jwks\", fresh = { header = \"x-tl-webhook-timestamp\", tolerance = \"5m\" } }",
        "id = { json = \"/webhook_id\" }",
    ));
    let receiver = Receiver::start(folder.path());
    let sent = |jku: &str, time: i64, shown: i64| {
        let payload = format!("POST /bank\nx-tl-webhook-timestamp: {time}\n{BODY}");
        let token = detached(&json!({"jku": jku}), &payload);
        let headers = [("tl-signature", token.as_str()), ("x-tl-webhook-timestamp", &shown.to_string())];
        post(&receiver, "application/json", &headers, BODY)
    };
    let jwks = "https://bank.example/jwks";
    assert_eq!(sent(jwks, now(), now()), 200);
    assert_eq!(sent("https://evil.example/jwks", now(), now()), 401);
    assert_eq!(sent(jwks, now() - 5, now()), 401, "another time than the signed one");
    assert_eq!(sent(jwks, now() - 400, now() - 400), 401);
}

#[test]
fn a_signed_body_with_three_critical_members() {
    let folder = folder(endpoint(
        "{ form = \"body\", typ = [\"JOSE\"], critical = { \"http://bank.example/iat\" = { past = true }, \"http://bank.example/iss\" = \"C=UK\", \"http://bank.example/tan\" = \"bank.example\" }, fresh = { claim = \"iat\", tolerance = \"5m\" } }",
        "id = { claim = \"jti\" }",
    ));
    let receiver = Receiver::start(folder.path());
    let names = ["http://bank.example/iat", "http://bank.example/iss", "http://bank.example/tan"];
    let sent = |typ: &str, tan: &str, ahead: i64, critical: &[&str], jti: &str| {
        let mut header = json!({"typ": typ, "crit": critical});
        header[names[0]] = (now() + ahead).into();
        header[names[1]] = "C=UK".into();
        header[names[2]] = tan.into();
        let token = token(&header, &json!({"iat": now(), "jti": jti}).to_string());
        post(&receiver, "application/jwt", &[], &token)
    };
    assert_eq!(sent("JOSE", "bank.example", 0, &names, "1"), 200);
    assert_eq!(sent("JWT", "bank.example", 0, &names, "2"), 401);
    assert_eq!(sent("JOSE", "evil.example", 0, &names, "2"), 401);
    assert_eq!(sent("JOSE", "bank.example", 3600, &names, "2"), 401);
    assert_eq!(sent("JOSE", "bank.example", 0, &names[..2], "2"), 401);
    assert_eq!(receiver.events(1)[0]["requestid"], "1");
}

#[test]
fn a_detached_signature_over_the_body_alone() {
    let folder = folder(endpoint("{ header = \"x-jws-signature\", form = \"detached\", fresh = \"off\" }", ""));
    let receiver = Receiver::start(folder.path());
    let sent = |payload: &str, body: &str| {
        post(&receiver, "application/json", &[("x-jws-signature", &detached(&json!({}), payload))], body)
    };
    assert_eq!(sent(BODY, BODY), 200);
    assert_eq!(sent(BODY, "{}"), 401);
    assert_eq!(post(&receiver, "application/json", &[("x-jws-signature", &token(&json!({}), BODY))], BODY), 401);
}

#[test]
fn what_leaves_open_what_protects_does_not_start_and_line_and_field_are_named() {
    let cases = [
        ("{ header = \"x-t\", form = \"jwt\" }", "", "signature.body_hash"),
        ("{ header = \"x-t\", form = \"detached\" }", "", "signature.fresh"),
        ("{ form = \"body\" }", "decrypt = [{ private_key = \"keys/cbuae/encryption.key.pem\" }]", "decrypt"),
        ("{ form = \"body\", nesting = \"jwe(jws)\" }", "", "decrypt"),
        ("{ form = \"body\", claims = { leeway = \"61s\" } }", "", "claims"),
        ("{ form = \"token\" }", "", "signature.form"),
        ("{ form = \"body\", claims = { iss = \"a\" } }", "claims = { iss = \"a\" }", "claims"),
        ("{ form = \"body\", nesting = \"jwe\" }", "", "signature.nesting"),
        ("{ form = \"body\", typ = [] }", "", "signature.typ"),
    ];
    for (signature, more, field) in cases {
        let folder = folder(endpoint(signature, more));
        let text = fs::read_to_string(folder.path().join("countersign.toml")).unwrap();
        let begin = text.lines().position(|line| line == "name = \"bank\"").unwrap();
        let output = run(folder.path(), &["check"]);
        assert_eq!(output.status.code(), Some(64), "{signature}: {output:?}");
        let message = err(&output);
        let named = (begin..begin + 9).any(|line| message.contains(&format!("countersign.toml:{line}:")));
        assert!(named && message.contains(field) && message.contains("but found"), "{signature} {more}: {message}");
    }
}
