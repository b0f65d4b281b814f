//! SIGKILL at each step of queue mode. The rule: before the store has promised, nothing is kept and the sender's retry is
//! accepted; after it, the retry is a duplicate; either way there is one record, and it is delivered once.

use super::{ACCEPTED, DUPLICATE, Desk, EVERYSEC, SQLITE, dies, each, id, part, rounds, said};
use crate::receiver::Receiver;
use crate::redis_server::Server;

/// Steps on every store, and whether the event is kept when the process ends there.
const STAGES: &[(&str, bool)] = &[
    ("body_read", false),
    ("verified", false),
    ("decoded", false),
    ("before_store", false),
    ("stored", true),
    ("reply_made", true),
    ("half_answer", true),
];
const OF_SQLITE: &[(&str, bool)] =
    &[("sqlite_begun", false), ("sqlite_between", false), ("sqlite_commit", false), ("sqlite_committed", true)];
const OF_REDIS: &[(&str, bool)] = &[("redis_send", false), ("redis_answered", true)];
/// Where only a copy passes.
const OF_COPIES: &str = "sqlite_count";

pub(super) fn points() -> Vec<&'static str> {
    [STAGES, OF_SQLITE, OF_REDIS].concat().iter().map(|(point, _)| *point).chain([OF_COPIES]).collect()
}

#[test]
fn sqlite_keeps_what_it_acknowledged_wherever_the_process_is_killed() {
    each(&[STAGES, OF_SQLITE].concat(), |_, row| killed_at("sqlite", &Desk::new(SQLITE, |text| text), *row));
}

#[test]
fn redis_keeps_what_it_acknowledged_wherever_the_process_is_killed() {
    let server = Server::durable(&[]);
    each(&[STAGES, OF_REDIS].concat(), |number, row| {
        killed_at("redis-always", &Desk::new(&part(&server, number), |text| text), *row);
    });
}

#[test]
fn redis_everysec_keeps_what_it_acknowledged_wherever_the_process_is_killed() {
    let server = Server::start(EVERYSEC);
    each(&[STAGES, OF_REDIS].concat(), |number, row| {
        killed_at("redis-everysec", &Desk::new(&part(&server, number), |text| text), *row);
    });
}

/// One event before, which is acknowledged, and one that the process does not survive.
fn killed_at(store: &str, desk: &Desk, (point, kept): (&str, bool)) {
    let (mut all, mut kept_in_all, mut lost, mut twice) = (Vec::new(), 0, 0, 0);
    for round in 0..rounds() {
        let (before, during) = (id(round, 1), id(round, 2));
        let (first, second) = (desk.request(&before), desk.request(&during));
        let armed = desk.armed("armed.toml", &format!("{point}=kill@2"));
        assert_eq!(said(&armed.raw(&first)), ACCEPTED, "{point}");
        dies(armed, &second, point);
        all.push(before.clone());
        let mut found = all.clone();
        found.extend(kept.then(|| during.clone()));
        assert_eq!(desk.ids(), found, "{point}");

        let receiver = Receiver::start(desk.path());
        assert_eq!(said(&receiver.raw(&second)), if kept { DUPLICATE } else { ACCEPTED }, "{point}");
        for copy in [&first, &second] {
            assert_eq!(said(&receiver.raw(copy)), DUPLICATE, "{point}");
        }
        all.push(during.clone());
        let delivered = desk.delivered();
        lost += all.iter().filter(|id| !delivered.contains_key(*id)).count();
        twice += [before, during].iter().filter(|id| desk.printed(id) != [1]).count();
        kept_in_all = delivered.len();
    }
    println!("kills {store}:{point} {} {} {} {kept_in_all} {lost} {twice}", rounds(), all.len(), all.len());
    assert_eq!((kept_in_all, lost, twice), (all.len(), 0, 0), "{point}");
}

#[test]
fn sqlite_keeps_one_record_when_the_process_is_killed_while_a_copy_is_counted() {
    let desk = Desk::new(SQLITE, |text| text);
    let id = id(0, 1);
    let copy = desk.request(&id);
    let armed = desk.armed("armed.toml", &format!("{OF_COPIES}=kill"));
    assert_eq!(said(&armed.raw(&copy)), ACCEPTED);
    dies(armed, &copy, OF_COPIES);
    assert_eq!(desk.ids(), [id.as_str()]);

    let receiver = Receiver::start(desk.path());
    assert_eq!(said(&receiver.raw(&copy)), DUPLICATE);
    assert_eq!(desk.delivered().into_keys().collect::<Vec<_>>(), [id.as_str()]);
    assert_eq!(desk.printed(&id), [1]);
}

/// Memory promises nothing beyond the process, and says so.
#[test]
fn memory_forgets_with_the_process_and_the_retry_is_accepted_again() {
    for point in ["before_store", "stored", "reply_made"] {
        let desk = Desk::new("url = \"memory:\"", |text| text);
        let (before, during) = (id(0, 1), id(0, 2));
        let armed = desk.armed("armed.toml", &format!("{point}=kill@2"));
        assert_eq!(said(&armed.raw(&desk.request(&before))), ACCEPTED, "{point}");
        dies(armed, &desk.request(&during), point);
        let receiver = Receiver::start(desk.path());
        for id in [before, during] {
            let raw = desk.request(&id);
            assert_eq!(said(&receiver.raw(&raw)), ACCEPTED, "{point}");
            assert_eq!(said(&receiver.raw(&raw)), DUPLICATE, "{point}");
        }
        assert_eq!(receiver.events(2).len(), 2, "{point}");
    }
}
