//! Sinks that fail in every way there is: what is accepted arrives, one bad event stops no other, and a sink that is down is
//! left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use serde_json::Value;

use crate::core::{Answer, Core, TAKEN, payment, status};
use crate::receiver::{Receiver, err, folder, out, run};
use crate::redis::{page, until};
use crate::redis_server::{Authority, Issued, Reserved, Server};
use crate::signer::Signer;

/// A folder whose events go to a sink of this type with these members.
pub fn to(kind: &str, members: &str) -> tempfile::TempDir {
    folder(|text| {
        text.replace("sink    = \"stdout\"", "sink = \"core\"")
            + &format!("\n[[sink]]\nname = \"core\"\ntype = \"{kind}\"\n{members}\n")
    })
}

fn to_core(core: &Core, members: &str) -> tempfile::TempDir {
    to("http", &format!("url = \"{}\"\n{members}", core.url))
}

pub const SOON: &str = "retry = { first = \"20ms\", longest = \"100ms\", attempts = 1000 }";

/// Makes each id another one.
static UNIQUE: AtomicUsize = AtomicUsize::new(0);

/// Sends events about payments; each is accepted.
pub fn accept(receiver: &Receiver, payments: impl IntoIterator<Item = String>) -> usize {
    let signer = Signer::demo();
    let sent = payments.into_iter().enumerate().map(|(number, payment)| {
        let unique = UNIQUE.fetch_add(1, Ordering::SeqCst);
        let id = format!("{number:08x}-0000-4000-8000-{unique:012x}");
        let answer = receiver.raw(&signer.request(&id, &payment));
        assert_eq!(crate::receiver::status(&answer), Some(204), "{answer}");
    });
    sent.count()
}

pub fn numbered(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("p-{number}"))
}

fn states(receiver: &Receiver) -> BTreeMap<String, Vec<Value>> {
    let mut states = BTreeMap::<String, Vec<Value>>::new();
    for line in out(&receiver.run(&["inbox", "list", "--json"])).lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        states.entry(entry["state"].as_str().unwrap().to_owned()).or_default().push(entry);
    }
    states
}

/// Why an event was not delivered.
fn reason(receiver: &Receiver, entry: &Value) -> String {
    let shown = out(&receiver.run(&["inbox", "show", entry["id"].as_str().unwrap(), "--json"]));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    shown["reason"].as_str().unwrap().to_owned()
}

pub fn delivered(receiver: &Receiver, count: usize) {
    until("everything is delivered", || states(receiver).get("delivered").map_or(0, Vec::len) == count);
}

