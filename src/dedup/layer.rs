//! The tower part of inline handling. The rule: a claim is decided by the store; a copy that arrives in flight waits a little
//! and is then sent away, never answered with success.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::claims::Claims;
use super::{Handlers, InlineTimes, OnUndecodable, conflict, unavailable};
use crate::decode::Receipt;
use crate::error::{Code, Rejection};
use crate::observed::{self, Stage};
use crate::once::Once;
use crate::profile::Undecodable;
use crate::reply::Reply;
use crate::stage::{self, StageFuture, oneshot};
use crate::store::{Acceptance, Claim, Record, Store};
use crate::verified::Verified;

/// Puts a store in front of a handler that answers at once.
#[derive(Debug, Clone)]
pub struct DedupLayer {
    claims: Claims,
    undecodable: OnUndecodable,
    handlers: Handlers,
}

impl DedupLayer {
    /// Remembers in `store`.
    pub fn new(store: Arc<dyn Store>, times: InlineTimes, undecodable: OnUndecodable) -> Self {
        Self { claims: Claims { store, times }, undecodable, handlers: Handlers::default() }
    }

    /// Counts handlers together with others: see [`Handlers`].
    #[must_use]
    pub fn handlers(mut self, handlers: Handlers) -> Self {
        self.handlers = handlers;
        self
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
        let at_work = (self.settings.handlers.begin(), stage::turn());
        // Boxed, because a task's future is moved many times before it is first polled.
        let (record, once) = Once::first(receipt);
        let handled = observed::carried(Box::pin(self.settings.clone().handle(record, once, inner)));
        Box::pin(async move {
            // A task of its own: a sender that hangs up neither stops a handler half way nor leaves a claim to nobody.
            let work = tokio::spawn(async move {
                let reply = handled.await;
                drop(at_work);
                reply
            });
            work.await.unwrap_or_else(|_| {
                Err(Rejection::new(Code::HandlerFailed, "expected an answer of the handler, but found a panic"))
            })
        })
    }
}

impl DedupLayer {
    async fn handle<S>(
        self,
        record: Verified<Record>,
        once: Result<Once, Undecodable>,
        inner: S,
    ) -> Result<Reply, Rejection>
    where
        S: Service<Once, Response = Reply, Error = Rejection> + Send + 'static,
        S::Future: Send,
    {
        let once = match once {
            Ok(once) => once,
            Err(problem) => return self.keep(record, &problem.to_string()).await,
        };
        let claims = &self.claims;
        let claim = {
            let claiming = pin!(claims.claim(&record));
            observed::timed(Stage::Claim, claiming).await?
        };
        match claim {
            Claim::Granted(held) => {
                let handler = Box::pin(async { observed::timed(Stage::Dispatch, pin!(oneshot(inner, once))).await });
                let lasting = |reply: &Reply| reply.is_final().then(|| reply.to_stored());
                claims.run(held, record, handler, lasting).await
            }
            Claim::Done(stored) => Ok(Reply::again(stored)),
            Claim::Conflict => Err(conflict()),
            Claim::InFlight => Err(claims.in_flight()),
        }
    }

    /// Keeps what cannot be read, once, for inspection.
    async fn keep(&self, record: Verified<Record>, problem: &str) -> Result<Reply, Rejection> {
        let accepting = pin!(self.claims.store.accept(record));
        let acceptance = observed::timed(Stage::Accept, accepting).await.map_err(|e| unavailable(&e))?;
        undecodable(self.undecodable, acceptance, problem)
    }
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
