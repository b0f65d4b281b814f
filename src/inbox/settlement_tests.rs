//! What a store is told twice, because its answer was lost on the way.

use std::io::Write;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::*;
use crate::clock::SystemClock;
use crate::crypto::Digest;
use crate::store::{
    Acceptance, Claim, Durability, Entry, Identity, Lease, Leased, Listing, MemoryStore, Pruned, Record, Seal, Shown,
    Stats, StoreFuture, StoredAnswer,
};
use crate::verified::{Provenance, Verified};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A store whose answers are lost, once it was asked for what it holds.
#[derive(Debug)]
struct Far(MemoryStore, AtomicBool);

impl Far {
    fn lost<'a>(&'a self, told: StoreFuture<'a, ()>) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let answer = told.await;
            if self.1.load(Ordering::SeqCst) { Err(StoreError::Unknown("no answer".to_owned())) } else { answer }
        })
    }
}

impl Store for Far {
    fn durability(&self) -> Durability {
        self.0.durability()
    }
    fn accept(&self, record: Verified<Record>) -> StoreFuture<'_, Acceptance> {
        self.0.accept(record)
    }
    fn claim(&self, record: Verified<Record>, lease: Duration) -> StoreFuture<'_, Claim> {
        self.0.claim(record, lease)
    }
    fn renew(&self, held: Lease, lease: Duration) -> StoreFuture<'_, ()> {
        self.0.renew(held, lease)
    }
    fn complete(&self, held: Lease, record: Verified<Record>, answer: StoredAnswer) -> StoreFuture<'_, ()> {
        self.0.complete(held, record, answer)
    }
    fn release(&self, held: Lease) -> StoreFuture<'_, ()> {
        self.0.release(held)
    }
    fn lease(&self, endpoints: Arc<[Box<str>]>, limit: usize, lease: Duration) -> StoreFuture<'_, Vec<Leased>> {
        self.0.lease(endpoints, limit, lease)
    }
    fn acknowledge(&self, delivered: Vec<Held>) -> StoreFuture<'_, ()> {
        self.lost(self.0.acknowledge(delivered))
    }
    fn retry_at(&self, id: EventId, fence: u64, at: Timestamp, reason: String) -> StoreFuture<'_, ()> {
        self.lost(self.0.retry_at(id, fence, at, reason))
    }
    fn give_back(&self, held: Vec<Held>, at: Timestamp) -> StoreFuture<'_, ()> {
        self.lost(self.0.give_back(held, at))
    }
    fn park(&self, id: EventId, fence: u64, reason: String) -> StoreFuture<'_, ()> {
        self.lost(self.0.park(id, fence, reason))
    }
    fn requeue(&self, ids: Vec<EventId>) -> StoreFuture<'_, u64> {
        self.0.requeue(ids)
    }
    fn discard(&self, ids: Vec<EventId>) -> StoreFuture<'_, u64> {
        self.0.discard(ids)
    }
    fn prune(&self) -> StoreFuture<'_, Pruned> {
        self.0.prune()
    }
    fn list(&self, listing: Listing) -> StoreFuture<'_, Vec<(u64, Entry)>> {
        self.0.list(listing)
    }
    fn show(&self, id: EventId) -> StoreFuture<'_, Option<Shown>> {
        self.0.show(id)
    }
    fn stats(&self) -> StoreFuture<'_, Stats> {
        self.0.stats()
    }
    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.changed()
    }
}

/// A record of its own, as verification hands it on. The proof is a seal's, of a key that nobody keeps.
fn verified(id: u8) -> Verified<Record> {
    let record = Record {
        identity: Identity::new("bank", "header", &[id]),
        fence: None,
        fingerprint: Digest::sha256_of(b""),
        compared: Digest::sha256_of(b""),
        action: "events".into(),
        event_type: "org.example.event".into(),
        subject: None,
        request_id: None,
        content: bytes::Bytes::new(),
        problem: None,
        retain_until: Timestamp::from_seconds(4_000_000_000),
    };
    let provenance = Provenance {
        endpoint: "bank".into(),
        profile: "example".into(),
        key_id: "key-1".into(),
        algorithm: None,
        signed_at: None,
        received_at: NOW,
        covered: ["body".into()].into(),
    };
    let seal = Seal::new(&Seal::generate().unwrap()).unwrap();
    let tag = seal.seal(&record, &provenance);
    seal.open(record, provenance, &tag).unwrap()
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn has(&self, word: &str) -> bool {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).contains(word)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_is_told_again_because_an_answer_was_lost_is_no_lease_that_was_lost() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    tracing::callsite::rebuild_interest_cache();

    let store = Arc::new(Far(MemoryStore::new(Arc::new(SystemClock)), AtomicBool::new(true)));
    for id in 0..4 {
        store.accept(verified(id)).await.unwrap();
    }
    let leased = store.lease([].into(), 4, Duration::from_secs(60)).await.unwrap();
    let held: Vec<Held> = leased.into_iter().map(|leased| (leased.id, leased.fence)).collect();
    let settlement = || {
        let mut settlement = Settlement::default();
        settlement.delivered(held[0].clone());
        settlement.failed(held[1].clone(), Some(NOW), "once more".to_owned());
        settlement.failed(held[2].clone(), None, "no more".to_owned());
        settlement.give_back(held[3].clone(), NOW);
        settlement
    };
    let (left, _) = settlement().apply(Arc::clone(&store) as Arc<dyn Store>).await.unwrap_err();
    store.1.store(false, Ordering::SeqCst);
    left.apply(Arc::clone(&store) as Arc<dyn Store>).await.unwrap();
    assert!(!log.has("lease_lost"), "the store heard it the first time");
    settlement().apply(store).await.unwrap();
    assert!(log.has("lease_lost"), "nobody was told before that these are settled");
}
