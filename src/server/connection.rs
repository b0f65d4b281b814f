//! One connection of HTTP/1.1; the same code reads a captured request from a file. The rule: hyper sees nothing that was not
//! checked before, and everything that a peer can draw out has a deadline.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::gate::{Gate, Ledger};
use crate::endpoint::{BodyBudget, Share};
use crate::error::{Code, Rejection};
use crate::wire::http1::{LARGEST_HEAD, MOST_FIELDS};

pub use super::gate::Times;

/// How long a connection lives, however busy it is.
pub(super) const LIFETIME: Duration = Duration::from_secs(600);
/// How long what is in flight on it may take then.
pub(super) const GRACE: Duration = Duration::from_secs(60);
/// More than the largest head, so that hyper never finds one too large that was let through.
const BUFFER: usize = LARGEST_HEAD + 4096;

/// In the extensions of a request that the gate refused: it holds nothing of what the peer sent, and is only answered.
#[derive(Debug, Clone)]
pub struct Refused(pub Rejection);

/// Why nothing is begun any more, once the receiver stops.
pub(super) fn late(closing: &watch::Receiver<bool>) -> Option<Rejection> {
    closing.borrow().then(|| Rejection::new(Code::ShuttingDown, "expected a receiver that goes on"))
}

/// Serves one connection until it ends. Once `closing` says so, what is in flight is answered, what comes later is
/// [`Refused`] with [`Code::ShuttingDown`], and each answer is the last of its connection. `respond` gets every request that is strict HTTP/1.1, with
/// a [`crate::endpoint::BodyFault`] in its extensions, and in the place of one that is not a request with [`Refused`].
///
/// # Errors
/// The connection broke.
pub async fn serve<IO, R, F>(
    io: IO,
    respond: R,
    times: Times,
    closing: watch::Receiver<bool>,
) -> Result<(), hyper::Error>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    R: Fn(hyper::Request<Incoming>) -> F,
    F: Future<Output = hyper::Response<Full<Bytes>>>,
{
    serve_within(io, respond, times, BodyBudget::default().share_of_heads(None), closing).await
}

/// The same, where heads that are not whole have their room in common with bodies and other connections.
///
/// # Errors
/// The connection broke.
pub(super) async fn serve_within<IO, R, F>(
    io: IO,
    respond: R,
    times: Times,
    room: Share,
    mut closing: watch::Receiver<bool>,
) -> Result<(), hyper::Error>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    R: Fn(hyper::Request<Incoming>) -> F,
    F: Future<Output = hyper::Response<Full<Bytes>>>,
{
    #[cfg(all(feature = "fail-points", debug_assertions))]
    let io = super::torn::Torn(io);
    let ledger = Arc::new(Ledger::default());
    let gate = Gate::new(io, times, room, Arc::clone(&ledger));
    let stopping = closing.clone();
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        match ledger.next().or_else(|| late(&stopping)) {
            None => drop(request.extensions_mut().insert(ledger.body())),
            Some(rejection) => drop(request.extensions_mut().insert(Refused(rejection))),
        }
        let (answer, stopping) = (respond(request), stopping.clone());
        async move {
            let mut answer = answer.await;
            if *stopping.borrow() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // The gate's clock tells a silent peer from a slow one, and answers the latter.
        .header_read_timeout(None)
        .max_buf_size(BUFFER)
        .max_headers(MOST_FIELDS)
        .half_close(true)
        .serve_connection(TokioIo::new(gate), service);
    let mut connection = std::pin::pin!(connection);
    // A peer that sends and never reads would keep its place for ever; an honest one connects again.
    let mut lifetime = std::pin::pin!(tokio::time::sleep(LIFETIME));
    let mut draining = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => return ended,
            // Who is idle may have a request on its way: it is answered, and the gate ends the rest.
            _ = closing.wait_for(|closing| *closing), if !draining => {
                draining = true;
                ledger.drain();
            }
            () = lifetime.as_mut() => break,
        }
    }
    connection.as_mut().graceful_shutdown();
    tokio::time::timeout(GRACE, connection).await.unwrap_or(Ok(()))
}
