//! One connection of HTTP/2, behind TLS and only where the configuration asks for it (RFC 9113).
//!
//! The rule: what a peer can multiply has a bound of its own, and a connection on which nothing is asked ends as soon as
//! one of HTTP/1.1 would.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::connection::{GRACE, LIFETIME, Refused, Times, late};
use crate::endpoint::BodyBudget;

/// Requests at once on one connection. The head of each is in memory.
const STREAMS: u32 = 16;
/// Largest head after HPACK, in bytes, as RFC 9113 section 6.5.2 counts them.
const HEADERS: u32 = 16 * 1024;
/// What a peer may send of one body, and of all on its connection, before somebody reads it.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 128 * 1024;
/// Streams that a peer opened and took back, before the connection ends (CVE-2023-44487).
const RESETS: usize = 20;
/// Streams that we refused because of a peer's faults, before the connection ends.
const FAULTS: usize = 100;

/// How long somebody who is silent may still begin a request once the receiver stops, as over HTTP/1.1.
const LAST: Duration = Duration::from_millis(500);

/// Serves one connection until it ends or `closing` says so; what comes after that is [`Refused`] with
/// [`Code::ShuttingDown`](crate::error::Code::ShuttingDown). Heads have their room in common with bodies and other
/// connections, and a part of it in common with other connections of their address.
pub(super) async fn serve<IO, R, F>(
    io: IO,
    respond: R,
    times: Times,
    (room, from): (&BodyBudget, Option<IpAddr>),
    mut closing: watch::Receiver<bool>,
) -> Result<(), hyper::Error>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    R: Fn(hyper::Request<Incoming>) -> F,
    F: Future<Output = hyper::Response<Full<Bytes>>> + Send + 'static,
{
    let (open, mut busy) = watch::channel(0_usize);
    let open = Arc::new(open);
    let stopping = closing.clone();
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        let (asked, mut share) = (Asked::new(&open), room.share_of_heads(from));
        let roomed = share.take(size(&request));
        if let Some(rejection) = late(&stopping).or(roomed.err()) {
            request.extensions_mut().insert(Refused(rejection));
        }
        let answer = respond(request);
        async move {
            let answer = answer.await;
            drop((asked, share));
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(FAULTS)
        .max_send_buf_size(STREAM_WINDOW as usize)
        // A peer that is gone without a word; one that answers and asks nothing is ended below.
        .keep_alive_interval(times.idle)
        .keep_alive_timeout(times.answer)
        .serve_connection(TokioIo::new(io), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = async { drop(closing.wait_for(|closing| *closing).await) } => {
            // Who is idle may have a request on its way: it is answered.
            if let Ok(ended) = tokio::time::timeout(LAST.min(times.idle), connection.as_mut()).await {
                return ended;
            }
        }
        () = silence(&mut busy, times) => {}
        () = tokio::time::sleep(LIFETIME) => {}
    }
    // What is still sent after this, or not read, has only so long.
    let patience = if *busy.borrow() == 0 { times.answer } else { GRACE };
    connection.as_mut().graceful_shutdown();
    tokio::time::timeout(patience, connection).await.unwrap_or(Ok(()))
}

/// What a head takes, as RFC 9113 section 6.5.2 counts it.
fn size<B>(request: &hyper::Request<B>) -> usize {
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len().saturating_add(value.len()));
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let host = request.uri().authority().map_or(0, |host| host.as_str().len());
    // The four of each request: method, scheme, path, authority.
    let named = fields.fold(target.saturating_add(host), |sum, field| sum.saturating_add(field).saturating_add(32));
    named.saturating_add(4 * 42)
}

/// Ends when nothing has been asked for as long as a connection may be idle; a new one has less time. Frames that ask
/// nothing, and a head that does not end, count for nothing.
async fn silence(busy: &mut watch::Receiver<usize>, times: Times) {
    let mut patience = times.head;
    loop {
        if *busy.borrow_and_update() > 0 {
            // The service holds the other end for as long as this is awaited.
            let _ = busy.changed().await;
            patience = times.idle;
            continue;
        }
        if tokio::time::timeout(patience, busy.changed()).await.is_err() {
            return;
        }
        patience = times.idle;
    }
}

/// A request that is being answered.
struct Asked(Arc<watch::Sender<usize>>);

impl Asked {
    fn new(open: &Arc<watch::Sender<usize>>) -> Self {
        open.send_modify(|count| *count = count.saturating_add(1));
        Self(Arc::clone(open))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
#[path = "http2_tests.rs"]
mod tests;
