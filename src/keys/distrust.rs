//! Keys that vouch for nothing any more, though their sender may still publish them. The rule: what such a key signed is
//! neither taken nor, if it was taken before, handed on.

use std::sync::Arc;

use crate::error::{Code, Rejection};

/// Ids of keys that an operator no longer trusts, as after a theft. Case is not looked at: whoever copies an id by hand must
/// not miss the key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Distrust(Arc<[Box<str>]>);

impl Distrust {
    /// Adds the id of a key.
    pub(crate) fn add(&mut self, id: &str) {
        self.0 = self.0.iter().cloned().chain([id.into()]).collect();
    }

    /// # Errors
    /// [`Code::KeyDistrusted`] if the key is one of these.
    pub(crate) fn check(&self, key_id: &str) -> Result<(), Rejection> {
        if self.0.iter().any(|id| id.eq_ignore_ascii_case(key_id)) {
            return Err(Rejection::new(
                Code::KeyDistrusted,
                "expected a key that is trusted, but found one of those that are listed as distrusted",
            ));
        }
        Ok(())
    }
}