pub fn breaker(receiver: &Receiver) -> String {
    let status: Value = serde_json::from_str(page(receiver, "/status").split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let sinks = status["sinks"].as_array().unwrap();
    sinks.iter().find(|sink| sink["name"] == "core").unwrap()["breaker"].as_str().unwrap().to_owned()
}

#[test]
fn a_sink_that_is_down_for_long_is_left_alone_and_gets_everything_when_it_is_back() {
    let nobody = Reserved::new();
    let folder = to("http", &format!("url = \"http://{}/events\"\n{SOON}", nobody.address));
    let receiver = Receiver::start(folder.path());
    accept(&receiver, numbered(40));
    until("the breaker opens", || breaker(&receiver) == "open");
    let metrics = page(&receiver, "/metrics");
    assert!(metrics.contains("countersign_sink_breaker{sink=\"core\",state=\"closed\"} 0\n"), "{metrics}");
    until("it is said", || receiver.errors().contains("\"code\":\"breaker_open\""));
    // While it is open one event at a time finds out: tries are few, however many wait.
    let tries = |receiver: &Receiver| -> u64 {
        states(receiver).values().flatten().map(|entry| entry["attempts"].as_u64().unwrap()).sum()
    };
    let (before, began) = (tries(&receiver), Instant::now());
    std::thread::sleep(Duration::from_secs(2));
    let spent = tries(&receiver) - before;
    // A probe waits for half of 100 ms at least, and 40 events alone would try 800 times.
    let most = began.elapsed().as_millis() as u64 / 50 + 2;
    assert!(spent <= most, "{spent} tries of {most} in {:?}", began.elapsed());
    let core = Core::start_on(TcpListener::bind(nobody.address).unwrap(), |_, _| TAKEN);
    delivered(&receiver, 40);
    assert_eq!(core.counts().len(), 40);
    until("the breaker closes", || breaker(&receiver) == "closed");
    assert!(receiver.errors().contains("\"code\":\"breaker_closed\""));
}

#[test]
fn each_way_to_fail_is_a_try_and_the_others_get_through() {
    let answers: [(&str, Answer, &str); 9] = [
        ("p-400", status(400), "status 400"),
        ("p-410", status(410), "status 410"),
        ("p-429", status(429), "status 429"),
        ("p-500", status(500), "status 500"),
        ("p-307", Answer::Status(307, "location: http://127.0.0.1:1/elsewhere\r\n".to_owned()), "status 307"),
        ("p-garbage", Answer::Raw(b"\x16\x03\x01 no HTTP\r\n\r\n"), "found: client error"),
        ("p-half", Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"), "found: "),
        ("p-trickle", Answer::Trickle, "no answer in time"),
        ("p-silent", Answer::After(Duration::from_secs(3)), "no answer in time"),
    ];
    let bad: BTreeMap<_, _> = answers.iter().map(|(name, answer, _)| ((*name).to_owned(), answer.clone())).collect();
    let core = Core::start(move |event, _| bad.get(&payment(event)).cloned().unwrap_or(TAKEN));
    let members = "timeout = \"1s\"\nretry = { first = \"10ms\", longest = \"50ms\", attempts = 3 }";
    let folder = to_core(&core, members);
    let receiver = Receiver::start(folder.path());
    accept(&receiver, answers.iter().map(|(name, ..)| (*name).to_owned()).chain(numbered(30)));
    until("all are parked or delivered", || {
        let states = states(&receiver);
        states.get("parked").map_or(0, Vec::len) == 9 && states.get("delivered").map_or(0, Vec::len) == 30
    });
    let parked = &states(&receiver)["parked"];
    for (name, _, why) in answers {
        let entry = parked.iter().find(|entry| entry["subject"] == name).unwrap();
        assert_eq!(entry["attempts"], 3, "{entry}");
        let reason = reason(&receiver, entry);
        assert!(reason.contains(why), "{name}: {reason}");
        assert_eq!(core.counts()[name], 3);
    }
    assert!(core.seen.lock().unwrap().most_at_once > 1, "one slow event holds up no other");
}

#[test]
fn an_answer_that_is_too_large_fails_its_event_alone_and_what_it_says_of_itself_fails_none() {
    let core = Core::start(|event, _| match &*payment(event) {
        "p-large" => Answer::Body(String::new(), 9 * 1024 * 1024),
        "p-type" => Answer::Body(format!("content-type: {}\r\n", "x".repeat(300)), 1),
        _ => TAKEN,
    });
    let members =
        "retry = { first = \"10ms\", longest = \"50ms\", attempts = 2 }\nbreaker = { failures = 1, first = \"1m\" }";
    let folder = to_core(&core, members);
    let receiver = Receiver::start(folder.path());
    accept(&receiver, ["p-large", "p-type"].map(str::to_owned).into_iter().chain(numbered(5)));
    until("all are parked or delivered", || {
        let states = states(&receiver);
        states.get("parked").map_or(0, Vec::len) == 1 && states.get("delivered").map_or(0, Vec::len) == 6
    });
    let parked = &states(&receiver)["parked"][0];
    assert_eq!(parked["subject"], "p-large");
    let reason = reason(&receiver, parked);
    assert!(reason.contains("an answer of more than 8388608 bytes"), "{reason}");
    assert_eq!(core.counts()["p-type"], 1);
    assert!(!receiver.errors().contains("breaker_open"));
}

#[test]
fn a_sink_that_asks_to_be_left_alone_is() {
    let core = Core::start(|_, times| match times {
        1 => Answer::Status(429, "retry-after: 2\r\n".to_owned()),
        _ => TAKEN,
    });
    let folder = to_core(&core, "retry = { first = \"1ms\", longest = \"10s\" }");
    let receiver = Receiver::start(folder.path());
    accept(&receiver, numbered(1));
    delivered(&receiver, 1);
    let seen = core.seen.lock().unwrap();
    let waited = seen.events[1].0 - seen.events[0].0;
    assert!(waited >= Duration::from_millis(1990), "{waited:?}");
    assert_eq!((&seen.events[0].1["attempt"], &seen.events[1].1["attempt"]), (&1.into(), &2.into()));
}

#[test]
fn many_at_once_are_as_many_as_configured_over_connections_that_are_kept() {
    let core = Core::start(|_, _| Answer::After(Duration::from_millis(20)));
    let folder = to_core(&core, "concurrency = 4");
    let receiver = Receiver::start(folder.path());
    accept(&receiver, numbered(60));
    delivered(&receiver, 60);
    let seen = core.seen.lock().unwrap();
    assert_eq!((seen.most_at_once, seen.events.len()), (4, 60));
    assert!(seen.connections <= 8, "{} connections", seen.connections);
}

#[test]
fn events_of_one_subject_keep_their_order_and_a_failing_one_holds_back_no_other_subject() {
    // The second event of "stuck" fails for a while; the others are fast.
    let healed = Arc::new(AtomicBool::new(false));
    let healing = Arc::clone(&healed);
    let core = Core::start(move |event, _| {
        let second = event["requestid"].as_str().unwrap().starts_with("00000005");
        if second && !healing.load(Ordering::SeqCst) { status(400) } else { TAKEN }
    });
    let folder = to_core(&core, &format!("order = \"subject\"\n{SOON}"));
    let receiver = Receiver::start(folder.path());
    let payments = (0..20).map(|number| if number % 4 == 1 { "stuck".to_owned() } else { format!("p-{}", number % 4) });
    accept(&receiver, payments);
    until("the other subjects get through", || core.order().iter().filter(|name| *name != "stuck").count() == 15);
    until("it is tried again", || core.counts()["stuck"] > 5);
    // A new process knows it too.
    drop(receiver);
    let receiver = Receiver::start(folder.path());
    let before = core.counts()["stuck"];
    until("it is tried again", || core.counts()["stuck"] > before + 3);
    healed.store(true, Ordering::SeqCst);
    delivered(&receiver, 20);
    let seen = core.seen.lock().unwrap();
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    for (_, event) in &seen.events {
        let (subject, request) = (payment(event), event["requestid"].as_str().unwrap().to_owned());
        if let Some(before) = last.insert(subject.clone(), request.clone()) {
            assert!(before <= request, "{subject}: {request} after {before}");
        }
    }
}

#[test]
fn a_name_that_leads_inside_is_refused_unless_it_is_allowed_and_an_address_that_is_written_is_not() {
    let core = Core::start(|_, _| TAKEN);
    let port = core.url.split(':').nth(2).unwrap().to_owned();
    // Neither is an address as it is written, and both lead to this machine.
    for host in ["2130706433", "127.1"] {
        let url = |members: &str| to("http", &format!("url = \"http://{host}:{port}\"\n{members}"));
        let refused = url("retry = { first = \"1ms\", longest = \"5ms\", attempts = 2 }");
        let receiver = Receiver::start(refused.path());
        accept(&receiver, numbered(1));
        until("it is parked", || states(&receiver).contains_key("parked"));
        let reason = reason(&receiver, &states(&receiver)["parked"][0]);
        assert!(reason.contains("allow_private = true"), "{reason}");
        assert!(core.counts().is_empty());
    }
    let allowed = to("http", &format!("url = \"http://2130706433:{port}\"\nallow_private = true"));
    let receiver = Receiver::start(allowed.path());
    accept(&receiver, numbered(1));
    delivered(&receiver, 1);
    let named = to("http", &format!("url = \"http://localhost:{port}\""));
    let receiver = Receiver::start(named.path());
    accept(&receiver, numbered(1));
    delivered(&receiver, 1);
}

#[test]
fn members_of_another_type_and_what_is_no_url_do_not_start() {
    for (kind, members, word) in [
        ("http", "", "url"),
        ("http", "url = \"ftp://host/\"", "url"),
        ("http", "url = \"http://user:password@host/\"", "url"),
        ("http", "url = \"http://host/#x\"", "url"),
        ("http", "url = \"http://host:0/\"", "url"),
        ("http", "url = \"http://host/\"\nca = \"ca.pem\"", "ca"),
        ("http", "url = \"https://host/\"\nca = \"missing.pem\"", "ca"),
        ("http", "url = \"http://host/\"\nrotate = \"1MiB\"", "rotate"),
        ("http", "url = \"http://host/\"\nconcurrency = 0", "concurrency"),
        ("http", "url = \"http://host/\"\norder = \"type\"", "order"),
        ("http", "url = \"http://host/\"\nbreaker = { failure = 1 }", "failure"),
        ("http", "url = \"http://host/\"\ntimeout = \"0s\"", "timeout: expected 10ms to 1h, but found \"0s\""),
        ("http", "url = \"http://host/\"\ntimeout = \"61m\"", "timeout: expected 10ms to 1h"),
        ("stdout", "retry = { first = \"0ms\" }", "retry.first: expected 1ms to 24h"),
        ("stdout", "retry = { longest = \"0s\" }", "retry.longest: expected 1ms to 24h"),
        ("stdout", "retry = { longest = \"25h\" }", "retry.longest: expected 1ms to 24h"),
        ("stdout", "breaker = { first = \"0s\" }", "breaker.first: expected 1ms to 24h"),
        ("stdout", "breaker = { longest = \"0m\" }", "breaker.longest: expected 1ms to 24h"),
        ("file", "", "path"),
        ("file", "path = \"x\"\nkeep = 2", "rotate"),
        ("file", "path = \"x\"\nrotate = 0", "rotate"),
        ("file", "path = \"x\"\nallow_private = true", "allow_private"),
        ("redis", "url = \"redis://127.0.0.1\"", "stream"),
        ("redis", "stream = \"events\"", "url"),
        ("redis", "url = \"http://127.0.0.1\"\nstream = \"events\"", "url"),
        ("redis", "url = \"redis://127.0.0.1\"\nstream = \"events\"\nmaxlen = 0", "maxlen"),
        ("stdout", "path = \"x\"", "path"),
        ("kafka", "", "type"),
    ] {
        let folder = to(kind, members);
        let checked = run(folder.path(), &["check"]);
        assert_eq!(checked.status.code(), Some(64), "{kind} {members}: {checked:?}");
        assert!(err(&checked).contains(word) && !err(&checked).contains("password@"), "{members}: {}", err(&checked));
    }
}

#[test]
fn a_file_is_rotated_by_its_size_and_no_event_is_lost() {
    let folder = to("file", "path = \"events.jsonl\"\nrotate = \"8KiB\"\nkeep = 100");
    let receiver = Receiver::start(folder.path());
    accept(&receiver, numbered(60));
    delivered(&receiver, 60);
    let mut found = BTreeSet::new();
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        if entry.file_name().to_str().unwrap().starts_with("events.jsonl") {
            files += 1;
            assert!(entry.metadata().unwrap().len() <= 8192);
            for line in std::fs::read_to_string(entry.path()).unwrap().lines() {
                found.insert(payment(&serde_json::from_str(line).unwrap()));
            }
        }
    }
    assert!(files > 2 && found.len() == 60, "{files} files, {} events", found.len());
}

#[test]
fn a_redis_stream_gets_each_event_with_its_id_and_goes_through_a_restart() {
    let mut server = Server::durable(&[]);
    let members = format!("url = \"{}\"\nstream = \"events\"\nmaxlen = 100000\n{SOON}", server.url());
    let folder = to("redis", &members);
    let receiver = Receiver::start(folder.path());
    accept(&receiver, numbered(20));
    delivered(&receiver, 20);
    server.kill();
    accept(&receiver, (20..40).map(|number| format!("p-{number}")));
    until("the breaker opens", || breaker(&receiver) != "closed");
    let told = receiver.logged("sink_unreachable", 1);
    assert!(!told.contains("store_unreachable") && !told.contains("answer of the store"), "{told}");
    server.restart();
    delivered(&receiver, 40);
    // Field names and values alternate below the ids of the entries.
    let told = server.cli(&["--json", "XRANGE", "events", "-", "+"]);
    let entries: Value = serde_json::from_str(&told).unwrap();
    let mut ids = BTreeSet::new();
    for entry in entries.as_array().unwrap() {
        let fields = entry[1].as_array().unwrap();
        assert_eq!((&fields[0], &fields[2]), (&"id".into(), &"event".into()), "{entry}");
        let event: Value = serde_json::from_str(fields[3].as_str().unwrap()).unwrap();
        assert_eq!((&event["id"], &event["specversion"]), (&fields[1], &"1.0".into()));
        ids.insert(fields[1].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 40);
}

#[test]
fn what_was_not_begun_when_it_stopped_is_not_counted_as_tried() {
    let (taken, counting) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(true)));
    let (count, slow) = (Arc::clone(&taken), Arc::clone(&counting));
    let core = Core::start(move |_, _| {
        count.fetch_add(1, Ordering::SeqCst);
        if slow.load(Ordering::SeqCst) { Answer::After(Duration::from_secs(1)) } else { TAKEN }
    });
    let folder = to_core(&core, "concurrency = 2");
    let receiver = Receiver::start(folder.path());
    accept(&receiver, numbered(30));
    until("two are under way", || taken.load(Ordering::SeqCst) >= 2);
    assert_eq!(receiver.stop(), Some(0));
    counting.store(false, Ordering::SeqCst);
    let receiver = Receiver::start(folder.path());
    delivered(&receiver, 30);
    assert!(states(&receiver)["delivered"].iter().all(|entry| entry["attempts"] == 1), "each was tried once");
    assert_eq!(core.seen.lock().unwrap().events.len(), 30, "and what was under way was finished");
}

