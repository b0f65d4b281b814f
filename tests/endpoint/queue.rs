//! Queue mode: kept first, answered second, delivered until acknowledged or parked.

use std::sync::Arc;

use countersign::dispatch::Dispatch;
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::inbox::{Breaker, BreakerPlan, BreakerState, Order, RetryPlan, Worker};
use countersign::profile::Profile;
use countersign::reply::Reply;
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

#[tokio::test]
async fn a_worker_has_the_store_of_its_endpoint_and_without_a_queue_there_is_none() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let counter = Counter::default();
    let seen = counter.clone();
    let handler = Dispatch::new().otherwise(move |_| {
        seen.up();
        async {}
    });
    let endpoint = builder.queue(memory(&clock)).build().unwrap();
    assert_eq!(post(&endpoint, sender.tribe("v2_payment_status", ID, STATUS)).await.outcome, Outcome::Accepted);
    endpoint.worker(RetryPlan::default(), handler.clone()).unwrap().round().await.unwrap();
    assert_eq!(counter.count(), 1);
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let inline = builder.inline(memory(&clock), handler.clone()).build().unwrap();
    let error = inline.worker(RetryPlan::default(), handler).unwrap_err();
    assert!(error.to_string().contains("expected an endpoint that keeps a queue"), "{error}");
}

