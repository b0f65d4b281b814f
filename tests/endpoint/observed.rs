//! What an endpoint in somebody's own app says of a delivery: its log with nothing left out, and what stands beside the
//! answer.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign::Endpoint;
use countersign::dedup::WithoutDedupLayer;
use countersign::dispatch::Dispatch;
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::inbox::{RetryPlan, Worker};
use countersign::observed::{Observed, Stage};
use countersign::profile::Profile;
use countersign::store::Store;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::parties::{ID, Sender, memory, post};

const BODY: &str = r#"{"paymentId":"p-1","paymentStatus":"ACSC","iban":"NL91ABNA0417164300","name":"Edsger"}"#;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Everything that this thread logs from now on.
    fn start(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || log.clone());
        let listening = tracing::subscriber::set_default(subscriber.finish());
        // Another thread may have asked for a line before, when nobody listened, and have noted that nobody does.
        tracing::callsite::rebuild_interest_cache();
        listening
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn observed(endpoint: &Endpoint, request: http::Request<http_body_util::Full<bytes::Bytes>>) -> Arc<Observed> {
    let response = endpoint.clone().oneshot(request).await.unwrap();
    let observed = response.extensions().get::<Arc<Observed>>().cloned().unwrap();
    let _ = response.into_body().collect().await;
    observed
}

#[tokio::test]
async fn a_handler_that_panics_leaks_nothing_of_its_event() {
    let log = Log::default();
    let _guard = log.start();
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let store = memory(&clock);
    let broken = Dispatch::new().on_payment(|event| async move { assert!(event.payment_id.is_empty(), "a defect") });
    let inline = builder.inline(store.clone(), broken.clone()).build().unwrap();
    let answer = post(&inline, sender.tribe("v2_payment_status", ID, BODY)).await;
    assert_eq!(answer.outcome, Outcome::Refused(Code::HandlerFailed));
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let store = memory(&clock);
    let queue = builder.queue(store.clone()).build().unwrap();
    assert_eq!(post(&queue, sender.tribe("v2_payment_status", ID, BODY)).await.outcome, Outcome::Accepted);
    let worker = Worker::new(store.clone(), "bank", queue.decoder(), clock, RetryPlan::default(), broken);
    worker.round().await.unwrap();
    let entries = store.list(Default::default()).await.unwrap();
    let shown = format!("{}{}{entries:?}{store:?}{queue:?}", log.text(), String::from_utf8_lossy(&answer.body));
    assert!(log.text().contains("handler_failed") && log.text().contains("accepted"), "{}", log.text());
    for canary in ["NL91ABNA0417164300", "Edsger", "token-of-a-user", crate::parties::API_KEY] {
        assert!(!shown.contains(canary), "{canary}: {shown}");
    }
}

#[tokio::test]
async fn what_is_not_verified_names_no_key_and_no_event() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let endpoint = builder.queue(memory(&clock)).build().unwrap();
    let mut forged = sender.worldline(ID, crate::parties::PAYMENT);
    *forged.body_mut() = crate::parties::PAYMENT.replace("p-1", "p-2").into();
    let refused = observed(&endpoint, forged).await;
    assert_eq!((refused.key_id(), refused.request_id(), refused.event_id()), (None, None, None));
    assert!(refused.signed_at().is_none() && refused.stage(Stage::Verify).is_some());
    assert!(refused.stage(Stage::Accept).is_none() && refused.stage(Stage::Decode).is_none());
    let taken = observed(&endpoint, sender.worldline(ID, crate::parties::PAYMENT)).await;
    let key_id = sender.certificate.thumbprint_sha1_hex();
    assert_eq!((taken.key_id(), taken.request_id()), (Some(key_id.as_str()), Some(ID)));
    assert!(taken.event_id().is_some() && taken.signed_at().is_some());
    for stage in [Stage::Body, Stage::Verify, Stage::Decode, Stage::Accept] {
        let (begun, spent) = taken.stage(stage).unwrap();
        assert!(spent > Duration::ZERO && begun + spent <= taken.took(), "{stage:?}");
    }
}

#[tokio::test]
async fn the_stages_of_inline_mode_are_told_apart() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::tribe());
    let handler = Dispatch::new().otherwise(|_| async { tokio::time::sleep(Duration::from_millis(30)).await });
    let endpoint = builder.inline(memory(&clock), handler.clone()).build().unwrap();
    let first = observed(&endpoint, sender.tribe("v2_payment_status", ID, BODY)).await;
    let passed = |observed: &Observed| {
        let passed = Stage::ALL.into_iter().filter(|stage| observed.stage(*stage).is_some());
        passed.map(Stage::as_str).collect::<Vec<_>>()
    };
    assert_eq!(passed(&first), ["body", "verify", "decode", "claim", "dispatch", "complete"]);
    assert!(first.stage(Stage::Dispatch).unwrap().1 >= Duration::from_millis(30));
    assert!(first.stage(Stage::Claim).unwrap().1 < Duration::from_millis(30));
    let copy = observed(&endpoint, sender.tribe("v2_payment_status", ID, BODY)).await;
    assert_eq!(passed(&copy), ["body", "verify", "decode", "claim"]);
    let (builder, _) = sender.endpoint(Profile::tribe());
    let endpoint = builder.without_dedup(WithoutDedupLayer::i_accept_replays(), handler).build().unwrap();
    let bare = observed(&endpoint, sender.tribe("v2_payment_status", ID, BODY)).await;
    assert_eq!(passed(&bare), ["body", "verify", "decode", "dispatch"]);
}

#[tokio::test]
async fn ten_thousand_refusals_for_one_reason_are_few_lines_and_accepted_ones_are_all_there() {
    let log = Log::default();
    let _guard = log.start();
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let endpoint = builder.queue(memory(&clock)).build().unwrap();
    // From here on the log's clock stands still.
    tokio::time::pause();
    let mut withheld = 0;
    for _ in 0..10_000 {
        let request =
            http::Request::post("/hooks/status").header("host", "x").header("content-type", "application/json");
        let refused = observed(&endpoint, request.body(Default::default()).unwrap()).await;
        withheld += usize::from(refused.is_withheld());
    }
    let lines = |word: &str| log.text().lines().filter(|line| line.contains(word)).count();
    assert_eq!((lines("a delivery was refused"), withheld), (50, 9950));
    for number in 0..200 {
        let id = format!("1af7b333-7a06-41b1-8a61-e9a29fd0{number:04}");
        assert!(!observed(&endpoint, sender.worldline(&id, crate::parties::PAYMENT)).await.is_withheld());
    }
    assert_eq!(lines("a delivery was accepted"), 200);
    endpoint.summarise_log();
    assert_eq!(lines("suppressed=9950"), 1, "{}", log.text());
    endpoint.summarise_log();
    assert_eq!(lines("suppressed="), 1);
}
