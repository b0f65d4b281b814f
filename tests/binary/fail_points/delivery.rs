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
