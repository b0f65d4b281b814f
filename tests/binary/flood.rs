//! A flood of refusals: the log does not grow with it, the metrics do not grow at all, and nothing goes uncounted.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::inline::inlined;
use crate::receiver::{Receiver, folder, status};
use crate::redis::{page, until};
use crate::reload::{reload, rewrite, with_hmac};
use crate::signer::Signer;
use crate::stop::{connect, held_core};

/// Names and labels of everything that is measured.
fn series(receiver: &Receiver) -> BTreeSet<String> {
    let page = page(receiver, "/metrics");
    let lines = page.lines().filter(|line| line.starts_with("countersign_"));
    lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

/// Lines of refusals, and those that these and other lines say were left out.
fn told(text: &str) -> u64 {
    let left_out = |line: &str| {
        let digits = line.split("\"suppressed\":").nth(1)?;
        digits.split(|letter: char| !letter.is_ascii_digit()).next()?.parse::<u64>().ok()
    };
    let of = |line: &str| u64::from(line.contains("\"outcome\":\"refused\"")) + left_out(line).unwrap_or(0);
    text.lines().map(of).sum()
}

fn sum(receiver: &Receiver, start: &str) -> u64 {
    let page = page(receiver, "/metrics");
    let lines = page.lines().filter(|line| line.starts_with(start));
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
}

/// Numbers that look like none, the same in every run.
fn scrambled(number: u64) -> u64 {
    number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// A request that is refused and leaves its connection open.
fn unsigned(number: u64) -> String {
    let word = scrambled(number);
    format!(
        "POST /v3/notification/status?q={word:x} HTTP/1.1\r\nhost: {word:x}.example\r\nx-request-id: {:08x}-7a06-41b1-8a61-\
         e9a29fd069bc\r\nmessagecreatedatetime: 2026-01-01T00:00:00Z\r\ndigest: SHA-256={word:x}\r\nx-{word:x}: {word:x}\r\n\
         signature: keyId=\"{word:x}\",algorithm=\"rsa-sha256\",headers=\"messagecreatedatetime x-request-id digest\",\
         signature=\"AAAA\"\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}",
        word & 0xffff_ffff
    )
}

fn flood(address: &str, from: u64, count: u64) -> usize {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut reader = stream.try_clone().unwrap();
    let reading = std::thread::spawn(move || {
        let mut text = Vec::new();
        reader.read_to_end(&mut text).unwrap();
        String::from_utf8_lossy(&text).matches("HTTP/1.1 401").count()
    });
    for number in from..from + count {
        stream.write_all(unsigned(number).as_bytes()).unwrap();
    }
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    reading.join().unwrap()
}

#[test]
fn twenty_thousand_refusals_make_few_lines_no_series_and_are_all_counted() {
    const EACH: u64 = 5000;
    const STRANGE: u64 = 500;
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    // What has no sample yet is not shown; a page shows its own connection too.
    let before = series(&receiver);
    let began = Instant::now();
    let answered: usize = std::thread::scope(|scope| {
        let address = &receiver.address;
        let floods: Vec<_> = (0..4).map(|flow| scope.spawn(move || flood(address, flow * EACH, EACH))).collect();
        floods.into_iter().map(|flow| flow.join().unwrap()).sum()
    });
    assert_eq!(answered as u64, 4 * EACH);
    for number in 0..STRANGE {
        let word = scrambled(number);
        let path = if number % 2 == 0 { "/v3/notification" } else { "" };
        let request = format!("M{word:x} {path}/{word:x}?{word:x} HTTP/1.1\r\nhost: {word:x}\r\n\r\n");
        receiver.raw(request.as_bytes());
    }
    let seconds = began.elapsed().as_secs() + 1;
    assert_eq!(sum(&receiver, "countersign_deliveries_total{"), 4 * EACH + STRANGE);
    assert_eq!(series(&receiver).difference(&before).collect::<Vec<_>>(), Vec::<&String>::new());
    // Each line is there or counted as left out; three reasons of two endpoints, each with its own bucket.
    let suppressed = sum(&receiver, "countersign_log_lines_suppressed_total{");
    let lines = || receiver.errors().lines().filter(|line| line.contains("\"outcome\":\"refused\"")).count() as u64;
    until("every line is written", || lines() + suppressed == 4 * EACH + STRANGE);
    assert!(lines() <= 3 * (50 + 10 * seconds), "{} lines in {seconds} s", lines());
    let said = receiver.errors().lines().filter(|line| line.contains("\"suppressed\":")).count();
    assert!(said > 0, "the log says that it leaves something out");
    // Whoever is refused while the flood goes on for another reason is still seen.
    receiver.raw(b"POST /tribe/v2_account HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
    until("another reason has its line", || receiver.errors().contains("\"endpoint\":\"tribe\""));
    // When it stops, what was left out is told at the end: each refusal has its line, or is counted in another.
    receiver.signal("TERM");
    assert_eq!(told(&receiver.logged("\"code\":\"drained\"", 1)), 4 * EACH + STRANGE + 1);
}

#[test]
fn what_the_log_leaves_out_while_it_stops_is_told_at_the_end() {
    const COUNT: usize = 200;
    let (core, go, seen) = held_core();
    let folder = folder(|text| inlined(text, &core));
    let receiver = Receiver::start(folder.path());
    let mut flying = connect(&receiver);
    flying.write_all(&Signer::demo().request("00000000-0000-4000-8000-000000000001", "p")).unwrap();
    seen.recv_timeout(Duration::from_secs(20)).unwrap();
    receiver.signal("TERM");
    receiver.logged("\"code\":\"draining\"", 1);
    for _ in 0..COUNT {
        assert_eq!(status(&receiver.raw(b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n")), Some(503));
    }
    go.send(()).unwrap();
    assert_eq!(told(&receiver.logged("\"code\":\"drained\"", 1)), COUNT as u64);
}

#[test]
fn what_the_log_left_out_before_a_reload_is_told_by_it() {
    const COUNT: usize = 600;
    let folder = with_hmac(|text| text.replacen("[server]", "[server]\nlimits = { idle_timeout = \"20s\" }", 1));
    let receiver = Receiver::start(folder.path());
    let forged = "POST /hmac HTTP/1.1\r\nhost: x\r\nx-signature: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\
                  content-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let answers = receiver.raw(forged.repeat(COUNT).as_bytes());
    assert_eq!(answers.matches("HTTP/1.1 401").count(), COUNT);
    rewrite(folder.path(), |text| text.replace("20s", "21s"));
    reload(&receiver, "reloaded", 1);
    assert_eq!(told(&receiver.errors()), COUNT as u64);
}

#[test]
fn an_endpoint_handles_as_many_requests_at_once_as_is_said_and_no_more() {
    let (core, go, seen) = held_core();
    let folder = folder(|text| inlined(text, &core).replacen("[server]", "[server]\nlimits = { requests = 1 }", 1));
    let receiver = Receiver::start(folder.path());
    let request = |number: u8| Signer::demo().request(&format!("00000000-0000-4000-8000-00000000000{number}"), "p");
    let mut flying = connect(&receiver);
    flying.write_all(&request(1)).unwrap();
    seen.recv_timeout(Duration::from_secs(20)).unwrap();
    let answer = receiver.raw(&request(2));
    assert!(status(&answer) == Some(429) && answer.to_lowercase().contains("retry-after: 1"), "{answer}");
    go.send(()).unwrap();
    assert_eq!(status(&crate::stop::answer(&mut flying).unwrap().to_uppercase()), Some(204));
    go.send(()).unwrap();
    assert_eq!(status(&receiver.raw(&request(3))), Some(204), "there is room again");
    for requests in ["0", "1000001"] {
        let limits = format!("[server]\nlimits = {{ requests = {requests} }}");
        let folder = crate::receiver::folder(|text| text.replacen("[server]", &limits, 1));
        let checked = crate::receiver::run(folder.path(), &["check"]);
        assert_eq!(checked.status.code(), Some(64), "{requests}");
        assert!(crate::receiver::err(&checked).contains("limits.requests: expected 1 to 1000000"), "{checked:?}");
    }
}
