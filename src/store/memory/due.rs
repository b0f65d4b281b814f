//! Which records a worker may take, by endpoint. The rule: what is asked for is found without a look at what is not.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::clock::Timestamp;

/// Since when a record may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Due {
    /// Never.
    #[default]
    Never,
    /// At once: nobody tried it yet.
    Fresh,
    /// From then on: after a try, or when the lease of its worker ends.
    From(Timestamp),
}

/// Positions of the records that wait, by endpoint.
#[derive(Default)]
pub(super) struct Waiting(HashMap<Arc<str>, Places>);

#[derive(Default)]
struct Places {
    fresh: BTreeSet<u64>,
    again: BTreeSet<(Timestamp, u64)>,
}

impl Places {
    fn due(&self, limit: usize, now: Timestamp) -> impl Iterator<Item = u64> {
        let again = self.again.range(..=(now, u64::MAX)).map(|(_, position)| *position);
        self.fresh.iter().copied().take(limit).chain(again.take(limit))
    }
}

impl Waiting {
    /// A record waits otherwise than before.
    pub(super) fn change(&mut self, endpoint: &Arc<str>, position: u64, from: Due, to: Due) {
        if from == to {
            return;
        }
        if !self.0.contains_key(endpoint) {
            self.0.insert(Arc::clone(endpoint), Places::default());
        }
        let Some(places) = self.0.get_mut(endpoint) else { return };
        match from {
            Due::Never => false,
            Due::Fresh => places.fresh.remove(&position),
            Due::From(at) => places.again.remove(&(at, position)),
        };
        match to {
            Due::Never => false,
            Due::Fresh => places.fresh.insert(position),
            Due::From(at) => places.again.insert((at, position)),
        };
    }

    /// Positions of these endpoints (of all, if there is none) that are due, of each kind at most `limit` an endpoint.
    pub(super) fn due(&self, endpoints: &[Box<str>], limit: usize, now: Timestamp) -> Vec<u64> {
        if endpoints.is_empty() {
            self.0.values().flat_map(|places| places.due(limit, now)).collect()
        } else {
            endpoints.iter().filter_map(|name| self.0.get(&**name)).flat_map(|places| places.due(limit, now)).collect()
        }
    }

    /// The first position of all that wait.
    pub(super) fn first(&self) -> Option<u64> {
        let first = |places: &Places| {
            places.again.iter().map(|(_, position)| *position).chain(places.fresh.first().copied()).min()
        };
        self.0.values().filter_map(first).min()
    }
}
