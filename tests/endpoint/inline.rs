//! Inline mode: once, with an answer, whatever happens to the handler.

use std::sync::Arc;
use std::time::Duration;

use countersign::dedup::{InlineTimes, OnUndecodable, WithoutDedupLayer};
use countersign::dispatch::Dispatch;
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::event::tribe::{PaymentInitiated, PaymentStatus};
use countersign::event::{AccountRequestEvent, PaymentRequestEvent};
use countersign::profile::Profile;
use countersign::reply::Reply;
use countersign::store::{State, Store};
use countersign::{Event, Verified};
use tokio::sync::Notify;

use crate::parties::{Counter, ID, PAYMENT, Sender, memory, post};

const SINGLE: &str = r#"{"callback_url":"https://tpp.example","instructedAmount":{"amount":"10.00","currency":"EUR"}}"#;

#[tokio::test]
async fn a_typed_handler_answers_and_a_duplicate_gets_the_same_answer() {
    async fn on_payment(event: Verified<PaymentRequestEvent>) -> Result<Reply, serde_json::Error> {
        assert_eq!(event.amount.as_ref().unwrap().amount.as_str(), "10.00");
        assert_eq!(&**event.user_token.as_ref().unwrap().unsigned(), "token-of-a-user");
        Reply::json(&PaymentInitiated {
            status: PaymentStatus::Rcvd,
            confirmation_url: "https://bank.example/confirm".to_owned(),
            payment_id: "p-1".try_into().unwrap(),
            other: Default::default(),
        })
    }
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let dispatch = Dispatch::new().on_payment_request(on_payment);
    let endpoint = builder.inline(memory(&clock), dispatch).build().unwrap();
    let first = post(&endpoint, sender.tribe("v2_payment_single", ID, SINGLE)).await;
    let second = post(&endpoint, sender.tribe("v2_payment_single", ID, SINGLE)).await;
    assert_eq!((first.status, first.outcome), (200, Outcome::Accepted));
    assert_eq!((second.status, second.outcome), (200, Outcome::Duplicate));
    assert_eq!(first.body, second.body);
    assert_eq!(
        &first.body[..],
        br#"{"status":"RCVD","confirmation_url":"https://bank.example/confirm","payment_id":"p-1"}"#
    );
    let upper = post(&endpoint, sender.tribe("v2_payment_single", &ID.to_uppercase(), SINGLE)).await;
    assert_eq!(upper.outcome, Outcome::Duplicate, "one UUID has two spellings");
}

#[tokio::test]
async fn sixty_four_copies_at_once_run_the_handler_once() {
    let sender = Sender::new();
    for _ in 0..20 {
        let (builder, clock) = sender.endpoint(Profile::worldline());
        let counter = Counter::default();
        let endpoint = builder.inline(memory(&clock), counter.dispatch()).build().unwrap();
        let copies: Vec<_> = (0..64)
            .map(|_| {
                let (endpoint, request) = (endpoint.clone(), sender.worldline(ID, PAYMENT));
                tokio::spawn(async move { post(&endpoint, request).await.outcome })
            })
            .collect();
        let mut accepted = 0;
        for copy in copies {
            match copy.await.unwrap() {
                Outcome::Accepted => accepted += 1,
                outcome => assert_eq!(outcome, Outcome::Duplicate),
            }
        }
        assert_eq!((accepted, counter.count()), (1, 1));
    }
}

/// A handler that tells when it begins and waits until it may go on.
fn waiting() -> (Arc<Notify>, Arc<Notify>, Dispatch) {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (signal, gate) = (Arc::clone(&begun), Arc::clone(&go_on));
    let dispatch = Dispatch::new().otherwise(move |_| {
        let (signal, gate) = (Arc::clone(&signal), Arc::clone(&gate));
        async move {
            signal.notify_one();
            gate.notified().await;
        }
    });
    (begun, go_on, dispatch)
}

