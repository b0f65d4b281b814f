//! Cases of delivery: counted before it is tried, one owner at a time, until it is acknowledged.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{LEASE, Open, RETENTION, START, bench, event};
use crate::clock::Timestamp;
use crate::store::{Acceptance, EventId, LARGEST_LEASE, State, StoreError};

const SECOND: Duration = Duration::from_secs(1);

pub(in crate::store) async fn an_attempt_counts_before_it_is_made(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let leased = bench.lease_one().await;
    assert_eq!(leased.attempt, 1);
    let shown = bench.store.show(leased.id).await.unwrap().unwrap();
    assert_eq!((shown.entry.attempts, shown.entry.state), (1, State::Leased));
}

pub(in crate::store) async fn an_expired_lease_is_given_to_a_later_owner(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let first = bench.lease_one().await;
    bench.at(LEASE - SECOND);
    assert!(bench.lease(10).await.is_empty());
    bench.at(LEASE);
    let second = bench.lease_one().await;
    assert!(second.fence > first.fence);
    assert_eq!((second.id, second.attempt), (first.id, 2));
}

pub(in crate::store) async fn a_try_that_ended_without_a_word_is_told_from_one_that_failed(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let first = bench.lease_one().await;
    assert!(!first.is_abandoned, "nobody had it before");
    bench.at(LEASE);
    let second = bench.lease_one().await;
    assert!(second.is_abandoned);
    bench.store.retry_at(second.id.clone(), second.fence, START, "status 500".into()).await.unwrap();
    let third = bench.lease_one().await;
    assert!(!third.is_abandoned);
    bench.store.give_back(vec![(third.id, third.fence)], START).await.unwrap();
    let fourth = bench.lease_one().await;
    assert!(!fourth.is_abandoned);
    bench.store.park(fourth.id.clone(), fourth.fence, "given up".into()).await.unwrap();
    bench.store.requeue(vec![fourth.id]).await.unwrap();
    assert!(!bench.lease_one().await.is_abandoned);
}

pub(in crate::store) async fn a_late_worker_is_told_that_it_lost(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let late = bench.lease_one().await;
    bench.at(LEASE);
    let owner = bench.lease_one().await;
    let store = &bench.store;
    assert_eq!(store.acknowledge(vec![(late.id.clone(), late.fence)]).await, Err(StoreError::LeaseLost));
    assert_eq!(store.retry_at(late.id.clone(), late.fence, START, "x".into()).await, Err(StoreError::LeaseLost));
    assert_eq!(store.park(late.id.clone(), late.fence, "x".into()).await, Err(StoreError::LeaseLost));
    assert_eq!(bench.ids(Some(State::Leased)).await, [late.id]);
    store.acknowledge(vec![(owner.id.clone(), owner.fence)]).await.unwrap();
    assert_eq!(bench.ids(Some(State::Delivered)).await, std::slice::from_ref(&owner.id));
    // What is delivered is nobody's.
    assert_eq!(store.park(owner.id, owner.fence, "x".into()).await, Err(StoreError::LeaseLost));
}

pub(in crate::store) async fn a_retry_is_not_due_before_its_time(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let leased = bench.lease_one().await;
    let due = START.after(LEASE * 10);
    bench.store.retry_at(leased.id.clone(), leased.fence, due, "status 500".into()).await.unwrap();
    bench.at(LEASE * 10 - SECOND);
    assert!(bench.lease(10).await.is_empty());
    let shown = bench.store.show(leased.id).await.unwrap().unwrap();
    assert_eq!(shown.entry.state, State::Ready);
    assert_eq!(shown.entry.reason.as_deref(), Some("status 500"));
    bench.at(LEASE * 10);
    assert_eq!(bench.lease_one().await.attempt, 2);
}

