//! Inline mode as a verifying proxy: what is verified goes to an upstream byte for byte, its answer is the sender's, and a
//! copy gets it from the store. The upstream is that of `examples/`.

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use countersign::clock::{Clock, SystemClock};
use countersign::crypto::Secret;
use countersign::event::tribe::{ACTIONS, is_notification};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use crate::core::{Answer, Core};
use crate::receiver::{Receiver, err, exchange, folder, out, run, status};
use crate::redis_server::Reserved;
use crate::upstream::Bank;

const SECRET: (&str, &str) = ("UPSTREAM_SECRET", "a secret of the bank and its receiver");

fn bank() -> (Arc<Bank>, String) {
    let bank = Arc::new(Bank::new(&Secret::new(SECRET.1).unwrap()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = Arc::clone(&bank);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            listener.set_nonblocking(true).unwrap();
            serving.serve(tokio::net::TcpListener::from_std(listener).unwrap()).await;
        });
    });
    (bank, address)
}

/// The configuration of the example, on free ports.
fn proxy(upstream: &str, change: impl FnOnce(String) -> String) -> tempfile::TempDir {
    let text = include_str!("../../examples/upstream.toml").replace("../keys", "keys");
    let text = text.replace("127.0.0.1:8400", "127.0.0.1:0").replace("127.0.0.1:9000", upstream);
    folder(|_| change(text.replace("[store]", "admin = \"127.0.0.1:0\"\n[store]")))
}

fn start(folder: &Path) -> Receiver {
    Receiver::start_with(folder, &[], &[SECRET])
}

/// A captured request of this action.
fn captured(folder: &Path, action: &str) -> Vec<u8> {
    let output = run(folder, &["send", "tribe", action, "--print"]);
    assert!(output.status.success(), "{}", err(&output));
    output.stdout
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[test]
fn a_captured_request_is_answered_by_the_upstream_and_the_same_again_by_the_store() {
    let (bank, address) = bank();
    let folder = proxy(&address, |text| text);
    let receiver = start(folder.path());
    let raw = captured(folder.path(), "v2_payment_single");
    let first = receiver.raw(&raw);
    assert_eq!(status(&first), Some(200), "{first}");
    let document: Value = serde_json::from_str(body(&first)).unwrap();
    assert_eq!(document["confirmation_url"], "https://bank.example/confirm/1");
    assert!(first.contains("content-type: application/json\r\n") && first.contains("countersign-result: accepted"));
    let again = receiver.raw(&raw);
    assert_eq!((status(&again), body(&again)), (Some(200), body(&first)));
    assert!(again.contains("content-type: application/json\r\n") && again.contains("countersign-result: duplicate"));
    assert_eq!(bank.asked(), 1);
    // Also after a kill, without the upstream.
    receiver.kill();
    let receiver = start(folder.path());
    let later = receiver.raw(&raw);
    assert_eq!((status(&later), body(&later), bank.asked()), (Some(200), body(&first), 1), "{later}");
    // Nobody but the sender gets through to it.
    let forged = String::from_utf8_lossy(&raw).replacen("Cookie Factory", "Cookie Forgery", 1).into_bytes();
    assert_eq!(status(&receiver.raw(&forged)), Some(401));
    assert_eq!(bank.asked(), 1);
}

#[test]
fn every_action_has_its_answer() {
    let (bank, address) = bank();
    let folder = proxy(&address, |text| text);
    let receiver = start(folder.path());
    for (number, action) in ACTIONS.iter().enumerate() {
        let answer = receiver.raw(&captured(folder.path(), action));
        assert_eq!(status(&answer), Some(200), "{action}: {answer}");
        assert_eq!(body(&answer).is_empty(), is_notification(action), "{action}: {answer}");
        assert_eq!(bank.asked(), number + 1, "{action}");
    }
}

#[test]
fn the_upstream_gets_the_very_body_and_a_statement_that_proves_nothing_else() {
    let (address, _, requests) = crate::inline::core(vec![
        "HTTP/1.1 201 Created\r\ncontent-type: text/plain\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
    ]);
    let folder = proxy(&address, |text| text);
    let receiver = start(folder.path());
    let raw = captured(folder.path(), "v2_payment_single");
    let answer = receiver.raw(&raw);
    assert_eq!((status(&answer), body(&answer)), (Some(201), "ok"), "the upstream's status: {answer}");
    assert!(answer.contains("content-type: text/plain\r\n"));
    let request = requests.lock().unwrap()[0].clone();
    let raw = String::from_utf8(raw).unwrap();
    assert_eq!(body(&request), body(&raw), "byte for byte");
    assert!(request.starts_with("POST /v2_payment_single HTTP/1.1\r\n"), "{request}");
    let header = |text: &str, name: &str| {
        let mut lines = text.split("\r\n").filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    assert_eq!(header(&request, "x-request-id"), header(&raw, "x-request-id"));
    assert_eq!(header(&request, "x-auth-token"), header(&raw, "x-auth-token"));
    assert!(header(&request, "x-signature").is_none() && header(&request, "x-api-key").is_none(), "{request}");
    let statement = header(&request, "countersign-statement").unwrap();
    let bank = Bank::new(&Secret::new(SECRET.1).unwrap()).unwrap();
    let (now, sent) = (SystemClock.now(), body(&raw).as_bytes());
    let with = |statement: &str| {
        HeaderMap::from_iter([("countersign-statement".parse().unwrap(), HeaderValue::from_str(statement).unwrap())])
    };
    let claims = bank.vouched(&with(&statement), sent, now).expect("a statement");
    for (name, value) in [
        ("endpoint", "tribe"),
        ("provider", "tribe"),
        ("action", "v2_payment_single"),
        ("algorithm", "RS256"),
        ("type", "openbanking.payment.requested"),
        ("requestid", header(&raw, "x-request-id").unwrap().as_str()),
        ("jti", header(&request, "idempotency-key").unwrap().as_str()),
    ] {
        assert_eq!(claims[name], value, "{claims}");
    }
    assert_eq!(claims["covered"], serde_json::json!(["body"]));
    // Another body, later, elsewhere, by somebody else, changed, or as another kind of signature.
    assert!(bank.vouched(&with(&statement), b"{}", now).is_none());
    assert!(bank.vouched(&with(&statement), sent, now.after(Duration::from_secs(61))).is_none());
    let stranger = Bank::new(&Secret::new("another secret of the same length").unwrap()).unwrap();
    assert!(stranger.vouched(&with(&statement), sent, now).is_none());
    let parts: Vec<_> = statement.split('.').collect();
    let none = "eyJhbGciOiJub25lIn0";
    for forged in [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], &parts[2][..20]),
        format!("{}.{}", parts[1], parts[2]),
        header(&request, "webhook-signature").unwrap(),
    ] {
        assert!(bank.vouched(&with(&forged), sent, now).is_none(), "{forged}");
    }
}

