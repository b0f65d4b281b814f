//! A captured request, judged by the very code that serves, without touching any store: `verify` and the self-test
//! of `check`.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use super::config::EndpointSettings;
use super::{Router, connection};
use crate::clock::{FixedClock, Timestamp};
use crate::endpoint::{Endpoint, Outcome};
use crate::error::{Code, ConfigError, Rejection};
use crate::once::Once;
use crate::store::{
    Acceptance, Claim, Durability, EventId, Lease, Leased, Listing, Record, Shown, Stats, Store, StoreError,
    StoreFuture, StoredAnswer,
};
use crate::verified::Verified;
use crate::verify::Account;

/// What `serve` would say to the same bytes.
#[derive(Debug)]
pub struct Verdict {
    /// The status that the sender would get.
    pub status: u16,
    /// Why it would be refused, or kept for inspection only.
    pub rejection: Option<Rejection>,
    /// The event that a sink would receive.
    pub event: Option<Once>,
    /// What fitted, layer by layer, also where it was refused in the end.
    pub layers: Vec<String>,
    /// Bytes behind the blank line that the head does not announce.
    pub unannounced: usize,
}

/// What became of the first request.
type Slot = Arc<Mutex<Option<(Outcome, Option<Rejection>, Vec<String>)>>>;

/// Judges the bytes of one HTTP/1.1 request at a moment.
///
/// # Errors
/// The endpoint cannot be built, which loading the configuration has found out before.
pub async fn judge(settings: &EndpointSettings, at: Timestamp, raw: &[u8]) -> Result<Verdict, ConfigError> {
    let clock = Arc::new(FixedClock::at(at));
    let store = Arc::new(Trial::default());
    let account = Account::default();
    let endpoint =
        settings.builder(clock.clone()).without_pins().account(account.clone()).queue(store.clone()).build()?;
    // A trial is no delivery: it is not counted either.
    let router = metrics::with_local_recorder(&metrics::NoopRecorder, || Router::new(vec![endpoint.clone()], clock));
    let first = Slot::default();
    let slot = Arc::clone(&first);
    // A capture does not say where it came from: it is judged as if from where, and from whom, the endpoint expects it.
    let peer = settings.expected_peer();
    let respond = move |request| {
        let (router, slot, account) = (router.clone(), Arc::clone(&slot), account.clone());
        async move {
            let response = router.respond(request, Some(peer)).await;
            let outcome = response.extensions().get::<Outcome>().copied();
            let rejection = response.extensions().get::<Rejection>().cloned();
            let layers = account.take();
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            if let (None, Some(outcome)) = (&*slot, outcome) {
                *slot = Some((outcome, rejection, layers));
            }
            response
        }
    };
    // A trial is no delivery: it does not belong into the log.
    let status = exchange(raw, respond).with_subscriber(NoSubscriber::default()).await;
    let found = first.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (outcome, layers) = match found {
        Some((outcome, rejection, layers)) => (Some((outcome, rejection)), layers),
        None => (None, Vec::new()),
    };
    let event = store.event(&endpoint);
    let rejection = match (outcome, &event) {
        (Some((_, Some(rejection))), _) => Some(rejection),
        (Some(_), Some(Ok(_))) => None,
        (Some(_), Some(Err(problem))) => Some(problem.clone()),
        _ => {
            Some(Rejection::new(Code::RequestMalformed, "expected an HTTP/1.1 request, but found bytes that are none"))
        }
    };
    Ok(Verdict { status, rejection, event: event.and_then(Result::ok), layers, unannounced: unannounced(raw) })
}

/// Sends the bytes through a connection in memory and reads the status of the first answer that is final.
async fn exchange<R, F>(raw: &[u8], respond: R) -> u16
where
    R: Fn(hyper::Request<hyper::body::Incoming>) -> F,
    F: Future<Output = hyper::Response<http_body_util::Full<bytes::Bytes>>>,
{
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    let (_open, closing) = watch::channel(false);
    let server = connection::serve(far, respond, connection::Times::default(), closing);
    let client = async {
        let mut answer = Vec::new();
        let (mut reading, mut writing) = tokio::io::split(&mut near);
        let write = async {
            // The server may stop reading: what matters is what it says.
            let _ = writing.write_all(raw).await;
            let _ = writing.shutdown().await;
        };
        let (_, _) = tokio::join!(write, reading.read_to_end(&mut answer));
        answer
    };
    let (_, answer) = tokio::join!(server, client);
    status(&answer)
}

