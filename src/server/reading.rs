//! What commands besides `serve` open of a configuration.

use std::sync::Arc;
use std::time::Duration;

use super::certificates::{Certificates, OwnCertificate};
use super::config::Config;
use super::generation::authority;
use super::run::Failure;
use super::sink::Sink;
use super::{keys, tls};
use crate::clock::Clock;

impl Config {
    /// Reads the keys of all endpoints, and fetches those of addresses once. Without it, an endpoint has those keys
    /// only that are at hand.
    ///
    /// # Errors
    /// [`Failure`] if a source brings none.
    pub async fn open_keys(&mut self, clock: Arc<dyn Clock>) -> Result<(), Failure> {
        keys::open(&mut self.endpoints, &clock, Duration::ZERO, false).await.map(drop)
    }

    /// Opens what only `serve` needs: TLS keys and the files of sinks. Nothing is made. Answers our own certificates.
    ///
    /// # Errors
    /// What cannot be opened, with the name of its file.
    pub fn try_files(&self) -> Result<Vec<OwnCertificate>, String> {
        let listener = self.server.tls.as_ref().map(tls::open).transpose()?;
        authority(&self.server.proxies)?;
        self.sinks.iter().try_for_each(Sink::attempt)?;
        Ok(Certificates::of(self, listener.as_ref()).all())
    }
}
