//! A store that forgets when the process ends: for tests, and as the shortest reading of what a store does. The rule:
//! one lock, taken once per call, so that every call is one step.

mod claims;
mod due;
mod inbox;
mod spread;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{
    Acceptance, Claim, Durability, Entry, EventId, Lease, Leased, Listing, Pruned, Record, Shown, Stats, Store,
    StoreError, StoreFuture, StoredAnswer,
};
use crate::clock::{Clock, Timestamp};
use crate::verified::Verified;
use claims::Names;
use inbox::Inbox;

/// A store in memory.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
    ready: Notify,
}

/// Everything that is remembered.
#[derive(Default)]
struct Inner {
    names: Names,
    inbox: Inbox,
    duplicates: u64,
    conflicts: u64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, inner: Mutex::default(), ready: Notify::new() }
    }

    fn call<'a, T: Send + 'a>(
        &'a self,
        work: impl FnOnce(&mut Inner, Timestamp) -> Result<T, StoreError> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let (outcome, ready) = {
                let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
                let outcome = work(&mut inner, self.clock.now());
                (outcome, std::mem::take(&mut inner.inbox.ready))
            };
            if ready {
                self.ready.notify_waiters();
            }
            outcome
        })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}

impl Store for MemoryStore {
    fn durability(&self) -> Durability {
        Durability::Memory
    }

    fn accept(&self, record: Verified<Record>) -> StoreFuture<'_, Acceptance> {
        self.call(move |inner, now| inner.accept(record, now))
    }

    fn claim(&self, record: Verified<Record>, lease: Duration) -> StoreFuture<'_, Claim> {
        self.call(move |inner, now| Ok(inner.claim(record, lease, now)))
    }

    fn renew(&self, held: Lease, lease: Duration) -> StoreFuture<'_, ()> {
        self.call(move |inner, now| inner.names.renew(held, now.after(lease)))
    }

    fn complete(&self, held: Lease, record: Verified<Record>, answer: StoredAnswer) -> StoreFuture<'_, ()> {
        self.call(move |inner, _| inner.complete(held, record, answer))
    }

    fn release(&self, held: Lease) -> StoreFuture<'_, ()> {
        self.call(move |inner, _| inner.names.release(held))
    }

    fn lease(&self, endpoints: Arc<[Box<str>]>, limit: usize, lease: Duration) -> StoreFuture<'_, Vec<Leased>> {
        self.call(move |inner, now| Ok(inner.inbox.lease(&endpoints, limit, lease, now)))
    }

    fn acknowledge(&self, delivered: Vec<(EventId, u64)>) -> StoreFuture<'_, ()> {
        self.call(move |inner, _| inner.inbox.acknowledge(&delivered))
    }

    fn retry_at(&self, id: EventId, fence: u64, at: Timestamp, reason: String) -> StoreFuture<'_, ()> {
        self.call(move |inner, _| inner.inbox.retry_at(&id, fence, at, reason))
    }

    fn give_back(&self, held: Vec<(EventId, u64)>, at: Timestamp) -> StoreFuture<'_, ()> {
        self.call(move |inner, _| inner.inbox.give_back(&held, at))
    }

    fn park(&self, id: EventId, fence: u64, reason: String) -> StoreFuture<'_, ()> {
        self.call(move |inner, _| inner.inbox.park(&id, fence, reason))
    }

    fn requeue(&self, ids: Vec<EventId>) -> StoreFuture<'_, u64> {
        self.call(move |inner, _| Ok(inner.inbox.requeue(&ids)))
    }

    fn discard(&self, ids: Vec<EventId>) -> StoreFuture<'_, u64> {
        self.call(move |inner, _| Ok(inner.inbox.discard(&ids)))
    }

    fn prune(&self) -> StoreFuture<'_, Pruned> {
        self.call(|inner, now| Ok(Pruned { records: inner.prune(now), more: false }))
    }

    fn list(&self, listing: Listing) -> StoreFuture<'_, Vec<(u64, Entry)>> {
        self.call(move |inner, _| Ok(inner.inbox.list(listing)))
    }

    fn show(&self, id: EventId) -> StoreFuture<'_, Option<Shown>> {
        self.call(move |inner, _| Ok(inner.inbox.show(&id)))
    }

    fn stats(&self) -> StoreFuture<'_, Stats> {
        self.call(|inner, _| Ok(inner.stats()))
    }

    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        // Created now, not at the first poll: what happens between this call and the await is not missed.
        Box::pin(self.ready.notified())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedClock;
    use crate::store::conformance::{Bench, conformance, event};

    fn open(clock: Arc<FixedClock>) -> Bench {
        Bench { store: Arc::new(MemoryStore::new(clock.clone())), clock, home: None }
    }

    conformance!(open);

    #[tokio::test]
    async fn what_is_kept_does_not_keep_the_buffer_that_it_came_in() {
        let store = MemoryStore::new(Arc::new(FixedClock::default()));
        let read = bytes::Bytes::from(vec![b'x'; 64 * 1024]);
        let part = event("a").verified().map(|record| Record { content: read.slice(7..1031), ..record });
        assert_eq!(store.accept(part).await, Ok(Acceptance::Accepted));
        assert!(read.is_unique());
    }
}
