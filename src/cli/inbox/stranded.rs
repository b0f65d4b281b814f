//! Records that nobody would deliver, were they ready again: of an endpoint that is inline, that is gone, or whose sink is
//! of type none. The rule: they are named and left as they are.

use std::collections::BTreeMap;

use crate::cli::table::plain;
use crate::server::config::Kept;
use crate::store::Entry;

/// What is left out, by endpoint.
pub(super) struct Stranded<'a> {
    kept: &'a Kept,
    left_out: BTreeMap<String, u64>,
}

impl<'a> Stranded<'a> {
    pub(super) fn of(kept: &'a Kept) -> Self {
        Self { kept, left_out: BTreeMap::new() }
    }

    /// Whether somebody would deliver it.
    pub(super) fn spares(&self, entry: &Entry) -> bool {
        self.kept.delivers(&entry.endpoint)
    }

    /// The same, and notes it if not.
    pub(super) fn lets_through(&mut self, entry: &Entry) -> bool {
        let spared = self.spares(entry);
        if !spared {
            let count = self.left_out.entry(entry.endpoint.clone()).or_default();
            *count = count.saturating_add(1);
        }
        spared
    }

    pub(super) fn count(&self) -> u64 {
        self.left_out.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Says on standard error what was left out.
    pub(super) fn tell(&self) {
        for (endpoint, count) in &self.left_out {
            let endpoint = plain(endpoint);
            eprintln!(
                "countersign: {count} of endpoint {endpoint:?} left out: expected an endpoint of that name in queue mode \
                 with a sink, which would deliver them, but found none"
            );
        }
    }
}
