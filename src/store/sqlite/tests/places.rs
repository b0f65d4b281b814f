//! Faults of finding a record by its id: one that is not found is taken for new, and money moves twice.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rusqlite::Connection;

use super::{Desk, SqliteStore, accept, join_all};
use crate::clock::Clock;
use crate::store::conformance::{LEASE, RETENTION, event};
use crate::store::{Acceptance, EventId, Store};

/// Something that happens to a file.
#[derive(Debug, Clone)]
enum Step {
    /// Events that come at once, by their numbers.
    Accept(Vec<u8>),
    /// The same in one transaction, which then fails.
    Fail(Vec<u8>),
    /// Other content under a taken id.
    Conflict(u8),
    Deliver,
    /// Everything is past its retention from now on, and not forgotten yet.
    Age,
    Forget,
    /// The process ends, and another one starts.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let numbers = || prop::collection::vec(0..24_u8, 1..6);
    prop_oneof![
        8 => numbers().prop_map(Step::Accept),
        2 => numbers().prop_map(Step::Fail),
        1 => (0..24_u8).prop_map(Step::Conflict),
        3 => Just(Step::Deliver),
        1 => Just(Step::Age),
        1 => Just(Step::Forget),
        2 => Just(Step::Restart),
    ]
}

#[test]
fn an_id_is_found_while_it_waits_while_it_is_sorted_and_after_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    let story = prop::collection::vec(step(), 1..40);
    let ran = TestRunner::new(config).run(&story, |steps| {
        runtime.block_on(happen(&steps));
        Ok(())
    });
    ran.unwrap();
}

async fn happen(steps: &[Step]) {
    let desk = Desk::new();
    let mut store = Some(desk.open());
    let of = |number: &u8| {
        let mut event = event(&number.to_string());
        event.retain_until = desk.clock.now().after(RETENTION);
        event
    };
    for step in steps {
        let open = store.as_ref().unwrap();
        match step {
            Step::Accept(numbers) => {
                let mut known = remembered(&desk);
                let told = join_all(numbers.iter().map(|number| open.accept(of(number).verified()))).await;
                for (number, told) in numbers.iter().zip(told) {
                    let is_new = known.insert(of(number).event_id().to_string());
                    let expected = if is_new { Acceptance::Accepted } else { Acceptance::Duplicate };
                    assert_eq!(told, Ok(expected), "{number} in {step:?} of {steps:?}");
                }
            }
            Step::Fail(numbers) => fail(open, numbers.iter().map(of).collect()).await,
            Step::Conflict(number) if remembered(&desk).contains(of(number).event_id().as_str()) => {
                assert_eq!(accept(open, &of(number).content("other")).await, Acceptance::Conflict, "{number}");
            }
            Step::Conflict(_) => {}
            Step::Deliver => {
                let leased = open.lease([].into(), 3, LEASE).await.unwrap();
                open.acknowledge(leased.into_iter().map(|one| (one.id, one.fence)).collect()).await.unwrap_or_default();
            }
            Step::Age => desk.clock.set(desk.clock.now().after(RETENTION).after(LEASE)),
            Step::Forget => {
                desk.clock.set(desk.clock.now().after(RETENTION).after(LEASE));
                open.prune().await.unwrap();
            }
            Step::Restart => {
                drop(store.take());
                store = Some(desk.open());
            }
        }
        expect_exact(&desk, steps);
    }
    for id in ids_of(&desk).keys() {
        assert!(desk.observe().show(&EventId::parse(id).unwrap()).unwrap().is_some(), "{id} in {steps:?}");
    }
}

async fn fail(store: &SqliteStore, events: Vec<crate::store::conformance::Event>) {
    let records: Vec<_> = events.iter().map(|event| (event.verified(), vec![0; 32])).collect();
    let failed = store.writer.call(move |work| {
        for (record, seal) in &records {
            work.accept(record, seal)?.ok();
        }
        work.prune()?.ok();
        work.connection.execute_batch("INSERT INTO no_such_table VALUES (1)").map(Ok)
    });
    assert!(failed.await.is_err());
}

/// Every record has the place where it is, and nothing else has one.
fn expect_exact(desk: &Desk, steps: &[Step]) {
    let connection = Connection::open(desk.path()).unwrap();
    let read = |sql: &str| -> Vec<(String, i64)> {
        let mut rows = connection.prepare(sql).unwrap();
        rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    };
    let mut places: BTreeMap<String, i64> = read("SELECT lower(hex(id)), position FROM place").into_iter().collect();
    for (row, last) in read("SELECT hex(ids), number FROM arrival") {
        for place in row.as_bytes().chunks(48).map(|place| std::str::from_utf8(place).unwrap()) {
            let position = i64::from_str_radix(&place[32..], 16).unwrap();
            assert!(position <= last, "{steps:?}");
            let before = places.insert(place[..32].to_lowercase(), position);
            assert!(before.is_none_or(|before| before == position), "two places in {steps:?}");
        }
    }
    assert_eq!(places, ids_of(desk), "{steps:?}");
}

