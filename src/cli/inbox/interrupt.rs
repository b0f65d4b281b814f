//! Ctrl-C, which ends a command between two steps. The rule: a step that the store has begun is finished.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Whether the command was interrupted.
#[derive(Debug, Clone)]
pub(super) struct Interrupt(Arc<Told>);

#[derive(Debug)]
struct Told {
    came: AtomicBool,
    wake: Notify,
}

impl Interrupt {
    /// Listens from now on: Ctrl-C no longer ends the process.
    pub(super) fn listen() -> Self {
        let told = Arc::new(Told { came: AtomicBool::new(false), wake: Notify::new() });
        let teller = Arc::clone(&told);
        tokio::spawn(async move {
            // Without a way to be told nobody is.
            if tokio::signal::ctrl_c().await.is_ok() {
                teller.came.store(true, Ordering::SeqCst);
                teller.wake.notify_one();
            }
        });
        Self(told)
    }

    /// Whether it came so far. Stores that answer at once leave no other moment to hear of it.
    pub(super) async fn came(&self) -> bool {
        tokio::task::yield_now().await;
        self.0.came.load(Ordering::SeqCst)
    }

    /// Waits for something, or until it comes. Answers whether it came.
    pub(super) async fn beats(&self, other: impl Future<Output = ()>) -> bool {
        tokio::select! {
            () = self.0.wake.notified() => true,
            () = other => self.came().await,
        }
    }
}