#[test]
fn an_upstream_that_nobody_vouches_to_asks_nothing_of_its_core() {
    let (bank, address) = bank();
    let answer =
        exchange(&address, b"POST /v2_accounts HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    assert_eq!((status(&answer), bank.asked()), (Some(403), 0));
    // A sink of another name shares the secret, and is somebody else.
    let folder = proxy(&address, |text| text.replace("\"bank\"", "\"other\""));
    let answer = start(folder.path()).raw(&captured(folder.path(), "v2_accounts"));
    assert_eq!((status(&answer), bank.asked()), (Some(403), 0), "what the upstream says is passed on: {answer}");
}

#[test]
fn an_upstream_that_fails_is_told_in_tribes_words_and_the_retry_asks_again() {
    let huge: &'static [u8] = Box::leak(
        [
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1048577\r\n\r\n".to_vec(),
            vec![b'x'; 1_048_577],
        ]
        .concat()
        .into_boxed_slice(),
    );
    let long: &'static [u8] = Box::leak(
        format!("HTTP/1.1 200 OK\r\ncontent-type: {}\r\ncontent-length: 2\r\n\r\n{{}}", "x".repeat(300))
            .into_bytes()
            .into_boxed_slice(),
    );
    let redirect = Answer::Status(307, "location: http://127.0.0.1:1/elsewhere\r\n".to_owned());
    let now = Arc::new(Mutex::new(Answer::Raw(b"")));
    let answering = Arc::clone(&now);
    let core = Core::start(move |_, _| answering.lock().unwrap().clone());
    let upstream = core.url.trim_start_matches("http://").trim_end_matches("/events").to_owned();
    let folder = proxy(&upstream, |text| text.replace("timeout = \"5s\"", "timeout = \"1s\""));
    let receiver = start(folder.path());
    let raw = captured(folder.path(), "v2_payment_single");
    let mut asked = 0;
    for (what, answer, reason) in [
        ("slow", Answer::After(Duration::from_secs(3)), "no answer in time"),
        ("trickling", Answer::Trickle, "no answer in time"),
        ("huge", Answer::Raw(huge), "an answer of more than 1048576 bytes"),
        ("redirecting", redirect, "status 307"),
        ("garbage", Answer::Raw(b"\x16\x03\x01 no HTTP\r\n\r\n"), "client error"),
        ("half", Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"), "found: "),
        ("closing", Answer::Raw(b""), "client error"),
        ("a long type", Answer::Raw(long), "a content type of 300 bytes"),
        ("broken", crate::core::status(500), "status 500"),
        ("overloaded", crate::core::status(503), "status 503"),
    ] {
        *now.lock().unwrap() = answer;
        let began = Instant::now();
        let told = receiver.raw(&raw);
        assert_eq!(status(&told), Some(502), "{what}: {told}");
        let document: Value = serde_json::from_str(body(&told)).unwrap();
        assert_eq!(document["code"], "ASPSP_UNKNOWN_ERROR", "{what}: {told}");
        assert_eq!(document["title"], "Request to ASPSP failed", "and nothing of why");
        assert!(document["timestamp"].as_str().unwrap().len() == 25 && document["requestId"].is_string(), "{told}");
        assert!(began.elapsed() < Duration::from_secs(3), "{what}: {:?}", began.elapsed());
        asked += 1;
        assert_eq!(core.seen.lock().unwrap().events.len(), asked, "{what}: asked once");
        receiver.logged(reason, 1);
    }
    // None of it was kept: the sender's retry is answered.
    *now.lock().unwrap() =
        Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}");
    let told = receiver.raw(&raw);
    assert_eq!((status(&told), body(&told)), (Some(200), "{}"));
    assert!(told.contains("countersign-result: accepted"), "{told}");
}

