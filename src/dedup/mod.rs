//! Once, with an answer: claim, run, complete with the answer, or release so that the sender's retry runs again. The rule: only
//! the store decides who is first, and without its word nothing is answered as if it were kept.

mod claims;
mod handlers;
mod layer;
mod without;

#[cfg(feature = "grpc")]
pub(crate) use claims::Claims;
pub use handlers::Handlers;
pub(crate) use layer::undecodable;
pub use layer::{Dedup, DedupLayer};
pub use without::WithoutDedupLayer;

use std::time::Duration;

use crate::error::{Code, Rejection};
use crate::profile::Profile;
use crate::store::StoreError;

/// How inline handling is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InlineTimes {
    /// How long the handler may take.
    pub deadline: Duration,
    /// How long a copy waits for the first one before it is sent away.
    pub wait: Duration,
}

impl InlineTimes {
    /// What this sender leaves time for: the handler has [`Profile::answer_within`], and a copy waits two seconds.
    pub fn of(profile: &Profile) -> Self {
        Self::within(profile.answer_within())
    }

    /// The handler has this long, and a copy waits two seconds. A handler that takes longer than its sender waits is asked
    /// again, with its work done.
    pub const fn within(deadline: Duration) -> Self {
        Self { deadline, wait: Duration::from_secs(2) }
    }

    /// A lease outlives its handler's deadline.
    pub fn lease(&self) -> Duration {
        self.deadline.saturating_add(Duration::from_secs(5))
    }
}

/// What becomes of verified content that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUndecodable {
    /// Keep it for inspection and answer with success: a retry cannot mend it.
    #[default]
    Keep,
    /// Keep it for inspection and answer 422.
    Refuse,
}

pub(crate) fn unavailable(error: &StoreError) -> Rejection {
    match error {
        StoreError::LeaseLost => Rejection::new(Code::LeaseLost, error.to_string()),
        _ => Rejection::new(Code::StoreUnavailable, error.to_string()),
    }
}

pub(crate) fn conflict() -> Rejection {
    Rejection::new(Code::IdConflict, "expected the content that came with this id before, but found other content")
}
