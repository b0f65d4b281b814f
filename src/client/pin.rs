//! What an endpoint demands of its client's certificate, beyond a chain that ends at a known authority.
//!
//! The rule: a pin has at least one mark, all marks of a pin have to fit, and one pin that fits is enough.

use std::fmt;

use super::{AltName, ClientCertificate};
use crate::crypto::Sha256;
use crate::error::{Code, Rejection};
use crate::wire::encoding::Encoding;

/// One client that an endpoint takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin(Vec<Mark>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    Certificate(Sha256),
    PublicKey(Sha256),
    Organization(Box<str>),
    AltName(AltName),
}

impl Pin {
    /// This very certificate, by the SHA-256 of its DER.
    pub fn certificate_sha256(digest: Sha256) -> Self {
        Self(vec![Mark::Certificate(digest)])
    }

    /// Any certificate of this key, by the SHA-256 of its SubjectPublicKeyInfo.
    pub fn public_key_sha256(digest: Sha256) -> Self {
        Self(vec![Mark::PublicKey(digest)])
    }

    /// Any certificate of this organisation, such as `PSDDE-BAFIN-123456`; byte for byte.
    pub fn organization_identifier(identifier: &str) -> Self {
        Self(vec![Mark::Organization(identifier.into())])
    }

    /// Any certificate with this alternative name.
    pub fn alt_name(name: AltName) -> Self {
        Self(vec![Mark::AltName(name)])
    }

    /// Both: what this pin demands, and what the other does.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether a certificate is the one that is meant.
    pub fn fits(&self, client: &ClientCertificate) -> bool {
        !self.0.is_empty()
            && self.0.iter().all(|mark| match mark {
                Mark::Certificate(digest) => *digest == client.certificate_sha256(),
                Mark::PublicKey(digest) => *digest == client.public_key_sha256(),
                Mark::Organization(identifier) => client.organization_identifier() == Some(identifier.as_bytes()),
                Mark::AltName(name) => client.alt_names().contains(name),
            })
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, mark) in self.0.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { " and " })?;
            match mark {
                Mark::Certificate(digest) => write!(f, "certificate SHA-256 {}", Encoding::Hex.encode(digest))?,
                Mark::PublicKey(digest) => write!(f, "public key SHA-256 {}", Encoding::Hex.encode(digest))?,
                Mark::Organization(identifier) => write!(f, "organization identifier {identifier}")?,
                Mark::AltName(name) => write!(f, "{name}")?,
            }
        }
        Ok(())
    }
}

/// The clients that an endpoint takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins(Box<[Pin]>);

impl Pins {
    /// One of these is enough; with none of them, nobody is taken.
    pub fn any_of(pins: impl Into<Vec<Pin>>) -> Self {
        Self(pins.into().into())
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Pin> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lets a client through that one of the pins means.
    ///
    /// # Errors
    /// [`Code::ClientCertificateMissing`] without a certificate, [`Code::ClientCertificateRefused`] with another one.
    pub fn admit(&self, client: Option<&ClientCertificate>) -> Result<(), Rejection> {
        let Some(client) = client else {
            let message = "expected the certificate of a client, but found none";
            return Err(Rejection::new(Code::ClientCertificateMissing, message));
        };
        if self.0.iter().any(|pin| pin.fits(client)) {
            return Ok(());
        }
        let message = "expected the certificate of a client of this endpoint, but found another client's";
        Err(Rejection::new(Code::ClientCertificateRefused, message))
    }
}
