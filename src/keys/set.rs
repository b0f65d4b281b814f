//! The keys of one sender.
//!
//! The rule: a name finds one key at most, and secrets and public keys never lie in one set, so that no sender can
//! choose between the two.

use std::collections::HashSet;
use std::time::Duration;

use super::error::{KeyError, quoted};
use super::key::Key;
use crate::clock::Timestamp;

/// Keys of one set.
const MOST: usize = 64;

/// The keys of one sender, in the order they were given.
#[derive(Debug, Clone)]
pub struct KeySet {
    keys: Vec<Key>,
}

impl KeySet {
    /// Takes the keys together.
    ///
    /// # Errors
    /// There is none, there are more than 64, two have names that differ in ASCII case at most, or secrets are among
    /// public keys.
    pub fn new(keys: Vec<Key>) -> Result<Self, KeyError> {
        if keys.is_empty() || keys.len() > MOST {
            return Err(KeyError::expected(format_args!("1 to {MOST} keys"), keys.len()));
        }
        let mut names = HashSet::new();
        for key in &keys {
            // Names in hex are found in either case, and must not find two keys then.
            if !names.insert(key.id().as_str().to_ascii_lowercase()) {
                let id = quoted(key.id().as_str());
                return Err(KeyError::expected("key ids that differ", format_args!("{id} twice")));
            }
        }
        if keys.iter().any(Key::is_symmetric) && !keys.iter().all(Key::is_symmetric) {
            return Err(KeyError::expected("either shared secrets or public keys", "both in one set"));
        }
        Ok(Self { keys })
    }

    /// No keys, while they are still to come.
    #[cfg(feature = "server")]
    pub(crate) fn none() -> Self {
        Self { keys: Vec::new() }
    }

    /// The key of this name, exactly spelled, if it is valid at `at`.
    pub fn find(&self, id: &str, at: Timestamp) -> Option<&Key> {
        self.live(at).find(|key| key.id().as_str() == id)
    }

    /// The key of this name in either case of ASCII letters, for names in hex, if it is valid at `at`.
    pub fn find_hex(&self, id: &str, at: Timestamp) -> Option<&Key> {
        self.live(at).find(|key| key.id().as_str().eq_ignore_ascii_case(id))
    }

    /// The keys that are valid at `at`.
    pub fn live(&self, at: Timestamp) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(move |key| key.is_live(at))
    }

    /// All keys.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }

    /// How many keys there are, valid or not.
    #[allow(clippy::len_without_is_empty, reason = "no set is empty")]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether one of the keys is one that anybody can have.
    pub fn has_demo_key(&self) -> bool {
        self.keys.iter().any(Key::is_demo)
    }

    /// The keys that end between `at` and `within` later. What has ended before is not among them.
    pub fn expiring(&self, at: Timestamp, within: Duration) -> Vec<&Key> {
        let until = at.after(within);
        self.keys.iter().filter(|key| key.not_after().is_some_and(|last| at <= last && last <= until)).collect()
    }
}

#[cfg(test)]
#[path = "set_tests.rs"]
mod tests;
