//! Who has to have made a token, and for whom. The rule: that tokens for others are taken is said, never left out: whoever
//! gets one can hand it on, and encrypt it anew where it was encrypted.

use super::{Form, Profile, Scheme};

impl Profile {
    /// The issuers that are taken, and the audiences that we are, byte for byte: a token has to name one of each. No issuer
    /// compares none. For the token that is or binds the body; a caller's token beside it has rules of its own
    /// ([`super::Authorization`]).
    ///
    /// ```
    /// # use countersign::profile::Profile;
    /// let hub = Profile::cbuae().with_parties(["https://hub.example"], ["our client id"]);
    /// ```
    #[must_use]
    pub fn with_parties<'a>(
        mut self,
        iss: impl IntoIterator<Item = &'a str>,
        aud: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let rules = match &mut self.scheme {
            Scheme::Jose(scheme) => scheme.claims.as_mut(),
            Scheme::Body(_) | Scheme::Http(_) | Scheme::Redirect(_) => None,
        };
        match rules {
            Some(rules) => {
                rules.iss = iss.into_iter().map(Into::into).collect();
                rules.aud = aud.into_iter().map(Into::into).collect();
            }
            None => self.unread = Some("claims"),
        }
        self
    }

    /// Says aloud that a token is taken whoever it was made for: somebody else who gets one from the same sender can have
    /// it take effect here. For a sender whose tokens name no audience.
    #[must_use]
    pub fn accepting_tokens_for_others(mut self) -> Self {
        self.tokens_for_others = true;
        self
    }

    /// Whether the body is a token, or bound by one, that may have been made for anybody. A payload that is not sent along is
    /// the body, which names nobody.
    pub(crate) fn compares_no_audience(&self) -> bool {
        match &self.scheme {
            Scheme::Jose(scheme) if matches!(scheme.form, Form::Detached { .. }) => false,
            Scheme::Jose(scheme) => scheme.claims.as_ref().is_none_or(|rules| rules.aud.is_empty()),
            Scheme::Body(_) | Scheme::Http(_) | Scheme::Redirect(_) => false,
        }
    }
}