#[test]
fn an_upstream_that_is_down_and_one_that_refuses() {
    let nobody = Reserved::new();
    let folder = proxy(&nobody.address.to_string(), |text| text);
    let receiver = start(folder.path());
    let raw = captured(folder.path(), "v2_funds_confirmations");
    for _ in 0..2 {
        let told = receiver.raw(&raw);
        assert_eq!(status(&told), Some(502), "{told}");
        assert!(body(&told).contains("\"ASPSP_UNKNOWN_ERROR\""), "{told}");
    }
    // A refusal is an answer; one that speaks about the request itself is kept, others are asked for again.
    for (line, kept) in [("422 X", true), ("404 X", false)] {
        let answer = format!(
            "HTTP/1.1 {line}\r\ncontent-type: application/json\r\ncontent-length: 27\r\nconnection: close\r\n\r\n{{\"code\":\"RESOURCE_UNKNOWN\"}}"
        );
        let (address, count, _) = crate::inline::core(vec![Box::leak(answer.into_boxed_str())]);
        let folder = proxy(&address, |text| text);
        let receiver = start(folder.path());
        let raw = captured(folder.path(), "v2_account");
        let both = [receiver.raw(&raw), receiver.raw(&raw)];
        for told in &both {
            assert_eq!(status(told), line[..3].parse().ok(), "{told}");
            assert_eq!(body(told), "{\"code\":\"RESOURCE_UNKNOWN\"}");
        }
        assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), if kept { 1 } else { 2 }, "{line}");
    }
}

#[test]
fn what_is_no_form_and_no_template_does_not_start_and_a_missing_secret_is_told() {
    for (change, word) in [
        (("timeout = \"5s\"", "form = \"raw\""), "form"),
        (("{action}", "{user}"), "{action}"),
        (
            (
                "timeout = \"5s\"",
                "form = \"request\"\n[[endpoint]]\nname=\"q\"\npath=\"/q\"\nprofile=\"tribe\"\nkeys=[{ public_key = \"keys/tribe/signing.pub.pem\" }]\nsink=\"bank\"",
            ),
            "inline",
        ),
        (("type    = \"http\"\n", "type = \"stdout\"\nform = \"event\"\n"), "http"),
    ] {
        let folder = proxy("127.0.0.1:9", |text| {
            assert!(text.contains(change.0), "{text}");
            text.replace(change.0, change.1)
        });
        let mut program = std::process::Command::new(crate::receiver::PROGRAM);
        let output = program.current_dir(folder.path()).arg("check").envs([SECRET]).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{change:?}: {output:?}");
        assert!(err(&output).contains(word) && err(&output).contains("expected"), "{change:?}: {}", err(&output));
    }
    let folder = proxy("127.0.0.1:9", |text| text.replace("secret  = { env = \"UPSTREAM_SECRET\" }", ""));
    let output = run(folder.path(), &["check"]);
    assert!((out(&output) + &err(&output)).contains("has no secret"), "{output:?}");
}
