//! The private key of a sender, and the public one of the receiver that it encrypts to.

use std::path::Path;

use super::craft::Sender;
use crate::crypto::{Algorithm, Backend, EncryptionKey, SigningKey};
use crate::keys::pem::read as read_pem;
use crate::keys::{Certificate, KeyId, file, read_encryption, read_private};

/// The demo keys, which everybody has. The receiver trusts them on loopback only.
const WORLDLINE_KEY: &str = include_str!("../../../keys/worldline/signing.key.pem");
const WORLDLINE_CERTIFICATE: &str = include_str!("../../../keys/worldline/signing.crt");
const TRIBE_KEY: &str = include_str!("../../../keys/tribe/signing.key.pem");
const CBUAE_KEY: &str = include_str!("../../../keys/cbuae/signing.key.pem");
const CBUAE_KEY_SET: &str = include_str!("../../../keys/cbuae/signing.jwks.json");
const CBUAE_RECIPIENT: &str = include_str!("../../../keys/cbuae/encryption.jwks.json");

const UNSIGNED: &str = "expected a sender that signs, but found a browser";

pub(super) struct Signer {
    key: SigningKey,
    key_id: String,
    recipient: Option<Recipient>,
}

/// Who can read what is encrypted.
pub(super) struct Recipient {
    pub(super) key_id: KeyId,
    pub(super) key: EncryptionKey,
}

impl Recipient {
    pub(super) fn demo() -> Result<Self, String> {
        Self::read(CBUAE_RECIPIENT.as_bytes())
    }

    pub(super) fn from_file(path: &Path) -> Result<Self, String> {
        Self::read(&bytes(path)?).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// A key that was made now, and whose other half is thrown away.
    pub(super) fn stranger() -> Result<Self, String> {
        let (_, certificate) = crate::cli::demo_keys::generate_certified("stranger.invalid")?;
        Self::read(certificate.as_bytes())
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let (key_id, key) = read_encryption(bytes).map_err(|error| error.to_string())?;
        Ok(Self { key_id, key })
    }
}

impl Signer {
    pub(super) fn demo(sender: Sender) -> Result<Self, String> {
        match sender {
            Sender::Worldline(_) => Self::certified(WORLDLINE_KEY, Some(WORLDLINE_CERTIFICATE.as_bytes())),
            Sender::Tribe(_) => Self::certified(TRIBE_KEY, None),
            Sender::Callback(..) => Err(UNSIGNED.to_owned()),
            Sender::Cbuae(_) => {
                let set = file::read(Backend::default(), CBUAE_KEY_SET.as_bytes(), Some(Algorithm::Ps256));
                let set = set.map_err(|error| error.to_string())?;
                let id = set.first().map(|key| key.id().as_str().to_owned()).unwrap_or_default();
                Self::new(CBUAE_KEY, sender, id)
            }
        }
    }

    pub(super) fn from_files(
        sender: Sender,
        key: &Path,
        certificate: Option<&Path>,
        key_id: Option<&str>,
    ) -> Result<Self, String> {
        let pem = String::from_utf8(bytes(key)?)
            .map_err(|_| format!("expected PEM in {}, but found other bytes", key.display()))?;
        let certificate = certificate.map(bytes).transpose()?;
        let signer = match (sender, key_id) {
            (Sender::Cbuae(_), id) => Self::new(&pem, sender, id.unwrap_or_default().to_owned()),
            (_, Some(id)) => Self::new(&pem, sender, id.to_owned()),
            (_, None) => Self::certified(&pem, certificate.as_deref()),
        };
        signer.map_err(|error| format!("{}: {error}", key.display()))
    }

    /// A key that was made now and is thrown away.
    pub(super) fn stranger(sender: Sender) -> Result<Self, String> {
        let (pem, certificate) = crate::cli::demo_keys::generate_certified("stranger.invalid")?;
        match sender {
            Sender::Cbuae(_) => Self::new(&pem, sender, "stranger".to_owned()),
            Sender::Worldline(_) | Sender::Tribe(_) => Self::certified(&pem, Some(certificate.as_bytes())),
            Sender::Callback(..) => Err(UNSIGNED.to_owned()),
        }
    }

    fn new(pem: &str, sender: Sender, key_id: String) -> Result<Self, String> {
        let algorithm = if matches!(sender, Sender::Cbuae(_)) { Algorithm::Ps256 } else { Algorithm::Rs256 };
        let key = read_private(pem, Some(algorithm)).map_err(|error| error.to_string())?;
        Ok(Self { key, key_id, recipient: None })
    }

    /// A key that its certificate names.
    fn certified(pem: &str, certificate: Option<&[u8]>) -> Result<Self, String> {
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
        Ok(Self { key, key_id, recipient: None })
    }

    pub(super) fn encrypting_to(self, recipient: Recipient) -> Self {
        Self { recipient: Some(recipient), ..self }
    }

    /// The name of the key, or what to say to whoever gave none.
    pub(super) fn key_id(&self, unnamed: &str) -> Result<&str, String> {
        if self.key_id.is_empty() { Err(unnamed.to_owned()) } else { Ok(&self.key_id) }
    }

    pub(super) fn algorithm(&self) -> &'static str {
        self.key.algorithm().name()
    }

    pub(super) fn recipient(&self) -> Result<&Recipient, String> {
        self.recipient.as_ref().ok_or_else(|| {
            "--encrypt-to: expected the public key of the receiver, but found none, and the demo key is for loopback \
             only"
                .to_owned()
        })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        self.key.sign(message).map_err(|error| error.to_string())
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("expected a key in {}, but found {error}", path.display()))
}
