//! What a worker that keeps the order of subjects has to know when it begins: which events wait, tried or not, as the store
//! hands out what is new before what was put off. The rule: it knows the oldest, and no more than fits.

use std::time::Duration;

use tokio::time::sleep;

use super::worker::Worker;
use crate::store::{EventId, Listing, State, StoreError};

/// Most events that are known.
const MOST: usize = 100_000;
/// Events of one read.
const PAGE: usize = 1000;
/// How long a store that fails is left alone.
const AGAIN: Duration = Duration::from_millis(500);

/// An event that waits.
pub(super) struct Recalled {
    position: u64,
    pub(super) subject: Box<str>,
    pub(super) id: EventId,
    pub(super) is_tried: bool,
}

/// Events that wait and have a subject, in the order of acceptance.
pub(super) async fn recall<S>(worker: &Worker<S>) -> Vec<Recalled> {
    loop {
        match waiting(worker, MOST).await {
            Ok(recalled) => return recalled,
            Err(error) => {
                tracing::error!(code = "store_unavailable", %error, "the inbox cannot be read; trying again");
                sleep(AGAIN).await;
            }
        }
    }
}

async fn waiting<S>(worker: &Worker<S>, most: usize) -> Result<Vec<Recalled>, StoreError> {
    let mut found: Vec<Recalled> = Vec::new();
    // What somebody held goes first: it is older, and there is never much of it.
    for state in [State::Leased, State::Ready] {
        let mut after = None;
        loop {
            let listing = Listing { state: Some(state), after, limit: Some(PAGE) };
            let page = worker.store.list(listing).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            let ours =
                page.into_iter().filter(|(_, entry)| worker.endpoint.iter().any(|name| **name == *entry.endpoint));
            found.extend(ours.filter_map(|(position, entry)| {
                let is_tried = entry.attempts > 0;
                Some(Recalled { position, subject: entry.subject?.into(), id: entry.id, is_tried })
            }));
            if found.len() >= most {
                tracing::warn!(
                    code = "order_unknown",
                    known = found.len(),
                    "more events wait than are looked at: of those behind them, some may go before an earlier one"
                );
                found.truncate(most);
                break;
            }
        }
    }
    found.sort_unstable_by_key(|recalled| recalled.position);
    Ok(found)
}
