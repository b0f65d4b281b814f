//! The one thread that writes. The rule: no answer before the commit that makes it true, and one commit for everything
//! that came in during the one before; a count of copies, which changes no event, is flushed for nobody.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{Notify, mpsc, oneshot};

use super::error::{concerns_everybody, failing, meaning};
use super::files::Lock;
use super::places::Places;
use super::progress::Progress;
use super::row;
use super::schema;
use super::told::Told;
use crate::clock::{Clock, Timestamp};
use crate::fail_point::{self, Point};
use crate::store::{EventId, Seal, StoreError};

/// Most calls in one commit.
const BATCH: usize = 256;

/// Most counts without a flush, one after the other: they make the log longer, which only a commit that is flushed makes
/// short again.
const UNFLUSHED: u32 = 200;

/// Most calls that wait; further callers wait for a place.
const QUEUE: usize = 1024;

/// What a call has to work with, inside the transaction.
pub(super) struct Work<'a> {
    pub(super) connection: &'a Connection,
    pub(super) seal: &'a Seal,
    pub(super) now: Timestamp,
    /// Whether a record became ready.
    pub(super) ready: Cell<bool>,
    pub(super) told: Told,
    places: RefCell<&'a mut Places>,
}

impl Work<'_> {
    /// Inserts a record, whose id has none, and answers its position.
    pub(super) fn put(&self, row: &row::New<'_>) -> rusqlite::Result<i64> {
        let position = row.insert(self.connection)?;
        self.places.borrow_mut().put(row.id, position);
        Ok(position)
    }

    /// The position of the record with this id.
    pub(super) fn place(&self, id: &EventId) -> rusqlite::Result<Option<i64>> {
        self.places.borrow().find(self.connection, id)
    }

    /// Forgets a record that was deleted.
    pub(super) fn forget_place(&self, id: &EventId, position: i64) -> rusqlite::Result<()> {
        self.places.borrow_mut().forget(self.connection, id, position)
    }

    /// Writes what goes along with the changes of all calls.
    fn finish(&self) -> rusqlite::Result<()> {
        self.told.write(self.connection)?;
        self.places.borrow_mut().write(self.connection)
    }
}

/// SQLite's error, which fails the transaction, around the answer of the store.
pub(super) type Answer<T> = rusqlite::Result<Result<T, StoreError>>;

/// A call on its way to the writer. It may be run again if the transaction it was part of failed.
trait Job: Send {
    fn run(&mut self, work: &Work<'_>) -> rusqlite::Result<()>;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Call<T, F> {
    work: F,
    outcome: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
    /// Whether it is left alone once nobody waits for it.
    needs_caller: bool,
}

impl<T: Send, F: Fn(&Work<'_>) -> Answer<T> + Send> Job for Call<T, F> {
    fn run(&mut self, work: &Work<'_>) -> rusqlite::Result<()> {
        let is_in_vain = self.needs_caller && self.caller.is_closed();
        self.outcome = Some(if is_in_vain { Err(no_answer()) } else { (self.work)(work)? });
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { outcome, caller, .. } = *self;
        let outcome = committed.and_then(|()| outcome.unwrap_or_else(|| Err(no_answer())));
        // A caller that no longer waits finds out by its sender's retry.
        let _ = caller.send(outcome);
    }
}

/// The writer, as its callers hold it. Dropping it lets the thread finish what was handed in, and waits for that.
#[derive(Debug)]
pub(super) struct Writer {
    // In this order: the thread ends once the queue is dropped.
    queue: mpsc::Sender<Box<dyn Job>>,
    halted: Arc<AtomicBool>,
    progress: Arc<Progress>,
    _thread: Joined,
}

#[derive(Debug)]
struct Joined(Option<JoinHandle<()>>);

impl Drop for Joined {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}

impl Writer {
    /// Starts the thread; the lock is held until it has ended.
    pub(super) fn start(
        connection: Connection,
        places: Places,
        lock: Lock,
        seal: Seal,
        clock: Arc<dyn Clock>,
        ready: Arc<Notify>,
    ) -> Result<Self, std::io::Error> {
        let (queue, calls) = mpsc::channel(QUEUE);
        let (halted, progress) = (Arc::new(AtomicBool::new(false)), Arc::new(Progress::new()));
        let work = Loop {
            connection,
            places,
            untold: Told::default(),
            unflushed: 0,
            seal,
            clock,
            ready,
            halted: halted.clone(),
            progress: progress.clone(),
            _lock: lock,
        };
        let thread = Builder::new().name("store-writer".into()).spawn(move || work.run(calls))?;
        Ok(Self { queue, halted, progress, _thread: Joined(Some(thread)) })
    }

