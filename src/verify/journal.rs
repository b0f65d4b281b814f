//! What a verification found out, step by step, for whoever asks why: each layer that fits adds a line.
//!
//! The rule: nothing is written down unless somebody asked before, and never a value that is secret or personal.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Timestamp;

/// The steps that succeeded, in their order.
#[derive(Debug, Default)]
pub struct Journal(Option<Vec<String>>);

impl Journal {
    /// A journal that is kept.
    pub fn kept() -> Self {
        Self(Some(Vec::new()))
    }

    /// A journal that nobody reads and that costs nothing.
    pub(super) fn none() -> Self {
        Self(None)
    }

    pub(super) fn note(&mut self, step: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.0 {
            steps.push(step());
        }
    }

    /// The steps.
    pub fn steps(&self) -> &[String] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Where the steps of the last look at a delivery are left for whoever asked, also where it was refused.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account(Arc<Mutex<Vec<String>>>);

impl Account {
    /// Takes the steps out.
    #[cfg(feature = "server")]
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A look from the beginning; its steps take the place of those of the look before.
    fn keep<T>(&self, look: impl FnOnce(&mut Journal) -> T) -> T {
        let mut journal = Journal::kept();
        let found = look(&mut journal);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = journal.0.unwrap_or_default();
        found
    }
}

/// Looks with a journal that is kept only if there is an account of it.
pub(super) fn accounted<T>(account: Option<&Account>, look: impl FnOnce(&mut Journal) -> T) -> T {
    match account {
        Some(account) => account.keep(look),
        None => look(&mut Journal::none()),
    }
}

/// How far a moment lies from the clock.
pub(super) fn distance(at: Timestamp, now: Timestamp) -> String {
    match (at.since(now).as_secs(), now.since(at).as_secs()) {
        (0, ago) => format!("{ago} s ago"),
        (ahead, _) => format!("in {ahead} s"),
    }
}
