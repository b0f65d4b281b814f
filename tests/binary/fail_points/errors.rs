//! Steps that fail: a full disk at each write, a failed flush, a store that says no or does not say. The rule: never a
//! success, and the sender's retry finds out what became of it.

use std::time::{Duration, Instant};

use super::inline::{DONE, ran};
use super::{ACCEPTED, DUPLICATE, Desk, SQLITE, each, id, part, said};
use crate::inline::{core, inlined};
use crate::receiver::{Receiver, try_exchange};
use crate::redis_server::Server;

/// Where it fails, how, and whether the event is kept all the same.
type Row = (&'static str, bool);

const OF_STAGES: &[Row] = &[("before_store=error@2", false), ("stored=error@2", true)];
const OF_SQLITE: &[Row] = &[
    ("sqlite_begun=full@2", false),
    ("sqlite_begun=error@2", false),
    ("sqlite_between=full@2", false),
    ("sqlite_between=error@2", false),
    ("sqlite_commit=full@2", false),
];

#[test]
fn a_step_of_sqlite_that_fails_is_503_and_the_retry_is_stored_once() {
    each(&[OF_STAGES, OF_SQLITE].concat(), |_, row| fails_at(&Desk::new(SQLITE, |text| text), *row));
}

#[test]
fn a_step_before_and_after_redis_that_fails_is_503_and_the_retry_is_stored_once() {
    let server = Server::durable(&[]);
    each(OF_STAGES, |number, row| fails_at(&Desk::new(&part(&server, number), |text| text), *row));
}

fn fails_at(desk: &Desk, (fault, kept): Row) {
    let (before, during) = (id(0, 1), id(0, 2));
    let (first, second) = (desk.request(&before), desk.request(&during));
    let receiver = desk.armed("armed.toml", fault);
    assert_eq!(said(&receiver.raw(&first)), ACCEPTED, "{fault}");
    refused(&receiver.raw(&second), fault);
    let mut found = vec![before.clone()];
    found.extend(kept.then(|| during.clone()));
    assert_eq!(desk.ids(), found, "{fault}");
    assert_eq!(said(&receiver.raw(&second)), if kept { DUPLICATE } else { ACCEPTED }, "{fault}");
    assert_eq!(said(&receiver.raw(&first)), DUPLICATE, "{fault}");
    drop(receiver);
    let _receiver = Receiver::start(desk.path());
    assert_eq!(desk.delivered().into_keys().collect::<Vec<_>>(), [before.clone(), during.clone()], "{fault}");
    for id in [before, during] {
        assert_eq!(desk.printed(&id), [1], "{fault}");
    }
}

/// Memory says no as the others do.
#[test]
fn a_step_of_memory_that_fails_is_503_and_the_retry_is_stored_once() {
    for (fault, kept) in OF_STAGES {
        let desk = Desk::new("url = \"memory:\"", |text| text);
        let raw = [1, 2].map(|number| desk.request(&id(0, number)));
        let receiver = desk.armed("countersign.toml", fault);
        assert_eq!(said(&receiver.raw(&raw[0])), ACCEPTED, "{fault}");
        refused(&receiver.raw(&raw[1]), fault);
        assert_eq!(said(&receiver.raw(&raw[1])), if *kept { DUPLICATE } else { ACCEPTED }, "{fault}");
        assert_eq!(receiver.events(2).len(), 2, "{fault}");
    }
}

#[test]
fn a_flush_that_fails_ends_the_receiver_and_a_new_start_stores_the_retry_once() {
    let desk = Desk::new(SQLITE, |text| text);
    let (before, during) = (id(0, 1), id(0, 2));
    let (first, second) = (desk.request(&before), desk.request(&during));
    let receiver = desk.armed("armed.toml", "sqlite_commit=error@2");
    assert_eq!(said(&receiver.raw(&first)), ACCEPTED);
    refused(&receiver.raw(&second), "the flush");
    // Until it has ended it takes nothing more, not even what it could write.
    let answer = try_exchange(&receiver.address, &second).unwrap_or_default();
    assert!(answer.is_empty() || said(&answer).0 == Some(503), "{answer}");
    assert_eq!(receiver.ended().code(), Some(69), "whoever supervises it starts it again");

    let receiver = Receiver::start(desk.path());
    let retried = receiver.raw(&second);
    assert!([ACCEPTED, DUPLICATE].contains(&said(&retried)), "{retried}");
    assert_eq!(said(&receiver.raw(&first)), DUPLICATE);
    assert_eq!(desk.delivered().into_keys().collect::<Vec<_>>(), [before.clone(), during.clone()]);
    for id in [before, during] {
        assert_eq!(desk.printed(&id), [1]);
    }
}

#[test]
fn a_flush_that_fails_while_a_copy_is_counted_ends_the_receiver_too() {
    let desk = Desk::new(SQLITE, |text| text);
    let (before, after) = (id(0, 1), id(0, 2));
    let (first, second) = (desk.request(&before), desk.request(&after));
    let receiver = desk.armed("armed.toml", "sqlite_count=error");
    assert_eq!(said(&receiver.raw(&first)), ACCEPTED);
    assert_eq!(said(&receiver.raw(&first)), DUPLICATE, "what it is a copy of is on the disk");
    let answer = try_exchange(&receiver.address, &second).unwrap_or_default();
    assert!(answer.is_empty() || said(&answer).0 == Some(503), "{answer}");
    assert_eq!(receiver.ended().code(), Some(69));

    let receiver = Receiver::start(desk.path());
    assert_eq!(said(&receiver.raw(&first)), DUPLICATE);
    assert_eq!(said(&receiver.raw(&second)), ACCEPTED);
    assert_eq!(desk.delivered().into_keys().collect::<Vec<_>>(), [before, after]);
}

#[test]
fn a_claim_or_an_answer_that_is_not_stored_is_503_inline_and_the_retry_runs() {
    for (fault, runs) in [
        ("before_claim=error@2", 1),
        ("sqlite_begun=full@3", 1),
        ("sqlite_commit=full@3", 1),
        ("answered=error@2", 2),
        ("sqlite_between=full@2", 2),
        ("sqlite_commit=full@4", 2),
    ] {
        let (address, _, seen) = core(vec![DONE]);
        let desk = Desk::new(SQLITE, |text| inlined(text, &address));
        let raw = [1, 2].map(|number| desk.request(&id(0, number)));
        let receiver = desk.armed("countersign.toml", fault);
        assert_eq!(said(&receiver.raw(&raw[0])), ACCEPTED, "{fault}");
        refused(&receiver.raw(&raw[1]), fault);
        assert_eq!(desk.ids(), [id(0, 1)], "{fault}");
        drop(receiver);
        let receiver = Receiver::start(desk.path());
        assert_eq!(said(&receiver.raw(&raw[1])), ACCEPTED, "{fault}");
        assert_eq!(said(&receiver.raw(&raw[1])), DUPLICATE, "{fault}");
        assert_eq!((ran(&seen, &id(0, 1)), ran(&seen, &id(0, 2))), (1, runs), "{fault}");
        assert_eq!(desk.ids(), [id(0, 1), id(0, 2)], "{fault}");
    }
}

/// Redis refuses every write once it could not save to its disk.
#[test]
fn a_redis_that_cannot_write_its_disk_is_503_until_it_can() {
    let server = Server::durable(&["--dbfilename", "taken"]);
    let desk = Desk::new(&part(&server, 0), |text| text);
    let receiver = Receiver::start(desk.path());
    let raw = [1, 2].map(|number| desk.request(&id(0, number)));
    assert_eq!(said(&receiver.raw(&raw[0])), ACCEPTED);
    desk.delivered();
    // A folder where its file has to go.
    let file = std::path::Path::new(server.cli(&["CONFIG", "GET", "dir"]).lines().nth(1).unwrap()).join("taken");
    std::fs::create_dir_all(file.join("x")).unwrap();
    server.cli(&["CONFIG", "SET", "save", "3600 1000000"]);
    server.cli(&["BGSAVE"]);
    until(|| server.cli(&["INFO", "persistence"]).contains("rdb_last_bgsave_status:err"));
    refused(&receiver.raw(&raw[1]), "a full disk of Redis");
    assert_eq!(desk.ids(), [id(0, 1)]);
    server.cli(&["CONFIG", "SET", "stop-writes-on-bgsave-error", "no"]);
    assert_eq!(said(&receiver.raw(&raw[1])), ACCEPTED);
    assert_eq!(said(&receiver.raw(&raw[0])), DUPLICATE);
    assert_eq!(desk.delivered().len(), 2);
}

pub(super) fn until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "expected it within 20 s");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(super) fn refused(answer: &str, row: &str) {
    assert!(said(answer) == (Some(503), None) && answer.contains("retry-after: "), "{row}: {answer}");
}
