//! One address, and what it can take over many connections.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use hyper::client::conn::http2::{SendRequest, handshake};
use tokio::task::JoinSet;

use super::*;

/// No bytes, and perhaps no end.
struct Empty {
    ends: bool,
}

impl Body for Empty {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.ends { Poll::Ready(None) } else { Poll::Pending }
    }

    fn is_end_stream(&self) -> bool {
        self.ends
    }
}

/// Answers 503 if the head found no room, and else once the body has ended.
async fn respond(request: hyper::Request<Incoming>) -> hyper::Response<Full<Bytes>> {
    let is_refused = request.extensions().get::<Refused>().is_some();
    if !is_refused {
        let _ = request.into_body().collect().await;
    }
    let status = if is_refused { 503 } else { 204 };
    hyper::Response::builder().status(status).body(Full::new(Bytes::new())).unwrap()
}

/// A client at an address, on a connection of its own.
async fn client(room: &BodyBudget, from: [u8; 4]) -> SendRequest<Empty> {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (room, from) = (room.clone(), Some(IpAddr::from(from)));
    tokio::spawn(async move {
        let (_open, closing) = watch::channel(false);
        let _ = serve(far, respond, Times::default(), (&room, from), closing).await;
    });
    let (client, connection) = handshake(TokioExecutor::new(), TokioIo::new(near)).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Some 4 KiB of it.
fn head(ends: bool) -> hyper::Request<Empty> {
    hyper::Request::post("https://hooks.example/a").header("x-pad", "p".repeat(4000)).body(Empty { ends }).unwrap()
}

#[tokio::test]
async fn one_address_cannot_take_all_room_for_heads_over_many_connections() {
    let room = BodyBudget::new(1024 * 1024).per_address(32 * 1024);
    let (one, other) = ([192, 0, 2, 1], [198, 51, 100, 1]);
    let mut held = JoinSet::new();
    for _ in 0..2 {
        let mut client = client(&room, one).await;
        for _ in 0..5 {
            let sent = client.send_request(head(false));
            held.spawn(async move { sent.await.unwrap().status().as_u16() });
        }
    }
    // Seven fit; each of the others is told.
    for _ in 0..3 {
        let told = tokio::time::timeout(std::time::Duration::from_secs(30), held.join_next()).await;
        assert_eq!(told.expect("an answer to a head without room").unwrap().unwrap(), 503);
    }
    let status = async |from| client(&room, from).await.send_request(head(true)).await.unwrap().status().as_u16();
    assert_eq!(status(one).await, 503);
    assert_eq!(status(other).await, 204);
    assert_eq!(held.try_join_next().map(Result::unwrap), None);
    held.shutdown().await;
    let free = async {
        while room.in_use() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), free).await.expect("room that is given back");
    assert_eq!(status(one).await, 204);
}
