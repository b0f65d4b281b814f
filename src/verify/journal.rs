//! What a verification found out, step by step, for whoever asks why: each layer that fits adds a line.
//!
//! The rule: nothing is written down unless somebody asked before, and never a value that is secret or personal.

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
