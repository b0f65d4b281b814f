//! TLS towards a host that the configuration names: whom to trust, and as whom to come. The rule: files are read when the
//! configuration is, so that what is wrong with one is found before anything is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use zeroize::Zeroizing;

use super::file::ClientTable;
use super::permissions;
use crate::clock::Timestamp;
use crate::error::ConfigError;
use crate::tls::{Wrong, last_moment};

type Pem = (Zeroizing<Vec<u8>>, PathBuf);

/// What the files hold, with their names.
pub(super) struct ClientFiles {
    ca: Option<Pem>,
    own: Option<(Pem, Pem)>,
}

impl ClientFiles {
    pub(super) fn read(ca: Option<&PathBuf>, client: Option<&ClientTable>, folder: &Path) -> Result<Self, ConfigError> {
        let read = |field: &'static str, what: &str, path: &Path| {
            let path = folder.join(path);
            let bytes = std::fs::read(&path).map_err(|error| {
                ConfigError::new(field, format!("expected {what} in {}, but found {error}", path.display()))
            })?;
            Ok((Zeroizing::new(bytes), path))
        };
        let ca = ca.map(|path| read("ca", "certificates of authorities", path)).transpose()?;
        let own = match client {
            None => None,
            Some(client) => {
                let certificate = read("client.certificate", "our certificate", &client.certificate)?;
                let key = read("client.key", "its private key", &client.key)?;
                permissions::private(&key.1).map_err(|message| ConfigError::new("client.key", message))?;
                Some((certificate, key))
            }
        };
        Ok(Self { ca, own })
    }

    pub(super) fn ca(&self) -> Option<&[u8]> {
        self.ca.as_ref().map(|(pem, _)| pem.as_slice())
    }

    pub(super) fn own(&self) -> Option<(&[u8], &[u8])> {
        self.own.as_ref().map(|((certificate, _), (key, _))| (certificate.as_slice(), key.as_slice()))
    }

    /// The last moment of our certificate.
    pub(super) fn not_after(&self) -> Option<Timestamp> {
        self.own().and_then(|(certificate, _)| last_moment(certificate))
    }

    /// The same error with the name of the file.
    pub(super) fn named(&self, error: ConfigError) -> ConfigError {
        let file = match (error.field(), &self.ca, &self.own) {
            ("ca", Some((_, path)), _) | ("client.certificate", _, Some(((_, path), _))) => path,
            (_, _, Some((_, (_, path)))) => path,
            _ => return error,
        };
        ConfigError::new(error.field().to_owned(), format!("{}: {}", file.display(), error.message()))
    }

    /// Settings of TLS for HTTP/1.1.
    pub(super) fn http(&self) -> Result<Arc<ClientConfig>, ConfigError> {
        let mut config = crate::tls::client(self.ca(), self.own()).map_err(|wrong| {
            let field = match wrong {
                Wrong::Authorities(_) => "ca",
                Wrong::Certificate(_) => "client.certificate",
                Wrong::Key(_) => "client.key",
            };
            self.named(ConfigError::new(field, wrong.to_string()))
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}
