//! SIGHUP: what the file says now takes the place of what it said, whole or not at all, while senders go on.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign::crypto::{Algorithm, MacKey, Secret};
use countersign::wire::encoding::Encoding;

use crate::inline::inlined;
use crate::receiver::{Receiver, folder, status, try_exchange};
use crate::redis::page;
use crate::signer::Signer;
use crate::stop::{answer, connect, held_core};

pub const OLD: &[u8; 32] = b"the secret that is in use so far";
pub const NEW: &[u8; 32] = b"the secret that comes after that";
/// An endpoint with a secret in a file.
pub const HMAC: &str = r#"
[[endpoint]]
name = "hmac"
path = "/hmac"
profile = "body-signature"
keys = [{ secret = { file = "secret" }, algorithm = "HS256" }]
signature = { header = "x-signature", encoding = "base64", input = "{body}" }
id = { json = "/id" }
sink = "events"
[[sink]]
name = "events"
type = "file"
path = "events.jsonl"
"#;

pub fn write_secret(folder: &Path, secret: &[u8]) {
    let path = folder.join("secret");
    std::fs::write(&path, secret).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

pub fn with_hmac(change: impl FnOnce(String) -> String) -> tempfile::TempDir {
    let folder = folder(|text| change(text + HMAC));
    write_secret(folder.path(), OLD);
    folder
}

pub fn rewrite(folder: &Path, change: impl FnOnce(String) -> String) {
    let path = folder.join("countersign.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "expected a change of the configuration");
    std::fs::write(path, changed).unwrap();
}

/// A request of the endpoint with the secret, signed with this one.
pub fn signed(secret: &[u8; 32], id: &str) -> Vec<u8> {
    let key = MacKey::new(Algorithm::Hs256, &Secret::new(*secret).unwrap()).unwrap();
    let body = format!("{{\"id\":\"{id}\"}}");
    let signature = Encoding::Base64.encode(&key.sign(&[body.as_bytes()]));
    let length = body.len();
    format!(
        "POST /hmac HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-signature: {signature}\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// SIGHUP, and what was said of it: the line of the time that this is.
pub fn reload(receiver: &Receiver, outcome: &str, times: usize) -> String {
    receiver.signal("HUP");
    let text = receiver.logged(&format!("\"code\":\"{outcome}\""), times);
    let lines: Vec<&str> = text.lines().filter(|line| line.contains(&format!("\"code\":\"{outcome}\""))).collect();
    lines[times - 1].to_owned()
}

fn count(receiver: &Receiver, outcome: &str) -> String {
    let text = page(receiver, "/metrics");
    let name = format!("countersign_reload_total{{outcome=\"{outcome}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[test]
fn another_secret_another_sink_and_another_endpoint_take_effect_and_one_line_says_so() {
    let folder = with_hmac(|text| text);
    let receiver = Receiver::start(folder.path());
    assert_eq!(status(&receiver.raw(&signed(OLD, "1"))), Some(200));
    write_secret(folder.path(), NEW);
    rewrite(folder.path(), |text| {
        let text = text.replace("path    = \"/tribe\"", "path    = \"/elsewhere\"");
        let start = text.find("[[endpoint]]\nname    = \"worldline\"").unwrap();
        let end = text.find("[[endpoint]]\nname    = \"tribe\"").unwrap();
        text[..start].to_owned() + &text[end..]
    });
    let line = reload(&receiver, "reloaded", 1);
    let expected = "endpoint \\\"hmac\\\" changed (keys); endpoint \\\"tribe\\\" changed (path); endpoint \\\"worldline\\\" removed";
    assert!(line.contains(expected), "{line}");
    assert_eq!(status(&receiver.raw(&signed(OLD, "2"))), Some(401));
    assert_eq!(status(&receiver.raw(&signed(NEW, "3"))), Some(200));
    assert_eq!(status(&receiver.raw(&Signer::demo().request("00000000-0000-4000-8000-000000000001", "p"))), Some(404));
    assert_eq!(count(&receiver, "applied"), "1");
    assert!(!receiver.errors().contains("the secret that"));
    assert!(
        page(&receiver, "/status").contains("\"endpoints\":[\"tribe\",\"cbuae\",\"joompay\",\"younify\",\"hmac\"]")
    );
    // And back again.
    rewrite(folder.path(), |text| text.replace("/elsewhere", "/tribe"));
    assert!(reload(&receiver, "reloaded", 2).contains("endpoint \\\"tribe\\\" changed (path)"));
}

#[test]
fn what_is_wrong_with_the_new_file_is_said_and_the_old_configuration_stays() {
    let folder = with_hmac(|text| text);
    let receiver = Receiver::start(folder.path());
    let good = std::fs::read_to_string(folder.path().join("countersign.toml")).unwrap();
    let mut times = 0;
    let mut refused = |change: &dyn Fn(&str) -> String, words: &[&str]| {
        times += 1;
        std::fs::write(folder.path().join("countersign.toml"), change(&good)).unwrap();
        let line = reload(&receiver, "reload_refused", times);
        assert!(words.iter().all(|word| line.contains(word)), "{words:?}: {line}");
        assert_eq!(status(&receiver.raw(&signed(OLD, &format!("r{times}")))), Some(200), "{line}");
        assert_eq!(count(&receiver, "refused"), times.to_string());
    };
    let unknown = |text: &str| text.replace("sink = \"events\"", "sink = \"events\"\nsurprise = 1");
    refused(&unknown, &["countersign.toml", "\"line\":", "surprise", "because", "cure"]);
    refused(&|text| text.replace("\"/hmac\"", "\"hmac\""), &["endpoint \\\"hmac\\\": path", "\"line\":"]);
    refused(&|text| text.replace("file = \"secret\"", "file = \"gone\""), &["keys", "gone"]);
    refused(&|text| text.replace("path = \"events.jsonl\"", "path = \"no/such/folder\""), &["sink \\\"events\\\""]);
    refused(&|_| String::new(), &["at least one [[endpoint]]"]);
    // Not in a running receiver; and what could change beside does not.
    let moved = |text: &str| {
        text.replace("listen = \"127.0.0.1:0\"", "listen = \"127.0.0.2:0\"")
            .replace("sqlite:countersign.db", "sqlite:other.db")
            .replace("\"/hmac\"", "\"/other\"")
    };
    refused(&moved, &["\"field\":\"server.listen, store.url\"", "restart"]);
    let tls =
        |text: &str| text.replacen("[server]", "[server]\ntls = { certificate = \"secret\", key = \"secret\" }", 1);
    refused(&tls, &["server.tls (on or off)"]);
    assert!(!folder.path().join("other.db").exists());
    assert_eq!(count(&receiver, "applied"), "0");
    std::fs::write(folder.path().join("countersign.toml"), &good).unwrap();
    assert!(reload(&receiver, "reloaded", 1).contains("\"changed\":\"nothing\""));
}

#[test]
fn what_began_with_the_old_secret_ends_with_it_and_its_sink_while_the_new_one_takes_the_next() {
    let (core, go, seen) = held_core();
    let folder = with_hmac(|text| {
        let inline = inlined(text, &core);
        inline.replace("sink = \"events\"", "sink = \"core\"\nmode = \"inline\"")
    });
    let receiver = Receiver::start(folder.path());
    let mut flying = connect(&receiver);
    flying.write_all(&signed(OLD, "1")).unwrap();
    seen.recv_timeout(Duration::from_secs(20)).unwrap();
    write_secret(folder.path(), NEW);
    rewrite(folder.path(), |text| text.replace("sink = \"core\"\nmode", "sink = \"events\"\nmode"));
    let line = reload(&receiver, "reloaded", 1);
    assert!(line.contains("endpoint \\\"hmac\\\" changed (keys, sink)"), "{line}");
    assert_eq!(status(&receiver.raw(&signed(NEW, "2"))), Some(200));
    assert_eq!(status(&receiver.raw(&signed(OLD, "3"))), Some(401));
    go.send(()).unwrap();
    assert_eq!(status(&answer(&mut flying).unwrap().to_uppercase()), Some(200));
    // On a connection that is older than the reload, too, the next request meets what is in force.
    flying.write_all(&signed(OLD, "4")).unwrap();
    assert_eq!(status(&answer(&mut flying).unwrap().to_uppercase()), Some(401));
}

/// Open files and threads of the receiver.
fn counted(receiver: &Receiver) -> (usize, usize) {
    let of = |what: &str| std::fs::read_dir(format!("/proc/{}/{what}", receiver.id())).unwrap().count();
    (of("fd"), of("task"))
}

fn memory(receiver: &Receiver) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", receiver.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn fifty_reloads_under_load_refuse_nobody_lose_nothing_and_leave_nothing_behind() {
    let folder = with_hmac(|text| text.replacen("[server]", "[server]\nlimits = { idle_timeout = \"20s\" }", 1));
    let receiver = Receiver::start(folder.path());
    let (over, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    // A limit changes, and an endpoint with a worker and a keeper of keys comes and goes.
    let guest = HMAC.replace("\"hmac\"", "\"guest\"").replace("/hmac", "/guest");
    let guest = guest.split("[[sink]]").next().unwrap().to_owned();
    let turn = |number: usize| {
        rewrite(folder.path(), |text| {
            if number.is_multiple_of(2) {
                text.replace("20s", "21s") + &guest
            } else {
                text.replace("21s", "20s").replace(&guest, "")
            }
        });
        let word = if number.is_multiple_of(2) { "added" } else { "removed" };
        let line = reload(&receiver, "reloaded", number + 1);
        assert!(line.contains("limits.idle_timeout") && line.contains(&format!("\\\"guest\\\" {word}")), "{line}");
    };
    (0..5).for_each(turn);
    let mut before = (0, 0);
    std::thread::scope(|scope| {
        let (receiver, over, sent) = (&receiver, &over, &sent);
        let senders: Vec<_> = (0..3)
            .map(|sender| {
                scope.spawn(move || {
                    let mut number = 0;
                    while !over.load(Ordering::SeqCst) {
                        let id = format!("{sender}-{number}");
                        let answer = try_exchange(&receiver.address, &signed(OLD, &id)).unwrap();
                        assert_eq!(status(&answer), Some(200), "{answer}");
                        sent.fetch_add(1, Ordering::SeqCst);
                        number += 1;
                    }
                })
            })
            .collect();
        (5..15).for_each(turn);
        before = counted(receiver);
        let kilobytes = memory(receiver);
        (15..55).for_each(turn);
        let grown = memory(receiver).saturating_sub(kilobytes);
        assert!(grown < 16 * 1024, "{grown} KiB more after 40 reloads");
        over.store(true, Ordering::SeqCst);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
    // Senders that are gone took their sockets with them; what serves files and the clock is back where it was.
    let deadline = Instant::now() + Duration::from_secs(60);
    while counted(&receiver).0 > before.0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let after = counted(&receiver);
    assert!(after.0 <= before.0, "open files: {before:?} before, {after:?} after");
    // Threads that may block come and go with the load, up to one for each sender and worker at a time.
    assert!(after.1 <= before.1 + 8, "threads: {before:?} before, {after:?} after");
    let sent = sent.into_inner();
    let lines = || std::fs::read_to_string(folder.path().join("events.jsonl")).unwrap_or_default().lines().count();
    let deadline = Instant::now() + Duration::from_secs(60);
    while lines() < sent && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(lines(), sent, "each event at its sink once");
}

#[test]
fn a_file_that_was_rotated_away_is_begun_anew_and_has_one_writer_before_and_after_a_reload() {
    let folder = with_hmac(|text| text);
    let receiver = Receiver::start(folder.path());
    let (path, moved) = (folder.path().join("events.jsonl"), folder.path().join("events.jsonl.away"));
    let lines = |path: &Path| std::fs::read_to_string(path).unwrap_or_default().lines().count();
    let arrives = |path: &Path, wanted: usize| {
        let deadline = Instant::now() + Duration::from_secs(20);
        while lines(path) < wanted {
            assert!(Instant::now() < deadline, "expected {wanted} lines in {}", path.display());
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    receiver.raw(&signed(OLD, "1"));
    arrives(&path, 1);
    std::fs::rename(&path, &moved).unwrap();
    // As a log rotation does it: the file is moved, and then the program is told.
    reload(&receiver, "reloaded", 1);
    receiver.raw(&signed(OLD, "2"));
    arrives(&path, 1);
    // From the reload on it makes room by itself, with the same writer: each line would fill it.
    rewrite(folder.path(), |text| text.replace("path = \"events.jsonl\"", "path = \"events.jsonl\"\nrotate = 8"));
    let line = reload(&receiver, "reloaded", 2);
    assert!(line.contains("sink \\\"events\\\" changed (rotate)"), "{line}");
    receiver.raw(&signed(OLD, "3"));
    let roomy = folder.path().join("events.jsonl.1");
    arrives(&roomy, 1);
    arrives(&path, 1);
    assert_eq!((lines(&path), lines(&roomy), lines(&moved)), (1, 1, 1));
    let open = || {
        let files = std::fs::read_dir(format!("/proc/{}/fd", receiver.id())).unwrap();
        let names = files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
        names.filter(|name| name.to_string_lossy().contains("events.jsonl")).count()
    };
    assert_eq!(open(), 1, "one file is open, once");
}
