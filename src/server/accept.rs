//! The accept loop of senders: a place, perhaps a TLS handshake, then the connection. The rule: whoever has no place costs
//! nothing, and nobody waits for another.

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::config::LimitSettings;
use super::places::Places;
use super::{Router, connection};

/// Takes connections until it is dropped.
pub(super) async fn accept(
    listener: &TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
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
                turn_away(&stream, full.as_str(), tls.is_none());
                continue;
            }
        };
        // Answers are small: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        while connections.try_join_next().is_some() {}
        let (router, tls, closing) = (router.clone(), tls.clone(), closing.clone());
        connections.spawn(async move {
            let respond = move |request| {
                let router = router.clone();
                async move { router.respond(request, Some(peer.ip())).await }
            };
            let ended = match tls {
                None => connection::serve(stream, respond, times, closing).await,
                Some(tls) => match tokio::time::timeout(handshake, tls.accept(stream)).await {
                    Ok(Ok(stream)) => connection::serve(stream, respond, times, closing).await,
                    Ok(Err(error)) => return tracing::debug!(%error, "a TLS handshake failed"),
                    Err(_) => return tracing::debug!("a TLS handshake took too long"),
                },
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke");
            }
            drop(place);
        });
    }
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
