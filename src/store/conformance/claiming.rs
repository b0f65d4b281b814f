//! Cases of claims: one owner at a time, and one answer.

use std::time::Duration;

use super::{LEASE, Open, RETENTION, START, answer, bench, event};
use crate::store::{Acceptance, Claim, State, StoreError, StoredAnswer};

pub(in crate::store) async fn many_copies_at_once_are_granted_once(open: Open) {
    let bench = bench(open);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (store, record) = (bench.store.clone(), event("1").verified());
            tokio::spawn(async move { store.claim(record, LEASE).await.unwrap() })
        })
        .collect();
    let mut granted = 0;
    for task in tasks {
        match task.await.unwrap() {
            Claim::Granted(_) => granted += 1,
            other => assert_eq!(other, Claim::InFlight),
        }
    }
    assert_eq!(granted, 1);
}

pub(in crate::store) async fn a_copy_of_what_is_in_flight_waits(open: Open) {
    let bench = bench(open);
    bench.granted(&event("1")).await;
    bench.clock.set(START.after(LEASE).before(std::time::Duration::from_millis(1)));
    assert_eq!(bench.claim(&event("1")).await, Claim::InFlight);
    assert!(bench.ids(None).await.is_empty());
}

pub(in crate::store) async fn a_copy_gets_the_answer_that_was_given(open: Open) {
    let bench = bench(open);
    let held = bench.granted(&event("1")).await;
    bench.store.complete(held, event("1").verified(), answer(201, "{\"ok\":true}")).await.unwrap();
    assert_eq!(bench.claim(&event("1")).await, Claim::Done(answer(201, "{\"ok\":true}")));
    assert_eq!(bench.accept(&event("1")).await, Acceptance::Duplicate);
    assert_eq!(bench.ids(Some(State::Delivered)).await, [event("1").event_id()]);
    // Its one owner is done with it.
    let again = bench.store.complete(held, event("1").verified(), answer(500, "")).await;
    assert_eq!(again, Err(StoreError::LeaseLost));
    assert!(bench.lease(10).await.is_empty());
}

pub(in crate::store) async fn an_answer_too_large_to_keep_keeps_its_status(open: Open) {
    let bench = bench(open);
    let held = bench.granted(&event("1")).await;
    let mut large = answer(200, "");
    large.body = vec![b'x'; StoredAnswer::LARGEST + 1].into();
    bench.store.complete(held, event("1").verified(), large).await.unwrap();
    let kept = StoredAnswer { status: 200, content_type: "".into(), body: bytes::Bytes::new() };
    assert_eq!(bench.claim(&event("1")).await, Claim::Done(kept));
}

pub(in crate::store) async fn a_released_event_can_be_claimed_again(open: Open) {
    let bench = bench(open);
    let first = bench.granted(&event("1").fence("signed")).await;
    bench.store.release(first).await.unwrap();
    assert_eq!(bench.store.stats().await.unwrap().identities, 0);
    let second = bench.granted(&event("2").fence("signed")).await;
    assert!(second.fence > first.fence);
    assert_eq!(bench.store.release(first).await, Err(StoreError::LeaseLost));
}

pub(in crate::store) async fn a_late_owner_is_told_that_it_lost(open: Open) {
    let bench = bench(open);
    let late = bench.granted(&event("1")).await;
    bench.at(LEASE);
    let owner = bench.granted(&event("1")).await;
    assert!(owner.fence > late.fence);
    assert_eq!(bench.store.renew(late, LEASE).await, Err(StoreError::LeaseLost));
    assert_eq!(bench.store.release(late).await, Err(StoreError::LeaseLost));
    let completed = bench.store.complete(late, event("1").verified(), answer(200, "late")).await;
    assert_eq!(completed, Err(StoreError::LeaseLost));
    assert!(bench.ids(None).await.is_empty());
    bench.store.complete(owner, event("1").verified(), answer(200, "owner")).await.unwrap();
    assert_eq!(bench.claim(&event("1")).await, Claim::Done(answer(200, "owner")));
}

pub(in crate::store) async fn a_late_owner_loses_even_after_release_and_a_new_claim(open: Open) {
    let bench = bench(open);
    let late = bench.granted(&event("1")).await;
    bench.at(LEASE);
    let second = bench.granted(&event("1")).await;
    bench.store.release(second).await.unwrap();
    bench.granted(&event("1")).await;
    let completed = bench.store.complete(late, event("1").verified(), answer(200, "late")).await;
    assert_eq!(completed, Err(StoreError::LeaseLost));
}

pub(in crate::store) async fn a_renewed_lease_is_not_taken_over(open: Open) {
    let bench = bench(open);
    let held = bench.granted(&event("1")).await;
    bench.at(LEASE / 2);
    bench.store.renew(held, LEASE).await.unwrap();
    bench.at(LEASE);
    assert_eq!(bench.claim(&event("1")).await, Claim::InFlight);
    bench.at(LEASE * 2);
    bench.granted(&event("1")).await;
}

