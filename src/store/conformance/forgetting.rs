//! Cases of retention: an identity is remembered as long as asked, and nothing that waits is forgotten.

use std::time::Duration;

use super::{Bench, LEASE, Open, RETENTION, START, answer, bench, event};
use crate::store::{Acceptance, Claim, EventId, Listing, State};

const HOUR: Duration = Duration::from_secs(3600);
const PAST: Duration = RETENTION.saturating_add(Duration::from_millis(1));

async fn deliver(bench: &Bench) -> EventId {
    let leased = bench.lease_one().await;
    bench.store.acknowledge(vec![(leased.id.clone(), leased.fence)]).await.unwrap();
    leased.id
}

/// How many records one call forgets.
async fn pruned(bench: &Bench) -> u64 {
    bench.store.prune().await.unwrap().records
}

pub(in crate::store) async fn a_copy_after_three_days_is_a_duplicate(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    deliver(&bench).await;
    bench.at(HOUR * 76);
    assert_eq!(pruned(&bench).await, 0);
    assert_eq!(bench.accept(&event("1")).await, Acceptance::Duplicate);
    bench.at(RETENTION);
    assert_eq!(bench.accept(&event("1")).await, Acceptance::Duplicate);
}

pub(in crate::store) async fn a_copy_past_retention_is_new(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    deliver(&bench).await;
    bench.at(PAST);
    // Other content is no conflict either: nothing is remembered, pruned or not.
    let mut again = event("1").content("{}");
    again.retain_until = START.after(RETENTION * 2);
    assert_eq!(bench.accept(&again).await, Acceptance::Accepted);
    assert_eq!(bench.accept(&again).await, Acceptance::Duplicate);
    assert_eq!(bench.ids(None).await.len(), 1);
    assert_eq!(bench.lease_one().await.record.content, again.content);
}

pub(in crate::store) async fn a_copy_past_retention_of_what_still_waits_is_a_duplicate(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1").fence("signed")).await;
    bench.at(PAST);
    assert_eq!(bench.accept(&event("1")).await, Acceptance::Duplicate);
    assert_eq!(bench.accept(&event("2").fence("signed")).await, Acceptance::Duplicate);
}

pub(in crate::store) async fn copies_and_conflicts_are_counted(open: Open) {
    let bench = bench(open);
    let counted = || async {
        let stats = bench.store.stats().await.unwrap();
        (stats.duplicates, stats.conflicts)
    };
    bench.accept(&event("1").fence("signed")).await;
    assert_eq!(counted().await, (0, 0));
    for _ in 0..3 {
        bench.accept(&event("1")).await;
    }
    bench.accept(&event("2").fence("signed")).await;
    assert_eq!(counted().await, (4, 0));
    // Each time, and not once per content.
    for _ in 0..2 {
        bench.accept(&event("1").content("other")).await;
    }
    assert_eq!(counted().await, (4, 2));
    // A copy of what a handler still owns is neither: its sender comes again.
    let (claimed, other) = (event("claimed"), event("claimed").content("other"));
    let Ok(Claim::Granted(held)) = bench.store.claim(claimed.verified(), LEASE).await else {
        panic!("expected a lease")
    };
    assert_eq!(bench.store.claim(claimed.verified(), LEASE).await, Ok(Claim::InFlight));
    assert_eq!(counted().await, (4, 2));
    bench.store.complete(held, claimed.verified(), answer(200, "")).await.unwrap();
    assert!(matches!(bench.store.claim(claimed.verified(), LEASE).await, Ok(Claim::Done(_))));
    assert_eq!(bench.store.claim(other.verified(), LEASE).await, Ok(Claim::Conflict));
    assert_eq!(counted().await, (5, 3));
    bench.at(PAST);
    bench.store.prune().await.unwrap();
    assert_eq!(counted().await, (5, 3), "they count from the beginning");
}

