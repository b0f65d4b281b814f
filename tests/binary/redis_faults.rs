//! A Redis that changes under a running receiver: another master, a replica, full, set to forget. While it cannot keep an
//! event the answer is 503, nothing that was answered 2xx is missing, and nobody starts the receiver again.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::receiver::{Receiver, folder, out, status, try_exchange};
use crate::redis::{on_redis, page, until};
use crate::redis_server::Server;
use crate::signer::Signer;

/// Ids of the senders' requests that are kept, each once.
fn kept(receiver: &Receiver) -> BTreeSet<String> {
    let listed = out(&receiver.run(&["inbox", "list", "--json"]));
    let entry = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let all: Vec<String> = listed.lines().map(|line| entry(line)["requestid"].as_str().unwrap().to_owned()).collect();
    let distinct: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(distinct.len(), all.len(), "one record an event");
    distinct
}

fn is_ready(receiver: &Receiver) -> bool {
    status(&page(receiver, "/readyz")) == Some(200)
}

/// A signed request, with its id.
fn numbered(signer: &Signer, sender: usize, number: usize) -> (String, Vec<u8>) {
    let id = format!("{sender:08x}-0000-4000-8000-{number:012x}");
    let raw = signer.request(&id, &format!("p-{sender}-{number}"));
    (id, raw)
}

#[test]
fn a_master_that_is_killed_in_a_burst_is_replaced_and_nothing_acknowledged_is_lost() {
    let mut master = Server::durable(&["--repl-diskless-sync-delay", "0"]);
    let replica = Server::durable(&["--replicaof", &format!("127.0.0.1 {}", master.port)]);
    until("the replica follows", || master.is_followed());
    let sentinel = Server::sentinel(&format!(
        "sentinel monitor mymaster 127.0.0.1 {} 1\nsentinel down-after-milliseconds mymaster 1000\n\
         sentinel failover-timeout mymaster 3000\n",
        master.port
    ));
    let replica_port = replica.port.to_string();
    until("the Sentinel knows both", || sentinel.cli(&["SENTINEL", "REPLICAS", "mymaster"]).contains(&replica_port));
    let url = format!("redis+sentinel://127.0.0.1:{}/mymaster", sentinel.port);
    let folder =
        folder(|text| text.replace("url = \"sqlite:countersign.db\"", &format!("url = \"{url}\"\nwait_replicas = 1")));
    let receiver = Receiver::start(folder.path());
    let started = page(&receiver, "/status");

    let (signer, end) = (Signer::demo(), AtomicBool::new(false));
    let (answers, refusals) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // Like a sender: one event after the other, each until it is taken.
    let send = |sender: usize| {
        let mut acknowledged = Vec::new();
        for number in 0.. {
            let (id, raw) = numbered(&signer, sender, number);
            loop {
                if end.load(Ordering::SeqCst) {
                    return acknowledged;
                }
                match try_exchange(&receiver.address, &raw).ok().and_then(|answer| status(&answer)) {
                    Some(204) => break,
                    Some(503) => drop(refusals.fetch_add(1, Ordering::SeqCst)),
                    other => panic!("expected 204 or 503, but found {other:?}"),
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            answers.fetch_add(1, Ordering::SeqCst);
            acknowledged.push(id);
        }
        acknowledged
    };
    let more_than = |count: usize| until("events are taken", || answers.load(Ordering::SeqCst) > count);
    let acknowledged: BTreeSet<String> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..4).map(|sender| scope.spawn(move || send(sender))).collect();
        more_than(50);
        master.kill();
        until("the replica is the master", || replica.cli(&["INFO", "replication"]).contains("role:master"));
        // The old master comes back and is made a replica: without one nothing is acknowledged. It is told until it is
        // one, as the Sentinel takes its time, and may turn it once more.
        master.restart();
        until("the old master follows", || {
            master.cli(&["REPLICAOF", "127.0.0.1", &replica_port]);
            replica.is_followed()
        });
        more_than(answers.load(Ordering::SeqCst) + 50);
        end.store(true, Ordering::SeqCst);
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    assert!(refusals.load(Ordering::SeqCst) > 0, "the burst went on while there was no master");
    until("it is ready", || is_ready(&receiver));
    let kept = kept(&receiver);
    let lost: Vec<_> = acknowledged.difference(&kept).collect();
    assert!(lost.is_empty(), "answered 204, but lost: {lost:?}");
    assert!(started.contains("replicated(1)") && page(&receiver, "/status").contains("replicated(1)"));
}

/// Breaks a Redis under a receiver, and mends it.
fn through(server: &Server, broken: &[&[&str]], mended: &[&[&str]]) {
    let folder = on_redis(server);
    let receiver = Receiver::start(folder.path());
    let signer = Signer::demo();
    let post = |number: usize| status(&receiver.raw(&numbered(&signer, 0, number).1));
    assert_eq!(post(0), Some(204));
    until("it is delivered", || receiver.events(1).len() == 1);
    for command in broken {
        server.cli(command);
    }
    for number in 1..6 {
        assert_eq!(post(number), Some(503), "{broken:?}");
    }
    assert_eq!(status(&page(&receiver, "/healthz")), Some(200));
    for command in mended {
        server.cli(command);
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while post(1) != Some(204) {
        assert!(Instant::now() < deadline, "{mended:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let wanted: BTreeSet<String> = (0..2).map(|number| numbered(&signer, 0, number).0).collect();
    assert_eq!(kept(&receiver), wanted, "of what was refused nothing is left: {broken:?}");
}

/// A new connection is looked at as one at the start is; without it the look comes within a minute.
const HANG_UP: &[&str] = &["CLIENT", "KILL", "TYPE", "normal"];

#[test]
fn a_master_that_becomes_a_replica_is_503_until_it_is_a_master_again() {
    let server = Server::durable(&[]);
    through(&server, &[&["REPLICAOF", "127.0.0.1", "1"]], &[&["REPLICAOF", "NO", "ONE"]]);
}

#[test]
fn a_redis_that_is_full_is_503_until_there_is_room() {
    let server = Server::durable(&[]);
    through(&server, &[&["CONFIG", "SET", "maxmemory", "1"]], &[&["CONFIG", "SET", "maxmemory", "0"]]);
}

#[test]
fn a_redis_that_is_set_to_evict_is_503_until_it_is_set_back() {
    let server = Server::durable(&[]);
    let policy = |word: &'static str| ["CONFIG", "SET", "maxmemory-policy", word];
    through(&server, &[&policy("allkeys-lru"), HANG_UP], &[&policy("noeviction")]);
}

#[test]
fn a_redis_that_loses_its_file_is_503_until_it_has_one() {
    let server = Server::durable(&[]);
    let file = |word: &'static str| ["CONFIG", "SET", "appendonly", word];
    through(&server, &[&file("no"), HANG_UP], &[&file("yes")]);
}

#[test]
fn a_redis_that_misses_its_replicas_is_503_until_it_asks_for_none() {
    let server = Server::durable(&[]);
    let least = |count: &'static str| ["CONFIG", "SET", "min-replicas-to-write", count];
    through(&server, &[&least("1")], &[&least("0")]);
}
