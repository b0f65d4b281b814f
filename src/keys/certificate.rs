//! A certificate as the wrapping of a key (RFC 5280).
//!
//! The rule: a certificate here is pinned: the operator vouches for it, no chain is built and its signature is not
//! looked at; but the times that it states are kept.

use der::{Decode, Encode};
use x509_cert::time::Time;

use super::error::KeyError;
use super::public::from_spki;
use crate::clock::Timestamp;
use crate::crypto::{Algorithm, Backend, Digest, PublicKey, Sha256, sha1};
use crate::wire::encoding::Encoding;

/// What a pinned certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    spki: Vec<u8>,
    not_before: Timestamp,
    not_after: Timestamp,
    sha1: [u8; 20],
    sha256: Sha256,
    subject: String,
    serial: String,
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// The bytes are none, have others after them, or the certificate ends before it starts.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let parsed = x509_cert::Certificate::from_der(der)
            .map_err(|error| KeyError::expected("a certificate", format_args!("bytes that are none ({error})")))?;
        let body = parsed.tbs_certificate();
        let spki = body
            .subject_public_key_info()
            .to_der()
            .map_err(|_| KeyError::expected("a certificate with a public key", "one without"))?;
        let (not_before, not_after) = (moment(body.validity().not_before), moment(body.validity().not_after));
        if not_after < not_before {
            return Err(KeyError::expected("a certificate that ends after it starts", "one that ends before"));
        }
        // Names are the sender's text: what could move a cursor or break a line does not come in.
        let subject = body.subject().to_string().replace(char::is_control, "\u{fffd}");
        Ok(Self {
            spki,
            not_before,
            not_after,
            sha1: sha1(der),
            sha256: Digest::sha256_of(der),
            subject,
            serial: Encoding::Hex.encode(body.serial_number().as_bytes()).to_ascii_uppercase(),
        })
    }

    /// The public key in it. Without `algorithm` the key has the default one of its kind; how the certificate itself
    /// was signed says nothing about that.
    ///
    /// # Errors
    /// The key is of an unknown type, weak, or cannot have `algorithm`.
    pub fn public_key(&self, backend: Backend, algorithm: Option<Algorithm>) -> Result<PublicKey, KeyError> {
        from_spki(backend, &self.spki, algorithm)
    }

    /// The SubjectPublicKeyInfo, in DER.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The first moment of its validity.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The last moment of its validity (RFC 5280 section 4.1.2.5: inclusive).
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// SHA-1 of the whole certificate: a name for it, not a protection.
    pub fn thumbprint_sha1(&self) -> [u8; 20] {
        self.sha1
    }

    /// SHA-256 of the whole certificate.
    pub fn thumbprint_sha256(&self) -> Sha256 {
        self.sha256
    }

    /// The SHA-1 thumbprint in upper-case hex, as senders name the certificate they signed with.
    pub fn thumbprint_sha1_hex(&self) -> String {
        Encoding::Hex.encode(&self.sha1).to_ascii_uppercase()
    }

    /// The subject as RFC 4514 writes it.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The serial number in upper-case hex, sign byte included.
    pub fn serial(&self) -> &str {
        &self.serial
    }
}

fn moment(time: Time) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;
