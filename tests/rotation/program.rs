//! The program: what it says at the start, on its pages, in its log, and about files of keys.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::bank::{Signer, by_address, configuration, set};
use crate::host::{Answer, Host};
use crate::receiver::{Receiver, err, exchange, out, run, status};

fn write(folder: &Path, keys: &str) {
    fs::write(folder.join("countersign.toml"), configuration(keys)).unwrap();
}

fn page(receiver: &Receiver, path: &str) -> String {
    exchange(&receiver.admin, format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", receiver.admin).as_bytes())
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "expected {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn without_first_keys_nothing_starts_and_the_message_says_which() {
    let old = Signer::new("old");
    let host = Host::start(&set(&[&old]));
    let folder = tempfile::tempdir().unwrap();
    host.answer(Answer::Down);
    write(folder.path(), &by_address(folder.path(), &host, ""));
    for command in [&["serve"][..], &["check"], &["verify", "--endpoint", "bank", "countersign.toml"]] {
        let output = run(folder.path(), command);
        assert_eq!(output.status.code(), Some(69), "{output:?}");
        let message = err(&output);
        for word in ["\"bank\"", "localhost", "no keys from"] {
            assert!(message.contains(word), "{word} in {message}");
        }
        assert!(!message.contains("hush") && !message.contains("ready:"), "{message}");
    }
    host.publish(&set(&[&old]));
    let output = run(folder.path(), &["check"]);
    assert!(output.status.success() && out(&output).contains("ES256 old"), "{output:?}");
    fs::write(folder.path().join("request.http"), old.wire()).unwrap();
    let output = run(folder.path(), &["verify", "--endpoint", "bank", "request.http"]);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn one_senders_host_that_is_down_keeps_no_other_sender_out_at_a_start() {
    let (old, other) = (Signer::new("old"), Signer::new("other"));
    let host = Host::start(&set(&[&old]));
    let folder = tempfile::tempdir().unwrap();
    host.answer(Answer::Down);
    fs::write(folder.path().join("other.json"), set(&[&other])).unwrap();
    let text = configuration(&by_address(folder.path(), &host, ""));
    let (start, sink) = (text.find("[[endpoint]]").unwrap(), text.find("[[sink]]").unwrap());
    let second = configuration("{ jwks = \"other.json\" }")[start..]
        .replace("\"bank\"", "\"other\"")
        .replace("/hooks/bank", "/hooks/other");
    let second = &second[..second.find("[[sink]]").unwrap()];
    fs::write(folder.path().join("countersign.toml"), format!("{}{second}{}", &text[..sink], &text[sink..])).unwrap();
    let receiver = Receiver::start(folder.path());
    let errors = receiver.errors();
    let line = errors.lines().find(|line| line.contains("keys_missing")).expect("a line");
    assert!(line.contains("\"bank\"") && line.contains("localhost") && !line.contains("hush"), "{line}");
    let post = |signer: &Signer, path: &str| {
        let wire = String::from_utf8(signer.wire()).unwrap().replace("/hooks/bank", path);
        status(&exchange(&receiver.address, wire.as_bytes()))
    };
    assert_eq!(post(&other, "/hooks/other"), Some(200));
    assert_eq!(post(&old, "/hooks/bank"), Some(503), "nobody can say whose it is");
    assert!(page(&receiver, "/readyz").contains("\"endpointsWithoutKeys\":[\"bank\"]"));
    // Nothing has ended, and nothing was in use before.
    until("a look that failed", || receiver.errors().contains("there are no keys yet"));
    let errors = receiver.errors();
    assert!(!errors.contains("keys_ended") && !errors.contains("stay in use"), "{errors}");
    host.publish(&set(&[&old]));
    until("its keys", || post(&old, "/hooks/bank") == Some(200));
    assert!(!page(&receiver, "/readyz").contains("endpointsWithoutKeys"));
}

#[test]
fn a_stolen_key_is_shut_out_while_the_host_that_publishes_it_is_down() {
    let (old, next) = (Signer::new("old"), Signer::new("next"));
    let host = Host::start(&set(&[&old, &next]));
    let folder = tempfile::tempdir().unwrap();
    let keys = by_address(folder.path(), &host, "");
    write(folder.path(), &keys);
    let receiver = Receiver::start(folder.path());
    assert_eq!(status(&receiver.raw(&old.wire())), Some(200));
    host.answer(Answer::Down);
    let text = configuration(&keys);
    let distrusting = text.replacen("name = \"bank\"", "name = \"bank\"\ndistrust = [\"OLD\"]", 1);
    assert_ne!(text, distrusting);
    fs::write(folder.path().join("countersign.toml"), distrusting).unwrap();
    receiver.signal("HUP");
    receiver.logged("\"code\":\"reloaded\"", 1);
    assert_eq!(status(&receiver.raw(&old.wire())), Some(401));
    receiver.logged("found old, which is listed as distrusted", 1);
    assert_eq!(status(&receiver.raw(&next.wire())), Some(200));
    let misspelt = text.replacen("name = \"bank\"", "name = \"bank\"\ndistrust = [\"odl\"]", 1);
    fs::write(folder.path().join("countersign.toml"), misspelt).unwrap();
    receiver.signal("HUP");
    let log = receiver.logged("\"code\":\"distrust_unknown\"", 1);
    assert!(log.contains("\"key_id\":\"odl\""), "{log}");
}

#[test]
fn a_start_waits_for_a_host_that_comes_up_late() {
    let old = Signer::new("old");
    let host = Host::start(&set(&[&old]));
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &by_address(folder.path(), &host, ""));
    host.answer(Answer::Raw(b"HTTP/1.1 503 Wait\r\ncontent-length: 0\r\n\r\n".to_vec()));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            until("a first request", || host.requests() > 0);
            host.publish(&set(&[&old]));
        });
        let receiver = Receiver::start(folder.path());
        assert_eq!(status(&receiver.raw(&old.wire())), Some(200));
    });
}