pub(in crate::store) async fn pruning_keeps_what_waits_and_its_identity(open: Open) {
    let bench = bench(open);
    let events = ["delivered", "parked", "leased", "ready"].map(|id| event(id).fence(id));
    for event in &events {
        bench.accept(event).await;
    }
    let leased = bench.lease(3).await;
    let [delivered, parked, _] = &leased[..] else { panic!("expected three, but found {}", leased.len()) };
    bench.store.acknowledge(vec![(delivered.id.clone(), delivered.fence)]).await.unwrap();
    bench.store.park(parked.id.clone(), parked.fence, "given up".into()).await.unwrap();
    bench.at(PAST);
    assert_eq!(pruned(&bench).await, 1);
    assert_eq!(pruned(&bench).await, 0);
    let stats = bench.store.stats().await.unwrap();
    assert_eq!((stats.ready, stats.leased, stats.parked, stats.delivered), (1, 1, 1, 0));
    assert_eq!((stats.identities, stats.oldest_waiting), (3, Some(START)));
    for id in ["parked", "leased", "ready"] {
        for copy in [event("captured"), event(id)] {
            assert_eq!(bench.accept(&copy.fence(id)).await, Acceptance::Duplicate, "{id}");
        }
    }
    assert!(bench.store.show(events[0].event_id()).await.unwrap().is_none());
}

pub(in crate::store) async fn pruning_keeps_what_is_in_flight(open: Open) {
    let bench = bench(open);
    let held = bench.granted(&event("1")).await;
    bench.at(PAST);
    bench.store.renew(held, LEASE).await.unwrap();
    bench.store.prune().await.unwrap();
    assert_eq!(bench.claim(&event("1")).await, Claim::InFlight);
    let mut late = event("1");
    late.retain_until = START.after(RETENTION * 2);
    bench.store.complete(held, late.verified(), answer(200, "")).await.unwrap();
    assert_eq!(pruned(&bench).await, 0);
    assert_eq!(bench.claim(&event("1")).await, Claim::Done(answer(200, "")));
    bench.at(RETENTION * 3);
    assert_eq!(pruned(&bench).await, 1);
    assert_eq!(bench.store.stats().await.unwrap().identities, 0);
}

pub(in crate::store) async fn pruning_says_that_there_is_more_where_no_record_is(open: Open) {
    let bench = bench(open);
    for number in 0..600 {
        bench.granted(&event(&format!("given up {number}"))).await;
    }
    bench.at(PAST);
    let mut rounds = 0;
    while bench.store.prune().await.unwrap().more {
        rounds += 1;
        assert!(rounds < 10, "it ends");
    }
    assert_eq!(bench.store.stats().await.unwrap().identities, 0);
}

pub(in crate::store) async fn pruning_takes_a_fence_with_its_identity(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1").fence("signed")).await;
    deliver(&bench).await;
    bench.at(PAST);
    bench.store.prune().await.unwrap();
    let mut again = event("2").fence("signed");
    again.retain_until = START.after(RETENTION * 2);
    assert_eq!(bench.accept(&again).await, Acceptance::Accepted);
    assert_eq!(bench.store.stats().await.unwrap().identities, 1);
}

pub(in crate::store) async fn a_conflict_is_pruned_by_its_own_retention(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let mut other = event("1").content("{}");
    other.retain_until = START.after(RETENTION * 2);
    bench.accept(&other).await;
    bench.at(PAST);
    assert_eq!(pruned(&bench).await, 0);
    bench.at(RETENTION * 3);
    assert_eq!(pruned(&bench).await, 1);
    assert_eq!(bench.ids(None).await, [event("1").event_id()]);
}

pub(in crate::store) async fn a_list_filters_and_pages(open: Open) {
    let bench = bench(open);
    let mut ids = Vec::new();
    for number in 0..7 {
        let event = event(&format!("event-{number}"));
        bench.accept(&event).await;
        ids.push(event.event_id());
    }
    deliver_first(&bench, 2).await;
    assert_eq!(bench.ids(None).await, ids);
    assert_eq!(bench.ids(Some(State::Delivered)).await, ids[..2]);
    let listing = Listing { state: Some(State::Ready), after: None, limit: Some(2) };
    let page = bench.store.list(listing).await.unwrap();
    assert_eq!(page.iter().map(|(_, entry)| entry.id.clone()).collect::<Vec<_>>(), ids[2..4]);
    let after = page.last().map(|(position, _)| *position);
    let rest = bench.store.list(Listing { after, limit: None, ..listing }).await.unwrap();
    assert_eq!(rest.iter().map(|(_, entry)| entry.id.clone()).collect::<Vec<_>>(), ids[4..]);
    assert!(bench.store.list(Listing { limit: Some(0), ..listing }).await.unwrap().is_empty());
}

async fn deliver_first(bench: &Bench, count: usize) {
    let held = bench.lease(count).await.into_iter().map(|one| (one.id, one.fence)).collect();
    bench.store.acknowledge(held).await.unwrap();
}

pub(in crate::store) async fn an_unknown_id_shows_nothing(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    assert!(bench.store.show(event("2").event_id()).await.unwrap().is_none());
}
