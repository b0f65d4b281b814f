//! Asking for newer keys, because a message named one that is not known.
//!
//! The rule: a stranger can cause one look at the sources a minute, and no more; nothing is remembered of what was
//! asked for, so that no number of made-up names makes this grow.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, watch};

use super::key_ring::Renewal;
use crate::clock::Timestamp;

/// Between two looks that strangers cause.
const APART: Duration = Duration::from_secs(60);
/// How long one who asks waits.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many wait at once.
const MOST_WAITING: usize = 64;

/// The state between those who ask and the one who looks.
#[derive(Debug)]
pub(super) struct Asking {
    state: Mutex<State>,
    wanted: Notify,
    rounds: watch::Sender<u64>,
    places: Semaphore,
}

#[derive(Debug, Default)]
struct State {
    last: Option<Timestamp>,
    under_way: bool,
    closed: bool,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            wanted: Notify::new(),
            rounds: watch::Sender::new(0),
            places: Semaphore::new(MOST_WAITING),
        }
    }
}

impl Asking {
    /// Asks, or joins those who asked; waits for the answer.
    pub(super) async fn ask(&self, at: Timestamp) -> Renewal {
        // Before the question, so that its answer cannot come in between.
        let mut rounds = self.rounds.subscribe();
        if !self.begin(at) {
            return Renewal::NotNow;
        }
        let Ok(_place) = self.places.try_acquire() else { return Renewal::Unavailable };
        match tokio::time::timeout(PATIENCE, rounds.changed()).await {
            Ok(Ok(())) => Renewal::Renewed,
            Ok(Err(_)) | Err(_) => Renewal::Unavailable,
        }
    }

    /// Whether a look is under way now, because this or another question caused it.
    pub(super) fn begin(&self, at: Timestamp) -> bool {
        let mut state = self.state();
        if state.under_way || state.closed {
            return state.under_way && !state.closed;
        }
        // A clock that was set back must not silence questions for that long.
        let rested = |last: Timestamp| at.since(last).max(last.since(at)) >= APART;
        if !state.last.is_none_or(rested) {
            return false;
        }
        state.last = Some(at);
        state.under_way = true;
        drop(state);
        self.wanted.notify_one();
        true
    }

    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    pub(super) fn answer(&self) {
        self.state().under_way = false;
        self.rounds.send_modify(|round| *round = round.wrapping_add(1));
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
        self.answer();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
