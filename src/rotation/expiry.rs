//! Keys that end soon, before that does harm.
//!
//! The rule: what verifies now and ends soon is worth a warning, and a sender none of whose keys verifies is an error;
//! a key that has ended beside others that have not is no news.

use std::fmt;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::keys::{KeyId, KeyRing, KeySet};

const DAY: u64 = 24 * 60 * 60;
/// From here on it is a warning, and from there on an error.
const SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const VERY_SOON: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// How much of a hurry it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Within 30 days.
    Warning,
    /// Within 3 days.
    Error,
}

/// A key that verifies now and will not for long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Its name.
    pub key_id: KeyId,
    /// Its last moment.
    pub at: Timestamp,
    /// How long that is from now.
    pub left: Duration,
    /// How much of a hurry it is.
    pub severity: Severity,
}

/// The keys that verify at `now` and end within 30 days.
pub fn ending(keys: &KeySet, now: Timestamp) -> Vec<Ending> {
    let soon = keys.expiring(now, SOON).into_iter().filter(|key| key.is_live(now));
    let endings = soon.filter_map(|key| {
        let at = key.not_after()?;
        let left = at.since(now);
        let severity = severity(left)?;
        Some(Ending { key_id: key.id().clone(), at, left, severity })
    });
    endings.collect()
}

/// How much of a hurry the end of something is that goes on for so long.
pub(crate) fn severity(left: Duration) -> Option<Severity> {
    match left {
        _ if left <= VERY_SOON => Some(Severity::Error),
        _ if left <= SOON => Some(Severity::Warning),
        _ => None,
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} ends in {}, at {}", self.key_id, Days(self.left), self.at)?;
        f.write_str("; ask the sender for its next key and list both")
    }
}

/// A span in days, or in hours if it is shorter than two.
pub(crate) struct Days(pub(crate) Duration);

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, hours) = (self.0.as_secs() / DAY, self.0.as_secs() / 3600);
        if days < 2 { write!(f, "{hours} hours") } else { write!(f, "{days} days") }
    }
}

/// Whether there are keys and none of them verifies now: everything that the sender sends is refused.
pub fn all_ended(keys: &KeySet, now: Timestamp) -> bool {
    keys.live(now).next().is_none()
}

/// Logs each key that ends soon, and that nothing is left to verify with.
pub(super) fn report(endpoint: &str, keys: &KeySet, now: Timestamp) {
    if all_ended(keys, now) {
        tracing::error!(
            code = "keys_ended",
            endpoint,
            "expected a key that is valid now, but found none: everything of this sender is refused; ask it for its next key"
        );
    }
    for one in ending(keys, now) {
        match one.severity {
            Severity::Warning => tracing::warn!(code = "key_expiring", endpoint, key = %one.key_id, "{one}"),
            Severity::Error => tracing::error!(code = "key_expiring", endpoint, key = %one.key_id, "{one}"),
        }
    }
}

/// What a ring shows of itself at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauges {
    /// How long ago every source was last seen to hold these keys; nothing ages without a source.
    pub age: Duration,
    /// Whether a source is not to be read, or holds what is not taken.
    pub stale: bool,
    /// Whether nothing is verified any more, because no source has confirmed the keys for too long.
    pub past_limit: bool,
    /// Until the first key ends that is valid now; nothing left if none is.
    pub expire: Option<Duration>,
}

impl Gauges {
    /// Reads a ring.
    pub fn of(ring: &KeyRing, now: Timestamp) -> Self {
        let held = ring.held();
        let ends = held.keys.live(now).filter_map(|key| key.not_after()).min();
        Self {
            age: held.standing.confirmed.map_or(Duration::ZERO, |confirmed| now.since(confirmed)),
            stale: held.standing.stale,
            past_limit: ring.current(now).is_err(),
            expire: if all_ended(&held.keys, now) { Some(Duration::ZERO) } else { ends.map(|end| end.since(now)) },
        }
    }
}
