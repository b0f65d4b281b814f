//! Handlers that are at work, also those whose sender has hung up. The rule: one counts from before its task begins until the
//! task has ended, in whatever way.

use std::sync::Arc;

use tokio::sync::watch;

/// Counts handlers; clones count together. Whoever ends a program waits for [`Handlers::idle`] after the last connection,
/// because a handler goes on without the sender that it was called for.
#[derive(Debug, Clone)]
pub struct Handlers(Arc<watch::Sender<usize>>);

/// One that is at work.
#[derive(Debug)]
pub(crate) struct AtWork(Arc<watch::Sender<usize>>);

impl Default for Handlers {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Handlers {
    /// How many are at work.
    pub fn at_work(&self) -> usize {
        *self.0.borrow()
    }

    /// Resolves when none is at work; another may begin meanwhile, as long as requests come.
    pub async fn idle(&self) {
        // The sender is ours, so that it cannot be gone.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }

    pub(crate) fn begin(&self) -> AtWork {
        self.0.send_modify(|count| *count = count.saturating_add(1));
        AtWork(Arc::clone(&self.0))
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}