pub(in crate::store) async fn a_record_that_was_not_tried_costs_no_attempt(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let leased = bench.lease_one().await;
    let held = vec![(leased.id.clone(), leased.fence)];
    bench.store.give_back(held.clone(), START.after(SECOND)).await.unwrap();
    assert_eq!(bench.store.give_back(held.clone(), START).await, Err(StoreError::LeaseLost), "once");
    assert_eq!(bench.store.acknowledge(held).await, Err(StoreError::LeaseLost), "and nobody's any more");
    let shown = bench.store.show(leased.id).await.unwrap().unwrap();
    assert_eq!((shown.entry.attempts, shown.entry.state, shown.entry.reason), (0, State::Ready, None));
    assert!(bench.lease(10).await.is_empty(), "not before its time");
    bench.at(SECOND);
    let again = bench.lease_one().await;
    assert_eq!(again.attempt, 1);
    bench.store.give_back(vec![(again.id, again.fence)], Timestamp::default()).await.unwrap();
    assert_eq!(bench.lease_one().await.attempt, 1);
}

pub(in crate::store) async fn a_parked_record_waits_for_an_operator(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let leased = bench.lease_one().await;
    bench.store.park(leased.id.clone(), leased.fence, "given up".into()).await.unwrap();
    bench.at(LEASE * 1000);
    assert!(bench.lease(10).await.is_empty());
    assert_eq!(bench.ids(Some(State::Parked)).await, std::slice::from_ref(&leased.id));
    let unknown = EventId::parse(&"0".repeat(32)).unwrap();
    assert_eq!(bench.store.requeue(vec![leased.id.clone(), unknown]).await, Ok(1));
    let again = bench.lease_one().await;
    assert!(again.fence > leased.fence);
}

pub(in crate::store) async fn a_requeued_record_is_never_a_first_attempt_again(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let leased = bench.lease_one().await;
    bench.store.acknowledge(vec![(leased.id.clone(), leased.fence)]).await.unwrap();
    assert_eq!(bench.store.requeue(vec![leased.id.clone()]).await, Ok(1));
    assert_eq!(bench.store.requeue(vec![leased.id]).await, Ok(0));
    assert_eq!(bench.lease_one().await.attempt, 2);
}

pub(in crate::store) async fn a_quarantined_record_is_never_requeued(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    assert_eq!(bench.accept(&event("1").content("{}")).await, Acceptance::Conflict);
    let quarantined = bench.ids(Some(State::Quarantined)).await;
    assert_eq!(bench.store.requeue(quarantined.clone()).await, Ok(0));
    assert_eq!(bench.ids(Some(State::Quarantined)).await, quarantined);
}

pub(in crate::store) async fn a_discarded_record_is_never_delivered_and_stays_for_its_retention(open: Open) {
    let bench = bench(open);
    let fenced = event("1").fence("signed");
    bench.accept(&fenced).await;
    let leased = bench.lease_one().await;
    bench.store.park(leased.id.clone(), leased.fence, "given up".into()).await.unwrap();
    let unknown = EventId::parse(&"0".repeat(32)).unwrap();
    let both = vec![leased.id.clone(), unknown];
    assert_eq!(bench.store.discard(both.clone()).await, Ok(1));
    assert_eq!(bench.store.discard(both).await, Ok(0));
    assert_eq!(bench.store.requeue(vec![leased.id.clone()]).await, Ok(0));
    bench.at(LEASE * 1000);
    assert!(bench.lease(10).await.is_empty());
    bench.store.prune().await.unwrap();
    let shown = bench.store.show(leased.id).await.unwrap().unwrap();
    assert_eq!(shown.entry.state, State::Quarantined);
    assert_eq!(shown.entry.reason.as_deref(), Some("discarded by an operator: given up"));
    // Its names stay taken, until both go with it.
    assert_eq!(bench.accept(&event("1")).await, Acceptance::Duplicate);
    assert_eq!(bench.accept(&event("2").fence("signed")).await, Acceptance::Duplicate);
    bench.at(RETENTION + SECOND);
    assert_eq!(bench.store.prune().await.unwrap().records, 1);
    let stats = bench.store.stats().await.unwrap();
    assert_eq!((stats.quarantined, stats.parked, stats.identities), (0, 0, 0));
}

pub(in crate::store) async fn only_what_is_parked_is_discarded(open: Open) {
    let bench = bench(open);
    for id in ["delivered", "leased", "ready"] {
        bench.accept(&event(id)).await;
    }
    let [delivered, _leased]: [_; 2] = bench.lease(2).await.try_into().unwrap();
    bench.store.acknowledge(vec![(delivered.id, delivered.fence)]).await.unwrap();
    assert_eq!(bench.store.discard(bench.ids(None).await).await, Ok(0));
    let stats = bench.store.stats().await.unwrap();
    assert_eq!((stats.delivered, stats.leased, stats.ready, stats.quarantined), (1, 1, 1, 0));
}

