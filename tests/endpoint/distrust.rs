//! A key that was stolen and that its sender still publishes. The rule: what it signs is not taken, and what it signed before is
//! handed to nobody.

use std::sync::Arc;

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::FixedClock;
use countersign::crypto::{Algorithm, Backend, MacKey, Secret};
use countersign::dispatch::Dispatch;
use countersign::endpoint::{EndpointBuilder, Outcome, Undecided};
use countersign::error::Code;
use countersign::inbox::{RetryPlan, Worker};
use countersign::keys::{Key, KeyId, KeySet};
use countersign::profile::{BodySignature, Identification, Presence, Profile, Scheme};
use countersign::store::{MemoryStore, State, Store};

use countersign::wire::encoding::Encoding;
use http::Request;
use http_body_util::Full;
use tokio::sync::Semaphore;

use crate::parties::{Counter, ID, NOW, PAYMENT, Sender, memory, post};

const OTHER: &str = "2af7b333-7a06-41b1-8a61-e9a29fd069bc";
const STATUS: &str = r#"{"paymentId":"p-1","paymentStatus":"ACSC"}"#;

/// A worker of what `builder` makes, and how often its handler ran.
fn worker(builder: EndpointBuilder<Undecided>, store: &Arc<MemoryStore>) -> (Endpoint, Worker<Dispatch>, Counter) {
    let counter = Counter::default();
    let endpoint = builder.queue(store.clone()).build().unwrap();
    let worker = endpoint.worker(RetryPlan::default(), counter.dispatch()).unwrap();
    (endpoint, worker, counter)
}

async fn stood(store: &MemoryStore) -> (State, u32, Option<String>) {
    let (_, entry) = store.list(Default::default()).await.unwrap().remove(0);
    (entry.state, entry.attempts, entry.reason)
}

#[tokio::test]
async fn a_message_of_a_distrusted_key_is_refused_as_one_that_is_not_authentic() {
    let sender = Sender::new();
    let id = sender.certificate.thumbprint_sha1_hex();
    for written in [id.to_lowercase(), id.to_uppercase()] {
        let (builder, clock) = sender.endpoint(Profile::worldline());
        let store = memory(&clock);
        let endpoint = builder.distrust(&written).distrust("another").queue(store.clone()).build().unwrap();
        let refused = post(&endpoint, sender.worldline(ID, PAYMENT)).await;
        assert_eq!(refused.outcome, Outcome::Refused(Code::KeyDistrusted), "{written}");
        // From outside it looks like every other refusal of its class.
        let tampered = post(&endpoint, sender.worldline_with_digest(ID, PAYMENT, "SHA-256=AAAA")).await;
        assert_eq!((refused.status, &refused.body), (tampered.status, &tampered.body));
        assert_eq!(store.stats().await.unwrap().identities, 0);
    }
}

#[tokio::test]
async fn of_two_keys_that_a_message_does_not_tell_apart_only_the_distrusted_one_is_refused() {
    let (stolen, next) = (Sender::new(), Sender::new());
    let (builder, clock) = stolen.endpoint(Profile::tribe());
    let key = |sender: &Sender| Key::certificate(&sender.certificate, Backend::default(), None).unwrap();
    let keys = KeySet::new(vec![key(&stolen), key(&next)]).unwrap();
    let id = key(&stolen).id().as_str().to_owned();
    let store = memory(&clock);
    let endpoint = builder.keys(keys).distrust(&id).queue(store).build().unwrap();
    let refused = post(&endpoint, stolen.tribe("v2_payment_status", ID, STATUS)).await;
    assert_eq!(refused.outcome, Outcome::Refused(Code::KeyDistrusted));
    let taken = post(&endpoint, next.tribe("v2_payment_status", ID, STATUS)).await;
    assert_eq!(taken.outcome, Outcome::Accepted, "what was refused has taken no id");
}

