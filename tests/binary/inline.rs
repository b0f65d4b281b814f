//! Inline mode: the sink's answer is the sender's answer, and a copy gets it again.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::receiver::{Receiver, folder, out};

/// A core system that answers each request with the next of `answers`, and repeats the last.
pub fn core(answers: Vec<&'static str>) -> (String, Arc<AtomicUsize>, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (count, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (counting, seeing) = (Arc::clone(&count), Arc::clone(&seen));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut text = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let read = stream.read(&mut buffer).unwrap();
                text.extend_from_slice(&buffer[..read]);
                let so_far = String::from_utf8_lossy(&text).into_owned();
                let Some((head, body)) = so_far.split_once("\r\n\r\n") else { continue };
                let length: usize = head
                    .to_lowercase()
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                    .unwrap();
                if body.len() >= length || read == 0 {
                    break;
                }
            }
            seeing.lock().unwrap().push(String::from_utf8(text).unwrap());
            let number = counting.fetch_add(1, Ordering::SeqCst);
            let answer = answers.get(number).or(answers.last()).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, count, seen)
}

fn inline(address: &str) -> tempfile::TempDir {
    folder(|text| inlined(text, address))
}

/// The configuration with every endpoint inline, answered by the core at this address.
pub fn inlined(text: String, address: &str) -> String {
    let sink = format!(
        "[[sink]]\nname = \"core\"\ntype = \"http\"\nurl = \"http://{address}/events\"\nsecret = {{ file = \"keys/tribe/api-key\" }}\ntimeout = \"5s\"\n"
    );
    let lines = text.lines().map(|line| match line.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
        Some(("mode", "\"queue\"")) => "mode = \"inline\"",
        Some(("sink", "\"stdout\"")) => "sink = \"core\"",
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n") + "\n" + &sink
}

const YES: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 22\r\nconnection: close\r\n\r\n{\"funds_available\":true}";

#[test]
fn a_duplicate_gets_the_stored_answer_and_the_core_is_asked_once() {
    let answer = YES.replace("22", "24");
    let (address, count, seen) = core(vec![Box::leak(answer.into_boxed_str())]);
    let folder = inline(&address);
    let receiver = Receiver::start(folder.path());
    let text = out(&receiver.send("tribe", "v2_funds_confirmations", &["--fault", "duplicate"]));
    assert_eq!(text.matches("{\"funds_available\":true}").count(), 2, "{text}");
    assert!(text.contains("200 accepted") && text.contains("200 duplicate"), "{text}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
    let seen = seen.lock().unwrap()[0].to_lowercase();
    for header in ["idempotency-key: ", "webhook-id: ", "webhook-signature: v1,", "x-auth-token: "] {
        assert!(seen.contains(header), "{header}: {seen}");
    }
}

#[test]
fn a_failing_core_is_a_503_or_500_and_the_senders_retry_runs_again() {
    let failing = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let fine = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
    let (address, count, _) = core(vec![failing, fine]);
    let folder = inline(&address);
    let receiver = Receiver::start(folder.path());
    let text = out(&receiver.send("worldline", "payment", &["--fault", "duplicate"]));
    assert!(text.starts_with("500 refused") && text.contains("204 accepted"), "{text}");
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[test]
fn a_redirect_of_the_core_is_not_followed() {
    let (other, led_there, _) = core(vec![YES]);
    let elsewhere = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{other}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let (address, count, _) = core(vec![Box::leak(elsewhere.into_boxed_str())]);
    let folder = inline(&address);
    let receiver = Receiver::start(folder.path());
    let text = out(&receiver.send("worldline", "payment", &[]));
    assert!(text.starts_with("500 refused"), "{text}");
    assert_eq!((count.load(Ordering::SeqCst), led_there.load(Ordering::SeqCst)), (1, 0));
}

#[test]
fn nothing_that_is_not_verified_reaches_the_core() {
    let (address, count, _) = core(vec![YES]);
    let folder = inline(&address);
    let receiver = Receiver::start(folder.path());
    for fault in ["bad-signature", "tampered-body", "unknown-key"] {
        assert!(out(&receiver.send("tribe", "v2_payment_single", &["--fault", fault])).starts_with("401"), "{fault}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}
