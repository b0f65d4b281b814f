//! One connection: HTTP/1.1 only, with a deadline for each head. The same code reads a captured request from a file.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

/// How long a head may take, and how long a connection may be silent.
const HEAD: Duration = Duration::from_secs(5);
/// How long a connection lives, however busy it is.
const LIFETIME: Duration = Duration::from_secs(600);
/// How long what is in flight on it may take then.
const GRACE: Duration = Duration::from_secs(60);
/// Largest head, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;
/// Most headers.
const MOST_HEADERS: usize = 64;

/// Serves one connection until it ends or `closing` says so.
///
/// # Errors
/// The connection broke, or its bytes were no HTTP/1.1.
pub(super) async fn serve<IO, R, F>(io: IO, respond: R, mut closing: watch::Receiver<bool>) -> Result<(), hyper::Error>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    R: Fn(hyper::Request<Incoming>) -> F,
    F: Future<Output = hyper::Response<Full<Bytes>>>,
{
    #[cfg(all(feature = "fail-points", debug_assertions))]
    let io = super::torn::Torn(io);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let answer = respond(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .half_close(true)
        .serve_connection(TokioIo::new(io), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        _ = closing.wait_for(|closing| *closing) => {}
        // A peer that sends and never reads would keep its place for ever; an honest one connects again.
        () = tokio::time::sleep(LIFETIME) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::time::timeout(GRACE, connection).await.unwrap_or(Ok(()))
}
