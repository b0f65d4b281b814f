//! Opening the store that the configuration names: to receive, and to look at it from outside. The rule: looking makes no
//! store, and takes none from a receiver.

use std::sync::Arc;
use std::time::Duration;

use super::access::can_keep;
use super::config::StoreSettings;
use super::run::Failure;
use crate::clock::{Clock, SystemClock};
use crate::store::sqlite::{Observer, OpenError, Start};
use crate::store::{
    Durability, Entry, EventId, Listing, MemoryStore, RedisStore, Shown, SqliteStore, Stats, Store, StoreError,
};

/// A store that is looked at, beside a running receiver or without one.
#[derive(Debug)]
pub enum Looking {
    /// A file.
    File(Box<Observer>),
    /// A store that is shared anyway.
    Shared(Box<RedisStore>),
}

impl StoreSettings {
    /// Opens the store to receive.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] if it is not to be had.
    pub async fn open(&self, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, Failure> {
        Ok(match self {
            Self::Memory => Arc::new(MemoryStore::new(clock)),
            Self::Sqlite(path) => Arc::new(SqliteStore::open(path, clock).map_err(unavailable)?),
            Self::Redis(redis) => {
                let (address, options) = &**redis;
                Arc::new(RedisStore::open(address, clock, options.clone()).await.map_err(unavailable)?)
            }
        })
    }

    /// Opens the store to look at it.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] if it is not to be had, or only its receiver has it.
    pub async fn look(&self) -> Result<Looking, Failure> {
        Ok(match self {
            Self::Memory => {
                return Err(Failure::Unavailable(
                    "expected a store that others can look at, but found memory, which only the running receiver has"
                        .to_owned(),
                ));
            }
            Self::Sqlite(path) => Looking::File(Box::new(SqliteStore::observe(path).map_err(unavailable)?)),
            Self::Redis(redis) => {
                let (address, options) = &**redis;
                let store = RedisStore::observe(address, Arc::new(SystemClock), options.clone()).await;
                Looking::Shared(Box::new(store.map_err(unavailable)?))
            }
        })
    }

    /// The store in words, with what its answers are worth and what a start would find there. Nothing is made, and a
    /// receiver may have it open.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] if `serve` would not start on it.
    pub async fn describe(&self) -> Result<String, Failure> {
        Ok(match self {
            Self::Memory => "memory, forgotten when the program ends".to_owned(),
            Self::Sqlite(path) => {
                let start = match SqliteStore::examine(path).map_err(unavailable)? {
                    Start::Makes => "; the start makes it".to_owned(),
                    Start::GoesOn => String::new(),
                    Start::BringsForward { from, to } => {
                        format!("; the start brings its tables forward from version {from} to {to}")
                    }
                };
                can_keep(path)
                    .map_err(|error| unavailable(OpenError::File { path: path.clone(), why: error.to_string() }))?;
                format!("SQLite at {}, flushed to disk before an answer{start}", path.display())
            }
            Self::Redis(redis) => {
                let (address, options) = &**redis;
                let found = RedisStore::examine(address, options).await.map_err(unavailable)?;
                let (durability, condition, is_there) = found;
                let start = if is_there { "" } else { "; the start makes the inbox" };
                format!("{address}, {durability}: {condition}{start}")
            }
        })
    }
}

impl Looking {
    /// What the store's answers are worth.
    pub fn durability(&self) -> Durability {
        match self {
            Self::File(_) => Durability::Fsync,
            Self::Shared(store) => store.durability(),
        }
    }

    /// See [`Store::condition`].
    pub fn condition(&self) -> Option<String> {
        match self {
            Self::File(_) => None,
            Self::Shared(store) => store.condition(),
        }
    }

    /// How far behind a position others may still come up that are accepted now. Each partition of a shared store counts
    /// by the clock of its server, and is read at another moment: five seconds are more than these differ.
    pub fn overlap(&self) -> u64 {
        match self {
            Self::File(_) => 0,
            Self::Shared(_) => RedisStore::positions_of(Duration::from_secs(5)),
        }
    }

    /// See [`Store::list`].
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn list(&self, listing: Listing) -> Result<Vec<(u64, Entry)>, StoreError> {
        match self {
            Self::File(file) => file.list(listing),
            Self::Shared(store) => store.list(listing).await,
        }
    }

    /// See [`Store::show`].
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn show(&self, id: &EventId) -> Result<Option<Shown>, StoreError> {
        match self {
            Self::File(file) => file.show(id),
            Self::Shared(store) => store.show(id.clone()).await,
        }
    }

    /// See [`Store::stats`].
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn stats(&self) -> Result<Stats, StoreError> {
        match self {
            Self::File(file) => file.stats(),
            Self::Shared(store) => store.stats().await,
        }
    }

    /// See [`Store::requeue`]. A running receiver finds the records when it next looks.
    ///
    /// # Errors
    /// As [`Store::requeue`].
    pub async fn requeue(&self, ids: &[EventId]) -> Result<u64, StoreError> {
        match self {
            Self::File(file) => file.requeue(ids),
            Self::Shared(store) => store.requeue(ids.to_vec()).await,
        }
    }

    /// See [`Store::discard`].
    ///
    /// # Errors
    /// As [`Store::discard`].
    pub async fn discard(&self, ids: &[EventId]) -> Result<u64, StoreError> {
        match self {
            Self::File(file) => file.discard(ids),
            Self::Shared(store) => store.discard(ids.to_vec()).await,
        }
    }
}

fn unavailable(error: impl std::error::Error) -> Failure {
    Failure::Unavailable(error.to_string())
}