#[tokio::test]
async fn a_distrusted_key_is_not_trusted_under_its_other_id_either() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let store = memory(&clock);
    let key = Key::certificate(&sender.certificate, Backend::default(), None).unwrap();
    // As a certificate that was renewed for the same key is listed beside the one before.
    let renewed = || vec![key.clone(), key.clone().with_id(KeyId::new("before").unwrap())];
    let endpoint = builder.keys(KeySet::new(renewed()).unwrap()).queue(store.clone()).build().unwrap();
    assert_eq!(post(&endpoint, sender.worldline(ID, PAYMENT)).await.outcome, Outcome::Accepted);
    let distrusting = sender.endpoint(Profile::worldline()).0.clock(clock.clone()).distrust("before");
    let (wary, worker, handled) = worker(distrusting.keys(KeySet::new(renewed()).unwrap()), &store);
    let refused = post(&wary, sender.worldline(OTHER, PAYMENT)).await;
    assert_eq!(refused.outcome, Outcome::Refused(Code::KeyDistrusted));
    worker.round().await.unwrap();
    let (state, _, reason) = stood(&store).await;
    assert_eq!((state, handled.count()), (State::Parked, 0));
    assert!(reason.unwrap().ends_with("the same key as before, which is listed as distrusted"));
}

#[tokio::test]
async fn a_bearer_token_that_vouches_alone_is_distrusted_by_its_name() {
    let sender = Sender::new();
    let mut lenient = Profile::worldline();
    if let Scheme::Http(scheme) = lenient.scheme_mut() {
        scheme.presence = Presence::IfPresent;
    }
    let (builder, clock) = sender.endpoint(lenient);
    let builder = builder.bearer(Secret::new("a-bearer-token-of-some-length").unwrap());
    let endpoint = builder.distrust("Bearer").queue(memory(&clock)).build().unwrap();
    let signed = || {
        let mut request = sender.worldline(ID, PAYMENT);
        let token = "Bearer a-bearer-token-of-some-length".parse().unwrap();
        request.headers_mut().insert("authorization", token);
        request
    };
    let mut bare = signed();
    for name in ["signature", "digest"] {
        bare.headers_mut().remove(name);
    }
    assert_eq!(post(&endpoint, bare).await.outcome, Outcome::Refused(Code::KeyDistrusted));
    assert_eq!(post(&endpoint, signed()).await.outcome, Outcome::Accepted, "a key vouches beside it");
}

#[tokio::test]
async fn a_message_that_a_trusted_key_signed_too_is_taken_whichever_signature_comes_first() {
    let secret = |text: &str, id: &str| {
        let key = Key::secret(Algorithm::Hs256, &Secret::new(text).unwrap()).unwrap();
        (MacKey::new(Algorithm::Hs256, &Secret::new(text).unwrap()).unwrap(), key.with_id(KeyId::new(id).unwrap()))
    };
    let (old, next) =
        (secret("an-old-secret-0123456789abcdef-0123", "old"), secret("the-next-secret-0123456789abcdef-01", "next"));
    let clock = Arc::new(FixedClock::at(NOW));
    let mut scheme = BodySignature::over_body("x-signature");
    scheme.separator = Some(",".into());
    let profile = Profile::body_signature(scheme, Identification::Fingerprint);
    let keys = KeySet::new(vec![old.1, next.1]).unwrap();
    let builder = Endpoint::builder("bank", profile).path("/hooks").keys(keys).clock(clock.clone());
    let endpoint = builder.distrust("old").queue(memory(&clock)).build().unwrap();
    for (number, (signers, outcome)) in [
        (vec![&old.0], Outcome::Refused(Code::KeyDistrusted)),
        (vec![&old.0, &next.0], Outcome::Accepted),
        (vec![&next.0, &old.0], Outcome::Accepted),
    ]
    .into_iter()
    .enumerate()
    {
        let body = format!("{{\"number\":{number}}}");
        let signatures: Vec<_> =
            signers.iter().map(|key| Encoding::Base64.encode(&key.sign(&[body.as_bytes()]))).collect();
        let request = Request::post("/hooks")
            .header("host", "hooks.example")
            .header("content-type", "application/json")
            .header("x-signature", signatures.join(","))
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        assert_eq!(post(&endpoint, request).await.outcome, outcome, "{number}");
    }
}

