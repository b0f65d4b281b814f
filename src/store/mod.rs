//! What remembers: the contract that every store keeps, so that nothing else of the program changes when the store
//! does.
//!
//! - A claim is decided once per identity, however many copies arrive at once.
//! - `accept` claims and appends in one atomic step: there is no moment at which an identity is claimed and its event
//!   is not kept.
//! - An answer is given only when what it says is as durable as [`Store::durability`] declares.
//! - `complete`, `renew` and `release` compare the fence; a late owner gets [`StoreError::LeaseLost`].
//! - Time is the clock that the store was opened with.

#[cfg(test)]
mod conformance;
mod identity;
pub mod memory;
mod record;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(any(feature = "redis", feature = "sqlite", test))]
mod seal;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod turns;
pub(crate) mod upkeep;
mod verdict;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::clock::Timestamp;
use crate::fail_point::{self, Point};
use crate::verified::Verified;

pub use identity::{EventId, Identity};
pub use memory::MemoryStore;
pub use record::{Entry, Leased, Record, Shown, State, Stats};
#[cfg(feature = "redis")]
pub use redis::{RedisAddress, RedisOptions, RedisStore, RedisTls};
#[cfg(any(feature = "redis", feature = "sqlite", test))]
pub(crate) use seal::Seal;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use upkeep::upkeep;

/// What a store's answers are worth, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Durability {
    /// Forgotten when the process that remembers ends.
    Memory,
    /// With the operating system, which flushes when it sees fit: the end of a process loses nothing.
    Os,
    /// With the operating system and flushed every second: a power cut may lose the last one, or two.
    EverySecond,
    /// On a disk, flushed.
    Fsync,
    /// On this many further machines.
    Replicated(u8),
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Os => f.write_str("os"),
            Self::EverySecond => f.write_str("everysec"),
            Self::Fsync => f.write_str("fsync"),
            Self::Replicated(count) => write!(f, "replicated({count})"),
        }
    }
}

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// Nothing was stored.
    NotStored(String),
    /// It may or may not have been stored; the sender's retry finds out.
    Unknown(String),
    /// Another owner took over; what this one has to say is dropped.
    LeaseLost,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStored(why) => write!(f, "expected the store to keep it, but found {why}; nothing was stored"),
            Self::Unknown(why) => {
                write!(f, "expected an answer of the store, but found {why}; it may have been stored")
            }
            Self::LeaseLost => f.write_str("expected to own the lease, but found a later owner"),
        }
    }
}

impl std::error::Error for StoreError {}

/// A fail point between a stage and its store: what the stage would be told.
pub(crate) fn failing(point: Point, error: fn(String) -> StoreError) -> Result<(), StoreError> {
    fail_point::fault(point).map_or(Ok(()), |_| Err(error("a fail point".to_owned())))
}

/// What became of a record that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// It is kept, for the first time.
    Accepted,
    /// The same event is kept already.
    Duplicate,
    /// The identity is taken by other content. This content is quarantined.
    Conflict,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The caller owns the event until the lease ends.
    Granted(Lease),
    /// The event was handled; this is the answer that was given.
    Done(StoredAnswer),
    /// Somebody else owns it now.
    InFlight,
    /// The identity is taken by other content. This content is quarantined.
    Conflict,
}

/// The right to handle an event, until it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The event.
    pub identity: Identity,
    /// This owner; a later owner has a larger number.
    pub fence: u64,
}

/// An answer that duplicates get again. At most [`StoredAnswer::LARGEST`] bytes of body are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// HTTP status; 0 stands for the profile's own success.
    pub status: u16,
    /// Content type, empty if there is no body.
    pub content_type: Box<str>,
    /// Body.
    pub body: Bytes,
}

impl StoredAnswer {
    /// Largest body that is kept, in bytes.
    pub const LARGEST: usize = 1024 * 1024;
}

/// What `inbox list` asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listing {
    /// Only records in this state.
    pub state: Option<State>,
    /// Only records with a position after this one, in the order of acceptance.
    pub after: Option<u64>,
    /// At most this many, and what has the same position as the last of them.
    pub limit: Option<usize>,
}

/// What one call of [`Store::prune`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Records that are forgotten.
    pub records: u64,
    /// Whether there may be more that can go now: records, or what is remembered of identities.
    pub more: bool,
}

/// The answer of a store, later.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// About how many bytes of content one [`Store::lease`] hands out, one record at least: what waits for its turn in memory,
/// and what one answer holds up, has a bound, however large the events are.
pub const LARGEST_LEASE: usize = 4 * 1024 * 1024;

