//! What a store needs beside its calls. The rule: a little at a time, as accepting may wait meanwhile, and soon again as long as
//! there is more.

use std::sync::Arc;
use std::time::Duration;

use super::Store;

/// How often old identities are forgotten.
const PAUSE: Duration = Duration::from_secs(60);

/// Looks after a store until `end` resolves: forgets what is past its retention ([`Store::prune`]), which is also when a Redis is
/// asked whether it is still set up to keep what it promises. Without it a store grows without an end.
///
/// ```
/// # use std::sync::Arc;
/// # use countersign::{clock::SystemClock, store::{MemoryStore, Store, upkeep}};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
/// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
/// let upkeep = tokio::spawn(upkeep(store.clone(), async { drop(stopped.await) }));
/// // … and at the end:
/// stop.send(()).unwrap();
/// upkeep.await.unwrap();
/// # });
/// ```
pub async fn upkeep(store: Arc<dyn Store>, end: impl Future<Output = ()>) {
    go_on(store, true, end).await;
}

/// The same, from now on if there is `more` to forget, and else from in a minute on.
pub(crate) async fn go_on(store: Arc<dyn Store>, mut more: bool, end: impl Future<Output = ()>) {
    let mut end = std::pin::pin!(end);
    loop {
        let round = async {
            if more {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(PAUSE).await;
            }
            forget_some(&*store).await
        };
        more = tokio::select! {
            () = end.as_mut() => return,
            more = round => more,
        };
    }
}

/// Forgets some of what is past its retention; whether there may be more of it.
pub(crate) async fn forget_some(store: &dyn Store) -> bool {
    match store.prune().await {
        Ok(pruned) => pruned.more,
        Err(error) => {
            tracing::warn!(code = "prune_failed", %error, "the store could not be looked after; again in a minute");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, FixedClock};
    use crate::store::MemoryStore;
    use crate::store::conformance::event;

    #[tokio::test(start_paused = true)]
    async fn what_is_past_its_retention_is_forgotten_without_anybody_asking() {
        let clock = Arc::new(FixedClock::at(crate::clock::Timestamp::from_millis(1_800_000_000_000)));
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(clock.clone()));
        let mut event = event("1");
        event.retain_until = clock.now().after(PAUSE);
        let crate::store::Claim::Granted(held) = store.claim(event.verified(), PAUSE).await.unwrap() else {
            panic!("nobody else has it")
        };
        store.complete(held, event.verified(), crate::reply::Reply::accepted().to_stored()).await.unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let looking_after = tokio::spawn(upkeep(store.clone(), async { drop(stopped.await) }));
        tokio::time::sleep(PAUSE / 2).await;
        assert_eq!(store.stats().await.unwrap().identities, 1);
        clock.set(clock.now().after(PAUSE * 2));
        tokio::time::sleep(PAUSE).await;
        assert_eq!(store.stats().await.unwrap().identities, 0);
        stop.send(()).unwrap();
        looking_after.await.unwrap();
    }
}
