//! Tries of one event that are far apart: how long a signature is good for, against how long an event is remembered.

use std::time::Duration;

use countersign::clock::Clock;
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::profile::Profile;
use countersign::store::Store;

use crate::parties::{ID, PAYMENT, Sender, memory, post};

/// A sender that signs an event once, and sends the same bytes again until somebody takes them.
#[tokio::test]
async fn a_retry_after_a_day_with_the_first_signature_is_accepted_once() {
    let sender = Sender::new();
    let day = Duration::from_secs(24 * 3600);
    let of_each_try = sender.endpoint(Profile::worldline());
    let of_the_event = sender.endpoint(Profile::worldline().with_tolerance(day));
    for ((builder, clock), taken) in [(of_each_try, false), (of_the_event, true)] {
        let store = memory(&clock);
        let endpoint = builder.queue(store.clone()).build().unwrap();
        let request = || sender.worldline(ID, PAYMENT);
        // Taken and delivered at once, and its answer got lost.
        let early = "2af7b333-7a06-41b1-8a61-e9a29fd069bc";
        assert_eq!(post(&endpoint, sender.worldline(early, PAYMENT)).await.outcome, Outcome::Accepted);
        let delivered = store.lease([].into(), 1, Duration::from_secs(60)).await.unwrap().pop().unwrap();
        store.acknowledge(vec![(delivered.id, delivered.fence)]).await.unwrap();
        clock.set(clock.now().after(day));
        let expected = if taken {
            [Outcome::Accepted, Outcome::Duplicate, Outcome::Duplicate]
        } else {
            [Outcome::Refused(Code::TimestampStale); 3]
        };
        let tries = [request(), request(), sender.worldline(early, PAYMENT)];
        for (number, (request, expected)) in tries.into_iter().zip(expected).enumerate() {
            assert_eq!(post(&endpoint, request).await.outcome, expected, "try {number}, and a day is taken: {taken}");
        }
        let kept = store.stats().await.unwrap();
        assert_eq!((kept.identities, kept.quarantined), (if taken { 2 } else { 1 }, 0));
        clock.set(clock.now().after(Duration::from_secs(1)));
        assert_eq!(post(&endpoint, request()).await.outcome, Outcome::Refused(Code::TimestampStale));
    }
}
