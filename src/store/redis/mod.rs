//! The durable store that many receivers share: Redis 7, alone, behind Sentinels, or as a Cluster. The rule: each thing
//! that a store does is one script in one hash slot, so that it happens whole or not at all.
//!
//! A record is one value, which never changes, and what happens to it a hash beside it: nearly all of what accepting takes
//! is commands, and the memory that they touch. What is ready and was not tried yet stands in a Stream for each endpoint,
//! which is the cheapest order that Redis has; everything else about it (due times, states, forgetting out of order) needs
//! sorted sets beside it, and a consumer group would give none of that.
//!
//! Times are those of the clock that the store was opened with; only positions and fences come from Redis' own, which no
//! result depends on but the order between endpoints. Keys live on past their retention until they are pruned, and 30
//! days at most after nobody has to act on them any more.

mod address;
mod batch;
mod calls;
mod claims;
mod copies;
mod error;
mod inbox;
mod line;
mod link;
mod looking;
mod nodes;
mod packed;
mod partition;
mod plan;
mod reply;
mod script;
mod sentinels;
#[cfg(feature = "server")]
mod stream;
mod survey;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::{
    Acceptance, Claim, Durability, Entry, EventId, Lease, Leased, Listing, Pruned, Record, Seal, Shown, Stats, Store,
    StoreError, StoreFuture, StoredAnswer,
};
use crate::clock::{Clock, Timestamp};
use crate::crypto::Secret;
use crate::store::verdict::DISCARDED;
use crate::verified::Verified;
use batch::Batches;
use calls::Calls;
use copies::Wait;
use nodes::Nodes;
use survey::Demands;

pub use address::{AddressError, RedisAddress};
pub use error::OpenError;
pub use link::RedisTls;
#[cfg(feature = "server")]
pub(crate) use stream::RedisStream;

/// What is chosen about a store in Redis.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// What every key begins with, in braces: letters, digits, `-` and `_`. Stores of one Redis need different ones.
    pub prefix: Box<str>,
    /// How many replicas have to have a write before it is answered; with fewer the answer is
    /// [`StoreError::Unknown`].
    pub wait_replicas: u8,
    /// Whether a write also has to be on the disks of Redis and of those replicas before it is answered, by `WAITAOF`, which
    /// Redis 7.2 and later have. Some answer before they flush, unless `appendfsync` is `always`: durability is said without it.
    pub wait_fsync: bool,
    /// Takes a Redis that keeps nothing on a disk.
    pub volatile: bool,
    /// The key of the seals. Without one a key is made and kept in the store itself.
    pub seal: Option<Secret>,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self { prefix: "cs".into(), wait_replicas: 0, wait_fsync: false, volatile: false, seal: None }
    }
}

impl RedisOptions {
    fn wait(&self) -> Wait {
        Wait { replicas: self.wait_replicas, fsync: self.wait_fsync }
    }
}

/// A store in Redis.
pub struct RedisStore {
    calls: Arc<Calls>,
    batches: Arc<Batches>,
    seal: Seal,
}

impl RedisStore {
    /// Opens a store, and makes it if there is none.
    ///
    /// # Errors
    /// Redis cannot be reached, may forget what it acknowledges, or holds a store that this program does not know.
    pub async fn open(address: &RedisAddress, clock: Arc<dyn Clock>, options: RedisOptions) -> Result<Self, OpenError> {
        let demands = Demands { volatile: options.volatile, wait: options.wait(), ..Demands::default() };
        Self::connect(address, clock, options, demands, false).await
    }

    /// Opens a store to look at it, beside running receivers or without one; a replica and a volatile Redis will do.
    ///
    /// # Errors
    /// As [`RedisStore::open`], and there is no store.
    pub async fn observe(
        address: &RedisAddress,
        clock: Arc<dyn Clock>,
        options: RedisOptions,
    ) -> Result<Self, OpenError> {
        let demands = Demands { volatile: true, replica: true, wait: options.wait(), ..Demands::default() };
        Self::connect(address, clock, options, demands, true).await
    }

    /// Says what a store's answers would be worth there, without opening one: the same in words as well, and whether
    /// there is a store already. Nothing is written.
    ///
    /// # Errors
    /// As [`RedisStore::open`].
    pub async fn examine(
        address: &RedisAddress,
        options: &RedisOptions,
    ) -> Result<(Durability, String, bool), OpenError> {
        let demands = Demands { volatile: options.volatile, wait: options.wait(), ..Demands::default() };
        plain(address, &options.prefix)?;
        let nodes = reach(address, demands).await?;
        let is_there = plan::examined(&nodes, &address.to_string(), &options.prefix, options).await?;
        Ok((worth(&nodes, options.wait()), words(&nodes, options.wait()), is_there))
    }

    async fn connect(
        address: &RedisAddress,
        clock: Arc<dyn Clock>,
        options: RedisOptions,
        demands: Demands,
        observe: bool,
    ) -> Result<Self, OpenError> {
        let prefix = options.prefix.clone();
        plain(address, &prefix)?;
        let nodes = reach(address, demands).await?;
        let (seal, plan) = plan::found(&nodes, &address.to_string(), &prefix, &options, observe).await?;
        let (foreign, ready) = (AtomicBool::new(false), Notify::new());
        let calls = Arc::new(Calls { nodes, clock, prefix, wait: options.wait(), plan, foreign, ready });
        if !observe {
            plan::mark_all(&calls, &address.to_string()).await?;
        }
        let store = Self { calls, batches: Arc::default(), seal };
        // Every server that has a part of the store is met now, and not when the first event comes.
        let unreachable =
            |error: StoreError| OpenError::Unreachable { address: address.to_string(), why: error.to_string() };
        store.count_records().await.map_err(unreachable)?;
        Ok(store)
    }
}

