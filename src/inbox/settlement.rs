//! What became of leased records, on its way into the store. The rule: nothing is forgotten before the store has it or
//! another owner has the record, and what came up together is told together.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::clock::Timestamp;
use crate::fail_point::{self, Point};
use crate::store::{EventId, Store, StoreError};

/// A record and its owner.
pub(super) type Held = (EventId, u64);

/// What became of records.
#[derive(Debug, Default)]
pub(super) struct Settlement {
    delivered: Vec<Held>,
    failed: Vec<Failed>,
    /// By the time from which they are ready.
    given_back: BTreeMap<Timestamp, Vec<Held>>,
    /// The store may have heard all of it before: then it no longer finds what is told once more.
    again: bool,
}

/// A try that failed.
#[derive(Debug, Clone)]
struct Failed {
    held: Held,
    /// When it is tried again; never, if it is parked.
    again: Option<Timestamp>,
    reason: String,
}

impl Settlement {
    pub(super) fn delivered(&mut self, held: Held) {
        self.delivered.push(held);
    }

    pub(super) fn failed(&mut self, held: Held, again: Option<Timestamp>, reason: String) {
        self.failed.push(Failed { held, again, reason });
    }

    /// A record that was not tried.
    pub(super) fn give_back(&mut self, held: Held, at: Timestamp) {
        self.given_back.entry(at).or_default().push(held);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.delivered.is_empty() && self.failed.is_empty() && self.given_back.is_empty()
    }

    /// Tells the store. Answers what it did not take, and why.
    pub(super) async fn apply(self, store: Arc<dyn Store>) -> Result<(), (Self, StoreError)> {
        let (mut left, mut last, again) = (Self::default(), None, self.again);
        if !self.delivered.is_empty() {
            match store.acknowledge(self.delivered.clone()).await {
                Ok(()) => fail_point::reached(Point::Acknowledged),
                Err(StoreError::LeaseLost) => lost(again),
                Err(error) => {
                    left.delivered = self.delivered;
                    last = left.kept(error);
                }
            }
        }
        // All at once: a store takes together what comes in together.
        let mut telling = JoinSet::new();
        for failed in self.failed {
            let store = Arc::clone(&store);
            telling.spawn(async move {
                let ((id, fence), reason) = (failed.held.clone(), failed.reason.clone());
                let told = match failed.again {
                    Some(at) => store.retry_at(id, fence, at, reason).await,
                    None => store.park(id, fence, reason).await,
                };
                (failed, told)
            });
        }
        while let Some(told) = telling.join_next().await {
            match told {
                Ok((_, Ok(()))) | Err(_) => {}
                Ok((_, Err(StoreError::LeaseLost))) => lost(again),
                Ok((failed, Err(error))) => {
                    left.failed.push(failed);
                    last = left.kept(error);
                }
            }
        }
        for (at, held) in self.given_back {
            match store.give_back(held.clone(), at).await {
                Ok(()) => {}
                Err(StoreError::LeaseLost) => lost(again),
                Err(error) => {
                    left.given_back.insert(at, held);
                    last = left.kept(error);
                }
            }
        }
        left.again |= again;
        last.map_or(Ok(()), |error| Err((left, error)))
    }

    /// Some of it is told once more, because of this error.
    fn kept(&mut self, error: StoreError) -> Option<StoreError> {
        self.again |= matches!(error, StoreError::Unknown(_));
        Some(error)
    }
}

fn lost(again: bool) {
    if !again {
        tracing::warn!(code = "lease_lost", "another worker has taken over what was delivered here; it may come twice");
    }
}

#[cfg(all(test, feature = "server"))]
#[path = "settlement_tests.rs"]
mod tests;
