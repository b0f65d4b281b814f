//! Why a body could not be read, where the server knows. The rule: it replaces what we would say of a connection that
//! broke, and nothing else.

use std::sync::{Arc, OnceLock};

use crate::error::Rejection;

/// In the extensions of a request: a server that checks the framing of bodies says here why it stopped to read one. The
/// endpoint refuses with that when the body ends in an error.
#[derive(Debug, Clone, Default)]
pub struct BodyFault(Arc<OnceLock<Rejection>>);

impl BodyFault {
    /// Says why; the first word counts.
    pub fn set(&self, rejection: Rejection) {
        let _ = self.0.set(rejection);
    }

    /// What was said.
    pub fn get(&self) -> Option<&Rejection> {
        self.0.get()
    }
}