pub(in crate::store) async fn records_of_other_endpoints_are_not_handed_out(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    bench.accept(&event("1").endpoint("bank-b")).await;
    let wanted = ["bank-b".into(), "bank-c".into()];
    let leased = bench.store.lease(wanted.into(), 10, LEASE).await.unwrap();
    let endpoints: Vec<_> = leased.iter().map(|one| &*one.record.provenance().endpoint).collect();
    assert_eq!(endpoints, ["bank-b"]);
}

pub(in crate::store) async fn records_leave_in_the_order_of_acceptance(open: Open) {
    let bench = bench(open);
    let mut accepted = Vec::new();
    for number in 0..9 {
        let endpoint = if number % 2 == 0 { "bank-a" } else { "bank-b" };
        let event = event(&format!("event-{number}")).endpoint(endpoint);
        bench.accept(&event).await;
        accepted.push(event.event_id());
    }
    let mut leased = Vec::new();
    for _ in 0..3 {
        leased.extend(bench.lease(3).await.into_iter().map(|one| one.id));
    }
    assert_eq!(leased, accepted);
    assert!(bench.lease(3).await.is_empty());
}

pub(in crate::store) async fn a_lease_has_a_bound_in_bytes_too(open: Open) {
    let bench = bench(open);
    let large: &'static str = Box::leak(format!("\"{}\"", "x".repeat(LARGEST_LEASE / 5)).into_boxed_str());
    let ids: Vec<_> = (0..12).map(|number| format!("large {number:02}")).collect();
    for id in &ids {
        bench.accept(&event(id).content(large)).await;
    }
    let (mut leased, mut calls) = (Vec::new(), 0);
    while leased.len() < ids.len() {
        let some = bench.lease(100).await;
        assert!((1..6).contains(&some.len()), "{} of {} bytes each", some.len(), large.len());
        leased.extend(some.into_iter().filter_map(|one| one.record.request_id.as_deref().map(str::to_owned)));
        calls += 1;
    }
    assert!(calls >= 3, "{calls}");
    assert_eq!(leased, ids, "in the order of acceptance, each once");
    assert!(bench.lease(100).await.is_empty());
}

pub(in crate::store) async fn large_events_that_failed_let_what_is_new_go_first_too(open: Open) {
    let bench = bench(open);
    let large: &'static str = Box::leak(format!("\"{}\"", "x".repeat(LARGEST_LEASE / 5)).into_boxed_str());
    for number in 0..6 {
        bench.accept(&event(&format!("bad {number}")).content(large)).await;
    }
    let mut failed = 0;
    while failed < 6 {
        for one in bench.lease(100).await {
            failed += 1;
            bench.store.retry_at(one.id, one.fence, START.after(SECOND), "status 500".into()).await.unwrap();
        }
    }
    bench.clock.set(START.after(SECOND));
    for number in 0..4 {
        bench.accept(&event(&format!("good {number}")).content(large)).await;
    }
    let leased = bench.lease(100).await;
    let fresh = leased.iter().filter(|one| one.attempt == 1).count();
    assert_eq!((fresh, leased.len()), (4, 5), "one of those that failed all the same");
}

