//! The door of senders: a place, perhaps a TLS handshake, then the connection. The rules: whoever has no place costs
//! nothing, and nobody waits for another; and when the receiver stops, whoever came before the door closed is answered.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response, Version};
use http_body::Body;
use http_body_util::Full;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::connection::Refused;
use super::handshaken::Handshaken;
use super::places::Places;
use super::seldom::Seldom;
use super::{connection, http2, standing, tls};

type Answering = Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>;

/// Connections that are answered after the door has closed to others; more than a queue of the kernel usually holds.
const LAST: usize = 4096;

/// Where senders come in.
pub(super) struct Door {
    pub(super) listener: TcpListener,
    /// Somebody else keeps the socket, and the next receiver takes who waits there.
    pub(super) kept: bool,
    pub(super) hall: Hall,
}

/// What they come into.
pub(super) struct Hall {
    pub(super) standing: standing::Place,
    pub(super) places: Arc<Places>,
    pub(super) closing: watch::Receiver<bool>,
    /// More than these never come in: others need their files.
    pub(super) most: usize,
    /// Connections that could not be accepted.
    pub(super) failures: Seldom,
}

impl Door {
    /// Lets senders in until `closing`, and then answers those who are in and those who still come, until `rest` and the
    /// last of them is done.
    pub(super) async fn attend(self, rest: impl Future<Output = ()> + Send) {
        let Self { listener, kept, hall } = self;
        let (mut inside, mut closing) = (JoinSet::new(), hall.closing.clone());
        loop {
            tokio::select! {
                () = async { drop(closing.wait_for(|closing| *closing).await) } => break,
                accepted = listener.accept() => hall.take(accepted, &mut inside).await,
            }
        }
        let done = async {
            while inside.join_next().await.is_some() {}
            rest.await;
        };
        if kept {
            drop(listener);
            return done.await;
        }
        let (mut done, mut late) = (std::pin::pin!(done), JoinSet::new());
        loop {
            tokio::select! {
                () = &mut done => break,
                accepted = listener.accept() => hall.take(accepted, &mut late).await,
            }
        }
        // Whoever stands in the door is taken before it closes: the kernel would hang up on them. Without waiting, as
        // nobody has to come any more.
        if let Ok(listener) = listener.into_std() {
            for _ in 0..LAST {
                let Ok((stream, peer)) = listener.accept() else { break };
                let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                hall.take(stream.map(|stream| (stream, peer)), &mut late).await;
            }
        }
        while late.join_next().await.is_some() {}
    }
}

impl Hall {
    async fn take(&self, accepted: io::Result<(TcpStream, SocketAddr)>, inside: &mut JoinSet<()>) {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if let Some(suppressed) = self.failures.admit() {
                    tracing::warn!(code = "accept_failed", %error, suppressed, "a connection could not be accepted");
                }
                return tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let now = self.standing.load_full();
        let limits = now.limits;
        let place = match self.places.take(peer.ip(), limits.connections.min(self.most), limits.connections_per_address)
        {
            Ok(place) => place,
            Err(full) => return turn_away(&stream, full.as_str(), now.tls.is_none()),
        };
        // Answers are small: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        while inside.try_join_next().is_some() {}
        let (standing, closing) = (Arc::clone(&self.standing), self.closing.clone());
        inside.spawn(async move {
            let (times, room, from) = (limits.times, &now.room, now.callers.counted(peer.ip()));
            let ended = match &now.tls {
                None => {
                    let respond = answering(standing, peer.ip(), None);
                    connection::serve_within(stream, respond, times, room.share_of_heads(from), closing).await
                }
                Some(tls) => {
                    // As the files are now. Connections that stand keep what they began with, but for who is trusted.
                    let listening = tls.current();
                    let handshaking = TlsAcceptor::from(Arc::clone(&listening.config)).accept(stream);
                    let Some(stream) = shake(limits.handshake, handshaking).await else { return };
                    let shown = match Handshaken::new(stream.get_ref().1.peer_certificates(), &listening) {
                        Ok(shown) => shown,
                        Err(error) => return tracing::debug!(error, "a client's certificate could not be read"),
                    };
                    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(tls::HTTP2);
                    drop(listening);
                    let respond = answering(standing, peer.ip(), Some(Arc::new(shown)));
                    if is_http2 {
                        http2::serve(stream, respond, times, (room, from), closing).await
                    } else {
                        connection::serve_within(stream, respond, times, room.share_of_heads(from), closing).await
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke");
            }
            drop(place);
        });
    }
}

/// What answers the requests of one connection: as is configured when a request comes, also on an older connection.
fn answering<B>(
    standing: standing::Place,
    peer: IpAddr,
    shown: Option<Arc<Handshaken>>,
) -> impl Fn(Request<B>) -> Answering + Clone + Send + Sync + 'static
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
{
    move |mut request| {
        let now = standing.load();
        let listening = now.tls.as_ref().map(|tls| tls.current());
        let clients = listening.as_ref().and_then(|listening| listening.clients.as_ref());
        let client = shown.as_ref().map_or(Ok(None), |shown| shown.client(clients, now.clock.now()));
        let last = client.is_err() && request.version() < Version::HTTP_2;
        let client = client.unwrap_or_else(|rejection| {
            request.extensions_mut().insert(Refused(rejection));
            None
        });
        let address = now.callers.introduce(&mut request, peer, client);
        let router = now.router.clone();
        Box::pin(async move {
            let mut response = router.respond(request, Some(address)).await;
            if last {
                // With a handshake of now it may be taken.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            response
        })
    }
}

/// Counted from the start, or a first failure would be no increase.
pub(super) fn count_handshakes_from_the_start() {
    for reason in tls::REASONS {
        metrics::counter!("countersign_handshakes_failed_total", "reason" => reason).increment(0);
    }
}

/// A handshake that ended well and in time. One that did not is counted, and no log line of others' making.
async fn shake<S>(patience: Duration, handshaking: impl Future<Output = io::Result<S>>) -> Option<S> {
    let reason = match tokio::time::timeout(patience, handshaking).await {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            tls::reason(&error)
        }
        Err(_) => "timeout",
    };
    metrics::counter!("countersign_handshakes_failed_total", "reason" => reason).increment(1);
    None
}

/// Closes a connection that has no place. Nothing of it is read and nothing is waited for: an answer is only tried.
pub(super) fn turn_away(stream: &TcpStream, limit: &'static str, in_clear: bool) {
    const ANSWER: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    // A counter and no log line: this is what happens most while somebody floods us.
    metrics::counter!("countersign_connections_refused_total", "limit" => limit).increment(1);
    if in_clear {
        let _ = stream.try_write(ANSWER);
    }
}
