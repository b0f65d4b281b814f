//! What the edge costs: a head through the gate's grammar, beside hyper's own parser; and a request that is refused, from
//! its bytes to its answer, by the gate and behind it.
//!
//! `cargo bench --bench edge`
#![allow(missing_docs, reason = "a program")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use countersign::Endpoint;
use countersign::clock::{FixedClock, Timestamp};
use countersign::crypto::{Algorithm, Secret};
use countersign::keys::{Key, KeySet};
use countersign::profile::{BodySignature, Identification, Profile};
use countersign::server::Router;
use countersign::server::connection::{Times, serve};
use countersign::store::MemoryStore;
use countersign::wire::http1::Follow;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A head as a bank sends it, of about 1 KiB.
fn head() -> Vec<u8> {
    let mut head = b"POST /a?b=c HTTP/1.1\r\nhost: hooks.bank.example\r\ncontent-type: application/json\r\n".to_vec();
    head.extend_from_slice(format!("x-signature: {}=\r\n", "A".repeat(43)).as_bytes());
    head.extend_from_slice(format!("signature: {}\r\n", "b".repeat(500)).as_bytes());
    for index in 0..8 {
        head.extend_from_slice(format!("x-header-{index}: some value of it\r\n").as_bytes());
    }
    head.extend_from_slice(b"content-length: 1024\r\n\r\n");
    head
}

fn per_run(name: &str, runs: u32, mut run: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        (0..runs).for_each(|_| run());
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(runs));
    }
    println!("{name:<64} {best:>8.2} µs");
}

fn router() -> Router {
    let clock = Arc::new(FixedClock::at(Timestamp::from_seconds(1_795_240_514)));
    let secret = Secret::new(*b"a key of this bench, and no more").expect("a secret");
    let keys = KeySet::new(vec![Key::secret(Algorithm::Hs256, &secret).expect("a key")]).expect("a set");
    let profile = Profile::body_signature(BodySignature::over_body("x-signature"), Identification::Fingerprint);
    let builder = Endpoint::builder("edge", profile).path("/a").keys(keys).clock(clock.clone());
    let endpoint = builder.queue(Arc::new(MemoryStore::new(clock.clone()))).build().expect("an endpoint");
    Router::new(vec![endpoint], clock)
}

/// A connection in memory, with one request on it, from its bytes to the end of the answer.
fn exchange(runtime: &tokio::runtime::Runtime, router: &Router, raw: &[u8]) -> usize {
    runtime.block_on(async {
        let (mut near, far) = tokio::io::duplex(64 * 1024);
        let (_open, closing) = tokio::sync::watch::channel(false);
        let respond = |request| router.respond(request, None);
        let client = async {
            near.write_all(raw).await.expect("room");
            near.shutdown().await.expect("an end");
            let mut answer = Vec::new();
            near.read_to_end(&mut answer).await.expect("an answer");
            answer.len()
        };
        let (length, _) = tokio::join!(client, serve(far, respond, Times::default(), closing));
        length
    })
}

fn main() {
    let head = head();
    println!("a head of {} bytes", head.len());
    per_run("accepted head through the gate's grammar", 20_000, || {
        assert_eq!(Follow::default().pass(black_box(&head)).heads, 1);
    });
    let refused = [&head[..20], b"\n", &head[20..]].concat();
    per_run("refused head (a bare LF in the first line)", 20_000, || {
        assert!(Follow::default().pass(black_box(&refused)).fault.is_some());
    });
    let late = String::from_utf8(head.clone()).expect("text").replace("content-length", "content-length : 1\r\nx");
    per_run("refused head (a space before the last colon)", 20_000, || {
        assert!(Follow::default().pass(black_box(late.as_bytes())).fault.is_some());
    });
    let body = [head.as_slice(), &[b'{'; 1024]].concat();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let router = router();
    let strict = String::from_utf8(body.clone()).expect("text").replace("x-header-1", "expect: y\r\nx");
    for (name, raw) in [
        ("connection refused by the gate, whole", late.as_bytes()),
        ("connection refused by the strict request (417), whole", strict.as_bytes()),
        ("connection refused by the signature (401), whole", &body),
    ] {
        per_run(name, 2_000, || assert!(exchange(&runtime, &router, black_box(raw)) > 0));
    }
}