/// A worker over `count` accepted events about payments `p-0`, `p-1` …, of a handler that this makes.
async fn worker_over(count: usize, dispatch: Dispatch) -> (Worker<Dispatch>, Arc<dyn Store>) {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let store = memory(&clock);
    let endpoint = builder.queue(store.clone()).build().unwrap();
    for number in 0..count {
        let body = format!(r#"{{"paymentId":"p-{number}","paymentStatus":"ACSC"}}"#);
        let id = format!("1af7b333-7a06-41b1-8a61-e9a29f{number:06x}");
        assert_eq!(post(&endpoint, sender.tribe("v2_payment_status", &id, &body)).await.outcome, Outcome::Accepted);
    }
    let retry = RetryPlan::default();
    (Worker::new(store.clone(), "bank", endpoint.decoder(), clock, retry, dispatch), store)
}

/// A handler that never answers for one payment, and counts the others.
fn hanging_at(payment: &'static str) -> (Counter, Dispatch) {
    let counter = Counter::default();
    let seen = counter.clone();
    let dispatch = Dispatch::new().on_payment(move |event| {
        let seen = seen.clone();
        async move {
            if event.payment_id == payment {
                std::future::pending::<()>().await;
            }
            seen.up();
        }
    });
    (counter, dispatch)
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_answers_holds_up_no_other_event_and_no_more_than_its_deadline() {
    let (counter, dispatch) = hanging_at("p-0");
    let (worker, store) = worker_over(40, dispatch).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let began = tokio::time::Instant::now();
    let working = tokio::spawn(worker.concurrency(2).run(async { drop(stopped.await) }));
    while counter.count() < 39 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(45), "they did not wait for it");
    // What is under way is finished: here by its deadline.
    stop.send(()).unwrap();
    working.await.unwrap();
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.delivered, stats.ready, stats.leased), (39, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_backlog_does_not_end_a_worker_that_has_thousands_under_way() {
    let (counter, dispatch) = hanging_at("nothing");
    let (worker, store) = worker_over(1300, dispatch).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let working = tokio::spawn(worker.concurrency(1200).run(async { drop(stopped.await) }));
    while counter.count() < 1300 {
        assert!(!working.is_finished(), "{} of 1300", counter.count());
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    stop.send(()).unwrap();
    working.await.unwrap();
    assert_eq!(store.stats().await.unwrap().delivered, 1300);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_says_it_is_down_is_asked_by_one_event_at_a_time() {
    let counter = Counter::default();
    let seen = counter.clone();
    let dispatch = Dispatch::new().on_payment(move |_| {
        let seen = seen.clone();
        async move {
            seen.up();
            Reply::accepted().with_status(http::StatusCode::SERVICE_UNAVAILABLE)
        }
    });
    let (worker, store) = worker_over(200, dispatch).await;
    let breaker = Breaker::new("handler", BreakerPlan::default());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = worker.concurrency(4).breaker(breaker.clone());
    let working = tokio::spawn(worker.run(async { drop(stopped.await) }));
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    stop.send(()).unwrap();
    working.await.unwrap();
    assert_ne!(breaker.state(), BreakerState::Closed);
    // Five to open it and those under way, then 1, 2, 4 … 60 s and so on, each between half and all of it.
    let tries: u32 = store.list(Default::default()).await.unwrap().iter().map(|(_, entry)| entry.attempts).sum();
    assert!((10..40).contains(&tries), "{tries} tries");
    assert_eq!(counter.count(), tries as usize, "each one that counts was made");
}

#[tokio::test(start_paused = true)]
async fn events_that_always_fail_keep_no_good_one_from_finding_out_that_the_sink_is_well() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let store = memory(&clock);
    let endpoint = builder.queue(store.clone()).build().unwrap();
    let accept = async |name: &str, number: usize| {
        let body = format!(r#"{{"paymentId":"{name}-{number}","paymentStatus":"ACSC"}}"#);
        let id = format!("1af7b333-7a06-41b1-8a61-e9a2{}{number:06x}", if name == "bad" { "00" } else { "ff" });
        let answer = post(&endpoint, sender.tribe("v2_payment_status", &id, &body)).await;
        assert_eq!(answer.outcome, Outcome::Accepted);
    };
    for number in 0..12 {
        accept("bad", number).await;
    }
    let good = Counter::default();
    let seen = good.clone();
    let dispatch = Dispatch::new().on_payment(move |event| {
        let seen = seen.clone();
        async move {
            if event.payment_id.starts_with("bad") {
                return Reply::accepted().with_status(http::StatusCode::SERVICE_UNAVAILABLE);
            }
            seen.up();
            Reply::accepted()
        }
    });
    let breaker = Breaker::new("handler", BreakerPlan::default());
    let retry = RetryPlan::default();
    let worker = Worker::new(store.clone(), "bank", endpoint.decoder(), clock.clone(), retry, dispatch);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let working = tokio::spawn(worker.concurrency(4).breaker(breaker.clone()).run(async { drop(stopped.await) }));
    for second in 0..720 {
        if second == 600 {
            assert_ne!(breaker.state(), BreakerState::Closed);
            for number in 0..5 {
                accept("good", number).await;
            }
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        clock.set(NOW.after(std::time::Duration::from_secs(second)));
    }
    stop.send(()).unwrap();
    working.await.unwrap();
    assert_eq!(good.count(), 5, "within two minutes, as a probe is a minute away at most");
}

/// An endpoint's queue of events that are told apart by their status word.
struct Queue {
    sender: Sender,
    clock: Arc<countersign::clock::FixedClock>,
    store: Arc<dyn Store>,
    endpoint: countersign::Endpoint,
    accepted: std::sync::atomic::AtomicUsize,
}

impl Queue {
    fn new() -> Self {
        let sender = Sender::new();
        let (builder, clock) = sender.endpoint(Profile::tribe());
        let store: Arc<dyn Store> = memory(&clock);
        let endpoint = builder.queue(store.clone()).build().unwrap();
        Self { sender, clock, store, endpoint, accepted: Default::default() }
    }

    async fn accept(&self, subject: &str, word: &str) {
        let number = self.accepted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let body = format!(r#"{{"paymentId":"{subject}","paymentStatus":"{word}"}}"#);
        let id = format!("1af7b333-7a06-41b1-8a61-e9a29f{number:06x}");
        let answer = post(&self.endpoint, self.sender.tribe("v2_payment_status", &id, &body)).await;
        assert_eq!(answer.outcome, Outcome::Accepted);
    }

    /// Runs a worker that keeps the order of subjects, for so many seconds.
    async fn work(&self, seconds: u64, dispatch: Dispatch) {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let worker = Worker::new(store, "bank", self.endpoint.decoder(), clock, RetryPlan::default(), dispatch);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let working = tokio::spawn(worker.order(Order::Subject).run(async { drop(stopped.await) }));
        for second in 1..=seconds {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            self.clock.set(NOW.after(std::time::Duration::from_secs(second)));
        }
        stop.send(()).unwrap();
        working.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_put_off_before_two_restarts_keeps_its_place_in_its_subject() {
    let queue = Queue::new();
    for word in ["1st", "2nd", "3rd"] {
        queue.accept("p-0", word).await;
    }
    // The first failed, and the second went back until its retry; after a restart the third went back for longer, and the
    // first was delivered. What the next start finds was never tried.
    let lease = std::time::Duration::from_secs(60);
    let leased = queue.store.lease(["bank".into()].into(), 10, lease).await.unwrap();
    let held: Vec<_> = leased.into_iter().map(|one| (one.id, one.fence)).collect();
    queue.store.acknowledge(held[..1].to_vec()).await.unwrap();
    queue.store.give_back(held[1..2].to_vec(), NOW.after(std::time::Duration::from_secs(1))).await.unwrap();
    queue.store.give_back(held[2..].to_vec(), NOW.after(std::time::Duration::from_secs(5))).await.unwrap();
    queue.accept("p-0", "4th").await;
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = seen.clone();
    let note = move |event: countersign::Verified<countersign::event::PaymentEvent>| {
        let noted = noted.clone();
        async move { noted.lock().unwrap().push(event.provider_status.to_string()) }
    };
    queue.work(20, Dispatch::new().on_payment(note)).await;
    assert_eq!(*seen.lock().unwrap(), ["2nd", "3rd", "4th"]);
}

#[tokio::test(start_paused = true)]
async fn a_subject_with_thousands_of_events_is_delivered_in_order_and_without_long_waits() {
    let queue = Queue::new();
    for number in 0..3000 {
        queue.accept("hot", &format!("S{number}")).await;
    }
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = seen.clone();
    let note = move |event: countersign::Verified<countersign::event::PaymentEvent>| {
        let noted = noted.clone();
        async move { noted.lock().unwrap().push(event.provider_status.to_string()) }
    };
    queue.work(20, Dispatch::new().on_payment(note)).await;
    let expected: Vec<_> = (0..3000).map(|number| format!("S{number}")).collect();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), expected.len());
    assert_eq!(*seen, expected);
}

#[tokio::test]
async fn what_an_operator_grants_another_round_is_tried_though_a_receiver_ended_meanwhile() {
    let queue = Queue::new();
    queue.accept("p-0", "1st").await;
    let lease = std::time::Duration::from_secs(60);
    let retry = RetryPlan { attempts: 2, ..RetryPlan::default() };
    let counter = Counter::default();
    // Two tries that failed, as its worker would have settled them, and an operator who wants it again.
    for attempt in 1..=2 {
        let leased = queue.store.lease(["bank".into()].into(), 1, lease).await.unwrap().remove(0);
        assert_eq!(leased.attempt, attempt);
        match attempt {
            1 => queue.store.retry_at(leased.id, leased.fence, NOW, "refused".into()).await.unwrap(),
            _ => {
                queue.store.park(leased.id.clone(), leased.fence, "refused".into()).await.unwrap();
                assert_eq!(queue.store.requeue(vec![leased.id]).await, Ok(1));
            }
        }
    }
    // Whoever took it then ended without a word.
    assert_eq!(queue.store.lease(["bank".into()].into(), 1, lease).await.unwrap().len(), 1);
    queue.clock.set(NOW.after(lease * 2));
    let dispatch = counter.dispatch();
    let (store, clock) = (queue.store.clone(), queue.clock.clone());
    let worker = Worker::new(store, "bank", queue.endpoint.decoder(), clock, retry, dispatch);
    worker.round().await.unwrap();
    assert_eq!(counter.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_subject_with_thousands_behind_a_slow_event_leaves_room_for_others() {
    let queue = Queue::new();
    for number in 0..2500 {
        queue.accept("slow", &format!("S{number}")).await;
    }
    queue.accept("quick", "ACSC").await;
    let (counter, dispatch) = hanging_at("slow");
    tokio::select! {
        () = queue.work(40, dispatch) => panic!("what is under way takes 45 s"),
        () = tokio::time::sleep(std::time::Duration::from_secs(30)) => {}
    }
    assert_eq!(counter.count(), 1, "the one of the other subject");
}