#[test]
fn what_an_address_must_not_be_is_refused_with_its_field() {
    let folder = tempfile::tempdir().unwrap();
    for (keys, word) in [
        ("{ jwks_url = \"http://bank.example/k\" }", "no https"),
        ("{ jwks_url = \"https://me:hush@bank.example/k\" }", "a password"),
        ("{ jwks_url = \"https://127.0.0.1/k\" }", "allow_private"),
        ("{ jwks_url = \"https://bank.example/k\", ca = \"missing.pem\" }", "missing.pem"),
        ("{ jwks_url = \"https://bank.example/k\", refresh = \"5\" }", "keys.refresh"),
        ("{ jwks_url = \"https://bank.example/k\", max_stale = \"1m\" }", "max_stale"),
        ("{ jwks = \"keys.json\", refresh = \"5m\" }", "jwks_url"),
        ("{ jwks_url = \"https://bank.example/k\", not_before = \"tomorrow\" }", "keys.not_before"),
        (
            "{ jwks_url = \"https://bank.example/k\", not_before = 2027-01-01T00:00:00Z, not_after = 2026-01-01T00:00:00Z }",
            "keys.not_after",
        ),
    ] {
        write(folder.path(), keys);
        let output = run(folder.path(), &["check"]);
        let message = err(&output);
        assert_eq!(output.status.code(), Some(64), "{message}");
        assert!(
            message.contains(word) && message.contains("countersign.toml:") && !message.contains("hush"),
            "{message}"
        );
    }
}