pub(in crate::store) async fn what_failed_lets_what_is_new_go_first_and_is_not_forgotten(open: Open) {
    let bench = bench(open);
    for number in 0..4 {
        bench.accept(&event(&format!("bad {number}"))).await;
    }
    let bad = bench.lease(10).await;
    let ids: Vec<EventId> = bad.iter().map(|one| one.id.clone()).collect();
    let [failed, parked, given_back, acknowledged] = &bad[..] else { panic!("expected four, but found {bad:?}") };
    bench.store.retry_at(failed.id.clone(), failed.fence, START, "status 500".into()).await.unwrap();
    bench.store.park(parked.id.clone(), parked.fence, "given up".into()).await.unwrap();
    bench.store.acknowledge(vec![(acknowledged.id.clone(), acknowledged.fence)]).await.unwrap();
    bench.store.requeue(vec![parked.id.clone(), acknowledged.id.clone()]).await.unwrap();
    // This one was tried by its last owner, and not by the one that gives it back.
    let (id, fence) = (given_back.id.clone(), given_back.fence);
    bench.store.retry_at(id.clone(), fence, Timestamp::default(), "status 500".into()).await.unwrap();
    let tried: Vec<_> = bench.lease(10).await.into_iter().map(|one| (one.id, one.fence)).collect();
    assert_eq!(tried.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), ids);
    bench.store.give_back(tried, Timestamp::default()).await.unwrap();
    let mut new = Vec::new();
    for number in 0..20 {
        let event = event(&format!("new {number}"));
        bench.accept(&event).await;
        new.push(event.event_id());
    }
    // So far nobody tried these either: they were only held.
    let held = bench.lease(1).await.into_iter().map(|one| (one.id, one.fence)).collect();
    bench.store.give_back(held, Timestamp::default()).await.unwrap();
    let first: Vec<_> = bench.lease(1).await.into_iter().map(|one| one.id).collect();
    assert_eq!(first, new[..1], "one that can find out whether the sink is well");
    let two: Vec<_> = bench.lease(2).await.into_iter().map(|one| one.id).collect();
    assert_eq!(two, [&ids[..1], &new[1..2]].concat(), "one place at least");
    let many: Vec<_> = bench.lease(16).await.into_iter().map(|one| one.id).collect();
    assert_eq!(many, [&ids[1..3], &new[2..16]].concat(), "an eighth, in the order of acceptance");
    let rest: Vec<_> = bench.lease(16).await.into_iter().map(|one| one.id).collect();
    assert_eq!(rest, [&ids[3..], &new[16..]].concat());
}

pub(in crate::store) async fn nothing_is_handed_out_twice_to_many_workers(open: Open) {
    let bench = bench(open);
    for number in 0..40 {
        bench.accept(&event(&format!("event-{number}"))).await;
    }
    let workers: Vec<_> = (0..16)
        .map(|_| {
            let store = bench.store.clone();
            tokio::spawn(async move { store.lease([].into(), 7, LEASE).await.unwrap() })
        })
        .collect();
    let mut handed_out = Vec::new();
    for worker in workers {
        handed_out.extend(worker.await.unwrap().into_iter().map(|one| one.id));
    }
    assert_eq!(handed_out.len(), 40);
    assert_eq!(handed_out.into_iter().collect::<BTreeSet<_>>().len(), 40);
}

pub(in crate::store) async fn a_waiting_worker_is_woken_by_what_becomes_ready(open: Open) {
    let bench = bench(open);
    // Two workers that looked and found nothing: what happens before they wait is not missed by either.
    let (first, second) = (bench.store.changed(), bench.store.changed());
    bench.accept(&event("1")).await;
    tokio::join!(first, second);
    let leased = bench.lease_one().await;
    let woken = bench.store.changed();
    bench.store.retry_at(leased.id, leased.fence, START, "status 500".into()).await.unwrap();
    woken.await;
    let leased = bench.lease_one().await;
    bench.store.park(leased.id.clone(), leased.fence, "given up".into()).await.unwrap();
    let woken = bench.store.changed();
    bench.store.requeue(vec![leased.id]).await.unwrap();
    woken.await;
}

pub(in crate::store) async fn what_is_handed_out_is_what_was_accepted(open: Open) {
    let bench = bench(open);
    let accepted = event("1").verified();
    bench.accept(&event("1")).await;
    let leased = bench.lease_one().await;
    assert_eq!(leased.record.provenance(), accepted.provenance());
    assert_eq!(leased.record.content, accepted.content);
    assert_eq!(leased.record.fingerprint, accepted.fingerprint);
    assert_eq!(leased.record.action, accepted.action);
    assert_eq!(leased.record.subject, accepted.subject);
    assert_eq!(leased.record.retain_until, accepted.retain_until);
    let shown = bench.store.show(leased.id).await.unwrap().unwrap();
    assert!(shown.intact);
    assert_eq!(shown.provenance, *accepted.provenance());
    assert_eq!(shown.entry.request_id.as_deref(), Some("1"));
}
