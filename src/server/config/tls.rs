//! `[server] tls`: the files of the listener. The rule: a file that is named is there, or nothing starts.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::permissions;
use super::proxy::Demand;
use crate::error::ConfigError;

/// TLS for senders.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// The chain, in PEM.
    pub certificate: PathBuf,
    /// The private key, in PEM.
    pub key: PathBuf,
    /// Authorities of client certificates.
    pub client_ca: Option<PathBuf>,
    /// Whether a client without a certificate is turned away; one that is shown is verified either way.
    pub client_required: bool,
    /// Whether HTTP/2 is offered beside HTTP/1.1.
    pub http2: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsTable {
    certificate: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    client: Option<Demand>,
    #[serde(default)]
    http2: bool,
}

impl TlsTable {
    /// Whether whoever connects has shown a certificate.
    pub(super) fn demands_clients(&self) -> bool {
        self.asks_for_clients() && self.client != Some(Demand::Optional)
    }

    /// Whether a certificate that somebody shows is verified.
    pub(super) fn asks_for_clients(&self) -> bool {
        self.client_ca.is_some()
    }
}

impl TlsSettings {
    pub(super) fn read(table: &TlsTable, folder: &Path) -> Result<Self, ConfigError> {
        let wrong = |message: String| Err(ConfigError::new("tls", message));
        if table.client.is_some() && table.client_ca.is_none() {
            return wrong(
                "expected client_ca beside client, or no certificate could be verified, but found none".into(),
            );
        }
        let settings = Self {
            certificate: folder.join(&table.certificate),
            key: folder.join(&table.key),
            client_ca: table.client_ca.as_ref().map(|path| folder.join(path)),
            client_required: table.demands_clients(),
            http2: table.http2,
        };
        let files = [Some(&settings.certificate), Some(&settings.key), settings.client_ca.as_ref()];
        for file in files.into_iter().flatten() {
            if let Err(error) = std::fs::File::open(file) {
                return wrong(format!("expected a file at {}, but found {error}", file.display()));
            }
        }
        permissions::private(&settings.key).map_err(|message| ConfigError::new("tls", message))?;
        Ok(settings)
    }
}
