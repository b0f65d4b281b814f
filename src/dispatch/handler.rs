//! What a handler may return, and how it is kept without its type.

use std::fmt;
use std::sync::Arc;

use crate::error::{Code, Rejection};
use crate::reply::Reply;
use crate::stage::StageFuture;

/// A handler without its type.
pub(super) type Handler<E> = Arc<dyn Fn(E) -> StageFuture<Reply, Rejection> + Send + Sync>;

pub(super) fn erase<E, F, O, R>(handler: F) -> Handler<E>
where
    F: Fn(E) -> O + Send + Sync + 'static,
    O: Future<Output = R> + Send + 'static,
    R: IntoReply,
{
    Arc::new(move |event| {
        let answer = handler(event);
        Box::pin(async move { answer.await.into_reply() })
    })
}

/// What a handler returns: nothing, a [`Reply`], or a `Result` of either. An error means "try again".
pub trait IntoReply: Send {
    /// Reads it as an answer.
    ///
    /// # Errors
    /// The handler failed.
    fn into_reply(self) -> Result<Reply, Rejection>;
}

impl IntoReply for () {
    fn into_reply(self) -> Result<Reply, Rejection> {
        Ok(Reply::accepted())
    }
}

impl IntoReply for Reply {
    fn into_reply(self) -> Result<Reply, Rejection> {
        Ok(self)
    }
}

impl<T: IntoReply, E: fmt::Display + Send> IntoReply for Result<T, E> {
    fn into_reply(self) -> Result<Reply, Rejection> {
        self.map_err(|error| Rejection::new(Code::HandlerFailed, error.to_string()))?.into_reply()
    }
}
