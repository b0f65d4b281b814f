//! The binary on a Redis: what it refuses to start on, what it says, and how it goes through faults.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::receiver::{Receiver, err, exchange, folder, out, run, status};
use crate::redis_server::Server;

/// A folder whose store is this server.
pub fn on_redis(server: &Server) -> tempfile::TempDir {
    folder(|text| text.replace("sqlite:countersign.db", &server.url()))
}

/// A page of the admin listener.
pub fn page(receiver: &Receiver, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", receiver.admin);
    exchange(&receiver.admin, request.as_bytes())
}

fn request(receiver: &Receiver) -> Vec<u8> {
    receiver.run(&["send", "worldline", "payment", "--print"]).stdout
}

pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn events_are_received_delivered_listed_and_retried_by_two_receivers_on_one_redis() {
    let server = Server::durable(&[]);
    let (one, two) = (on_redis(&server), on_redis(&server));
    let (first, second) = (Receiver::start(one.path()), Receiver::start(two.path()));
    let raw = request(&first);
    assert_eq!(status(&first.raw(&raw)), Some(204));
    let copy = second.raw(&raw);
    assert!(status(&copy) == Some(204) && copy.contains("countersign-result: duplicate"), "{copy}");
    let delivered = |receiver: &Receiver| receiver.events(0).len();
    until("one of them delivers it", || delivered(&first) + delivered(&second) == 1);
    let listed = out(&run(one.path(), &["inbox", "list", "--json"]));
    let entry: Value = serde_json::from_str(listed.trim()).unwrap();
    assert_eq!(entry["state"], "delivered");
    let id = entry["id"].as_str().unwrap();
    assert!(run(two.path(), &["inbox", "retry", id]).status.success());
    until("it is delivered again", || delivered(&first) + delivered(&second) == 2);
    drop((first, second));
    // Without a receiver too.
    let shown: Value = serde_json::from_str(&out(&run(one.path(), &["inbox", "show", id, "--json"]))).unwrap();
    assert_eq!(shown["intact"], true);
    let stats: Value = serde_json::from_str(&out(&run(one.path(), &["inbox", "stats", "--json"]))).unwrap();
    assert_eq!((&stats["delivered"], &stats["durability"]), (&Value::from(1), &Value::from("fsync")));
}

#[test]
fn durability_in_force_is_said_everywhere() {
    let server = Server::start(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    let folder = on_redis(&server);
    let receiver = Receiver::start(folder.path());
    let checked = out(&receiver.run(&["check"]));
    assert!(checked.contains("everysec: flushed to disk every second") && checked.contains("no replica"), "{checked}");
    assert!(page(&receiver, "/status").contains("\"durability\":\"everysec\""));
    assert!(page(&receiver, "/metrics").contains("countersign_store_durability{level=\"everysec\"} 1"));
    assert!(out(&receiver.run(&["inbox", "stats"])).contains("durability   everysec"));
}

#[test]
fn a_redis_that_may_forget_is_refused_by_serve_and_check() {
    for (settings, word) in [
        (&["--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"][..], "noeviction"),
        (&["--appendonly", "no"][..], "volatile = true"),
    ] {
        let server = Server::start(settings);
        let folder = on_redis(&server);
        for command in ["serve", "check"] {
            let refused = run(folder.path(), &[command]);
            assert_eq!(refused.status.code(), Some(69), "{command}: {}", err(&refused));
            assert!(err(&refused).contains(word), "{command}: {}", err(&refused));
        }
    }
}

#[test]
fn a_redis_that_stops_is_503_and_used_again_without_a_restart() {
    let mut server = Server::durable(&[]);
    let folder = on_redis(&server);
    let receiver = Receiver::start(folder.path());
    let (before, during) = (request(&receiver), request(&receiver));
    assert_eq!(status(&receiver.raw(&before)), Some(204));
    server.kill();
    for _ in 0..3 {
        let answer = receiver.raw(&during);
        assert_eq!(status(&answer), Some(503), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("retry-after"), "{answer}");
    }
    assert_eq!(status(&page(&receiver, "/readyz")), Some(503));
    assert_eq!(status(&page(&receiver, "/healthz")), Some(200));
    server.restart();
    until("it is ready again", || status(&page(&receiver, "/readyz")) == Some(200));
    assert_eq!(status(&receiver.raw(&during)), Some(204));
    let copy = receiver.raw(&before);
    assert!(copy.contains("countersign-result: duplicate"), "{copy}");
}

#[test]
fn a_redis_that_stalls_is_503_within_a_bound() {
    let server = Server::durable(&[]);
    let folder = on_redis(&server);
    let receiver = Receiver::start(folder.path());
    let raw = request(&receiver);
    server.stall(true);
    let started = Instant::now();
    assert_eq!(status(&receiver.raw(&raw)), Some(503));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    server.stall(false);
    until("it is ready again", || status(&page(&receiver, "/readyz")) == Some(200));
    assert_eq!(status(&receiver.raw(&raw)), Some(204));
}

#[test]
fn a_password_of_the_store_is_nowhere_to_be_seen() {
    let server = Server::durable(&["--requirepass", "canary-of-the-server"]);
    let with = |url: &str, more: &str| {
        let url = url.replace("HOST", &format!("127.0.0.1:{}", server.port));
        folder(|text| text.replace("url = \"sqlite:countersign.db\"", &format!("url = \"{url}\"\n{more}")))
    };
    let wrong = with("redis://:canary-of-the-client@HOST", "");
    let refused = run(wrong.path(), &["serve"]);
    assert_eq!(refused.status.code(), Some(69));
    assert!(err(&refused).contains("password") && !err(&refused).contains("canary"), "{}", err(&refused));
    let bad = with("redis://:canary-of-the-client@HOST/not-a-number", "");
    let refused = run(bad.path(), &["check"]);
    assert_eq!(refused.status.code(), Some(64));
    assert!(!err(&refused).contains("canary"), "{}", err(&refused));
    let right = with("redis://HOST", "password = { file = \"password\" }");
    let file = right.path().join("password");
    std::fs::write(&file, "canary-of-the-server\n").unwrap();
    std::process::Command::new("chmod").arg("600").arg(&file).status().unwrap();
    let receiver = Receiver::start(right.path());
    assert_eq!(status(&receiver.raw(&request(&receiver))), Some(204));
    let said = [page(&receiver, "/status"), page(&receiver, "/metrics"), receiver.errors()].concat();
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn what_belongs_to_a_redis_is_refused_beside_another_store() {
    let folder = folder(|text| text.replace("[store]", "[store]\nprefix = \"mine\""));
    let refused = run(folder.path(), &["check"]);
    assert_eq!(refused.status.code(), Some(64));
    assert!(err(&refused).contains("prefix"), "{}", err(&refused));
}
