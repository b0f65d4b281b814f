//! What a store takes: events of 1 KiB accepted a second, each waited for, without signatures. Deliveries are verified
//! and decoded before the clock runs; then the last stage of the receiving stack keeps them, as it does for a sender.
//!
//! `cargo bench --bench stores`, with a `redis-server` that this program starts itself; `-- SQLite` measures only stores
//! with that in their name.
#![allow(missing_docs, reason = "a program")]

#[path = "../tests/redis_server/mod.rs"]
mod redis_server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign::clock::SystemClock;
use countersign::clock::{Clock, Timestamp};
use countersign::crypto::{Algorithm, MacKey, Secret};
use countersign::decode::{Decoder, Receipt};
use countersign::dedup::OnUndecodable;
use countersign::delivery::Delivery;
use countersign::inbox::Inbox;
use countersign::keys::{Key, KeySet};
use countersign::profile::{BodySignature, Identification, JsonPointer, Profile};
use countersign::reply::Reply;
use countersign::store::{RedisOptions, RedisStore, SqliteStore, Store};
use countersign::verify::Verifier;
use countersign::wire::encoding::Encoding;
use countersign::{Endpoint, Verified};
use redis_server::Server;
use tower_service::Service;

const ROUNDS: usize = 5;
/// Tasks, and how many events each of them has.
const LOADS: [(usize, usize); 3] = [(1, 500), (64, 320), (256, 80)];
const RETAIN: Duration = Duration::from_secs(168 * 60 * 60);

/// The stages in front of the store, which are not timed.
struct Front {
    verifier: Verifier,
    decoder: Decoder,
    key: MacKey,
    now: Timestamp,
}

impl Front {
    fn new() -> Self {
        let secret = Secret::new([7; 32]).expect("a secret");
        let key = Key::secret(Algorithm::Hs256, &secret).expect("a key");
        let id = Identification::Json(JsonPointer::new("/id").expect("a pointer"));
        let profile = Profile::body_signature(BodySignature::over_body("x-signature"), id);
        let keys = KeySet::new(vec![key]).expect("a set");
        Self {
            verifier: Endpoint::builder("bench", profile.clone()).keys(keys).verifier().expect("an endpoint"),
            decoder: Decoder::new("bench".into(), Arc::new(profile), RETAIN),
            key: MacKey::new(Algorithm::Hs256, &secret).expect("a key"),
            now: SystemClock.now(),
        }
    }

    fn receipt(&self, id: &str) -> Verified<Receipt> {
        let body = format!("{{\"id\":\"{id}\",\"pad\":\"{}\"}}", "x".repeat(1024 - 18 - id.len()));
        let signature = Encoding::Base64.encode(&self.key.sign(&[body.as_bytes()]));
        let request = http::Request::post("/").header("x-signature", signature).body(Bytes::from(body));
        let delivery = Delivery::new(request.expect("a request"), "", self.now);
        self.decoder.decode(self.verifier.verify(&delivery).expect("a verified delivery"))
    }
}

/// Events a second.
async fn rate(front: &Front, store: &Arc<dyn Store>, round: usize, tasks: usize, each: usize) -> u64 {
    let receipts = |task| (0..each).map(move |number| front.receipt(&format!("{round}-{tasks}-{task}-{number}")));
    let work: Vec<Vec<_>> = (0..tasks).map(|task| receipts(task).collect()).collect();
    let started = Instant::now();
    let work: Vec<_> = work
        .into_iter()
        .map(|receipts| {
            let mut inbox = Inbox::new(Arc::clone(store), OnUndecodable::Keep);
            tokio::spawn(async move {
                for receipt in receipts {
                    // A duplicate would be cheaper, and is not what is measured.
                    assert_eq!(inbox.call(receipt).await, Ok(Reply::accepted()));
                }
            })
        })
        .collect();
    for task in work {
        task.await.expect("a task that ends");
    }
    ((tasks * each) as f64 / started.elapsed().as_secs_f64()) as u64
}

async fn on(server: &Server) -> Arc<dyn Store> {
    let address = server.url().parse().expect("an address");
    let store = RedisStore::open(&address, Arc::new(SystemClock), RedisOptions::default()).await;
    Arc::new(store.expect("a Redis"))
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteStore::open(&folder.path().join("inbox.db"), Arc::new(SystemClock)).expect("a file");
    let everysec = Server::start(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    let always = Server::durable(&[]);
    let mut stores: Vec<(&str, Arc<dyn Store>)> = vec![
        ("SQLite, `synchronous = FULL`", Arc::new(file)),
        ("Redis, `appendfsync everysec`", on(&everysec).await),
        ("Redis, `appendfsync always`", on(&always).await),
    ];
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    stores.retain(|(name, _)| wanted.as_ref().is_none_or(|word| name.contains(word.as_str())));
    let front = Front::new();
    let mut cells = vec![String::new(); stores.len()];
    for (tasks, each) in LOADS {
        let mut rates = vec![Vec::new(); stores.len()];
        for round in 0..ROUNDS {
            for ((_, store), rates) in stores.iter().zip(&mut rates) {
                rates.push(rate(&front, store, round, tasks, each).await);
            }
        }
        for (mut rates, cell) in rates.into_iter().zip(&mut cells) {
            rates.sort_unstable();
            *cell += &format!(" {} ({} to {}) |", rates[ROUNDS / 2], rates[0], rates[ROUNDS - 1]);
        }
    }
    println!("| store | 1 task | 64 tasks | 256 tasks |\n|---|---:|---:|---:|");
    for ((name, _), cell) in stores.iter().zip(cells) {
        println!("| {name} |{cell}");
    }
    for (name, server) in [("everysec", &everysec), ("always", &always)] {
        let told = server.cli(&["INFO", "commandstats"]);
        println!("{name}: {}", told.lines().find(|line| line.starts_with("cmdstat_evalsha:")).unwrap_or_default());
    }
}
