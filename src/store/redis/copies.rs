//! Waiting until replicas have what was written. The rule: a round of waiting begins after what it vouches for, and one
//! round is enough for all who came before it.
//!
//! `WAIT` holds its connection up, so it has one of its own. It asks for what that connection wrote: each round writes a
//! counter first, and who has the counter has everything before it, copies of an event that were stored by others too.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use super::error::Failure;
use super::link::Link;
use crate::store::StoreError;

/// How long replicas may take, in milliseconds.
const PATIENCE: u32 = 500;

/// How many replicas have to have something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copies<'a> {
    /// The counter of the partition.
    pub(super) touched: &'a str,
    /// How many.
    pub(super) replicas: u8,
}

/// A connection for waiting, and the last round on it.
pub(super) struct Copying {
    link: Link,
    /// Rounds that have begun.
    begun: AtomicU64,
    /// The number of the last round that ended, and how.
    last: Mutex<(u64, Result<(), Failure>)>,
}

impl Copying {
    pub(super) fn new(link: Link) -> Self {
        Self { link, begun: AtomicU64::new(0), last: Mutex::new((0, Ok(()))) }
    }

    /// Waits until so many replicas have all that was written before this call.
    pub(super) async fn wait(&self, copies: Copies<'_>) -> Result<(), Failure> {
        let first = self.begun.load(Ordering::SeqCst).saturating_add(1);
        let mut last = self.last.lock().await;
        if last.0 >= first {
            return last.1.clone();
        }
        let number = self.begun.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let outcome = self.round(copies).await;
        *last = (number, outcome.clone());
        outcome
    }

    async fn round(&self, copies: Copies<'_>) -> Result<(), Failure> {
        let mut round = redis::pipe();
        round.cmd("INCR").arg(copies.touched).ignore();
        round.cmd("WAIT").arg(copies.replicas).arg(PATIENCE);
        let asked: Result<(u64,), _> = round.query_async(&mut self.link.connection.clone()).await;
        let unknown = |why: String| StoreError::Unknown(why);
        match asked {
            Ok((found,)) if found >= u64::from(copies.replicas) => Ok(()),
            Ok((found,)) => {
                let why = format!("{found} replicas that have it, where {} were asked for", copies.replicas);
                Err(Failure { error: unknown(why), sent: true, broken: false, moved: None })
            }
            // Whatever was refused here: what was written before may be there.
            Err(error) => {
                let failure = Failure::of(&error);
                Err(Failure { error: unknown("no word of the replicas".to_owned()), moved: None, ..failure })
            }
        }
    }
}
