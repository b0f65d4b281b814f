//! Peers that draw things out: everything ends on time. The clock is tokio's, and stands still while nobody waits.

use std::sync::Arc;
use std::time::Duration;

use countersign::error::Code::{self, *};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep};

use crate::parties::{Codes, SIGNED, serve_endpoint, statuses};

struct Peer {
    io: DuplexStream,
    codes: Codes,
    began: Instant,
    served: tokio::task::JoinHandle<()>,
}

impl Peer {
    fn connect(pipe: usize) -> Self {
        let (io, far) = tokio::io::duplex(pipe);
        let codes = Codes::default();
        let served = tokio::spawn(serve_endpoint(far, Arc::clone(&codes)));
        Self { io, codes, began: Instant::now(), served }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.io.write_all(bytes).await.unwrap();
    }

    /// Waits for the end, without closing itself: seconds until then, codes, statuses.
    async fn end(mut self) -> (u64, Vec<Code>, Vec<u16>) {
        let mut answer = Vec::new();
        self.io.read_to_end(&mut answer).await.unwrap();
        let seconds = self.began.elapsed().as_secs();
        let codes = self.codes.lock().unwrap().clone();
        (seconds, codes, statuses(&String::from_utf8_lossy(&answer)))
    }
}

fn head(length: usize) -> Vec<u8> {
    format!("POST /a HTTP/1.1\r\nHost: x\r\n{SIGNED}Content-Length: {length}\r\n\r\n").into_bytes()
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed_without_a_word() {
    assert_eq!(Peer::connect(1024).end().await, (5, vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn half_a_head_is_answered_408_also_if_it_goes_on_and_on() {
    let mut peer = Peer::connect(1024);
    peer.send(b"POST /a HTTP/1.1\r\nHost: x\r\n").await;
    assert_eq!(peer.end().await, (5, vec![HeadTimeout], vec![408]));
    let mut peer = Peer::connect(1024);
    for _ in 0..4 {
        peer.send(b"P").await;
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(peer.end().await, (5, vec![HeadTimeout], vec![408]));
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_and_one_that_asks_again_has_its_time_anew() {
    let mut peer = Peer::connect(4096);
    for _ in 0..3 {
        peer.send(&[head(1), b"A".to_vec()].concat()).await;
        sleep(Duration::from_secs(20)).await;
    }
    assert_eq!(peer.end().await, (70, vec![SignatureMismatch; 3], vec![401; 3]));
    let mut peer = Peer::connect(4096);
    peer.send(&[head(1), b"A".to_vec()].concat()).await;
    sleep(Duration::from_secs(20)).await;
    peer.send(b"POST").await;
    assert_eq!(peer.end().await, (25, vec![SignatureMismatch, HeadTimeout], vec![401, 408]));
}

#[tokio::test(start_paused = true)]
async fn a_stalled_or_trickled_body_is_given_up() {
    let mut peer = Peer::connect(1024);
    peer.send(&head(5)).await;
    assert_eq!(peer.end().await, (2, vec![BodyTimeout], vec![408]));
    let mut peer = Peer::connect(1024);
    peer.send(&head(1000)).await;
    while peer.codes.lock().unwrap().is_empty() {
        peer.send(b"A").await;
        sleep(Duration::from_millis(500)).await;
    }
    assert!(peer.began.elapsed() < Duration::from_secs(4));
    // Fast enough for the rate, too slow for the whole.
    let mut peer = Peer::connect(4096);
    peer.send(&head(200_000)).await;
    while peer.codes.lock().unwrap().is_empty() {
        let _ = peer.io.write_all(&[b'A'; 1200]).await;
        sleep(Duration::from_secs(1)).await;
    }
    assert!((15..17).contains(&peer.began.elapsed().as_secs()), "{:?}", peer.began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_its_answer_is_let_go_of() {
    let mut peer = Peer::connect(256);
    let request = [head(1), b"A".to_vec()].concat();
    // It sends for as long as somebody reads, and never reads itself.
    while tokio::time::timeout(Duration::from_secs(60), peer.io.write_all(&request))
        .await
        .is_ok_and(|sent| sent.is_ok())
    {}
    peer.served.await.unwrap();
    assert!(peer.began.elapsed() < Duration::from_secs(70), "{:?}", peer.began.elapsed());
}
