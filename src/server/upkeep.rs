//! What is said beside receiving: what only an operator can mend, and what the log left out. The rule: no request waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::config::Config;
use super::standing;
use crate::store::{Listing, State, Store};

/// How often it is said what the log left out.
const SUMMARY: Duration = Duration::from_secs(10);

/// Resolves, with the reason, when only a new start can mend the store: whoever supervises this process starts it again.
pub(super) async fn halted(store: &Arc<dyn Store>) -> &'static str {
    loop {
        if let Some(why) = store.halted() {
            return why;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Events that were acknowledged and that no worker will deliver, because their endpoint was renamed, removed or turned
/// inline. They are kept; whoever changed the configuration has to know.
pub(super) async fn report_stranded(config: &Config, store: &Arc<dyn Store>) {
    let mut stranded = std::collections::BTreeMap::<String, usize>::new();
    // What a receiver held when it ended is leased until somebody takes it.
    for state in [State::Ready, State::Leased] {
        let waiting = Listing { state: Some(state), after: None, limit: Some(10_000) };
        let Ok(entries) = store.list(waiting).await else { return };
        for (_, entry) in entries.into_iter().filter(|(_, entry)| !config.queues(&entry.endpoint)) {
            let count = stranded.entry(entry.endpoint).or_default();
            *count = count.saturating_add(1);
        }
    }
    for (endpoint, count) in stranded {
        tracing::error!(
            code = "stranded",
            endpoint,
            count,
            "events wait that nobody delivers: no endpoint of this name is in queue mode"
        );
    }
}

/// Says now and then how many refusals were not logged one by one; the last time is when the door has closed.
pub(super) async fn summarise(standing: standing::Place, mut closing: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => return,
            () = tokio::time::sleep(SUMMARY) => {}
        }
        standing.load().router.summarise_log();
    }
}
