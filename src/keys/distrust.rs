//! Keys that vouch for nothing any more, though their sender may still publish them. The rule: what such a key signed is
//! neither taken nor, if it was taken before, handed on, under whichever of its names.

use std::sync::Arc;

use super::key_ring::KeyRing;
use super::set::KeySet;
use crate::error::{Code, Rejection};

/// Keys that an operator no longer trusts, as after a theft.
#[derive(Debug, Clone, Default)]
pub(crate) struct Distrust {
    /// Case is not looked at: whoever copies an id by hand must not miss the key.
    ids: Arc<[Box<str>]>,
    ring: Option<Arc<KeyRing>>,
}

impl Distrust {
    /// Adds the id of a key.
    pub(crate) fn add(&mut self, id: &str) {
        self.ids = self.ids.iter().cloned().chain([id.into()]).collect();
    }

    /// Knows the sender's keys, of which one may have several ids.
    pub(crate) fn among(&self, ring: Option<&Arc<KeyRing>>) -> Self {
        Self { ids: Arc::clone(&self.ids), ring: ring.cloned() }
    }

    /// # Errors
    /// [`Code::KeyDistrusted`] if the key of this id is one of these.
    pub(crate) fn check(&self, key_id: &str) -> Result<(), Rejection> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let refused = |found: String| {
            let message = format!("expected a key that is trusted, but found {found}, which is listed as distrusted");
            Err(Rejection::new(Code::KeyDistrusted, message))
        };
        if self.lists(key_id) {
            return refused(key_id.to_owned());
        }
        let held = self.ring.as_ref().map(|ring| ring.held());
        match held.and_then(|held| self.listed_name(&held.keys, key_id)) {
            Some(listed) => refused(format!("{key_id}, the same key as {listed}")),
            None => Ok(()),
        }
    }

    fn lists(&self, key_id: &str) -> bool {
        self.ids.iter().any(|id| id.eq_ignore_ascii_case(key_id))
    }

    /// Another name of the key, under which it is listed.
    fn listed_name(&self, keys: &KeySet, key_id: &str) -> Option<String> {
        let named = keys.iter().filter(|key| key.id().as_str() == key_id);
        let mut listed = named.flat_map(|key| keys.iter().filter(|other| key.is_same_as(other)));
        listed.find(|other| self.lists(other.id().as_str())).map(|other| other.id().to_string())
    }
}
