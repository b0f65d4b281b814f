//! How one stage drives the next. The rules: the instance that was polled ready is the one that is called, and what goes on in
//! a task of its own keeps the turn of its request.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::futures::TaskLocalFuture;
use tower_service::Service;

/// The future of a stage. Boxed once per stage, so that no type has to be named.
pub type StageFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

tokio::task_local! {
    /// The turn of the request that this task works on.
    static TURN: Arc<OwnedSemaphorePermit>;
}

/// Works on a request that has its turn, which what `work` begins at once can keep too.
pub(crate) fn in_turn<F: Future>(
    turn: OwnedSemaphorePermit,
    work: impl FnOnce() -> F,
) -> TaskLocalFuture<Arc<OwnedSemaphorePermit>, F> {
    let turn = Arc::new(turn);
    let begun = TURN.sync_scope(Arc::clone(&turn), work);
    TURN.scope(turn, begun)
}

/// The turn of this request, if it has one, to be kept beyond its caller.
pub(crate) fn turn() -> Option<Arc<OwnedSemaphorePermit>> {
    TURN.try_with(Arc::clone).ok()
}

/// Calls a service that is ready at once, as all stages are, and waits for another. What is handed on is not kept beside
/// the future that it went into.
pub(crate) fn called<S, R, T, E>(mut service: S, request: R) -> StageFuture<T, E>
where
    S: Service<R, Response = T, Error = E> + Send + 'static,
    S::Future: Send,
    R: Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    // Whoever is not ready is asked again by the future, which has a waker.
    match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(())) => Box::pin(service.call(request)),
        Poll::Ready(Err(error)) => Box::pin(std::future::ready(Err(error))),
        Poll::Pending => Box::pin(oneshot(service, request)),
    }
}

/// Waits until `service` is ready, then calls it.
pub(crate) async fn oneshot<S, R>(mut service: S, request: R) -> Result<S::Response, S::Error>
where
    S: Service<R>,
{
    poll_fn(|context| service.poll_ready(context)).await?;
    service.call(request).await
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll};

    use super::*;

    /// Fails the test if it is called before it was ready, as tower's contract forbids.
    #[derive(Default)]
    struct Strict {
        polls: u32,
    }

    impl Service<u32> for Strict {
        type Response = u32;
        type Error = std::convert::Infallible;
        type Future = std::future::Ready<Result<u32, Self::Error>>;

        fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            self.polls += 1;
            context.waker().wake_by_ref();
            if self.polls < 3 { Poll::Pending } else { Poll::Ready(Ok(())) }
        }

        fn call(&mut self, request: u32) -> Self::Future {
            assert!(self.polls >= 3, "called before it was ready");
            std::future::ready(Ok(request))
        }
    }

    #[tokio::test]
    async fn a_service_is_called_only_when_it_is_ready() {
        assert_eq!(oneshot(Strict::default(), 7).await, Ok(7));
        assert_eq!(called(Strict::default(), 8).await, Ok(8));
        assert_eq!(called(Strict { polls: 2 }, 9).await, Ok(9));
    }
}
