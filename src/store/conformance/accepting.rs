//! Cases of acceptance: one row per event, whatever arrives.

use super::{Bench, Open, bench, event};
use crate::store::{Acceptance, Claim, State, StoreError};

async fn offer_at_once(bench: &Bench, id: &str, copies: usize) -> Vec<Acceptance> {
    let offered: Vec<_> = (0..copies)
        .map(|_| {
            let (store, record) = (bench.store.clone(), event(id).verified());
            tokio::spawn(async move { store.accept(record).await.unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for task in offered {
        answers.push(task.await.unwrap());
    }
    answers
}

pub(in crate::store) async fn many_copies_at_once_are_accepted_once(open: Open) {
    let bench = bench(open);
    for round in 0..1000 {
        let answers = offer_at_once(&bench, &format!("event-{round}"), 64).await;
        let count = |wanted| answers.iter().filter(|answer| **answer == wanted).count();
        assert_eq!((count(Acceptance::Accepted), count(Acceptance::Duplicate)), (1, 63), "round {round}");
    }
    assert_eq!(bench.ids(None).await.len(), 1000);
}

pub(in crate::store) async fn other_content_under_a_taken_identity_is_quarantined_once(open: Open) {
    let bench = bench(open);
    let (first, other) = (event("1"), event("1").content("{}"));
    assert_eq!(bench.accept(&first).await, Acceptance::Accepted);
    for _ in 0..3 {
        assert_eq!(bench.accept(&other).await, Acceptance::Conflict);
    }
    assert_eq!(bench.accept(&first).await, Acceptance::Duplicate);

    let conflict = first.identity().conflict_id(&other.verified().fingerprint);
    assert_eq!(bench.ids(Some(State::Quarantined)).await, std::slice::from_ref(&conflict));
    let shown = bench.store.show(conflict).await.unwrap().unwrap();
    assert_eq!(shown.content, other.content);
    assert!(shown.intact && shown.entry.reason.is_some());
    assert_eq!(bench.lease_one().await.id, first.event_id());
}

pub(in crate::store) async fn a_taken_fence_under_another_identity_is_a_duplicate(open: Open) {
    let bench = bench(open);
    assert_eq!(bench.accept(&event("1").fence("signed")).await, Acceptance::Accepted);
    let replayed = event("2").fence("signed").content("{}");
    assert_eq!(bench.accept(&replayed).await, Acceptance::Duplicate);
    assert_eq!(bench.ids(None).await.len(), 1);
    // The replay left no trace: its id is still free for an event of its own.
    assert_eq!(bench.accept(&event("2").fence("another")).await, Acceptance::Accepted);
}

pub(in crate::store) async fn the_fence_of_a_copy_signed_anew_is_remembered(open: Open) {
    let bench = bench(open);
    assert_eq!(bench.accept(&event("1").fence("first")).await, Acceptance::Accepted);
    assert_eq!(bench.accept(&event("1").fence("second")).await, Acceptance::Duplicate);
    let replayed = event("2").fence("second");
    assert_eq!(bench.accept(&replayed).await, Acceptance::Duplicate);
}

pub(in crate::store) async fn the_fence_of_a_conflict_is_not_remembered(open: Open) {
    let bench = bench(open);
    assert_eq!(bench.accept(&event("1").fence("first")).await, Acceptance::Accepted);
    // Somebody puts a taken id on a captured delivery that has not arrived yet.
    let captured = event("1").fence("second").content("{}");
    assert_eq!(bench.accept(&captured).await, Acceptance::Conflict);
    let genuine = event("2").fence("second").content("{}");
    assert_eq!(bench.accept(&genuine).await, Acceptance::Accepted);
}

pub(in crate::store) async fn two_endpoints_never_share_an_event(open: Open) {
    let bench = bench(open);
    assert_eq!(bench.accept(&event("1")).await, Acceptance::Accepted);
    assert_eq!(bench.accept(&event("1").endpoint("bank-b")).await, Acceptance::Accepted);
    assert_eq!(bench.ids(None).await.len(), 2);
}

pub(in crate::store) async fn content_that_could_not_be_decoded_is_kept_and_never_delivered(open: Open) {
    let bench = bench(open);
    let mut undecoded = event("1");
    undecoded.problem = Some("no such field");
    assert_eq!(bench.accept(&undecoded).await, Acceptance::Accepted);
    assert_eq!(bench.accept(&undecoded).await, Acceptance::Duplicate);
    assert!(bench.lease(10).await.is_empty());
    let shown = bench.store.show(undecoded.event_id()).await.unwrap().unwrap();
    assert_eq!(shown.entry.state, State::Quarantined);
    assert_eq!(shown.entry.reason.as_deref(), Some("no such field"));
}

pub(in crate::store) async fn a_duplicate_of_what_a_handler_still_owns_is_not_promised(open: Open) {
    let bench = bench(open);
    assert!(matches!(bench.claim(&event("1")).await, Claim::Granted(_)));
    let refused = bench.store.accept(event("1").verified()).await;
    assert!(matches!(refused, Err(StoreError::NotStored(_))), "{refused:?}");
    bench.at(super::LEASE);
    assert_eq!(bench.accept(&event("1")).await, Acceptance::Accepted);
}
