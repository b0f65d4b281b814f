//! The accept loop of senders: a place, perhaps a TLS handshake, then the connection. The rule: whoever has no place costs
//! nothing, and nobody waits for another.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::callers::{self, Callers};
use super::config::LimitSettings;
use super::live::Live;
use super::places::Places;
use super::{Router, connection, http2, tls};
use crate::client::ClientCertificate;

type Answering = Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>;

/// What a connection goes through.
#[derive(Debug, Clone)]
pub(super) struct Entrance {
    pub(super) tls: Option<Arc<Live<ServerConfig>>>,
    pub(super) router: Router,
    pub(super) callers: Arc<Callers>,
}

/// Takes connections until it is dropped.
pub(super) async fn accept(
    listener: &TcpListener,
    entrance: Entrance,
    connections: &mut JoinSet<()>,
    limits: &LimitSettings,
    closing: watch::Receiver<bool>,
) {
    let (places, times, handshake) = (Places::new(limits), limits.times, limits.handshake);
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(code = "accept_failed", %error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let place = match places.take(peer.ip()) {
            Ok(place) => place,
            Err(full) => {
                turn_away(&stream, full.as_str(), entrance.tls.is_none());
                continue;
            }
        };
        // Answers are small: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        while connections.try_join_next().is_some() {}
        let (entrance, closing) = (entrance.clone(), closing.clone());
        connections.spawn(async move {
            let ended = match &entrance.tls {
                None => connection::serve(stream, entrance.respond(peer.ip(), None), times, closing).await,
                Some(tls) => {
                    // As the files are now; connections that stand keep what they began with.
                    let handshaking = TlsAcceptor::from(tls.current()).accept(stream);
                    let Some(stream) = shake(handshake, handshaking).await else { return };
                    let shown = match callers::shown(stream.get_ref().1.peer_certificates()) {
                        Ok(shown) => shown,
                        Err(error) => return tracing::debug!(error, "a client's certificate could not be read"),
                    };
                    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(tls::HTTP2);
                    let respond = entrance.respond(peer.ip(), shown);
                    if is_http2 {
                        http2::serve(stream, respond, times, closing).await
                    } else {
                        connection::serve(stream, respond, times, closing).await
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

impl Entrance {
    /// What answers the requests of one connection.
    fn respond<B>(
        &self,
        peer: IpAddr,
        shown: Option<ClientCertificate>,
    ) -> impl Fn(Request<B>) -> Answering + Clone + Send + Sync + 'static
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Send,
    {
        let (router, callers) = (self.router.clone(), Arc::clone(&self.callers));
        move |mut request| {
            let address = callers.introduce(&mut request, peer, shown.as_ref());
            let router = router.clone();
            Box::pin(async move { router.respond(request, Some(address)).await })
        }
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