    /// Whether a failed flush has ended the writing for good.
    pub(super) fn is_halted(&self) -> bool {
        self.halted.load(Ordering::SeqCst)
    }

    /// Hands a call to the thread and waits for its commit.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl Fn(&Work<'_>) -> Answer<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.hand_in(work, false).await
    }

    /// The same for what a sender begins, who waits only so long. While the thread hangs, nothing more of it is handed in.
    pub(super) async fn call_soon<T: Send + 'static>(
        &self,
        work: impl Fn(&Work<'_>) -> Answer<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.progress.within(self.hand_in(work, false)).await
    }

    /// The same where what is done in vain stands in somebody's way: it is left alone once it was given up.
    pub(super) async fn call_now<T: Send + 'static>(
        &self,
        work: impl Fn(&Work<'_>) -> Answer<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.progress.within(self.hand_in(work, true)).await
    }

    async fn hand_in<T: Send + 'static>(
        &self,
        work: impl Fn(&Work<'_>) -> Answer<T> + Send + 'static,
        needs_caller: bool,
    ) -> Result<T, StoreError> {
        let (caller, outcome) = oneshot::channel();
        let call = Box::new(Call { work, outcome: None, caller, needs_caller });
        self.queue.send(call).await.map_err(|_| StoreError::NotStored("a writer that has ended".to_owned()))?;
        outcome.await.unwrap_or_else(|_| Err(no_answer()))
    }
}

fn no_answer() -> StoreError {
    StoreError::Unknown("a writer that ended without one".to_owned())
}

/// How a transaction failed.
enum Failure {
    /// In one call, before the commit: the others may do better without it.
    OneCall(StoreError),
    /// For every call.
    Everybody(StoreError),
}

/// The thread's own side. Fields are dropped in this order: first the connection is closed, then the lock released.
struct Loop {
    connection: Connection,
    places: Places,
    /// What is not counted yet.
    untold: Told,
    /// Counts since the last flush.
    unflushed: u32,
    seal: Seal,
    clock: Arc<dyn Clock>,
    ready: Arc<Notify>,
    halted: Arc<AtomicBool>,
    progress: Arc<Progress>,
    _lock: Lock,
}

impl Loop {
    fn run(mut self, mut calls: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while calls.blocking_recv_many(&mut batch, BATCH) > 0 {
            let outcome = self.transact(&mut batch);
            // Before anybody is told: who hears of it may be back at once.
            self.progress.finish();
            match outcome {
                Err(Failure::OneCall(_)) if batch.len() > 1 => {
                    for call in batch.drain(..) {
                        let mut alone = [call];
                        let outcome = self.transact(&mut alone);
                        self.progress.finish();
                        alone.into_iter().for_each(|call| call.answer(committed(&outcome)));
                    }
                }
                outcome => batch.drain(..).for_each(|call| call.answer(committed(&outcome))),
            }
        }
    }

