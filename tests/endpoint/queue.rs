//! Queue mode: kept first, answered second, delivered until acknowledged or parked.

use std::sync::Arc;

use countersign::dispatch::Dispatch;
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::inbox::{RetryPlan, Worker};
use countersign::profile::Profile;
use countersign::store::{State, Store};

use crate::parties::{Counter, ID, NOW, Sender, memory, post};

const STATUS: &str = r#"{"paymentId":"p-1","paymentStatus":"ACSC"}"#;

#[tokio::test]
async fn the_same_unsigned_notification_under_a_new_id_is_a_duplicate_and_other_content_a_conflict() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let store = memory(&clock);
    let endpoint = builder.queue(store.clone()).build().unwrap();
    let other_id = "2af7b333-7a06-41b1-8a61-e9a29fd069bc";
    let other = r#"{"paymentId":"p-1","paymentStatus":"RJCT"}"#;
    for (action, id, body, outcome) in [
        ("v2_payment_status", ID, STATUS, Outcome::Accepted),
        ("v2_payment_status", ID, STATUS, Outcome::Duplicate),
        ("v2_payment_status", other_id, STATUS, Outcome::Duplicate),
        // The path is not signed either: on another route, it is still the same signed content.
        ("v2_payment_confirmation_link_expire", other_id, STATUS, Outcome::Duplicate),
        ("v2_payment_status", ID, other, Outcome::Refused(Code::IdConflict)),
        ("v2_payment_status", other_id, other, Outcome::Accepted),
        // Asking for balances twice is no replay.
        ("v2_account_balances", "3af7b333-7a06-41b1-8a61-e9a29fd069bc", r#"{"account_id":"a"}"#, Outcome::Accepted),
        ("v2_account_balances", "4af7b333-7a06-41b1-8a61-e9a29fd069bc", r#"{"account_id":"a"}"#, Outcome::Accepted),
    ] {
        assert_eq!(post(&endpoint, sender.tribe(action, id, body)).await.outcome, outcome, "{action} {id} {body}");
    }
    assert_eq!(store.stats().await.unwrap().quarantined, 1);
}

#[tokio::test]
async fn a_poison_event_is_parked_and_the_others_are_delivered() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let store = memory(&clock);
    let endpoint = builder.queue(store.clone()).build().unwrap();
    for number in 0..5 {
        let body = format!(r#"{{"paymentId":"p-{number}","paymentStatus":"ACSC"}}"#);
        let id = format!("1af7b333-7a06-41b1-8a61-e9a29fd069b{number}");
        assert_eq!(post(&endpoint, sender.tribe("v2_payment_status", &id, &body)).await.outcome, Outcome::Accepted);
    }
    let counter = Counter::default();
    let seen = counter.clone();
    let dispatch = Dispatch::new().on_payment(move |event| {
        let seen = seen.clone();
        async move {
            assert_ne!(event.payment_id, "p-2", "poison");
            seen.up();
        }
    });
    let retry = RetryPlan { attempts: 3, ..RetryPlan::default() };
    let worker = Worker::new(store.clone(), "bank", endpoint.decoder(), clock.clone(), retry, dispatch);
    for round in 0..4 {
        worker.round().await.unwrap();
        clock.set(NOW.after(std::time::Duration::from_secs(600 * (round + 1))));
    }
    let states: Vec<_> = store
        .list(Default::default())
        .await
        .unwrap()
        .into_iter()
        .map(|(_, entry)| (entry.state, entry.attempts))
        .collect();
    assert_eq!(counter.count(), 4);
    assert_eq!(states.iter().filter(|state| **state == (State::Delivered, 1)).count(), 4);
    assert!(states.contains(&(State::Parked, 3)), "{states:?}");
    let parked = store
        .list(Default::default())
        .await
        .unwrap()
        .into_iter()
        .find(|(_, entry)| entry.state == State::Parked)
        .unwrap();
    assert_eq!(store.requeue(vec![parked.1.id]).await.unwrap(), 1);
    worker.round().await.unwrap();
    let after = store.list(Default::default()).await.unwrap();
    let again = after.iter().find(|(position, _)| *position == parked.0).unwrap();
    assert_eq!(
        (again.1.state, again.1.attempts),
        (State::Ready, 4),
        "one more round of tries, never counted from 1 again"
    );
}

#[tokio::test]
async fn an_event_without_a_handler_is_not_dropped() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let store = memory(&clock);
    let endpoint = builder.queue(store.clone()).build().unwrap();
    assert_eq!(post(&endpoint, sender.tribe("v2_payment_status", ID, STATUS)).await.outcome, Outcome::Accepted);
    let worker = Worker::new(store.clone(), "bank", endpoint.decoder(), clock, RetryPlan::default(), Dispatch::new());
    worker.round().await.unwrap();
    assert_eq!(store.stats().await.unwrap().ready, 1);
    let _: Arc<dyn Store> = store;
}
