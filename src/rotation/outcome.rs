//! What came of one look at a source: a closed list, so that it can be a label.
//!
//! The rule: what is said about an address names its host and nothing else of it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! outcomes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $cure:literal;)+) => {
        /// What came of one look at a source.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Outcome { $($(#[$doc])* $variant,)+ }

        impl Outcome {
            /// Every outcome there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The outcome as logs and metrics print it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// What to do about it.
            pub const fn cure(self) -> &'static str {
                match self { $(Self::$variant => $cure,)+ }
            }
        }
    };
}

outcomes! {
    /// Other keys, which are in use now.
    Changed = "changed", "nothing is to be done";
    /// The keys that were in use before.
    Unchanged = "unchanged", "nothing is to be done";
    /// The file is not there or cannot be read.
    Unreadable = "unreadable", "put the file back, or let the receiver read it";
    /// What is there is no set of keys that this endpoint may use.
    Refused = "refused", "publish a whole set of public keys; write a file beside and move it into place";
    /// The host has no address, or takes no connection.
    Unreachable = "unreachable", "look at the name, the network and the host";
    /// The host's address is a private one.
    PrivateAddress = "private_address", "write allow_private = true if the host is meant to be inside";
    /// The host does not prove who it is.
    Tls = "tls", "look at the host's certificate, or name its authority in ca";
    /// It took too long.
    Timeout = "timeout", "look at the network and the host";
    /// A redirect, which is not followed.
    Redirect = "redirect", "write the final address into jwks_url";
    /// Another status than 200.
    Status = "status", "look at the host";
    /// The answer is too large.
    TooLarge = "too_large", "publish at most 256 KiB of keys";
    /// The answer is no HTTP.
    Malformed = "malformed", "look at the host";
}

impl Outcome {
    /// Whether another try soon may end otherwise.
    #[cfg(feature = "jwks")]
    pub(super) fn may_pass(self) -> bool {
        matches!(self, Self::Unreachable | Self::Timeout | Self::Status | Self::Malformed)
    }

    fn place(self) -> usize {
        Self::ALL.iter().position(|one| *one == self).unwrap_or_default()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a source brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The kind.
    pub outcome: Outcome,
    /// What was expected and what was found.
    pub detail: String,
}

impl Trouble {
    pub(super) fn new(outcome: Outcome, detail: impl ToString) -> Self {
        Self { outcome, detail: detail.to_string() }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}); {}", self.detail, self.outcome, self.outcome.cure())
    }
}

/// Why there are no keys to begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoKeys {
    /// A file, or the set as a whole, is not to be used.
    Refused(String),
    /// An address did not bring keys in time.
    Unavailable(String),
}

impl fmt::Display for NoKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(message) | Self::Unavailable(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for NoKeys {}

/// How often each outcome was seen.
#[derive(Debug, Default)]
pub struct Counts([AtomicU64; Outcome::ALL.len()]);

impl Counts {
    /// How often `outcome` was seen.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0.get(outcome.place()).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    pub(super) fn count(&self, outcome: Outcome) {
        if let Some(count) = self.0.get(outcome.place()) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}