/// A store. See the module for what each keeps.
pub trait Store: fmt::Debug + Send + Sync {
    /// What the answers of this store are worth.
    fn durability(&self) -> Durability;

    /// What operators should know of how the store stands now, in words, where that is more than its durability.
    fn condition(&self) -> Option<String> {
        None
    }

    /// Why the store keeps nothing any more until a new start, where that is so: what it says from then on is always an
    /// error. What was expected and what was found, for whoever is on call.
    fn halted(&self) -> Option<&'static str> {
        None
    }

    /// Claims the identity and appends the record, in one atomic step.
    ///
    /// A record with a `problem` is appended as quarantined. A conflict is appended as quarantined, once per content.
    fn accept(&self, record: Verified<Record>) -> StoreFuture<'_, Acceptance>;

    /// Claims the identity for a handler that answers at once. A lease that has ended is granted to the next caller,
    /// with a larger fence.
    fn claim(&self, record: Verified<Record>, lease: Duration) -> StoreFuture<'_, Claim>;

    /// Prolongs a lease to end `lease` from now.
    fn renew(&self, held: Lease, lease: Duration) -> StoreFuture<'_, ()>;

    /// Ends a claim with an answer: the record is appended as delivered and the identity stays taken.
    fn complete(&self, held: Lease, record: Verified<Record>, answer: StoredAnswer) -> StoreFuture<'_, ()>;

    /// Ends a claim without one, so that the sender's retry runs again.
    fn release(&self, held: Lease) -> StoreFuture<'_, ()>;

    /// Hands out at most `limit` ready records of `endpoints` (of all, if empty), in the order of acceptance; fewer once
    /// their contents reach [`LARGEST_LEASE`] bytes. Where more are due than that, records that nobody tried go before those
    /// that were tried, of which an eighth of `limit`, one at least where it is more than one, is handed out all the same, and
    /// an eighth of the bytes, one at least. Their attempt count is written before they are handed out; a store that fails
    /// over to a copy of itself may lose it, and hands them out again. A record whose seal is broken is quarantined instead.
    fn lease(&self, endpoints: Arc<[Box<str>]>, limit: usize, lease: Duration) -> StoreFuture<'_, Vec<Leased>>;

    /// Says that records were delivered.
    fn acknowledge(&self, delivered: Vec<(EventId, u64)>) -> StoreFuture<'_, ()>;

    /// Makes a record ready again from `at` on, with the reason why it was not delivered.
    fn retry_at(&self, id: EventId, fence: u64, at: Timestamp, reason: String) -> StoreFuture<'_, ()>;

    /// Takes records back that were leased and not tried: they are ready again from `at` on, and the attempt that was
    /// counted for them is not any more.
    fn give_back(&self, held: Vec<(EventId, u64)>, at: Timestamp) -> StoreFuture<'_, ()>;

    /// Gives a record up until an operator retries it.
    fn park(&self, id: EventId, fence: u64, reason: String) -> StoreFuture<'_, ()>;

    /// Makes parked records ready now, and delivered ones too: an operator asked for it. Answers how many there were.
    fn requeue(&self, ids: Vec<EventId>) -> StoreFuture<'_, u64>;

    /// Gives parked records up for good: an operator decided that nobody is to have them. They are quarantined, so that they
    /// stay for inspection until their retention has passed, and copies of them go on being duplicates. Answers how many there
    /// were.
    fn discard(&self, ids: Vec<EventId>) -> StoreFuture<'_, u64>;

    /// Forgets what is older than its retention and not waiting, a little of it at a time. It is called about once a
    /// minute, as [`upkeep()`] does, so it is also when a store looks whether it still can keep what it promises.
    fn prune(&self) -> StoreFuture<'_, Pruned>;

    /// What operators see, in the order of acceptance, each with its position.
    fn list(&self, listing: Listing) -> StoreFuture<'_, Vec<(u64, Entry)>>;

    /// One record in full.
    fn show(&self, id: EventId) -> StoreFuture<'_, Option<Shown>>;

    /// How many records stand where.
    fn stats(&self) -> StoreFuture<'_, Stats>;

    /// Whether the store would take something now, however much it keeps: asked every second or so. An error, or no answer in
    /// time, says no.
    fn probe(&self) -> StoreFuture<'_, ()> {
        let stats = self.stats();
        Box::pin(async move { stats.await.map(drop) })
    }

    /// Resolves when a record may have become ready since this call. Whoever calls it before [`Store::lease`], and
    /// awaits it only if there was nothing to lease, misses nothing that this process does.
    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
