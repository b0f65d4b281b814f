//! No memory at all, said aloud: every copy of an event is handled again, and a captured one too. The rule: what nobody keeps
//! is not answered as if it were kept.

use std::pin::pin;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use crate::decode::Receipt;
use crate::error::{Code, Rejection};
use crate::observed::{self, Stage};
use crate::once::Once;
use crate::reply::Reply;
use crate::stage::{StageFuture, oneshot};
use crate::verified::Verified;

/// Hands every verified event to the handler, copies included. For handlers that are idempotent by themselves. It has no
/// default: there is one way to make it, and that says what is given up.
#[derive(Debug, Clone, Copy)]
pub struct WithoutDedupLayer(());

impl WithoutDedupLayer {
    /// Says aloud that nothing remembers.
    pub fn i_accept_replays() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for WithoutDedupLayer {
    type Service = WithoutDedup<S>;

    fn layer(&self, inner: S) -> WithoutDedup<S> {
        WithoutDedup { inner }
    }
}

/// The service of [`WithoutDedupLayer`].
#[derive(Debug, Clone)]
pub struct WithoutDedup<S> {
    inner: S,
}

impl<S> Service<Verified<Receipt>> for WithoutDedup<S>
where
    S: Service<Once, Response = Reply, Error = Rejection> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Reply;
    type Error = Rejection;
    type Future = StageFuture<Reply, Rejection>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Rejection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, receipt: Verified<Receipt>) -> Self::Future {
        let inner = self.inner.clone();
        Box::pin(async move {
            let (_, once) = Once::first(receipt);
            // Nothing keeps what cannot be read, so it must not be answered as if it were kept.
            let once = once.map_err(|problem| Rejection::new(Code::PayloadUndecodable, problem.to_string()))?;
            observed::timed(Stage::Dispatch, pin!(oneshot(inner, once))).await
        })
    }
}
