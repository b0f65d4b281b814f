//! What is refused before there is an endpoint, or a stage of one for a stack that is composed by hand. The rule: whoever gets
//! a stage gets it after the same checks as an endpoint.

use std::sync::Arc;
use std::time::Duration;

use super::super::mounted::{is_name, is_path};
use super::super::promises::{Said, acceptable};
use super::{EndpointBuilder, SHORTEST_RETENTION};
use crate::decode::Decoder;
use crate::error::ConfigError;
use crate::keys::{KeyRing, KeyRule, KeySet};
use crate::profile::{Presence, Scheme};
use crate::verify::{Verifier, always_covered};

impl<State> EndpointBuilder<State> {
    /// The verifier alone, for a stack that is composed by hand; everything that [`EndpointBuilder::build`] refuses is
    /// refused here. As long as it lives, its key ring takes no set that would be refused here.
    ///
    /// # Errors
    /// [`ConfigError`] if a setting leaves something open that protects.
    pub fn verifier(&self) -> Result<Verifier, ConfigError> {
        // Before the keys are looked at, so that no other set comes in between.
        let rule = self.keys.as_ref().map(|keys| self.rule(keys));
        self.check()?;
        Ok(Verifier {
            endpoint: Arc::clone(&self.name),
            profile: Arc::new(self.profile.clone()),
            keys: self.keys.clone(),
            rule,
            decryption: self.decryption.clone().map(Arc::new),
            permits: self.permits.clone(),
            credentials: self.credentials.clone(),
            public_url: self.public_url.clone(),
            distrust: self.distrust.among(self.keys.as_ref()),
            covered: always_covered(&self.profile.scheme),
            account: self.account.clone(),
        })
    }

    /// What decodes behind [`EndpointBuilder::verifier`] in such a stack: it names events, and says how long they are
    /// remembered. Everything that [`EndpointBuilder::build`] refuses is refused here, but for keys that are not there yet.
    ///
    /// # Errors
    /// [`ConfigError`] if a setting leaves something open that protects.
    pub fn decoder(&self) -> Result<Arc<Decoder>, ConfigError> {
        self.check_before_keys()?;
        let profile = Arc::new(self.profile.clone());
        let decoder = Decoder::new(Arc::clone(&self.name), profile, self.retain);
        Ok(Arc::new(decoder.distrusting(self.distrust.among(self.keys.as_ref()))))
    }

    /// Everything that [`EndpointBuilder::build`] refuses, for an endpoint whose keys are still to be fetched; those
    /// that are there already are looked at.
    ///
    /// # Errors
    /// [`ConfigError`] if a setting leaves something open that protects.
    pub fn check_before_keys(&self) -> Result<(), ConfigError> {
        if let Some(keys) = &self.keys {
            acceptable(&self.profile, &keys.held().keys, self.demo_keys)?;
        }
        self.check_settings()
    }

    /// What every later set of these keys has to pass.
    fn rule(&self, keys: &KeyRing) -> KeyRule {
        let (profile, demo_keys) = (self.profile.clone(), self.demo_keys);
        keys.hold_to(move |set: &KeySet| acceptable(&profile, set, demo_keys))
    }

    fn check(&self) -> Result<(), ConfigError> {
        let bearer = self.credentials.bearer.is_some();
        match (&self.profile.scheme, &self.keys) {
            (Scheme::Http(scheme), None) if scheme.presence == Presence::IfPresent && bearer => {}
            (_, None) => return Err(ConfigError::new("keys", "expected at least one key, but found none")),
            (_, Some(keys)) => acceptable(&self.profile, &keys.held().keys, self.demo_keys)?,
        }
        self.check_settings()
    }

    fn check_settings(&self) -> Result<(), ConfigError> {
        is_name(&self.name)?;
        is_path(&self.path)?;
        if let Scheme::Http(scheme) = &self.profile.scheme
            && scheme.presence == Presence::IfPresent
            && self.credentials.bearer.is_none()
        {
            let message = "expected a bearer token beside signature = \"if-present\", but found none: \
                           without it, an unsigned message would prove nothing";
            return Err(ConfigError::new("bearer", message));
        }
        // A request must not stay fresh longer than it is remembered, or it could take effect twice.
        let window = match self.profile.stays_fresh() {
            Duration::ZERO => Duration::ZERO,
            fresh => fresh.saturating_add(Duration::from_secs(3600)),
        };
        let least = SHORTEST_RETENTION.max(self.profile.retry_horizon).max(window);
        if self.retain < least {
            let (least, found) = (least.as_secs() / 3600, self.retain.as_secs() / 3600);
            let message = format!(
                "expected at least {least}h, the longest time after which this sender may come back, but found {found}h"
            );
            return Err(ConfigError::new("retain", message));
        }
        let said = Said {
            profile: &self.profile,
            bearer: self.credentials.bearer.as_ref(),
            api_key: self.credentials.api_key.as_ref(),
            public_url: self.public_url.is_some(),
            decryption: self.decryption.as_ref(),
            demo_keys: self.demo_keys,
        };
        said.check()
    }
}
