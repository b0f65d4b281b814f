//! Which signed time has to be recent. The rule: that nothing has to be recent is said, never left out, and a limit that
//! nothing is held against is no setting.

use std::time::Duration;

use super::{Demand, Profile, Scheme};
use crate::wire::template::Part;

/// Which signed time has to be recent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fresh {
    /// The time in a header, which the signature has to cover.
    Header(Box<str>),
    /// The time in a `name=value` member of the signature header, which the signature has to cover.
    Member(Box<str>),
    /// The time in a claim of the token.
    Claim(Box<str>),
    /// The token says itself until when it holds.
    Expiry,
    /// The state says itself when we issued it.
    Issued,
    /// No signed time is looked at: only the memory of the store stops a replay.
    Off,
    /// Nobody has said it yet. An endpoint is not built with it.
    Unsaid,
}

impl Fresh {
    /// Whether it is the time that this part of a template stands for.
    pub(crate) fn is_in(&self, part: &Part) -> bool {
        match (self, part) {
            (Self::Header(time), Part::Header(name)) => name.eq_ignore_ascii_case(time),
            (Self::Member(time), Part::Member(name)) => name == time,
            _ => false,
        }
    }

    /// Whether a time is compared with a tolerance.
    pub(crate) fn has_tolerance(&self) -> bool {
        matches!(self, Self::Header(_) | Self::Member(_) | Self::Claim(_) | Self::Issued)
    }
}

impl Profile {
    /// The signed time that has to be recent, and how recent; [`Duration::ZERO`] where nothing is compared with it. Times
    /// ahead are allowed one minute, whatever this is.
    #[must_use]
    pub fn with_fresh(mut self, fresh: Fresh, tolerance: Duration) -> Self {
        self.fresh = fresh;
        self.tolerance = tolerance;
        self
    }

    /// How old a signed time may be. An endpoint of a sender that signs no time is not built with it.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Says aloud that no signed time is looked at: a message that was captured years ago is taken, once it is no longer
    /// remembered.
    #[must_use]
    pub fn accepting_messages_of_any_age(self) -> Self {
        self.with_fresh(Fresh::Off, Duration::ZERO)
    }

    /// Which signed time has to be recent.
    pub fn fresh(&self) -> &Fresh {
        &self.fresh
    }

    /// How old a signed time may be.
    pub fn tolerance(&self) -> Duration {
        self.tolerance
    }

    /// How long a message is taken at most after it was signed, if that is limited; [`Duration::ZERO`] if it is not. What is
    /// not remembered for longer could take effect twice.
    pub fn stays_fresh(&self) -> Duration {
        let expires = match &self.scheme {
            Scheme::Jose(scheme) => scheme.claims.as_ref().filter(|rules| rules.exp == Demand::Required),
            Scheme::Body(_) | Scheme::Http(_) | Scheme::Redirect(_) => None,
        };
        let lives = expires.map(|rules| rules.max_lifetime.saturating_add(rules.leeway));
        let recent = self.fresh.has_tolerance().then_some(self.tolerance);
        match (lives, recent) {
            // What is refused for either reason is refused.
            (Some(lives), Some(recent)) => lives.min(recent),
            (one, other) => one.or(other).unwrap_or(Duration::ZERO),
        }
    }
}