/// The ids that are taken, by a look at every record.
fn remembered(desk: &Desk) -> BTreeSet<String> {
    let connection = Connection::open(desk.path()).unwrap();
    let taken = "SELECT id FROM inbox WHERE compared IS NOT NULL AND
        (state IN ('ready', 'leased', 'parked') OR retain_until >= ?1)";
    let mut rows = connection.prepare(taken).unwrap();
    rows.query_map([desk.clock.now().millis()], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn ids_of(desk: &Desk) -> BTreeMap<String, i64> {
    let connection = Connection::open(desk.path()).unwrap();
    let mut rows = connection.prepare("SELECT id, position FROM inbox").unwrap();
    let mut ids = BTreeMap::new();
    for row in rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap() {
        let (id, position): (String, i64) = row.unwrap();
        assert_eq!(ids.insert(id, position), None, "an id has one record");
    }
    ids
}

#[tokio::test]
async fn an_operator_finds_what_waits_what_is_sorted_and_nothing_else() {
    let desk = Desk::new();
    let store = desk.open();
    let numbers: Vec<String> = (0..23).map(|number| number.to_string()).collect();
    for number in &numbers {
        accept(&store, &event(number)).await;
        let leased = store.lease([].into(), 1, LEASE).await.unwrap();
        store.park(leased[0].id.clone(), leased[0].fence, "given up".into()).await.unwrap();
    }
    let connection = Connection::open(desk.path()).unwrap();
    let count = |table: &str| -> i64 {
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert!(count("arrival") > 0 && count("place") > 0, "{} wait, {} are sorted", count("arrival"), count("place"));
    let ids: Vec<_> = numbers.iter().map(|number| event(number).event_id()).collect();
    for id in &ids {
        assert!(desk.observe().show(id).unwrap().unwrap().intact, "{id}");
    }
    assert!(desk.observe().show(&event("none").event_id()).unwrap().is_none());
    assert_eq!(desk.observe().requeue(&ids), Ok(23));
    assert_eq!(desk.observe().requeue(&[event("none").event_id()]), Ok(0));
}

#[tokio::test]
async fn what_is_sorted_in_is_not_kept_twice_for_long() {
    let desk = Desk::new();
    let store = desk.open();
    for number in 0..100 {
        accept(&store, &event(&number.to_string())).await;
    }
    expect_exact(&desk, &[]);
    let connection = Connection::open(desk.path()).unwrap();
    let rows: i64 = connection.query_row("SELECT count(*) FROM arrival", [], |row| row.get(0)).unwrap();
    // A few that wait, and as many that are sorted in or whose rows go.
    assert!(rows <= 16, "{rows}");
}

#[tokio::test]
async fn a_record_that_comes_and_goes_in_one_transaction_leaves_no_place() {
    let desk = Desk::new();
    let store = desk.open();
    let mut past = event("1");
    past.problem = Some("no such field");
    past.retain_until = desk.clock.now().before(RETENTION);
    let (record, kept) = (past.verified(), event("2").verified());
    let pruned = store.writer.call(move |work| {
        work.accept(&kept, &[0; 32])?.ok();
        work.accept(&record, &[0; 32])?.ok();
        work.prune()
    });
    assert_eq!(pruned.await.unwrap().records, 1);
    expect_exact(&desk, &[]);
    assert_eq!(ids_of(&desk).len(), 1);
    assert_eq!(accept(&store, &event("1")).await, Acceptance::Accepted);
    assert_eq!(accept(&store, &event("1")).await, Acceptance::Duplicate);
    assert_eq!(accept(&store, &event("2")).await, Acceptance::Duplicate);
}

#[tokio::test]
async fn an_id_that_came_again_is_known_whenever_the_process_ends() {
    for (between, behind) in (0..3).flat_map(|between| (0..12).map(move |behind| (between, behind))) {
        let desk = Desk::new();
        let store = desk.open();
        accept(&store, &event("again")).await;
        let leased = store.lease([].into(), 1, LEASE).await.unwrap();
        store.acknowledge(leased.into_iter().map(|one| (one.id, one.fence)).collect()).await.unwrap();
        for number in 0..between {
            accept(&store, &event(&number.to_string())).await;
        }
        desk.clock.set(desk.clock.now().after(RETENTION).after(LEASE));
        store.prune().await.unwrap();
        let mut again = event("again");
        again.retain_until = desk.clock.now().after(RETENTION);
        assert_eq!(accept(&store, &again).await, Acceptance::Accepted);
        for number in 0..behind {
            accept(&store, &event(&format!("behind-{number}"))).await;
        }
        drop(store);
        let store = desk.open();
        assert_eq!(accept(&store, &again).await, Acceptance::Duplicate, "{between} between, {behind} behind");
        expect_exact(&desk, &[]);
    }
}

#[tokio::test]
async fn an_id_has_its_place_again_when_what_replaced_its_record_is_taken_back() {
    let desk = Desk::new();
    let store = desk.open();
    accept(&store, &event("1")).await;
    let leased = store.lease([].into(), 1, LEASE).await.unwrap();
    store.acknowledge(leased.into_iter().map(|one| (one.id, one.fence)).collect()).await.unwrap();
    desk.clock.set(desk.clock.now().after(RETENTION).after(LEASE));
    let mut again = event("1");
    again.retain_until = desk.clock.now().after(RETENTION);
    fail(&store, vec![again.clone()]).await;
    expect_exact(&desk, &[]);
    assert_eq!(accept(&store, &again).await, Acceptance::Accepted);
    expect_exact(&desk, &[]);
}
