//! The durable store: one SQLite file, one thread that writes it. The rule: an answer means that the disk has it.
//!
//! A receiver holds a lock beside the file; [`SqliteStore::observe`] looks at the same file without one.

mod claims;
mod error;
mod files;
mod inbox;
mod number;
mod observer;
mod places;
mod progress;
mod prune;
mod row;
mod schema;
#[cfg(test)]
mod tests;
mod told;
mod writer;

use std::fmt;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{
    Acceptance, Claim, Durability, Entry, EventId, Lease, Leased, Listing, Pruned, Record, Seal, Shown, Stats, Store,
    StoreError, StoreFuture, StoredAnswer,
};
use crate::clock::{Clock, Timestamp};
use crate::verified::Verified;
use places::Places;
use writer::Writer;

pub use error::OpenError;
pub use observer::Observer;
pub use schema::Start;

/// A store in one SQLite file.
///
/// What a sender waits for is given up after 6 s: its calls need a runtime with timers.
///
/// Dropping it waits until what was handed in is committed.
pub struct SqliteStore {
    // Before the writer, whose connection tidies the log up if it is the last one to close.
    reader: Arc<Mutex<Observer>>,
    /// Counting what a large file keeps takes a while, for which nobody else waits.
    counter: Arc<Mutex<Observer>>,
    writer: Writer,
    seal: Seal,
    ready: Arc<Notify>,
}

impl SqliteStore {
    /// Opens a file as its only receiver and makes it if there is none. What an ended process held is ready again.
    ///
    /// # Errors
    /// Another receiver has the file open, it is no inbox that this release knows, or the disk refuses it.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let (path, lock) = files::claim(path)?;
        let connection = schema::writer(&path)?;
        schema::recover(&connection, &path)?;
        let seal = schema::seal(&connection, &path)?;
        let places = Places::open(&connection).map_err(|error| OpenError::database(&path, error))?;
        let observer = || Observer::open(&path).map(|observer| Arc::new(Mutex::new(observer)));
        let (reader, counter) = (observer()?, observer()?);
        let ready = Arc::new(Notify::new());
        let writer = Writer::start(connection, places, lock, seal.clone(), clock, ready.clone())
            .map_err(|error| OpenError::file(&path, &error))?;
        Ok(Self { reader, counter, writer, seal, ready })
    }

    /// Opens a file to look at it, beside a running receiver or without one.
    ///
    /// # Errors
    /// There is no such file, or it is no inbox that this release knows.
    pub fn observe(path: &Path) -> Result<Observer, OpenError> {
        Observer::open(path)
    }

    /// Says what a start would make of a file, also where a receiver has it open now. Nothing is made or changed.
    ///
    /// # Errors
    /// It is no inbox that this release knows, or it cannot be read.
    pub fn examine(path: &Path) -> Result<Start, OpenError> {
        if path.exists() { schema::examine(path) } else { Ok(Start::Makes) }
    }

    /// Sealing is done by the caller's thread: the writer's is the one that everybody waits for.
    fn sealed(&self, record: &Verified<Record>) -> Vec<u8> {
        self.seal.seal(record, record.provenance())
    }
}

/// Reads on a thread that may wait for the disk.
fn read<'a, T: Send + 'static>(
    observer: &Arc<Mutex<Observer>>,
    work: impl FnOnce(&Observer) -> Result<T, StoreError> + Send + 'static,
) -> StoreFuture<'a, T> {
    let observer = observer.clone();
    Box::pin(async move {
        let read = move || work(&observer.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = |_| Err(StoreError::NotStored("a reader that has ended".to_owned()));
        tokio::task::spawn_blocking(read).await.unwrap_or_else(ended)
    })
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteStore")
    }
}

impl Store for SqliteStore {
    fn durability(&self) -> Durability {
        Durability::Fsync
    }

    fn halted(&self) -> Option<&'static str> {
        self.writer.is_halted().then_some(
            "expected the disk to keep what was written, but found a failed flush; nothing that was acknowledged is lost: \
             mend the disk and start again",
        )
    }

    fn accept(&self, record: Verified<Record>) -> StoreFuture<'_, Acceptance> {
        let seal = self.sealed(&record);
        Box::pin(self.writer.call_soon(move |work| work.accept(&record, &seal)))
    }

    fn claim(&self, record: Verified<Record>, lease: Duration) -> StoreFuture<'_, Claim> {
        let seal = self.sealed(&record);
        Box::pin(self.writer.call_now(move |work| work.claim(&record, &seal, lease)))
    }

    fn renew(&self, held: Lease, lease: Duration) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.call(move |work| work.renew(held, lease)))
    }

    fn complete(&self, held: Lease, record: Verified<Record>, answer: StoredAnswer) -> StoreFuture<'_, ()> {
        let seal = self.sealed(&record);
        // Handed in however long it takes: a handler that has run must not run again.
        Box::pin(self.writer.call(move |work| work.complete(held, &record, &seal, &answer)))
    }

    fn release(&self, held: Lease) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.call(move |work| work.release(held)))
    }

    fn lease(&self, endpoints: Arc<[Box<str>]>, limit: usize, lease: Duration) -> StoreFuture<'_, Vec<Leased>> {
        Box::pin(self.writer.call(move |work| work.lease(&endpoints, limit, lease)))
    }

    fn acknowledge(&self, delivered: Vec<(EventId, u64)>) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.call(move |work| work.acknowledge(&delivered)))
    }

    fn retry_at(&self, id: EventId, fence: u64, at: Timestamp, reason: String) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.call(move |work| work.retry_at(&id, fence, at, &reason)))
    }

    fn give_back(&self, held: Vec<(EventId, u64)>, at: Timestamp) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.call(move |work| work.give_back(&held, at)))
    }

    fn park(&self, id: EventId, fence: u64, reason: String) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.call(move |work| work.park(&id, fence, &reason)))
    }

    fn requeue(&self, ids: Vec<EventId>) -> StoreFuture<'_, u64> {
        Box::pin(self.writer.call(move |work| work.requeue(&ids)))
    }

    fn discard(&self, ids: Vec<EventId>) -> StoreFuture<'_, u64> {
        Box::pin(self.writer.call(move |work| work.discard(&ids)))
    }

    fn prune(&self) -> StoreFuture<'_, Pruned> {
        Box::pin(self.writer.call(|work| work.prune()))
    }

    fn list(&self, listing: Listing) -> StoreFuture<'_, Vec<(u64, Entry)>> {
        read(&self.reader, move |reader| reader.list(listing))
    }

    fn show(&self, id: EventId) -> StoreFuture<'_, Option<Shown>> {
        read(&self.reader, move |reader| reader.show(&id))
    }

    fn stats(&self) -> StoreFuture<'_, Stats> {
        read(&self.counter, Observer::stats)
    }

    /// The writer's own step, without a change: a disk that hangs holds it up, which what is read from memory does not show.
    fn probe(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.call(|_| Ok(Ok(()))))
    }

    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        // Created now, not at the first poll: what happens between this call and the await is not missed.
        Box::pin(self.ready.notified())
    }
}
