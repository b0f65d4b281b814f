//! SIGKILL at each step of a delivery. The rule: the attempt is counted before it is made, and a record that was not
//! acknowledged comes again under the same id, as another attempt.

use super::{ACCEPTED, DUPLICATE, Desk, LEASES_OVER, SQLITE, each, id, part, said};
use crate::receiver::try_exchange;
use crate::redis_server::Server;
use std::os::unix::process::ExitStatusExt;

struct Row {
    point: &'static str,
    /// State of the record when the process has ended.
    state: &'static str,
    /// Attempts that were printed by then, and in all.
    printed: (&'static [u64], &'static [u64]),
}

const ROWS: &[Row] = &[
    Row { point: "leased", state: "leased", printed: (&[], &[2]) },
    Row { point: "sink_done", state: "leased", printed: (&[1], &[1, 2]) },
    Row { point: "acknowledged", state: "delivered", printed: (&[1], &[1]) },
];

pub(super) fn points() -> Vec<&'static str> {
    ROWS.iter().map(|row| row.point).collect()
}

#[test]
fn sqlite_delivers_again_what_was_not_acknowledged_when_it_is_opened_again() {
    each(ROWS, |_, row| killed_at(&Desk::new(SQLITE, |text| text), row, "0"));
}

#[test]
fn redis_delivers_again_what_was_not_acknowledged_when_the_lease_of_the_dead_is_over() {
    let server = Server::durable(&[]);
    each(ROWS, |number, row| killed_at(&Desk::new(&part(&server, number), |text| text), row, LEASES_OVER));
}

fn killed_at(desk: &Desk, row: &Row, ahead: &str) {
    let (point, before, during) = (row.point, id(0, 1), id(0, 2));
    let (first, second) = (desk.request(&before), desk.request(&during));
    let armed = desk.armed("countersign.toml", &format!("{point}=kill@2"));
    assert_eq!(said(&armed.raw(&first)), ACCEPTED, "{point}");
    desk.delivered();
    // The worker may be faster than the answer.
    let answer = try_exchange(&armed.address, &second).unwrap_or_default();
    assert!(answer.is_empty() || said(&answer) == ACCEPTED, "{point}: {answer}");
    assert_eq!(armed.ended().signal(), Some(9), "{point}");
    assert_eq!(desk.kept()[&during], (row.state.to_owned(), 1), "{point}");
    assert_eq!(desk.printed(&during), row.printed.0, "{point}");

    let receiver = desk.again(ahead);
    for copy in [&first, &second] {
        assert_eq!(said(&receiver.raw(copy)), DUPLICATE, "{point}");
    }
    assert_eq!(desk.delivered().into_keys().collect::<Vec<_>>(), [before.clone(), during.clone()], "{point}");
    assert_eq!(desk.printed(&during), row.printed.1, "{point}");
    assert_eq!(desk.printed(&before), [1], "{point}");
}

/// What it had taken waits until its lease ends, as nobody knows what became of it.
#[test]
fn a_worker_that_falls_by_a_defect_begins_anew_and_delivers_what_comes_then() {
    let desk = Desk::new(SQLITE, |text| text);
    let (first, second) = (id(0, 1), id(0, 2));
    let armed = desk.armed("countersign.toml", "sink_done=panic");
    assert_eq!(said(&armed.raw(&desk.request(&first))), ACCEPTED);
    armed.logged("hand_panicked", 1);
    assert_eq!(said(&armed.raw(&desk.request(&second))), ACCEPTED);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let expected = [(first.clone(), ("leased".to_owned(), 1)), (second.clone(), ("delivered".to_owned(), 1))];
    while desk.kept() != std::collections::BTreeMap::from(expected.clone()) {
        assert!(std::time::Instant::now() < deadline, "{:?}", desk.kept());
    }
    drop(armed);
    let receiver = desk.again("0");
    desk.delivered();
    assert_eq!((desk.printed(&first), desk.printed(&second)), (vec![1, 2], vec![1]));
    drop(receiver);
}

#[test]
fn an_event_that_ends_the_process_each_time_is_parked_and_the_next_is_delivered() {
    poison(&Desk::new(SQLITE, few_tries), 0);
}

#[test]
fn an_event_that_ends_the_process_each_time_is_parked_on_redis_too() {
    let server = Server::durable(&[]);
    poison(&Desk::new(&part(&server, 0), few_tries), 61);
}

fn few_tries(text: String) -> String {
    let retry = "type = \"stdout\"\nretry = { attempts = 3 }";
    let changed = text.replace("type = \"stdout\"", retry);
    assert_ne!(changed, text);
    changed
}

/// `over` is after how many seconds the lease of a dead process ends.
fn poison(desk: &Desk, over: u64) {
    let (bad, good) = (id(0, 1), id(0, 2));
    let armed = desk.armed("countersign.toml", "leased=kill");
    // The worker may be faster than the answer.
    let _ = try_exchange(&armed.address, &desk.request(&bad));
    assert_eq!(armed.ended().signal(), Some(9));
    for start in 1..3_u64 {
        assert_eq!(desk.kept()[&bad], ("leased".to_owned(), start));
        let ended = std::process::Command::new(crate::receiver::PROGRAM)
            .current_dir(desk.path())
            .env("COUNTERSIGN_FAIL_POINT", "leased=kill")
            .env("COUNTERSIGN_CLOCK_AHEAD", (start * over).to_string())
            .output()
            .unwrap();
        assert_eq!(ended.status.signal(), Some(9), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    let receiver = desk.again(&(3 * over).to_string());
    receiver.logged("an event is parked untried", 1);
    assert_eq!(said(&receiver.raw(&desk.request(&good))), ACCEPTED);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let expected = [(bad.clone(), ("parked".to_owned(), 4)), (good.clone(), ("delivered".to_owned(), 1))];
    while desk.kept() != std::collections::BTreeMap::from(expected.clone()) {
        assert!(std::time::Instant::now() < deadline, "{:?}", desk.kept());
    }
    assert_eq!((desk.printed(&bad), desk.printed(&good)), (vec![], vec![1]));
}