/// A sink over TLS that wants a certificate of ours, and counts whole requests.
fn secure_core(authority: &Authority, issued: &Issued) -> (u16, Arc<AtomicUsize>) {
    use std::io::{Read, Write};
    let pem = |path: &Path| std::fs::read(path).unwrap();
    let chain = CertificateDer::pem_slice_iter(&pem(&issued.certificate)).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(&pem(&issued.key)).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&pem(&authority.ca)).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key);
    let (config, count) = (Arc::new(config.unwrap()), Arc::new(AtomicUsize::new(0)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, counting) = (listener.local_addr().unwrap().port(), Arc::clone(&count));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let (mut stream, mut text) = (rustls::StreamOwned::new(session, stream), Vec::new());
            let mut buffer = [0; 16_384];
            // An event ends with a line feed, and nothing else of a request does.
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                text.extend_from_slice(&buffer[..read]);
                if text.ends_with(b"}\n") {
                    text.clear();
                    counting.fetch_add(1, Ordering::SeqCst);
                    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
                }
            }
            // Bytes that nobody read would end the connection by a reset, which may overtake the alert that says why.
            stream.sock.shutdown(std::net::Shutdown::Write).unwrap_or_default();
            stream.sock.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            while matches!(stream.sock.read(&mut buffer), Ok(1..)) {}
        }
    });
    (port, count)
}

