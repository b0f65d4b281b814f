//! The failure table, row by row: a fault at each step between the reading of a body and the end of its answer, and of its
//! delivery, on each store. The rule: every fault is a real one, and what is kept is looked at before the sender retries.
//!
//! | fault at | test |
//! |---|---|
//! | each step of queue mode: SIGKILL | `queue`, for SQLite, Redis `always` and `everysec`, and memory |
//! | each step of inline mode: SIGKILL | `inline`, for SQLite and Redis |
//! | each step of a delivery: SIGKILL | `delivery` |
//! | a step fails: full disk, failed flush, a store that says no | `errors` |
//! | between Redis and the receiver: unsent, unheard, cut | `wire` |
//! | the disk: full at each write, a refused flush, the power cut | `disk` |
//! | a clock that jumps | `clock` |

mod clock;
mod delivery;
#[cfg(target_os = "linux")]
mod disk;
mod errors;
mod inline;
mod queue;
mod wire;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::receiver::{Receiver, events, folder, out, run, status, try_exchange};
use crate::redis_server::Server;
use crate::signer::Signer;

/// What a lease of a killed receiver on Redis takes to end, by a clock that has jumped ahead: seconds.
const LEASES_OVER: &str = "61";
/// Rows of one table that run at once: a receiver that starts waits more than it works.
const TOGETHER: usize = 4;

/// A folder with two configurations of one store: one to end in, and one to start again with.
struct Desk {
    folder: tempfile::TempDir,
    signer: Signer,
}

impl Desk {
    /// On this store. Where the sinks of `countersign.toml` are standard output, `armed.toml` has none, so that what is
    /// accepted is all that the store is asked for.
    fn new(store: &str, change: impl Fn(String) -> String) -> Self {
        let folder = folder(|text| change(text.replace("url = \"sqlite:countersign.db\"", store)));
        let text = std::fs::read_to_string(folder.path().join("countersign.toml")).unwrap();
        let none = "[[sink]]\nname = \"nowhere\"\ntype = \"none\"\n";
        let lines = text.lines().map(|line| match line.split_once('=') {
            Some((name, value)) if name.trim() == "sink" && value.trim() == "\"stdout\"" => "sink = \"nowhere\"",
            _ => line,
        });
        let armed = lines.collect::<Vec<_>>().join("\n") + "\n" + none;
        std::fs::write(folder.path().join("armed.toml"), armed).unwrap();
        Self { folder, signer: Signer::demo() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A receiver that ends or fails at a step.
    fn armed(&self, configuration: &str, fault: &str) -> Receiver {
        Receiver::start_with(self.path(), &["--config", configuration], &[("COUNTERSIGN_FAIL_POINT", fault)])
    }

    /// A receiver after the fault, whose clock has jumped by so many seconds.
    fn again(&self, ahead: &str) -> Receiver {
        Receiver::start_with(self.path(), &[], &[("COUNTERSIGN_CLOCK_AHEAD", ahead)])
    }

    fn request(&self, id: &str) -> Vec<u8> {
        self.signer.request(id, &payment(id))
    }

    /// State and attempts of each record by its request's id. One record an event.
    fn kept(&self) -> BTreeMap<String, (String, u64)> {
        let listed = out(&run(self.path(), &["inbox", "list", "--json"]));
        let mut kept = BTreeMap::new();
        for line in listed.lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            let (id, state) = (entry["requestid"].as_str().unwrap(), entry["state"].as_str().unwrap());
            let before = kept.insert(id.to_owned(), (state.to_owned(), entry["attempts"].as_u64().unwrap()));
            assert!(before.is_none(), "{id} is kept twice: {listed}");
        }
        kept
    }

    fn ids(&self) -> Vec<String> {
        self.kept().into_keys().collect()
    }

    /// Waits until everything that is kept is delivered.
    fn delivered(&self) -> BTreeMap<String, (String, u64)> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let kept = self.kept();
            if kept.values().all(|(state, _)| state == "delivered") {
                return kept;
            }
            let wrong = kept.values().any(|(state, _)| state == "quarantined" || state == "parked");
            assert!(!wrong && Instant::now() < deadline, "expected everything to be delivered, but found {kept:?}");
        }
    }

    /// Attempts of an event, in the order in which they were printed.
    fn printed(&self, id: &str) -> Vec<u64> {
        let printed = events(self.path());
        printed
            .iter()
            .filter(|event| event["requestid"] == id)
            .map(|event| event["attempt"].as_u64().unwrap())
            .collect()
    }
}

/// The answer's status and what it says about the event.
fn said(answer: &str) -> (Option<u16>, Option<&str>) {
    (status(answer), answer.lines().find_map(|line| line.strip_prefix("countersign-result: ")).map(str::trim))
}

const ACCEPTED: (Option<u16>, Option<&str>) = (Some(204), Some("accepted"));
const DUPLICATE: (Option<u16>, Option<&str>) = (Some(204), Some("duplicate"));

/// Sends what the receiver does not survive: it was a SIGKILL, and no whole head of an answer has left.
fn dies(receiver: Receiver, raw: &[u8], row: &str) {
    let answer = try_exchange(&receiver.address, raw).unwrap_or_default();
    assert!(!answer.contains("\r\n\r\n"), "{row}: {answer}");
    assert_eq!(receiver.ended().signal(), Some(9), "{row}");
}

/// The payment that an event is about: Worldline's ids have at most 35 characters.
fn payment(id: &str) -> String {
    format!("p-{}-{}", &id[..8], &id[24..])
}

/// The request's id in a round of a row.
fn id(round: usize, number: usize) -> String {
    format!("{round:08x}-0000-4000-8000-{number:012x}")
}

/// How often each row is gone through; a soak says more.
fn rounds() -> usize {
    std::env::var("COUNTERSIGN_FAIL_POINT_ROUNDS").map_or(1, |text| text.parse().expect("a number"))
}

/// Runs a test on every row of a table, some at once. A row that fails says its name.
fn each<T: Sync>(rows: &[T], test: impl Fn(usize, &T) + Sync) {
    std::thread::scope(|scope| {
        for first in 0..TOGETHER {
            let test = &test;
            scope.spawn(move || {
                for (number, row) in rows.iter().enumerate().skip(first).step_by(TOGETHER) {
                    test(number, row);
                }
            });
        }
    });
}

/// A store of its own in a server that many rows share.
fn part(server: &Server, number: usize) -> String {
    format!("url = \"{}\"\nprefix = \"row-{number}\"", server.url())
}

const SQLITE: &str = "url = \"sqlite:countersign.db\"";
const EVERYSEC: &[&str] = &["--appendonly", "yes", "--appendfsync", "everysec"];

#[test]
fn a_step_that_is_none_is_refused_and_every_step_is_in_a_table() {
    let desk = Desk::new(SQLITE, |text| text);
    let refused = std::process::Command::new(crate::receiver::PROGRAM)
        .current_dir(desk.path())
        .env("COUNTERSIGN_FAIL_POINT", "none=kill")
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(64));
    let text = crate::receiver::err(&refused);
    let (_, names) = text.split_once("expected one of ").unwrap_or_else(|| panic!("{text}"));
    let known = names.split_once(" in ").unwrap().0.split(' ').map(str::to_owned).collect();
    let tables: [&[&str]; 3] = [&queue::points(), &inline::points(), &delivery::points()];
    let tested: std::collections::BTreeSet<String> = tables.concat().iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(tested, known);
}