    /// Runs calls in one transaction.
    fn transact(&mut self, calls: &mut [Box<dyn Job>]) -> Result<(), Failure> {
        if self.is_halted() {
            let why = "a failed write to the disk before; the receiver has to be started again".to_owned();
            return Err(Failure::Everybody(StoreError::NotStored(why)));
        }
        let not_stored = |error: &rusqlite::Error| StoreError::NotStored(meaning(error));
        if let Err(error) = self.execute("BEGIN IMMEDIATE") {
            return Err(Failure::Everybody(not_stored(&error)));
        }
        let before = self.connection.total_changes();
        let work = Work {
            connection: &self.connection,
            seal: &self.seal,
            now: self.clock.now(),
            ready: Cell::new(false),
            told: Told::default(),
            places: RefCell::new(&mut self.places),
        };
        let ran = failing(Point::SqliteBegun).and_then(|()| calls.iter_mut().try_for_each(|call| call.run(&work)));
        let is_changed = self.connection.total_changes() > before;
        let ran = ran.and_then(|()| if is_changed { work.finish() } else { Ok(()) });
        let Work { ready, told, .. } = work;
        if let Err(error) = ran {
            self.roll_back();
            let fail = if concerns_everybody(&error) { Failure::Everybody } else { Failure::OneCall };
            return Err(fail(not_stored(&error)));
        }
        if let Err(error) = failing(Point::SqliteCommit).and_then(|()| self.execute("COMMIT")) {
            return Err(Failure::Everybody(self.commit_failed(&error)));
        }
        fail_point::reached(Point::SqliteCommitted);
        self.places.keep();
        if ready.get() {
            self.ready.notify_waiters();
        }
        if is_changed {
            self.unflushed = 0;
        } else {
            self.untold.join(&told);
            self.count();
        }
        Ok(())
    }

    /// Writes the counts of copies that came alone, without a flush. Their answers wait for it, as whoever reads the counts
    /// then finds them, and do not depend on it.
    fn count(&mut self) {
        if self.untold.is_nothing() || self.is_halted() {
            return;
        }
        let set = if self.unflushed < UNFLUSHED { schema::unflushed(&self.connection) } else { Ok(()) };
        let written = set.and_then(|()| self.execute("BEGIN IMMEDIATE"));
        let written = written.and_then(|()| self.untold.write(&self.connection));
        let written = written.and_then(|()| failing(Point::SqliteCount)).and_then(|()| self.execute("COMMIT"));
        match written {
            Ok(()) => {
                self.untold = Told::default();
                self.unflushed = if self.unflushed < UNFLUSHED { self.unflushed.saturating_add(1) } else { 0 };
            }
            Err(error) => {
                tracing::warn!(code = "store_unavailable", %error, "the store could not count its answers to copies; it tries again with the next");
                self.halt_if_the_disk_failed(&error);
                self.roll_back();
            }
        }
        if let Err(error) = schema::flushed(&self.connection) {
            tracing::error!(code = "store_unavailable", %error, "the store could not go back to flushing and takes nothing more");
            self.halt();
        }
    }

    /// Decides what a failed commit left behind.
    fn commit_failed(&mut self, error: &rusqlite::Error) -> StoreError {
        tracing::error!(code = "store_unavailable", %error, "the store could not commit");
        self.halt_if_the_disk_failed(error);
        self.roll_back();
        // A log that could not be written to its end has no end mark, which makes it void.
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) if !self.is_halted() => StoreError::NotStored(meaning(error)),
            _ => StoreError::Unknown(meaning(error)),
        }
    }

    /// After a failed flush nobody knows what is on the disk, and a later flush that succeeds does not tell either: only
    /// reading the file anew does.
    fn halt_if_the_disk_failed(&self, error: &rusqlite::Error) {
        if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
            self.halt();
        }
    }

    fn roll_back(&mut self) {
        self.places.take_back();
        // SQLite rolls back by itself after some errors.
        if !self.connection.is_autocommit()
            && let Err(error) = self.execute("ROLLBACK")
        {
            tracing::error!(code = "store_unavailable", %error, "the store could not roll back and takes nothing more");
            self.halt();
        }
    }

    fn is_halted(&self) -> bool {
        self.halted.load(Ordering::SeqCst)
    }

    fn halt(&self) {
        self.halted.store(true, Ordering::SeqCst);
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

fn committed(outcome: &Result<(), Failure>) -> Result<(), StoreError> {
    match outcome {
        Ok(()) => Ok(()),
        Err(Failure::OneCall(error) | Failure::Everybody(error)) => Err(error.clone()),
    }
}
