//! `inbox tail`: records as they arrive. The rule: each is printed once, and none is left out that is accepted meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;

use super::interrupt::Interrupt;
use super::{Filter, document, failed, row};
use crate::cli::{Ended, print};
use crate::clock::{Clock, SystemClock};
use crate::server::Looking;
use crate::store::{EventId, Listing, State, StoreError};

const PAGE: usize = 1000;
const LOOK: Duration = Duration::from_millis(250);

#[derive(Debug, Args)]
pub(super) struct Tail {
    #[command(flatten)]
    filter: Filter,
    /// One JSON document a line.
    #[arg(long)]
    json: bool,
}

impl Tail {
    pub(super) async fn run(&self, store: &Looking) -> Result<(), Ended> {
        let wanted = self.filter.read(SystemClock.now())?;
        // Every other state is one that records leave or come to between two looks.
        if let Some(state) = wanted.state.filter(|state| *state != State::Quarantined) {
            let state = state.as_str();
            return Err(Ended::Usage(format!(
                "--state: expected quarantined or none, as tail looks at each record once, when it arrives, but found \
                 {state:?}; `countersign inbox list --state {state}` shows what is there"
            )));
        }
        let interrupt = Interrupt::listen();
        let began = newest(store).await.map_err(failed)?;
        // What lies behind a position may come after it, where a store has many places that count by themselves.
        let overlap = store.overlap();
        let mut printed: BTreeSet<(u64, EventId)> = BTreeSet::new();
        let (mut first, mut last, mut is_new) = (began.saturating_sub(overlap), began, false);
        loop {
            let mut after = first;
            loop {
                let page = store.list(Listing { after: Some(after), limit: Some(PAGE), state: None }).await;
                let page = page.map_err(failed)?;
                let Some((end, _)) = page.last() else { break };
                (after, last) = (*end, last.max(*end));
                for (position, entry) in &page {
                    let is_known = overlap > 0 && !printed.insert((*position, entry.id.clone()));
                    // What is there already at the first look is not new.
                    if !is_known && (is_new || *position > began) && wanted.fits(entry) {
                        let line = if self.json { document(entry).to_string() } else { row(entry).join("  ") };
                        print(&line)?;
                    }
                }
            }
            is_new = true;
            first = last.saturating_sub(overlap);
            printed.retain(|(position, _)| *position > first);
            if interrupt.beats(tokio::time::sleep(LOOK)).await {
                return Ok(());
            }
        }
    }
}

/// The last position that is taken, found without reading what lies before it.
async fn newest(store: &Looking) -> Result<u64, StoreError> {
    if !is_behind(store, 0).await? {
        return Ok(0);
    }
    let (mut low, mut high) = (0_u64, 1_u64);
    while is_behind(store, high).await? {
        (low, high) = (high, high.saturating_mul(2));
    }
    // Something lies behind `low`, and nothing behind `high`.
    while low.saturating_add(1) < high {
        let middle = low.midpoint(high);
        if is_behind(store, middle).await? { low = middle } else { high = middle }
    }
    Ok(high)
}

async fn is_behind(store: &Looking, position: u64) -> Result<bool, StoreError> {
    let listing = Listing { after: Some(position), limit: Some(1), state: None };
    Ok(!store.list(listing).await?.is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::SqliteStore;

    #[tokio::test]
    async fn in_a_store_without_a_record_the_first_one_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inbox.db");
        let _store = SqliteStore::open(&path, Arc::new(SystemClock)).unwrap();
        let looking = Looking::File(Box::new(SqliteStore::observe(&path).unwrap()));
        assert_eq!(newest(&looking).await, Ok(0));
    }
}
