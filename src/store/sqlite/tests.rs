//! What only a store on a disk can get wrong: damage, a full disk, a second receiver, the end of the process.

mod damage;
mod looking;
mod migration;
mod opening;
mod places;
mod writing;

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;

use super::{Observer, OpenError, SqliteStore};
use crate::clock::FixedClock;
use crate::store::conformance::{Bench, Event, LEASE, START, conformance, twins};
use crate::store::{Acceptance, Leased, Store, StoreError};

fn open(clock: Arc<FixedClock>) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("inbox.db"), clock.clone()).unwrap());
    Bench { store, clock, home: Some(Box::new(folder)) }
}

conformance!(open);

#[test]
fn no_order_of_calls_tells_the_stores_apart() {
    twins::agree(open, 48);
}

/// A folder with a file in it that is opened more than once.
struct Desk {
    folder: tempfile::TempDir,
    clock: Arc<FixedClock>,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: Arc::new(FixedClock::at(START)) }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("inbox.db")
    }

    fn try_open(&self) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(&self.path(), self.clock.clone())
    }

    fn open(&self) -> SqliteStore {
        self.try_open().unwrap()
    }

    fn refused(&self) -> OpenError {
        self.try_open().expect_err("expected a refusal")
    }

    fn observe(&self) -> Observer {
        SqliteStore::observe(&self.path()).unwrap()
    }

    /// Changes the file behind the store's back.
    fn tamper(&self, sql: &str) {
        let connection = Connection::open(self.path()).unwrap();
        connection.execute_batch(sql).unwrap();
    }
}

async fn accept(store: &SqliteStore, event: &Event) -> Acceptance {
    store.accept(event.verified()).await.unwrap()
}

async fn lease(store: &SqliteStore) -> Vec<Leased> {
    store.lease([].into(), 10, LEASE).await.unwrap()
}

/// Runs statements on the writer's own connection, inside a transaction of their own.
async fn on_writer(store: &SqliteStore, sql: &'static str) -> Result<(), StoreError> {
    store.writer.call(move |work| work.connection.execute_batch(sql).map(Ok)).await
}

/// Polls every future in turn until all are done.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, output) in &mut waiting {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}