pub(in crate::store) async fn a_fence_of_a_claim_leads_to_its_answer(open: Open) {
    let bench = bench(open);
    let held = bench.granted(&event("1").fence("signed")).await;
    assert_eq!(bench.claim(&event("2").fence("signed")).await, Claim::InFlight);
    bench.store.complete(held, event("1").fence("signed").verified(), answer(200, "done")).await.unwrap();
    assert_eq!(bench.claim(&event("2").fence("signed")).await, Claim::Done(answer(200, "done")));
}

pub(in crate::store) async fn an_abandoned_claim_is_taken_over_through_its_fence(open: Open) {
    let bench = bench(open);
    let late = bench.granted(&event("1").fence("signed")).await;
    assert_eq!(bench.claim(&event("1").fence("signed anew")).await, Claim::InFlight);
    bench.at(LEASE);
    let owner = bench.granted(&event("2").fence("signed")).await;
    let completed = bench.store.complete(late, event("1").verified(), answer(200, "late")).await;
    assert_eq!(completed, Err(StoreError::LeaseLost));
    bench.store.complete(owner, event("2").fence("signed").verified(), answer(200, "owner")).await.unwrap();
    assert_eq!(bench.claim(&event("1").fence("signed")).await, Claim::Done(answer(200, "owner")));
    // Whoever captured the copy gets no further with it.
    assert_eq!(bench.claim(&event("3").fence("signed anew")).await, Claim::Done(answer(200, "owner")));
}

pub(in crate::store) async fn an_abandoned_identity_does_not_free_a_taken_fence(open: Open) {
    let bench = bench(open);
    bench.granted(&event("1")).await;
    bench.at(LEASE / 2);
    let owner = bench.granted(&event("2").fence("signed")).await;
    bench.at(LEASE);
    assert_eq!(bench.claim(&event("1").fence("signed")).await, Claim::InFlight);
    bench.store.complete(owner, event("2").verified(), answer(200, "done")).await.unwrap();
    assert_eq!(bench.claim(&event("1").fence("signed")).await, Claim::Done(answer(200, "done")));
    assert_eq!(bench.accept(&event("1").fence("signed")).await, Acceptance::Duplicate);
}

pub(in crate::store) async fn other_content_in_a_claim_is_quarantined(open: Open) {
    let bench = bench(open);
    let held = bench.granted(&event("1")).await;
    let other = event("1").content("{}");
    for _ in 0..2 {
        assert_eq!(bench.claim(&other).await, Claim::Conflict);
    }
    assert_eq!(bench.ids(Some(State::Quarantined)).await.len(), 1);
    // The owner is not disturbed.
    bench.store.complete(held, event("1").verified(), answer(200, "")).await.unwrap();
    assert_eq!(bench.ids(Some(State::Delivered)).await, [event("1").event_id()]);
}

pub(in crate::store) async fn a_claim_of_an_accepted_event_is_done(open: Open) {
    let bench = bench(open);
    assert_eq!(bench.accept(&event("1")).await, Acceptance::Accepted);
    let claim = bench.claim(&event("1")).await;
    assert!(matches!(&claim, Claim::Done(answer) if answer.status == 0 && answer.body.is_empty()), "{claim:?}");
}

pub(in crate::store) async fn another_events_record_completes_nothing(open: Open) {
    let bench = bench(open);
    let held = bench.granted(&event("1")).await;
    let completed = bench.store.complete(held, event("2").verified(), answer(200, "")).await;
    assert_eq!(completed, Err(StoreError::LeaseLost));
    assert!(bench.ids(None).await.is_empty());
}

pub(in crate::store) async fn a_claim_takes_the_place_of_a_record_past_retention(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let older = bench.lease(1).await.pop().unwrap();
    bench.store.acknowledge(vec![(older.id.clone(), older.fence)]).await.unwrap();
    bench.at(RETENTION + Duration::from_secs(1));
    let mut copy = event("1");
    copy.retain_until = START.after(RETENTION * 3);
    let Ok(Claim::Granted(held)) = bench.store.claim(copy.verified(), LEASE).await else { panic!("expected a lease") };
    // What an operator made ready again would be delivered while the handler has it, too.
    assert_eq!(bench.store.requeue(vec![older.id.clone()]).await, Ok(0));
    assert!(bench.ids(None).await.is_empty());
    bench.store.complete(held, copy.verified(), answer(201, "{}")).await.unwrap();
    assert_eq!(bench.store.claim(copy.verified(), LEASE).await, Ok(Claim::Done(answer(201, "{}"))));
    let kept = bench.store.stats().await.unwrap();
    assert_eq!((kept.identities, kept.delivered, kept.ready), (1, 1, 0));
    // Made ready again now, it keeps its identity beyond its retention.
    assert_eq!(bench.store.requeue(vec![older.id]).await, Ok(1));
    bench.at(RETENTION * 4);
    bench.store.prune().await.unwrap();
    assert_eq!(bench.store.claim(copy.verified(), LEASE).await, Ok(Claim::Done(answer(201, "{}"))));
    assert_eq!(bench.store.stats().await.unwrap().identities, 1);
    assert_eq!(bench.lease(1).await.len(), 1);
}
