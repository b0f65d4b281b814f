//! The keys of one sender as they are at this moment.
//!
//! The rule: a set is swapped whole or not at all, and whoever verifies with it takes no lock and keeps the set it
//! began with.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::set::KeySet;

/// The keys of one sender, which may be replaced while deliveries are verified with them.
#[derive(Debug)]
pub struct KeyRing {
    current: ArcSwap<KeySet>,
}

impl KeyRing {
    /// Keys that stay as they are until somebody replaces them.
    pub fn new(keys: KeySet) -> Self {
        Self { current: ArcSwap::from_pointee(keys) }
    }

    /// The keys of this moment. What is verified with them is verified with one set, whatever happens beside.
    pub fn current(&self) -> Arc<KeySet> {
        self.current.load_full()
    }

    /// Puts another set in the place of this one.
    pub fn replace(&self, keys: KeySet) {
        self.current.store(Arc::new(keys));
    }
}

impl From<KeySet> for KeyRing {
    fn from(keys: KeySet) -> Self {
        Self::new(keys)
    }
}
