//! Whether the one thread that writes gets on. The rule: what a sender begins is waited for only so long, and where nothing was
//! finished for as long as that, the next ones are not kept waiting.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::timeout;

use crate::store::StoreError;

/// How long a sender's call waits: longer than the writer itself waits for another program's lock. A disk that hangs gives no
/// error.
const LONGEST: Duration = Duration::from_secs(6);

/// How far the thread is: commits that it has finished, and where a call gave it up. It hangs while these are the same.
#[derive(Debug)]
pub(super) struct Progress {
    finished: AtomicU64,
    given_up: AtomicU64,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { finished: AtomicU64::new(0), given_up: AtomicU64::new(u64::MAX) }
    }

    fn is_hanging(&self) -> bool {
        self.given_up.load(Ordering::SeqCst) == self.finished.load(Ordering::SeqCst)
    }

    pub(super) fn finish(&self) {
        self.finished.fetch_add(1, Ordering::SeqCst);
    }

    /// A call that began when this many commits were finished is given up. Whether that is news.
    fn give_up(&self, seen: u64) -> bool {
        self.finished.load(Ordering::SeqCst) == seen && self.given_up.swap(seen, Ordering::SeqCst) != seen
    }

    /// Waits for a call, for so long; while the thread hangs, it is not even begun.
    pub(super) async fn within<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        if self.is_hanging() {
            return Err(StoreError::NotStored("a disk that has not answered for seconds".to_owned()));
        }
        let seen = self.finished.load(Ordering::SeqCst);
        timeout(LONGEST, call).await.unwrap_or_else(|_| {
            if self.give_up(seen) {
                let cure = "look at the disk and at what else writes to it; senders are told to come again";
                tracing::error!(code = "store_stalled", seconds = LONGEST.as_secs(), cure, "the disk does not answer");
            }
            Err(StoreError::Unknown(format!("a disk that did not answer for {} s", LONGEST.as_secs())))
        })
    }
}