fn status(answer: &[u8]) -> u16 {
    let text = String::from_utf8_lossy(answer);
    let version = |line| str::strip_prefix(line, "HTTP/1.1 ").or_else(|| str::strip_prefix(line, "HTTP/1.0 "));
    let lines = text.split("\r\n").filter_map(version);
    let mut statuses = lines.filter_map(|line| line.get(..3)?.parse().ok());
    statuses.find(|status| *status >= 200).unwrap_or(400)
}

fn unannounced(raw: &[u8]) -> usize {
    let Some(end) = raw.windows(4).position(|four| four == b"\r\n\r\n") else { return 0 };
    let body = raw.len().saturating_sub(end.saturating_add(4));
    let head = String::from_utf8_lossy(raw.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let announced =
        head.split("\r\n").find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    match (announced, head.contains("\r\ntransfer-encoding:")) {
        (_, true) => 0,
        (announced, false) => body.saturating_sub(announced.unwrap_or(0)),
    }
}

/// Remembers one record and nothing else.
#[derive(Debug, Default)]
struct Trial(Mutex<Option<Verified<Record>>>);

impl Trial {
    fn event(&self, endpoint: &Endpoint) -> Option<Result<Once, Rejection>> {
        let record = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        if let Some(problem) = &record.problem {
            return Some(Err(Rejection::new(Code::PayloadUndecodable, problem.to_string())));
        }
        Some(Once::stored(record, &endpoint.decoder(), 1))
    }
}

fn never<'a, T: Send + 'a>() -> StoreFuture<'a, T> {
    Box::pin(std::future::ready(Err(StoreError::NotStored("a trial, which keeps nothing".to_owned()))))
}

impl Store for Trial {
    fn durability(&self) -> Durability {
        Durability::Memory
    }

    fn accept(&self, record: Verified<Record>) -> StoreFuture<'_, Acceptance> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            *slot = Some(record);
        }
        Box::pin(std::future::ready(Ok(Acceptance::Accepted)))
    }

    fn claim(&self, _: Verified<Record>, _: Duration) -> StoreFuture<'_, Claim> {
        never()
    }

    fn renew(&self, _: Lease, _: Duration) -> StoreFuture<'_, ()> {
        never()
    }

    fn complete(&self, _: Lease, _: Verified<Record>, _: StoredAnswer) -> StoreFuture<'_, ()> {
        never()
    }

    fn release(&self, _: Lease) -> StoreFuture<'_, ()> {
        never()
    }

    fn lease(&self, _: Arc<[Box<str>]>, _: usize, _: Duration) -> StoreFuture<'_, Vec<Leased>> {
        never()
    }

    fn acknowledge(&self, _: Vec<(EventId, u64)>) -> StoreFuture<'_, ()> {
        never()
    }

    fn retry_at(&self, _: EventId, _: u64, _: Timestamp, _: String) -> StoreFuture<'_, ()> {
        never()
    }

    fn give_back(&self, _: Vec<(EventId, u64)>, _: Timestamp) -> StoreFuture<'_, ()> {
        never()
    }

    fn park(&self, _: EventId, _: u64, _: String) -> StoreFuture<'_, ()> {
        never()
    }

    fn requeue(&self, _: Vec<EventId>) -> StoreFuture<'_, u64> {
        never()
    }

    fn discard(&self, _: Vec<EventId>) -> StoreFuture<'_, u64> {
        never()
    }

    fn prune(&self) -> StoreFuture<'_, crate::store::Pruned> {
        never()
    }

    fn list(&self, _: Listing) -> StoreFuture<'_, Vec<(u64, crate::store::Entry)>> {
        never()
    }

    fn show(&self, _: EventId) -> StoreFuture<'_, Option<Shown>> {
        never()
    }

    fn stats(&self) -> StoreFuture<'_, Stats> {
        never()
    }

    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}
