//! Deliveries that are verified and decoded already, for what measures a store alone. Nothing in here is timed.
#![allow(dead_code, unreachable_pub, reason = "each program uses a part of it")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign::clock::{Clock, SystemClock, Timestamp};
use countersign::crypto::{Algorithm, MacKey, Secret};
use countersign::decode::{Decoder, Receipt};
use countersign::dedup::OnUndecodable;
use countersign::delivery::Delivery;
use countersign::inbox::Inbox;
use countersign::keys::{Key, KeySet};
use countersign::profile::{BodySignature, Identification, JsonPointer, Profile};
use countersign::reply::Reply;
use countersign::store::{RedisOptions, RedisStore, Store};
use countersign::verify::Verifier;
use countersign::wire::encoding::Encoding;
use countersign::{Endpoint, Verified};
use tower_service::Service;

use crate::redis_server::Server;

/// The stages in front of the store, which are not timed.
pub struct Front {
    verifier: Verifier,
    decoder: Arc<Decoder>,
    key: MacKey,
    now: Timestamp,
}

impl Front {
    pub fn new() -> Self {
        let secret = Secret::new([7; 32]).expect("a secret");
        let key = Key::secret(Algorithm::Hs256, &secret).expect("a key");
        let id = Identification::Json(JsonPointer::new("/id").expect("a pointer"));
        let profile = Profile::body_signature(BodySignature::over_body("x-signature"), id);
        let keys = KeySet::new(vec![key]).expect("a set");
        let builder = Endpoint::builder("bench", profile).keys(keys);
        Self {
            verifier: builder.verifier().expect("an endpoint"),
            decoder: builder.decoder().expect("an endpoint"),
            key: MacKey::new(Algorithm::Hs256, &secret).expect("a key"),
            now: SystemClock.now(),
        }
    }

    /// A delivery of so many bytes.
    pub fn receipt(&self, id: &str, bytes: usize) -> Verified<Receipt> {
        let body = format!("{{\"id\":\"{id}\",\"pad\":\"{}\"}}", "x".repeat(bytes.saturating_sub(18 + id.len())));
        let signature = Encoding::Base64.encode(&self.key.sign(&[body.as_bytes()]));
        let request = http::Request::post("/").header("x-signature", signature).body(Bytes::from(body));
        let delivery = Delivery::new(request.expect("a request"), "", self.now);
        self.decoder.decode(self.verifier.verify(&delivery).expect("a verified delivery"))
    }
}

/// How long it takes until all are kept, each task one after the other; `fresh` or, as copies, known already.
pub async fn offer(store: &Arc<dyn Store>, work: Vec<Vec<Verified<Receipt>>>, fresh: bool) -> Duration {
    let started = Instant::now();
    let work: Vec<_> = work
        .into_iter()
        .map(|receipts| {
            let mut inbox = Inbox::new(Arc::clone(store), OnUndecodable::Keep);
            tokio::spawn(async move {
                for receipt in receipts {
                    let kept = inbox.call(receipt).await.map(|reply| reply == Reply::accepted());
                    assert_eq!(kept, Ok(fresh));
                }
            })
        })
        .collect();
    for task in work {
        task.await.expect("a task that ends");
    }
    started.elapsed()
}

/// A store on this server.
pub async fn on(server: &Server) -> Arc<dyn Store> {
    let address = server.url().parse().expect("an address");
    let store = RedisStore::open(&address, Arc::new(SystemClock), RedisOptions::default()).await;
    Arc::new(store.expect("a Redis"))
}

/// A server that flushes every second, or before each answer. It does not rewrite its log meanwhile, which would take one
/// of the cores now and then.
pub fn server(flush: &str) -> Server {
    Server::start(&["--appendonly", "yes", "--appendfsync", flush, "--auto-aof-rewrite-percentage", "0"])
}
