//! SIGKILL at each step of inline mode. The rule: until the answer is remembered the sender's retry runs the handler
//! again, once the lease of the dead is over and never before; from then on the retry gets the stored answer.

use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::errors::until;
use super::{ACCEPTED, DUPLICATE, Desk, LEASES_OVER, SQLITE, dies, each, id, part, said};
use crate::inline::{core, inlined};
use crate::receiver::{Receiver, out, run, try_exchange};
use crate::redis_server::Server;

/// Where the process ends, what is kept then, and how often the handler has run by then.
struct Row {
    /// With the passing: each event goes through most steps once, and through those of a store twice.
    point: &'static str,
    kept: Kept,
    ran: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Kept {
    Nothing,
    /// The claim of a process that is dead.
    Claim,
    /// The record and its answer.
    Answer,
}

const fn row(point: &'static str, kept: Kept, ran: usize) -> Row {
    Row { point, kept, ran }
}

const STAGES: [Row; 9] = [
    row("body_read@2", Kept::Nothing, 0),
    row("verified@2", Kept::Nothing, 0),
    row("decoded@2", Kept::Nothing, 0),
    row("before_claim@2", Kept::Nothing, 0),
    row("claimed@2", Kept::Claim, 0),
    row("answered@2", Kept::Claim, 1),
    row("completed@2", Kept::Answer, 1),
    row("reply_made@2", Kept::Answer, 1),
    row("half_answer@2", Kept::Answer, 1),
];
const OF_SQLITE: [Row; 7] = [
    row("sqlite_begun@3", Kept::Nothing, 0),
    row("sqlite_commit@3", Kept::Nothing, 0),
    row("sqlite_committed@3", Kept::Claim, 0),
    row("sqlite_begun@4", Kept::Claim, 1),
    row("sqlite_between@2", Kept::Claim, 1),
    row("sqlite_commit@4", Kept::Claim, 1),
    row("sqlite_committed@4", Kept::Answer, 1),
];
const OF_REDIS: [Row; 4] = [
    row("redis_send@3", Kept::Nothing, 0),
    row("redis_answered@3", Kept::Claim, 0),
    row("redis_send@4", Kept::Claim, 1),
    row("redis_answered@4", Kept::Answer, 1),
];

pub(super) fn points() -> Vec<&'static str> {
    STAGES.iter().chain(&OF_SQLITE).chain(&OF_REDIS).map(|row| row.point.split('@').next().unwrap()).collect()
}

pub(super) const DONE: &str = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

#[test]
fn sqlite_runs_the_handler_again_until_its_answer_is_remembered() {
    let rows: Vec<_> = STAGES.iter().chain(&OF_SQLITE).collect();
    each(&rows, |_, row| killed_at(SQLITE, row, "0"));
}

#[test]
fn redis_runs_the_handler_again_until_its_answer_is_remembered() {
    let server = Server::durable(&[]);
    let rows: Vec<_> = STAGES.iter().chain(&OF_REDIS).collect();
    each(&rows, |number, row| killed_at(&part(&server, number), row, LEASES_OVER));
}

fn killed_at(store: &str, row: &Row, ahead: &str) {
    let (address, _, seen) = core(vec![DONE]);
    let desk = Desk::new(store, |text| inlined(text, &address));
    let (point, before, during) = (row.point, id(0, 1), id(0, 2));
    let (first, second) = (desk.request(&before), desk.request(&during));
    let (name, passing) = point.split_once('@').unwrap();
    let armed = desk.armed("countersign.toml", &format!("{name}=kill@{passing}"));
    assert_eq!(said(&armed.raw(&first)), ACCEPTED, "{point}");
    dies(armed, &second, point);
    let answered = row.kept == Kept::Answer;
    assert_eq!(desk.kept().contains_key(&during), answered, "{point}");
    assert_eq!(identities(&desk), if row.kept == Kept::Nothing { 1 } else { 2 }, "{point}");
    assert_eq!(ran(&seen, &during), row.ran, "{point}");

    let receiver = desk.again(ahead);
    assert_eq!(said(&receiver.raw(&second)), if answered { DUPLICATE } else { ACCEPTED }, "{point}");
    for copy in [&first, &second] {
        assert_eq!(said(&receiver.raw(copy)), DUPLICATE, "{point}");
    }
    assert_eq!(ran(&seen, &during), if answered { row.ran } else { row.ran + 1 }, "{point}");
    assert_eq!(ran(&seen, &before), 1, "{point}");
    assert_eq!(desk.delivered().into_keys().collect::<Vec<_>>(), [before, during], "{point}");
}

#[test]
fn a_process_that_is_killed_while_the_handler_runs_runs_it_again() {
    let server = Server::durable(&[]);
    for (store, ahead) in [(SQLITE.to_owned(), "0"), (part(&server, 0), LEASES_OVER)] {
        let (address, asked) = silent_core();
        let (fine, _, seen) = core(vec![DONE]);
        let desk = Desk::new(&store, |text| inlined(text, &address));
        let raw = desk.request(&id(0, 1));
        let receiver = Receiver::start(desk.path());
        std::thread::scope(|scope| {
            let sender = scope.spawn(|| try_exchange(&receiver.address.clone(), &raw));
            until(|| asked.load(Ordering::SeqCst) > 0);
            let id = receiver.id().to_string();
            assert!(std::process::Command::new("kill").args(["-9", &id]).status().unwrap().success());
            assert_eq!(sender.join().unwrap().unwrap_or_default(), "", "{store}");
        });
        assert_eq!(receiver.ended().signal(), Some(9));
        assert_eq!((desk.ids().len(), identities(&desk)), (0, 1), "{store}");
        if ahead != "0" {
            // The lease of the dead still stands: the retry is sent away, and never with success.
            let answer = Receiver::start(desk.path()).raw(&raw);
            assert!(said(&answer).0 == Some(503) && answer.contains("retry-after"), "{store}: {answer}");
        }
        let file = desk.path().join("countersign.toml");
        let text = std::fs::read_to_string(&file).unwrap().replace(&address, &fine);
        std::fs::write(&file, text).unwrap();
        let receiver = desk.again(ahead);
        assert_eq!(said(&receiver.raw(&raw)), ACCEPTED, "{store}");
        assert_eq!(said(&receiver.raw(&raw)), DUPLICATE, "{store}");
        assert_eq!((ran(&seen, &id(0, 1)), desk.ids()), (1, vec![id(0, 1)]), "{store}");
    }
}

/// A core system that takes every request and answers none.
fn silent_core() -> (String, Arc<AtomicUsize>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&asked);
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            assert!(std::io::Read::read(&mut stream, &mut [0; 4096]).unwrap() > 0);
            counting.fetch_add(1, Ordering::SeqCst);
            held.push(stream);
        }
    });
    (address, asked)
}

/// How often the core was asked about an event.
pub(super) fn ran(seen: &Mutex<Vec<String>>, id: &str) -> usize {
    seen.lock().unwrap().iter().filter(|text| text.contains(id)).count()
}

/// How many identities the store remembers, claims among them.
fn identities(desk: &Desk) -> u64 {
    let stats = out(&run(desk.path(), &["inbox", "stats", "--json"]));
    serde_json::from_str::<serde_json::Value>(&stats).unwrap()["identities"].as_u64().unwrap()
}
