//! The door of senders: a place, perhaps a TLS handshake, then the connection. The rules: whoever has no place costs
//! nothing, and nobody waits for another; and when the receiver stops, whoever came before the door closed is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::places::{Full, Places};
use super::{connection, live};

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
    pub(super) live: live::Place,
    pub(super) places: Arc<Places>,
    pub(super) closing: watch::Receiver<bool>,
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
    async fn take(&self, accepted: std::io::Result<(TcpStream, SocketAddr)>, inside: &mut JoinSet<()>) {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(code = "accept_failed", %error, "a connection could not be accepted");
                return tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let now = self.live.load();
        let place = match self.places.take(peer.ip(), &now.limits) {
            Ok(place) => place,
            Err(full) => return turn_away(&stream, full, now.tls.is_none()),
        };
        // Answers are small: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        while inside.try_join_next().is_some() {}
        let (tls, times, handshake) = (now.tls.clone(), now.limits.times, now.limits.handshake);
        let (live, room, closing) = (Arc::clone(&self.live), now.room.clone(), self.closing.clone());
        inside.spawn(async move {
            let respond = move |request| {
                // What is configured when a request comes holds until it is answered, also on an older connection.
                let router = live.load().router.clone();
                async move { router.respond(request, Some(peer.ip())).await }
            };
            let ended = match tls {
                None => connection::serve_within(stream, respond, times, &room, closing).await,
                Some(tls) => match tokio::time::timeout(handshake, tls.accept(stream)).await {
                    Ok(Ok(stream)) => connection::serve_within(stream, respond, times, &room, closing).await,
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
fn turn_away(stream: &TcpStream, full: Full, in_clear: bool) {
    const ANSWER: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    // A counter and no log line: this is what happens most while somebody floods us.
    metrics::counter!("countersign_connections_refused_total", "limit" => full.as_str()).increment(1);
    if in_clear {
        let _ = stream.try_write(ANSWER);
    }
}