#[test]
fn a_sink_over_tls_gets_events_from_whom_it_trusts_and_only_if_it_is_trusted() {
    let authority = Authority::new();
    let (here, own) = (authority.issue(&["127.0.0.1"]), authority.issue(&["receiver"]));
    let (port, count) = secure_core(&authority, &here);
    let url = format!("url = \"https://127.0.0.1:{port}/events\"\nretry = {{ first = \"1ms\", attempts = 2 }}");
    let ca = format!("ca = \"{}\"", authority.ca.display());
    let (certificate, key) = (own.certificate.display(), own.key.display());
    let client = format!("client = {{ certificate = \"{certificate}\", key = \"{key}\" }}");
    let elsewhere = secure_core(&authority, &authority.issue(&["elsewhere.example"])).0;
    for (members, why) in [
        (url.clone(), "UnknownIssuer"),
        (format!("{url}\n{ca}"), "ertificate"),
        (format!("{url}\n{ca}\n{client}").replace(&port.to_string(), &elsewhere.to_string()), "not valid for name"),
        (url.replace("https", "http"), "found: "),
    ] {
        let folder = to("http", &members);
        let receiver = Receiver::start(folder.path());
        accept(&receiver, numbered(1));
        until("it is parked", || states(&receiver).contains_key("parked"));
        let reason = reason(&receiver, &states(&receiver)["parked"][0]);
        assert!(reason.contains(why), "{members}: {reason}");
        assert_eq!(count.load(Ordering::SeqCst), 0, "{members}");
    }
    let folder = to("http", &format!("{url}\n{ca}\n{client}"));
    let receiver = Receiver::start(folder.path());
    accept(&receiver, numbered(10));
    delivered(&receiver, 10);
    assert_eq!(count.load(Ordering::SeqCst), 10);
}
