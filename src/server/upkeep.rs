//! What is said beside receiving: what only an operator can mend, and what the log left out. The rule: no request waits for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::config::Config;
use super::standing;
use crate::store::{Listing, State, Store, StoreError};

/// How often it is said what the log left out.
const SUMMARY: Duration = Duration::from_secs(10);
/// Records of one read.
const PAGE: usize = 1000;
/// How long nobody may have reloaded.
const SETTLED: Duration = Duration::from_secs(1);
/// How long the store has for others between two of them.
const BETWEEN_PAGES: Duration = Duration::from_millis(20);

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
/// inline. They are kept; whoever changed the configuration has to know. Where very many wait that takes its time: no stop
/// waits for it, and what is reloaded meanwhile is looked at in its place, as `over` says by its end.
pub(super) async fn report_stranded(
    config: Arc<Config>,
    store: Arc<dyn Store>,
    mut closing: watch::Receiver<bool>,
    mut over: watch::Receiver<()>,
) {
    let found = tokio::select! {
        _ = closing.wait_for(|closing| *closing) => return,
        _ = over.changed() => return,
        found = async {
            tokio::time::sleep(SETTLED).await;
            stranded(|name| config.queues(name), &*store).await
        } => found,
    };
    let Ok(stranded) = found else { return };
    for (endpoint, count) in stranded {
        tracing::error!(
            code = "stranded",
            endpoint,
            count,
            "events wait that nobody delivers: no endpoint of this name is in queue mode"
        );
    }
}

/// How many events wait that nobody delivers, by the name of their endpoint.
async fn stranded(
    queues: impl Fn(&str) -> bool + Send,
    store: &dyn Store,
) -> Result<BTreeMap<String, usize>, StoreError> {
    let mut stranded = BTreeMap::<String, usize>::new();
    // What a receiver held when it ended is leased until somebody takes it.
    for state in [State::Ready, State::Leased] {
        let mut after = None;
        loop {
            let page = store.list(Listing { state: Some(state), after, limit: Some(PAGE) }).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            tokio::time::sleep(BETWEEN_PAGES).await;
            for (_, entry) in page.into_iter().filter(|(_, entry)| !queues(&entry.endpoint)) {
                let count = stranded.entry(entry.endpoint).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
    Ok(stranded)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{SystemClock, Timestamp};
    use crate::crypto::Digest;
    use crate::store::{Identity, MemoryStore, Record, Seal};
    use crate::verified::Provenance;

    /// Accepts an event of this endpoint. The proof is a seal's, of a key that nobody keeps.
    async fn accept(store: &MemoryStore, seal: &Seal, endpoint: &str, number: usize) {
        let record = Record {
            identity: Identity::new(endpoint, "header", &number.to_be_bytes()),
            fence: None,
            fingerprint: Digest::sha256_of(b""),
            compared: Digest::sha256_of(b""),
            action: "events".into(),
            event_type: "org.example.event".into(),
            subject: None,
            request_id: None,
            content: bytes::Bytes::new(),
            problem: None,
            retain_until: Timestamp::from_seconds(4_000_000_000),
        };
        let provenance = Provenance {
            endpoint: endpoint.into(),
            profile: "example".into(),
            key_id: "key-1".into(),
            algorithm: None,
            signed_at: None,
            received_at: Timestamp::from_seconds(1_800_000_000),
            covered: ["body".into()].into(),
        };
        let tag = seal.seal(&record, &provenance);
        store.accept(seal.open(record, provenance, &tag).unwrap()).await.unwrap();
    }

    #[tokio::test]
    async fn an_event_that_nobody_delivers_is_found_behind_very_many_others() {
        let store = MemoryStore::new(Arc::new(SystemClock));
        let seal = Seal::new(&Seal::generate().unwrap()).unwrap();
        for number in 0..10_000 {
            accept(&store, &seal, "bank", number).await;
        }
        accept(&store, &seal, "gone", 0).await;
        let found = stranded(|name| name == "bank", &store).await.unwrap();
        assert_eq!(found, BTreeMap::from([("gone".to_owned(), 1)]));
    }
}
