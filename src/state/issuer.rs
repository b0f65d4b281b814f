//! Makes states. The rule: what is issued here is what the endpoint of the same name and keys takes, once, and from nobody
//! who is not in the same session.

use std::fmt;
use std::sync::Arc;

use super::{Binding, StateValue};
use crate::clock::{Clock, Timestamp};
use crate::crypto::{Algorithm, random};
use crate::error::ConfigError;
use crate::keys::{Key, KeyRing, KeySet, VerifyingKey};

/// Issues states for one endpoint.
#[derive(Debug, Clone)]
pub struct StateIssuer {
    endpoint: Arc<str>,
    keys: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
}

impl StateIssuer {
    /// For the endpoint of this name. The first of `keys` that is in force issues; an endpoint verifies with all of them.
    ///
    /// # Errors
    /// One of them is not a secret for HS256, or is a demo secret.
    pub fn new(endpoint: impl Into<Arc<str>>, keys: KeySet, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        if keys.has_demo_key() {
            let message = "expected a secret of your own, but found a demo secret, which everybody has: anybody could \
                           make such states";
            return Err(ConfigError::new("keys", message));
        }
        Self::trusting_demo_keys_on_loopback(endpoint, keys, clock)
    }

    /// As [`StateIssuer::new`], with secrets that everybody has too. Only for an endpoint behind a listener on loopback.
    ///
    /// # Errors
    /// One of them is not a secret for HS256.
    pub fn trusting_demo_keys_on_loopback(
        endpoint: impl Into<Arc<str>>,
        keys: KeySet,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        if keys.iter().any(|key| key.algorithm() != Algorithm::Hs256) {
            return Err(ConfigError::new("keys", "expected secrets of ours for HS256, but found another key"));
        }
        Ok(Self::with_ring(endpoint.into(), Arc::new(KeyRing::new(keys)), clock))
    }

    pub(crate) fn with_ring(endpoint: Arc<str>, keys: Arc<KeyRing>, clock: Arc<dyn Clock>) -> Self {
        Self { endpoint, keys, clock }
    }

    /// A new state, bound to what the browser that gets it will show when it comes back.
    ///
    /// # Errors
    /// No key is in force, or there is no randomness.
    pub fn issue(&self, binding: &Binding) -> Result<Issued, NotIssued> {
        let issued_at = self.clock.now();
        let keys = self.keys.current(issued_at).map_err(|_| NotIssued::NoKey)?;
        let key = keys.live(issued_at).next().ok_or(NotIssued::NoKey)?;
        let mut nonce = [0; 16];
        random(&mut nonce).map_err(|_| NotIssued::NoRandomness)?;
        self.issue_with(key, binding, issued_at, nonce)
    }

    fn issue_with(
        &self,
        key: &Key,
        binding: &Binding,
        issued_at: Timestamp,
        nonce: [u8; 16],
    ) -> Result<Issued, NotIssued> {
        let VerifyingKey::Mac(mac) = key.verifier() else { return Err(NotIssued::NoKey) };
        let value = StateValue::unsealed(issued_at, nonce);
        let tag = mac.sign(&[&value.covered(&self.endpoint, binding)]);
        let value = value.sealed(&tag).ok_or(NotIssued::NoKey)?;
        Ok(Issued { text: value.to_string(), id: value.id() })
    }
}

/// A state that was issued.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    text: String,
    id: String,
}

impl Issued {
    /// The value for the parameter `state` of the authorization request.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the event will name it by: keep under it what belongs to this authorization, the PKCE code verifier for one.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for Issued {
    /// Shows the id: who has the rest can use it, once.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issued({})", self.id)
    }
}

/// Why there is no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotIssued {
    /// No secret is in force.
    NoKey,
    /// The operating system gave no random bytes.
    NoRandomness,
}

impl fmt::Display for NotIssued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => "expected a secret in force to issue a state with, but found none",
            Self::NoRandomness => "expected random bytes for a state, but found none",
        })
    }
}

impl std::error::Error for NotIssued {}

#[cfg(test)]
#[path = "issuer_tests.rs"]
mod tests;