#[tokio::test(start_paused = true)]
async fn a_copy_in_flight_waits_two_seconds_and_is_then_sent_away_never_with_success() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let (begun, go_on, dispatch) = waiting();
    let endpoint = builder.inline(memory(&clock), dispatch).build().unwrap();
    let first = {
        let (endpoint, request) = (endpoint.clone(), sender.tribe("v2_payment_single", ID, SINGLE));
        tokio::spawn(async move { post(&endpoint, request).await })
    };
    begun.notified().await;
    let start = tokio::time::Instant::now();
    let copy = post(&endpoint, sender.tribe("v2_payment_single", ID, SINGLE)).await;
    assert_eq!((copy.status, copy.outcome), (503, Outcome::Refused(Code::EventInFlight)));
    assert!(copy.headers.contains_key("retry-after"));
    assert!((2000..2200).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    go_on.notify_one();
    assert_eq!(first.await.unwrap().outcome, Outcome::Accepted);
    assert_eq!(post(&endpoint, sender.tribe("v2_payment_single", ID, SINGLE)).await.outcome, Outcome::Duplicate);
}

#[tokio::test]
async fn a_handler_that_fails_or_panics_is_asked_again_by_the_senders_retry() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let counter = Counter::default();
    let seen = counter.clone();
    let dispatch = Dispatch::new().otherwise(move |_| {
        let number = seen.up();
        async move {
            match number {
                0 => Err("the core is down"),
                1 => panic!("a bug of the handler"),
                _ => Ok(()),
            }
        }
    });
    let endpoint = builder.inline(memory(&clock), dispatch).build().unwrap();
    let send = || post(&endpoint, sender.worldline(ID, PAYMENT));
    for expected in [
        Outcome::Refused(Code::HandlerFailed),
        Outcome::Refused(Code::HandlerFailed),
        Outcome::Accepted,
        Outcome::Duplicate,
    ] {
        let answer = send().await;
        assert_eq!(answer.outcome, expected);
        assert!(!String::from_utf8_lossy(&answer.body).contains("core"), "the sender is not told why");
    }
    assert_eq!(counter.count(), 3);
}

