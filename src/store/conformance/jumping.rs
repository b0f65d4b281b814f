//! Cases of a clock that jumps. The rule: forwards it ends leases and retention early, backwards it delays; the fence
//! decides between two owners, and nothing that was accepted becomes a second record.

use std::time::Duration;

use super::{LEASE, Open, START, answer, bench, event};
use crate::store::{Acceptance, Claim, State, StoreError};

const HOUR: Duration = Duration::from_secs(3600);

pub(in crate::store) async fn a_clock_that_goes_back_forgets_nothing(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let one = bench.lease_one().await;
    bench.store.acknowledge(vec![(one.id, one.fence)]).await.unwrap();
    bench.accept(&event("2")).await;
    bench.clock.set(START.before(HOUR * 76));
    assert_eq!(bench.store.prune().await.unwrap().records, 0);
    for id in ["1", "2"] {
        assert_eq!(bench.accept(&event(id)).await, Acceptance::Duplicate, "{id}");
    }
    assert_eq!(bench.ids(None).await.len(), 2);
    // What is accepted by the clock of before can be delivered by the one of now.
    assert_eq!(bench.lease_one().await.id, event("2").event_id());
}

pub(in crate::store) async fn a_clock_that_goes_back_frees_no_lease(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let owner = bench.lease_one().await;
    bench.clock.set(START.before(HOUR));
    assert!(bench.lease(10).await.is_empty());
    bench.store.acknowledge(vec![(owner.id.clone(), owner.fence)]).await.unwrap();
    assert_eq!(bench.ids(Some(State::Delivered)).await, [owner.id]);
}

pub(in crate::store) async fn a_clock_that_jumps_ahead_and_back_leaves_the_later_owner(open: Open) {
    let bench = bench(open);
    bench.accept(&event("1")).await;
    let first = bench.lease_one().await;
    bench.at(HOUR);
    let second = bench.lease_one().await;
    bench.at(Duration::ZERO);
    assert!(bench.lease(10).await.is_empty());
    assert_eq!(bench.store.acknowledge(vec![(first.id.clone(), first.fence)]).await, Err(StoreError::LeaseLost));
    bench.store.acknowledge(vec![(second.id, second.fence)]).await.unwrap();
    assert_eq!(bench.ids(Some(State::Delivered)).await, [first.id]);
}

pub(in crate::store) async fn a_claim_survives_a_clock_that_goes_back_and_is_taken_over_by_one_that_jumps_ahead(
    open: Open,
) {
    let bench = bench(open);
    let first = bench.granted(&event("1")).await;
    bench.clock.set(START.before(HOUR));
    assert_eq!(bench.claim(&event("1")).await, Claim::InFlight);
    bench.at(LEASE);
    let second = bench.granted(&event("1")).await;
    assert!(second.fence > first.fence);
    bench.clock.set(START.before(HOUR));
    let late = bench.store.complete(first, event("1").verified(), answer(200, "first")).await;
    assert_eq!(late, Err(StoreError::LeaseLost));
    bench.store.complete(second, event("1").verified(), answer(200, "second")).await.unwrap();
    assert_eq!(bench.claim(&event("1")).await, Claim::Done(answer(200, "second")));
}
