//! The private key of a sender.

use std::path::Path;

use super::craft::Sender;
use crate::crypto::{Algorithm, SigningKey};
use crate::keys::pem::read as read_pem;
use crate::keys::{Certificate, read_private};

/// The demo keys, which everybody has. The receiver trusts them on loopback only.
const WORLDLINE_KEY: &str = include_str!("../../../keys/worldline/signing.key.pem");
const WORLDLINE_CERTIFICATE: &str = include_str!("../../../keys/worldline/signing.crt");
const TRIBE_KEY: &str = include_str!("../../../keys/tribe/signing.key.pem");

pub(super) struct Signer {
    key: SigningKey,
    key_id: String,
}

impl Signer {
    pub(super) fn demo(sender: Sender) -> Result<Self, String> {
        match sender {
            Sender::Worldline(_) => Self::new(WORLDLINE_KEY, Some(WORLDLINE_CERTIFICATE.as_bytes())),
            Sender::Tribe(_) => Self::new(TRIBE_KEY, None),
        }
    }

    pub(super) fn from_files(key: &Path, certificate: Option<&Path>) -> Result<Self, String> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| format!("expected a key in {}, but found {error}", path.display()))
        };
        let pem = String::from_utf8(read(key)?)
            .map_err(|_| format!("expected PEM in {}, but found other bytes", key.display()))?;
        let certificate = certificate.map(read).transpose()?;
        Self::new(&pem, certificate.as_deref()).map_err(|error| format!("{}: {error}", key.display()))
    }

    /// A key that was made now and is thrown away.
    pub(super) fn stranger() -> Result<Self, String> {
        let (pem, certificate) = crate::cli::keys::generate_certified("stranger.invalid")?;
        Self::new(&pem, Some(certificate.as_bytes()))
    }

    fn new(pem: &str, certificate: Option<&[u8]>) -> Result<Self, String> {
        let key = read_private(pem, Some(Algorithm::Rs256)).map_err(|error| error.to_string())?;
        let key_id = match certificate {
            None => String::new(),
            Some(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                let der = match read_pem(&text) {
                    Ok(blocks) => blocks.into_iter().next().map(|block| block.der).unwrap_or_default(),
                    Err(_) => bytes.to_vec(),
                };
                Certificate::from_der(&der).map_err(|error| error.to_string())?.thumbprint_sha1_hex()
            }
        };
        Ok(Self { key, key_id })
    }

    pub(super) fn key_id(&self) -> Result<&str, String> {
        if self.key_id.is_empty() {
            return Err(
                "--certificate: expected the certificate of --key, which names it to this receiver, but found none"
                    .to_owned(),
            );
        }
        Ok(&self.key_id)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        self.key.sign(message).map_err(|error| error.to_string())
    }
}