#[tokio::test]
async fn a_user_token_is_not_signed_and_says_so() {
    async fn on_accounts(event: Verified<AccountRequestEvent>) {
        assert!(event.account_id.is_none());
        assert_eq!(format!("{:?}", event.user_token), "Some(Unsigned(..))");
    }
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let dispatch = Dispatch::new().on_account_request(on_accounts);
    let endpoint = builder.inline(memory(&clock), dispatch).build().unwrap();
    assert_eq!(post(&endpoint, sender.tribe("v2_accounts", ID, "")).await.outcome, Outcome::Accepted);
    let mut without = sender.tribe("v2_accounts", ID, "");
    without.headers_mut().remove("x-auth-token");
    assert_eq!(post(&endpoint, without).await.outcome, Outcome::Refused(Code::CredentialMissing));
    let mut direct = sender.tribe("v2_payment_direct_single", "2af7b333-7a06-41b1-8a61-e9a29fd069bc", SINGLE);
    direct.headers_mut().remove("x-auth-token");
    assert_eq!(post(&endpoint, direct).await.outcome, Outcome::Refused(Code::HandlerFailed), "not needed there");
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_reaches_no_handler() {
    let sender = Sender::new();
    for (setting, status) in [(OnUndecodable::Keep, 200), (OnUndecodable::Refuse, 422)] {
        let (builder, clock) = sender.endpoint(Profile::tribe());
        let (store, counter) = (memory(&clock), Counter::default());
        let endpoint = builder.undecodable(setting).inline(store.clone(), counter.dispatch()).build().unwrap();
        for (number, body) in
            ["{}", "not json", r#"{"callback_url":1}"#, r#"{"callback_url":"a","callback_url":"b"}"#].iter().enumerate()
        {
            let id = format!("1af7b333-7a06-41b1-8a61-e9a29fd069b{number}");
            assert_eq!(post(&endpoint, sender.tribe("v2_payment_single", &id, body)).await.status, status, "{body}");
        }
        assert_eq!(counter.count(), 0);
        let kept = store.list(Default::default()).await.unwrap();
        assert!(kept.len() == 4 && kept.iter().all(|(_, entry)| entry.state == State::Quarantined));
    }
}

#[tokio::test]
async fn without_dedup_every_copy_is_handled_and_it_had_to_be_said() {
    let sender = Sender::new();
    let (builder, _) = sender.endpoint(Profile::tribe());
    let counter = Counter::default();
    let endpoint = builder.without_dedup(WithoutDedupLayer::i_accept_replays(), counter.dispatch()).build().unwrap();
    for _ in 0..3 {
        assert_eq!(post(&endpoint, sender.tribe("v2_payment_single", ID, SINGLE)).await.outcome, Outcome::Accepted);
    }
    assert_eq!(counter.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_handler_over_its_deadline_is_given_up_and_asked_again() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let counter = Counter::default();
    let seen = counter.clone();
    let dispatch = Dispatch::new().otherwise(move |once| {
        let number = seen.up();
        assert!(matches!(&**once.event(), Event::PaymentRequest(_)));
        async move {
            if number == 0 {
                std::future::pending::<()>().await;
            }
        }
    });
    let times = InlineTimes::within(Duration::from_secs(3));
    let endpoint = builder.times(times).inline(memory(&clock), dispatch).build().unwrap();
    assert_eq!(
        post(&endpoint, sender.tribe("v2_payment_single", ID, SINGLE)).await.outcome,
        Outcome::Refused(Code::HandlerFailed)
    );
    assert_eq!(post(&endpoint, sender.tribe("v2_payment_single", ID, SINGLE)).await.outcome, Outcome::Accepted);
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_given_up_before_its_sender_gives_up_unless_it_is_said() {
    let sender = Sender::new();
    // Worldline gives a try up after eight seconds, Tribe's third party after more than ten.
    let worldline = (Profile::worldline(), sender.worldline(ID, crate::parties::PAYMENT), 5);
    let tribe = (Profile::tribe(), sender.tribe("v2_payment_single", ID, SINGLE), 10);
    for (profile, request, seconds) in [worldline, tribe] {
        assert_eq!(InlineTimes::of(&profile).deadline, Duration::from_secs(seconds));
        let (builder, clock) = sender.endpoint(profile);
        let endpoint = builder.inline(memory(&clock), Dispatch::new().otherwise(|_| std::future::pending::<()>()));
        let begun = tokio::time::Instant::now();
        let outcome = post(&endpoint.build().unwrap(), request).await.outcome;
        assert_eq!(outcome, Outcome::Refused(Code::HandlerFailed));
        assert_eq!(begun.elapsed().as_secs(), seconds);
    }
}

#[tokio::test]
async fn a_gateways_refusal_is_passed_on_and_never_the_end_of_an_event() {
    let sender = Sender::new();
    for status in [401, 403, 404, 408, 410, 429, 307] {
        let (builder, clock) = sender.endpoint(Profile::tribe());
        let counter = Counter::default();
        let seen = counter.clone();
        let dispatch = Dispatch::new().otherwise(move |_| {
            let number = seen.up();
            async move {
                let refusal = http::StatusCode::from_u16(status).unwrap();
                if number == 0 { Reply::accepted().with_status(refusal) } else { Reply::accepted() }
            }
        });
        let endpoint = builder.inline(memory(&clock), dispatch).build().unwrap();
        let passed_on = post(&endpoint, sender.tribe("v2_payment_single", ID, SINGLE)).await;
        assert_eq!(passed_on.status, status);
        // Nor does anybody read of a refusal that it was accepted: figures, log and sender are told alike.
        let (outcome, is_called_accepted) = (passed_on.outcome, passed_on.headers.contains_key("countersign-result"));
        match status {
            307 => assert_eq!(outcome, Outcome::Accepted),
            _ => {
                assert_eq!((outcome, is_called_accepted), (Outcome::Refused(Code::HandlerFailed), false), "{status}");
            }
        }
        let again = post(&endpoint, sender.tribe("v2_payment_single", ID, SINGLE)).await;
        assert_eq!((again.status, again.outcome), (200, Outcome::Accepted));
    }
}

#[tokio::test]
async fn a_stored_answer_goes_to_no_other_user_and_to_no_other_question() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let counter = Counter::default();
    let endpoint = builder.inline(memory(&clock), counter.dispatch()).build().unwrap();
    let body = r#"{"account_id":"a"}"#;
    assert_eq!(post(&endpoint, sender.tribe("v2_account", ID, body)).await.outcome, Outcome::Accepted);
    let mut other = sender.tribe("v2_account", ID, body);
    other.headers_mut().insert("x-auth-token", "token-of-another-user".parse().unwrap());
    assert_eq!(post(&endpoint, other).await.outcome, Outcome::Refused(Code::IdConflict));
    let question = sender.tribe("v2_account_balances", ID, body);
    assert_eq!(post(&endpoint, question).await.outcome, Outcome::Refused(Code::IdConflict));
    assert_eq!(post(&endpoint, sender.tribe("v2_account", ID, body)).await.outcome, Outcome::Duplicate);
    assert_eq!(counter.count(), 1);
}

#[tokio::test]
async fn a_sender_that_hangs_up_leaves_no_claim_to_nobody() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let counter = Counter::default();
    let endpoint = builder.inline(memory(&clock), counter.dispatch()).build().unwrap();
    for polls in 0..6 {
        let id = format!("1af7b333-7a06-41b1-8a61-e9a29fd069c{polls}");
        let mut hung_up = Box::pin(post(&endpoint, sender.tribe("v2_payment_single", &id, SINGLE)));
        for _ in 0..polls {
            if futures_poll(&mut hung_up) {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(hung_up);
        let retry = post(&endpoint, sender.tribe("v2_payment_single", &id, SINGLE)).await.outcome;
        assert!(matches!(retry, Outcome::Accepted | Outcome::Duplicate), "{retry:?} after {polls} polls");
    }
    assert_eq!(counter.count(), 6);
}

fn futures_poll<F: Future + Unpin>(future: &mut F) -> bool {
    let waker = std::task::Waker::noop();
    std::pin::Pin::new(future).poll(&mut std::task::Context::from_waker(waker)).is_ready()
}

/// Whether a future has nothing to say yet.
async fn is_pending(mut future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

#[tokio::test]
async fn a_handler_whose_sender_hung_up_keeps_its_turn_and_can_be_waited_for() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let (begun, go_on, dispatch) = waiting();
    let store = memory(&clock);
    let builder = builder.in_flight(1);
    let endpoint = builder.inline(Arc::clone(&store) as Arc<dyn Store>, dispatch).build().unwrap();
    endpoint.idle().await;
    let first = {
        let (endpoint, request) = (endpoint.clone(), sender.worldline(ID, PAYMENT));
        tokio::spawn(async move { post(&endpoint, request).await })
    };
    begun.notified().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let other = post(&endpoint, sender.worldline("11111111-2222-4333-8444-555555555555", PAYMENT)).await;
    assert_eq!(other.outcome, Outcome::Refused(Code::TooManyRequests));
    let mut idle = std::pin::pin!(endpoint.idle());
    assert!(is_pending(idle.as_mut()).await);
    go_on.notify_one();
    idle.await;
    assert_eq!(post(&endpoint, sender.worldline(ID, PAYMENT)).await.outcome, Outcome::Duplicate);
}