#[test]
fn the_pages_and_the_log_show_how_the_keys_stand() {
    let old = Signer::new("old");
    let host = Host::start(&set(&[&old]));
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &by_address(folder.path(), &host, ", refresh = \"1s\", max_stale = \"4s\""));
    let receiver = Receiver::start(folder.path());
    assert_eq!(status(&receiver.raw(&old.wire())), Some(200));
    let document = page(&receiver, "/status");
    assert!(document.contains("\"id\":\"old\"") && document.contains("\"ageSeconds\""), "{document}");
    assert!(page(&receiver, "/metrics").contains("countersign_keys_stale{endpoint=\"bank\"} 0"));
    host.answer(Answer::Raw(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n".to_vec()));
    until("a stale set", || page(&receiver, "/metrics").contains("countersign_keys_stale{endpoint=\"bank\"} 1"));
    assert_eq!(status(&page(&receiver, "/readyz")), Some(200));
    assert_eq!(status(&receiver.raw(&old.wire())), Some(200));
    until("the hard limit", || status(&page(&receiver, "/readyz")) == Some(503));
    let answer = receiver.raw(&old.wire());
    assert_eq!(status(&answer), Some(503));
    assert!(answer.to_ascii_lowercase().contains("retry-after: 60"), "{answer}");
    host.publish(&set(&[&old]));
    until("the keys to come back", || status(&page(&receiver, "/readyz")) == Some(200));
    assert_eq!(status(&receiver.raw(&old.wire())), Some(200));
    let metrics = page(&receiver, "/metrics");
    for line in [
        "countersign_keys_age_seconds{endpoint=\"bank\"}",
        "countersign_keys_expire_seconds{endpoint=\"bank\"}",
        "countersign_keys_refreshes_total{endpoint=\"bank\",result=\"status\"}",
        "code=\"keys_unavailable\"",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let log = receiver.errors();
    assert_eq!(log.matches("keys_not_refreshed").count(), 1, "one warning for one trouble: {log}");
    assert!(log.contains("\"reason\":\"status\"") && log.contains("keys_recovered") && !log.contains("hush"), "{log}");
    assert_eq!(receiver.stop(), Some(0));
}

#[test]
fn a_certificate_that_ends_soon_is_told_before_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let pair = rcgen::KeyPair::generate().unwrap();
    let now = countersign::clock::Clock::now(&countersign::clock::SystemClock);
    let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap().pem();
    fs::write(folder.path().join("bank.crt"), certificate).unwrap();
    for (days, level) in [(20, "WARN"), (2, "ERROR")] {
        let end = now.after(Duration::from_secs(days * 24 * 3600 + 60));
        write(folder.path(), &format!("{{ certificate = \"bank.crt\", not_after = \"{end}\" }}"));
        let check = out(&run(folder.path(), &["check"]));
        assert!(check.to_lowercase().contains("ends soon") && check.contains(&end.to_string()), "{check}");
        let receiver = Receiver::start(folder.path());
        until("a warning", || receiver.errors().contains("key_expiring"));
        let log = receiver.errors();
        let line = log.lines().find(|line| line.contains("key_expiring")).unwrap();
        assert!(line.contains(level), "{line}");
    }
}

#[test]
fn inspect_shows_every_key_of_a_set_and_what_is_passed_over() {
    let (one, two) = (Signer::new("one"), Signer::new("two"));
    let folder = tempfile::tempdir().unwrap();
    let passed = two.jwk().replacen("\"kty\"", "\"use\":\"enc\",\"kty\"", 1).replace("two", "three");
    let set = format!(r#"{{"keys":[{},{},{passed}]}}"#, one.jwk(), two.jwk());
    fs::write(folder.path().join("keys.json"), set).unwrap();
    let text = out(&run(folder.path(), &["keys", "inspect", "keys.json"]));
    for word in ["key 1 of 2", "key 2 of 2", "passed over", "three", "valid, without an end"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    assert!(!text.contains('\u{1b}'), "no colour but on a terminal");
    let lines = out(&run(folder.path(), &["keys", "inspect", "--json", "keys.json"]));
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kids: Vec<_> = lines.iter().map(|line| (line["kid"].as_str().unwrap(), line["passedOver"] == true)).collect();
    assert_eq!(kids, [("one", false), ("two", false), ("three", true)]);
}

#[test]
fn inspect_shows_a_set_beside_a_key_that_nobody_knows_yet_and_tells_a_broken_one() {
    let one = Signer::new("one");
    let folder = tempfile::tempdir().unwrap();
    let inspected = |other: &str| {
        fs::write(folder.path().join("keys.json"), format!(r#"{{"keys":[{},{other}]}}"#, one.jwk())).unwrap();
        run(folder.path(), &["keys", "inspect", "keys.json"])
    };
    let later = inspected(r#"{"kty":"AKP","alg":"ML-DSA-65","kid":"later","pub":"AAAA"}"#);
    let text = out(&later);
    for word in ["valid, without an end", "passed over", "AKP", "ML-DSA-65", "later", "for no algorithm known here"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    // A key to encrypt to does not hide that another one is no key.
    let broken =
        inspected(r#"{"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"},{"kty":"RSA","kid":"bad","n":"!","e":"AQAB"}"#);
    assert_eq!(broken.status.code(), Some(1), "{broken:?}");
    assert!(String::from_utf8_lossy(&broken.stderr).contains("key 3 of the set"), "{broken:?}");
}

#[test]
fn a_sender_without_a_valid_key_is_told_everywhere() {
    let old = Signer::new("old");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("keys.json"), set(&[&old])).unwrap();
    write(folder.path(), "{ jwks = \"keys.json\", not_after = \"2020-01-01T00:00:00Z\" }");
    let check = run(folder.path(), &["check"]);
    assert_eq!(check.status.code(), Some(1), "{check:?}");
    assert!(out(&check).contains("KEYS ENDED"), "{check:?}");
    let receiver = Receiver::start(folder.path());
    until("an error", || receiver.errors().contains("keys_ended"));
    let metrics = page(&receiver, "/metrics");
    assert!(metrics.contains("countersign_keys_expire_seconds{endpoint=\"bank\"} 0"), "{metrics}");
}

#[test]
fn inspect_names_keys_that_decrypt_and_shows_nothing_that_is_private() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("keys/cbuae");
    let public = out(&run(&folder, &["keys", "inspect", "encryption.jwks.json"]));
    let private = out(&run(&folder, &["keys", "inspect", "encryption.key.pem"]));
    let thumbprint = |text: &str| {
        let line = text.lines().find(|line| line.contains("thumbprint")).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!(thumbprint(&public), thumbprint(&private), "two halves of one key");
    for text in [&public, &private] {
        assert!(text.contains("RSA") && text.contains("2048 bits"), "{text}");
    }
    assert!(public.contains("RSA-OAEP-256"), "{public}");
    let pem = fs::read_to_string(folder.join("encryption.key.pem")).unwrap();
    assert!(pem.lines().all(|line| !private.contains(line) || line.len() < 20));
}
