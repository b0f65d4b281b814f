//! Who is at the other end of a mutual TLS connection: the certificate that it proved to hold, and what an endpoint pins
//! of it.
//!
//! The rule: bytes are compared, never a name that was formatted for people, in which order and escaping are free.

mod names;
mod pin;

use std::fmt;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::crypto::{Digest, Sha256};
use crate::keys::{Certificate, KeyError};

pub use names::{AltName, UnknownName};
pub use pin::{Pin, Pins};

/// The certificate of a client whose chain was verified and whose private key was proved, in the extensions of a request:
/// the server puts it there, or your own TLS layer.
///
/// ```
/// # fn peer_certificate() -> Vec<u8> { Vec::new() }
/// use countersign::client::ClientCertificate;
///
/// let mut request = http::Request::new(());
/// // What rustls calls `ServerConnection::peer_certificates`, after a handshake that demanded one: its first.
/// if let Ok(certificate) = ClientCertificate::vouched_for(&peer_certificate()) {
///     request.extensions_mut().insert(certificate);
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate(Arc<Parts>);

#[derive(PartialEq, Eq)]
struct Parts {
    certificate: Certificate,
    public_key: Sha256,
    organization: Option<Box<[u8]>>,
    alt_names: Box<[AltName]>,
}

impl ClientCertificate {
    /// Takes a certificate in DER for which the caller vouches: its chain was verified and its key proved in a handshake,
    /// or a proxy that did so brought it over a connection that is trusted.
    ///
    /// # Errors
    /// [`KeyError`] if the bytes are no certificate, or have others after them.
    pub fn vouched_for(der: &[u8]) -> Result<Self, KeyError> {
        let certificate = Certificate::from_der(der)?;
        let (organization, alt_names) = names::read(der);
        let public_key = Digest::sha256_of(certificate.spki());
        Ok(Self(Arc::new(Parts { certificate, public_key, organization, alt_names })))
    }

    /// SHA-256 of the whole certificate.
    pub fn certificate_sha256(&self) -> Sha256 {
        self.0.certificate.thumbprint_sha256()
    }

    /// SHA-256 of its SubjectPublicKeyInfo (RFC 7469 section 2.4), which stays when a certificate is renewed with its key.
    pub fn public_key_sha256(&self) -> Sha256 {
        self.0.public_key
    }

    /// The one organisation identifier of its subject (X.520, 2.5.4.97; ETSI TS 119 495 section 5.2.1), as bytes; none if
    /// there are several.
    pub fn organization_identifier(&self) -> Option<&[u8]> {
        self.0.organization.as_deref()
    }

    /// Its alternative names (RFC 5280 section 4.2.1.6), of the kinds that can be pinned.
    pub fn alt_names(&self) -> &[AltName] {
        &self.0.alt_names
    }

    /// The first moment of its validity.
    pub fn not_before(&self) -> Timestamp {
        self.0.certificate.not_before()
    }

    /// The last moment of its validity.
    pub fn not_after(&self) -> Timestamp {
        self.0.certificate.not_after()
    }

    /// Whether it is valid at a moment. A handshake looked at this once, and a connection may last.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.not_before() <= now && now <= self.not_after()
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("subject", &self.0.certificate.subject())
            .field("serial", &self.0.certificate.serial())
            .finish_non_exhaustive()
    }
}