#[tokio::test]
async fn what_a_key_signed_before_it_was_distrusted_is_parked_untried_until_it_is_trusted_again() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let store = memory(&clock);
    let (endpoint, _, _) = worker(builder, &store);
    assert_eq!(post(&endpoint, sender.worldline(ID, PAYMENT)).await.outcome, Outcome::Accepted);

    let id = sender.certificate.thumbprint_sha1_hex();
    let distrusting = || sender.endpoint(Profile::worldline()).0.clock(clock.clone()).distrust(&id);
    let (_, wary, handled) = worker(distrusting(), &store);
    wary.round().await.unwrap();
    let (state, _, reason) = stood(&store).await;
    assert_eq!((state, handled.count()), (State::Parked, 0));
    assert!(
        reason.unwrap().contains(&format!("key_distrusted: expected a key that is trusted, but found {id}, which"))
    );
    // Nobody delivers it by mistake: a retry of everything that is parked parks it once more.
    let parked = store.list(Default::default()).await.unwrap().remove(0).1.id;
    assert_eq!(store.requeue(vec![parked.clone()]).await, Ok(1));
    wary.round().await.unwrap();
    assert_eq!((stood(&store).await.0, handled.count()), (State::Parked, 0));
    // It was a false alarm.
    let (_, trusting, delivered) = worker(sender.endpoint(Profile::worldline()).0.clock(clock.clone()), &store);
    assert_eq!(store.requeue(vec![parked]).await, Ok(1));
    trusting.round().await.unwrap();
    assert_eq!((stood(&store).await.0, delivered.count()), (State::Delivered, 1));
    // It took effect once, and under the id that it had.
    assert_eq!(post(&endpoint, sender.worldline(ID, PAYMENT)).await.outcome, Outcome::Duplicate);
    assert_eq!(post(&endpoint, sender.worldline(OTHER, PAYMENT)).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn an_event_that_a_worker_holds_already_is_parked_too() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let store = memory(&clock);
    let endpoint = builder.queue(store.clone()).build().unwrap();
    let (begun, go_on) = (Counter::default(), Arc::new(Semaphore::new(0)));
    let (seen, gate) = (begun.clone(), go_on.clone());
    let held_up = Dispatch::new().otherwise(move |_| {
        let (seen, gate) = (seen.clone(), gate.clone());
        async move {
            seen.up();
            gate.acquire().await.unwrap().forget();
        }
    });
    let worker = endpoint.worker(RetryPlan::default(), held_up.clone()).unwrap().concurrency(1);
    let reassign = worker.reassign();
    for id in [ID, OTHER] {
        assert_eq!(post(&endpoint, sender.worldline(id, PAYMENT)).await.outcome, Outcome::Accepted);
    }
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker.run(async move { drop(stopped.await) }));
    // One is with the handler, and the other waits for it.
    until(|| async { store.stats().await.unwrap().leased == 2 && begun.count() == 1 }).await;
    let id = sender.certificate.thumbprint_sha1_hex();
    let wary = sender.endpoint(Profile::worldline()).0.clock(clock).distrust(&id).queue(store.clone()).build().unwrap();
    reassign.to(&wary.worker(RetryPlan::default(), held_up).unwrap().concurrency(1));
    go_on.add_permits(2);
    until(|| async { store.stats().await.unwrap().leased == 0 }).await;
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.delivered, stats.parked, begun.count()), (1, 1, 1));
    stop.send(()).unwrap();
    running.await.unwrap();
}

async fn until<F: Future<Output = bool>>(reached: impl Fn() -> F) {
    let wait = async {
        while !reached().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), wait).await.expect("it comes to it");
}