/// Whether every key can begin with this.
fn plain(address: &RedisAddress, prefix: &str) -> Result<(), OpenError> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if !prefix.is_empty() && prefix.chars().all(plain) {
        return Ok(());
    }
    let why = "expected a prefix of letters, digits, - and _, but found another text".to_owned();
    Err(OpenError::Unsafe { address: address.to_string(), why })
}

/// Connects to what is behind an address, and looks how it is set up.
async fn reach(address: &RedisAddress, demands: Demands) -> Result<Nodes, OpenError> {
    if address.lacks_password() {
        // Redis would let us in as its default user, who may do everything.
        let why = "expected a password for the user in the URL, but found none; see [store] password".to_owned();
        return Err(OpenError::Unsafe { address: address.to_string(), why });
    }
    let nodes = Nodes::new(address, demands);
    match nodes.survey().await {
        Ok(()) => Ok(nodes),
        Err(why) if why.starts_with("expected") => Err(OpenError::Unsafe { address: address.to_string(), why }),
        Err(why) => Err(OpenError::Unreachable { address: address.to_string(), why }),
    }
}

/// The least that one of the servers promises.
fn worth(nodes: &Nodes, wait: Wait) -> Durability {
    nodes.seen().iter().map(|survey| survey.durability(wait)).min().unwrap_or(Durability::Memory)
}

fn words(nodes: &Nodes, wait: Wait) -> String {
    let mut words: Vec<_> = nodes.seen().iter().map(|survey| survey.words(wait)).collect();
    words.sort_unstable();
    words.dedup();
    words.join(" | ")
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisStore")
    }
}

impl Store for RedisStore {
    fn durability(&self) -> Durability {
        worth(&self.calls.nodes, self.calls.wait)
    }

    fn condition(&self) -> Option<String> {
        Some(words(&self.calls.nodes, self.calls.wait))
    }

    fn halted(&self) -> Option<&'static str> {
        self.calls.foreign.load(Ordering::SeqCst).then_some(
            "expected the store that this receiver began with, but found one that another receiver made anew after Redis \
             came back empty; what Redis had is lost: start again, and reconcile with the bank's API",
        )
    }

    fn accept(&self, record: Verified<Record>) -> StoreFuture<'_, Acceptance> {
        Box::pin(async move { self.accept_record(&record).await })
    }

    fn claim(&self, record: Verified<Record>, lease: Duration) -> StoreFuture<'_, Claim> {
        Box::pin(async move { self.claim_record(&record, lease).await })
    }

    fn renew(&self, held: Lease, lease: Duration) -> StoreFuture<'_, ()> {
        Box::pin(self.renew_claim(held, lease))
    }

    fn complete(&self, held: Lease, record: Verified<Record>, answer: StoredAnswer) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.complete_claim(held, &record, answer).await })
    }

    fn release(&self, held: Lease) -> StoreFuture<'_, ()> {
        Box::pin(self.release_claim(held))
    }

    fn lease(&self, endpoints: Arc<[Box<str>]>, limit: usize, lease: Duration) -> StoreFuture<'_, Vec<Leased>> {
        Box::pin(async move { self.lease_records(&endpoints, limit, lease).await })
    }

    fn acknowledge(&self, delivered: Vec<(EventId, u64)>) -> StoreFuture<'_, ()> {
        Box::pin(self.settle_all(delivered, "delivered", Timestamp::default()))
    }

    fn retry_at(&self, id: EventId, fence: u64, at: Timestamp, reason: String) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.settle_one((id, fence), "ready", at, &reason).await })
    }

    fn give_back(&self, held: Vec<(EventId, u64)>, at: Timestamp) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.settle_all(held, "returned", at).await })
    }

    fn park(&self, id: EventId, fence: u64, reason: String) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.settle_one((id, fence), "parked", Timestamp::default(), &reason).await })
    }

    fn requeue(&self, ids: Vec<EventId>) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let count = self.decide(&script::REQUEUE, &[], &ids).await?;
            if count > 0 {
                self.calls.ready.notify_waiters();
            }
            Ok(count)
        })
    }

    fn discard(&self, ids: Vec<EventId>) -> StoreFuture<'_, u64> {
        Box::pin(async move { self.decide(&script::DISCARD, &[DISCARDED], &ids).await })
    }

    fn prune(&self) -> StoreFuture<'_, Pruned> {
        Box::pin(async move {
            // Somebody may have changed how Redis is set up; then nothing more is accepted until it is changed back.
            self.calls.nodes.survey().await.map_err(StoreError::NotStored)?;
            self.prune_all().await
        })
    }

    fn list(&self, listing: Listing) -> StoreFuture<'_, Vec<(u64, Entry)>> {
        Box::pin(self.list_records(listing))
    }

    fn show(&self, id: EventId) -> StoreFuture<'_, Option<Shown>> {
        Box::pin(async move { self.show_record(&id).await })
    }

    fn stats(&self) -> StoreFuture<'_, Stats> {
        Box::pin(self.count_records())
    }

    fn probe(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.probe_all())
    }

    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        // Created now, not at the first poll: what happens between this call and the await is not missed.
        Box::pin(self.calls.ready.notified())
    }
}
