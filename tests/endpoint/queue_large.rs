//! Large events in a queue: however far a worker has reached ahead for small ones, what waits in memory has a bound.

use std::sync::Arc;
use std::time::Duration;

use countersign::dispatch::Dispatch;
use countersign::endpoint::Outcome;
use countersign::inbox::{Order, RetryPlan, Worker};
use countersign::profile::Profile;
use countersign::store::{LARGEST_LEASE, Store};

use crate::parties::{Counter, Sender, memory, post};

const SMALL: usize = 700;
const LARGE: usize = 200;
const SIZE: usize = 240 * 1024;
const CONCURRENCY: usize = 64;

#[tokio::test(start_paused = true)]
async fn a_worker_that_reached_far_ahead_holds_no_more_of_large_events_than_its_bound() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let store: Arc<dyn Store> = memory(&clock);
    let endpoint = builder.queue(store.clone()).build().unwrap();
    for number in 0..SMALL + LARGE {
        let (name, pad) = if number < SMALL { ("small", 0) } else { ("large", SIZE) };
        let body = format!(r#"{{"paymentId":"{name}-{number}","paymentStatus":"ACSC"}}{}"#, " ".repeat(pad));
        let id = format!("1af7b333-7a06-41b1-8a61-e9a29f{number:06x}");
        assert_eq!(post(&endpoint, sender.tribe("v2_payment_status", &id, &body)).await.outcome, Outcome::Accepted);
    }
    let counter = Counter::default();
    let seen = counter.clone();
    let dispatch = Dispatch::new().on_payment(move |event| {
        let seen = seen.clone();
        async move {
            seen.up();
            if event.payment_id.starts_with("large") {
                std::future::pending::<()>().await;
            }
        }
    });
    let worker = Worker::new(store.clone(), "bank", endpoint.decoder(), clock, RetryPlan::default(), dispatch);
    let working = tokio::spawn(worker.concurrency(CONCURRENCY).run(std::future::pending()));
    while counter.count() < SMALL + CONCURRENCY {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // It would go on to lease now, if it ever did.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let leased = usize::try_from(store.stats().await.unwrap().leased).unwrap();
    // So many are with the handler; one lease may have begun when a little less than the bound waited.
    let most = CONCURRENCY + 2 * LARGEST_LEASE.div_ceil(SIZE);
    assert!((CONCURRENCY..=most).contains(&leased), "expected {most} of {LARGE} at most, but found {leased}");
    working.abort();
}

/// The events of one subject wait for each other, and for nothing else.
#[tokio::test(start_paused = true)]
async fn large_events_behind_slow_ones_of_their_subjects_leave_room_for_others() {
    for (subjects, of_each) in [(1, 200), (12, 6)] {
        let sender = Sender::new();
        let (builder, clock) = sender.endpoint(Profile::tribe());
        let store: Arc<dyn Store> = memory(&clock);
        let endpoint = builder.queue(store.clone()).build().unwrap();
        let slow = subjects * of_each;
        for number in 0..slow + 5 {
            let name = if number < slow { format!("slow-{}", number % subjects) } else { "other".to_owned() };
            let pad = " ".repeat(if number < slow { SIZE } else { 0 });
            let body = format!(r#"{{"paymentId":"{name}","paymentStatus":"W{number}"}}{pad}"#);
            let id = format!("1af7b333-7a06-41b1-8a61-e9a29f{number:06x}");
            assert_eq!(post(&endpoint, sender.tribe("v2_payment_status", &id, &body)).await.outcome, Outcome::Accepted);
        }
        let counter = Counter::default();
        let seen = counter.clone();
        let dispatch = Dispatch::new().on_payment(move |event| {
            let seen = seen.clone();
            async move {
                if event.payment_id.starts_with("slow") {
                    std::future::pending::<()>().await;
                }
                seen.up();
            }
        });
        let worker = Worker::new(store.clone(), "bank", endpoint.decoder(), clock, RetryPlan::default(), dispatch);
        let working = tokio::spawn(worker.order(Order::Subject).run(std::future::pending()));
        let began = tokio::time::Instant::now();
        while counter.count() < 5 {
            assert!(began.elapsed() < Duration::from_secs(5), "{} of 5 beside {subjects} subjects", counter.count());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        working.abort();
    }
}
