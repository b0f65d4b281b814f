//! The tower part of inline handling. A claim is decided by the store; a copy that arrives in flight waits a little
//! and is then sent away, never answered with success.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::StatusCode;
use tokio::time::{Instant, sleep, timeout};
use tower_layer::Layer;
use tower_service::Service;

use super::{InlineTimes, OnUndecodable, conflict, unavailable};
use crate::decode::Receipt;
use crate::error::{Code, Rejection};
use crate::fail_point::{self, Point};
use crate::observed::{self, Stage};
use crate::once::Once;
use crate::reply::Reply;
use crate::stage::{StageFuture, oneshot};
use crate::store::{Acceptance, Claim, Lease, Record, Store, StoreError, failing};
use crate::verified::Verified;

/// How often a waiting copy looks whether the first one is done.
const LOOK: Duration = Duration::from_millis(50);

/// Puts a store in front of a handler that answers at once.
#[derive(Debug, Clone)]
pub struct DedupLayer {
    store: Arc<dyn Store>,
    times: InlineTimes,
    undecodable: OnUndecodable,
}

impl DedupLayer {
    /// Remembers in `store`.
    pub fn new(store: Arc<dyn Store>, times: InlineTimes, undecodable: OnUndecodable) -> Self {
        Self { store, times, undecodable }
    }
}

impl<S> Layer<S> for DedupLayer {
    type Service = Dedup<S>;

    fn layer(&self, inner: S) -> Dedup<S> {
        Dedup { settings: self.clone(), inner }
    }
}

/// The service of [`DedupLayer`].
#[derive(Debug, Clone)]
pub struct Dedup<S> {
    settings: DedupLayer,
    inner: S,
}

impl<S> Service<Verified<Receipt>> for Dedup<S>
where
    S: Service<Once, Response = Reply, Error = Rejection> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Reply;
    type Error = Rejection;
    type Future = StageFuture<Reply, Rejection>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Rejection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, receipt: Verified<Receipt>) -> Self::Future {
        let inner = self.inner.clone();
        // A task of its own: a sender that hangs up neither stops a handler half way nor leaves a claim to nobody.
        let work = tokio::spawn(observed::carried(self.settings.clone().handle(receipt, inner)));
        Box::pin(async move {
            work.await.unwrap_or_else(|_| {
                Err(Rejection::new(Code::HandlerFailed, "expected an answer of the handler, but found a panic"))
            })
        })
    }
}

impl DedupLayer {
    async fn handle<S>(self, receipt: Verified<Receipt>, inner: S) -> Result<Reply, Rejection>
    where
        S: Service<Once, Response = Reply, Error = Rejection> + Send + 'static,
        S::Future: Send,
    {
        let (record, once) = Once::first(receipt);
        let once = match once {
            Ok(once) => once,
            Err(problem) => return self.keep(record, &problem.to_string()).await,
        };
        match observed::timed(Stage::Claim, self.claim(&record)).await? {
            Claim::Granted(held) => {
                self.run(held, record, observed::timed(Stage::Dispatch, oneshot(inner, once))).await
            }
            Claim::Done(stored) => Ok(Reply::again(stored)),
            Claim::Conflict => Err(conflict()),
            Claim::InFlight => {
                let wait = self.times.wait;
                let found = "expected the first copy to be done, but found it in flight";
                Err(Rejection::new(Code::EventInFlight, found).with_retry_after(wait))
            }
        }
    }

    /// Claims, waiting a little for a first copy that is being handled.
    async fn claim(&self, record: &Verified<Record>) -> Result<Claim, Rejection> {
        let start = Instant::now();
        loop {
            failing(Point::BeforeClaim, StoreError::NotStored).map_err(|e| unavailable(&e))?;
            let claim = self.store.claim(record.clone(), self.times.lease()).await.map_err(|e| unavailable(&e))?;
            if claim != Claim::InFlight || start.elapsed() >= self.times.wait {
                return Ok(claim);
            }
            sleep(LOOK).await;
        }
    }

    /// Runs the handler under its deadline, renewing the lease every third of it.
    async fn run(
        self,
        held: Lease,
        record: Verified<Record>,
        handler: impl Future<Output = Result<Reply, Rejection>> + Send,
    ) -> Result<Reply, Rejection> {
        fail_point::reached(Point::Claimed);
        let guard = ReleaseOnPanic { store: &self.store, held: Some(held) };
        let lease = self.times.lease();
        let third = lease.checked_div(3).unwrap_or(lease);
        let renewing = async {
            loop {
                sleep(third).await;
                if self.store.renew(held, lease).await == Err(StoreError::LeaseLost) {
                    return;
                }
            }
        };
        let answer = tokio::select! {
            answer = timeout(self.times.deadline, handler) => answer.unwrap_or_else(|_| {
                Err(Rejection::new(Code::HandlerFailed, "expected an answer within the deadline, but found none"))
            }),
            () = renewing => Err(unavailable(&StoreError::LeaseLost)),
        };
        guard.disarm();
        match answer {
            Ok(reply) if reply.status.is_none_or(is_final) => {
                failing(Point::Answered, StoreError::NotStored).map_err(|e| unavailable(&e))?;
                let completing = observed::timed(Stage::Complete, self.store.complete(held, record, reply.to_stored()));
                completing.await.map_err(|e| unavailable(&e))?;
                fail_point::reached(Point::Completed);
                Ok(reply)
            }
            other => {
                if let Err(error) = self.store.release(held).await {
                    tracing::warn!(code = "release_failed", %error, "the claim ends with its lease");
                }
                other
            }
        }
    }

    /// Keeps what cannot be read, once, for inspection.
    async fn keep(&self, record: Verified<Record>, problem: &str) -> Result<Reply, Rejection> {
        let accepting = observed::timed(Stage::Accept, self.store.accept(record));
        let acceptance = accepting.await.map_err(|e| unavailable(&e))?;
        undecodable(self.undecodable, acceptance, problem)
    }
}

/// Whether an answer ends the event: success, or a refusal that speaks about the request itself. Every other answer (a
/// gateway's 401, 404 or 429, a redirect, 5xx) is passed on, and the sender's retry is handled anew.
fn is_final(status: StatusCode) -> bool {
    status.is_success()
        || matches!(status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY)
}

/// The answer to content that was kept because it cannot be read.
pub(crate) fn undecodable(setting: OnUndecodable, acceptance: Acceptance, problem: &str) -> Result<Reply, Rejection> {
    match (acceptance, setting) {
        (Acceptance::Conflict, _) => Err(conflict()),
        (_, OnUndecodable::Refuse) => Err(Rejection::new(Code::PayloadUndecodable, problem.to_owned())),
        (Acceptance::Accepted, OnUndecodable::Keep) => Ok(Reply::quarantined()),
        (Acceptance::Duplicate, OnUndecodable::Keep) => Ok(Reply::duplicate()),
    }
}

/// Gives a claim back when the handler panics, so that the sender's retry need not wait for the lease to end.
struct ReleaseOnPanic<'a> {
    store: &'a Arc<dyn Store>,
    held: Option<Lease>,
}

impl ReleaseOnPanic<'_> {
    fn disarm(mut self) {
        self.held = None;
    }
}

impl Drop for ReleaseOnPanic<'_> {
    fn drop(&mut self) {
        let (Some(held), Ok(runtime)) = (self.held, tokio::runtime::Handle::try_current()) else { return };
        let store = Arc::clone(self.store);
        runtime.spawn(async move { store.release(held).await });
    }
}
