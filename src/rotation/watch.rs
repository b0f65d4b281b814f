//! One file that is looked at every second: what is cheap first, what is dear only if it changed.
//!
//! The rule: a changed content counts when two looks find the same, so that what is still being written does not.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::outcome::{Outcome, Trouble};
use super::source;
use crate::clock::Timestamp;
use crate::crypto::{Digest, Sha256};

/// A time of change that is younger may be that of two changes.
const SETTLED: Duration = Duration::from_secs(2);

/// What a file looked like.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    mark: Option<Mark>,
    settled: bool,
    pending: Option<Sha256>,
    examined: Option<Sha256>,
    good: Option<Sha256>,
}

/// What changes when a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    length: u64,
    modified: Option<SystemTime>,
    place: (u64, u64, i64, i64),
}

/// What one look found.
#[derive(Debug)]
pub(super) enum Look {
    /// The content that is in use.
    Good,
    /// The content that was refused before.
    Bad,
    /// Another content, which the next look has to find again.
    Again,
    /// Another content.
    Changed(Vec<u8>),
}

impl Watch {
    /// A file whose content is in use.
    pub(super) fn of(content: &[u8]) -> Self {
        let digest = Some(Digest::sha256_of(content));
        Self { examined: digest, good: digest, ..Self::default() }
    }

    pub(super) fn look(&mut self, path: &Path, now: Timestamp) -> Result<Look, Trouble> {
        let found = self.found(path, now);
        if found.is_err() {
            self.mark = None;
            self.pending = None;
        }
        found
    }

    fn found(&mut self, path: &Path, now: Timestamp) -> Result<Look, Trouble> {
        let unreadable = |error: &dyn ToString| Trouble::new(Outcome::Unreadable, error.to_string());
        let metadata = std::fs::metadata(path)
            .map_err(|error| unreadable(&format!("expected a key that can be read, but found {error}")))?;
        let mark = Mark::of(&metadata);
        if self.mark == Some(mark) && self.settled && self.pending.is_none() {
            return Ok(self.known());
        }
        let content = source::bytes(path).map_err(|error| unreadable(&error))?;
        let digest = Some(Digest::sha256_of(&content));
        self.mark = Some(mark);
        self.settled = mark.at().is_some_and(|changed| now.since(changed) > SETTLED);
        if digest == self.good || digest == self.examined {
            self.pending = None;
            self.examined = digest;
            return Ok(self.known());
        }
        if digest != self.pending {
            self.pending = digest;
            return Ok(Look::Again);
        }
        self.pending = None;
        self.examined = digest;
        Ok(Look::Changed(content))
    }

    fn known(&self) -> Look {
        if self.examined == self.good { Look::Good } else { Look::Bad }
    }

    /// What was found last is in use now.
    pub(super) fn taken(&mut self) {
        self.good = self.examined;
    }

    /// What was refused is to be examined again, because what it was refused beside has changed.
    pub(super) fn examine_again(&mut self) {
        if self.examined != self.good {
            self.examined = self.good;
            self.mark = None;
        }
    }

    /// Whether the next look should come soon.
    pub(super) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }
}

impl Mark {
    #[cfg(unix)]
    fn of(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let place = (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec());
        Self { length: metadata.len(), modified: metadata.modified().ok(), place }
    }

    #[cfg(not(unix))]
    fn of(metadata: &std::fs::Metadata) -> Self {
        Self { length: metadata.len(), modified: metadata.modified().ok(), place: (0, 0, 0, 0) }
    }

    fn at(self) -> Option<Timestamp> {
        let span = self.modified?.duration_since(UNIX_EPOCH).ok()?;
        Some(Timestamp::from_millis(0).after(span))
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
