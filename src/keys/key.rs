//! A key in use: what verifies, under which name, and from when to when.
//!
//! The rule: a shared secret and a public key are different types, and nothing turns one into the other.

use std::fmt;

use super::certificate::Certificate;
use super::demo::{is_demo_hash, is_demo_key};
use super::error::KeyError;
use super::id::KeyId;
use super::thumbprint;
use crate::clock::Timestamp;
use crate::crypto::{Algorithm, Backend, MacKey, PublicKey, Secret, Sha256};

/// What a signature is checked with.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "a receiver holds a handful of keys and moves none of them per message")]
pub enum VerifyingKey {
    /// A public key: only its owner can sign.
    Public(PublicKey),
    /// A shared secret: both sides can sign.
    Mac(MacKey),
}

/// A key with its name and its validity.
#[derive(Clone)]
pub struct Key {
    id: KeyId,
    verifier: VerifyingKey,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
    demo: bool,
    spki: Option<Sha256>,
    certificate: Option<([u8; 20], Sha256)>,
}

impl Key {
    /// A public key that is valid at any time. Its name is its JWK thumbprint (RFC 7638, SHA-256, base64url).
    ///
    /// # Errors
    /// The key has no thumbprint, which no key that was made by [`PublicKey::new`] causes.
    pub fn public(key: PublicKey) -> Result<Self, KeyError> {
        Ok(Self {
            id: KeyId::new(&thumbprint::of_jwk(&key)?)?,
            not_before: None,
            not_after: None,
            demo: is_demo_key(key.material()),
            spki: Some(thumbprint::of_spki(&key)?),
            certificate: None,
            verifier: VerifyingKey::Public(key),
        })
    }

    /// The key of a certificate, valid as long as the certificate. Its name is the certificate's SHA-1 thumbprint in
    /// upper-case hex.
    ///
    /// # Errors
    /// As [`Certificate::public_key`].
    pub fn certificate(
        certificate: &Certificate,
        backend: Backend,
        algorithm: Option<Algorithm>,
    ) -> Result<Self, KeyError> {
        let key = Self::public(certificate.public_key(backend, algorithm)?)?;
        Ok(Self {
            id: KeyId::new(&certificate.thumbprint_sha1_hex())?,
            certificate: Some((certificate.thumbprint_sha1(), certificate.thumbprint_sha256())),
            ..key.with_validity(Some(certificate.not_before()), Some(certificate.not_after()))
        })
    }

    /// A shared secret, valid at any time, with the name "secret".
    pub fn mac(key: MacKey) -> Self {
        let demo = is_demo_hash(key.secret_sha256());
        Self {
            id: KeyId::of_a_secret(),
            verifier: VerifyingKey::Mac(key),
            not_before: None,
            not_after: None,
            demo,
            spki: None,
            certificate: None,
        }
    }

    /// A shared secret that is bound to `algorithm` here.
    ///
    /// # Errors
    /// `algorithm` is not one of HS256, HS384 and HS512.
    pub fn secret(algorithm: Algorithm, secret: &Secret) -> Result<Self, KeyError> {
        let key = MacKey::new(algorithm, secret)
            .ok_or_else(|| KeyError::expected("HS256, HS384 or HS512 for a shared secret", algorithm))?;
        Ok(Self::mac(key))
    }

    /// The same key under another name.
    #[must_use]
    pub fn with_id(self, id: KeyId) -> Self {
        Self { id, ..self }
    }

    /// The same key, valid from `not_before` to `not_after`, both included; `None` is no bound.
    #[must_use]
    pub fn with_validity(self, not_before: Option<Timestamp>, not_after: Option<Timestamp>) -> Self {
        Self { not_before, not_after, ..self }
    }

    /// The same key, valid from `not_before` to `not_after` as far as it was valid before; `None` narrows nothing.
    #[must_use]
    pub fn narrowed(self, not_before: Option<Timestamp>, not_after: Option<Timestamp>) -> Self {
        let first = self.not_before.max(not_before);
        let last = match (self.not_after, not_after) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.with_validity(first, last)
    }

    /// The same key, valid at any time: for a certificate that is pinned beyond its end. Whoever calls this takes over
    /// from the certificate the decision when the key is no longer trusted.
    #[must_use]
    pub fn ignoring_validity(self) -> Self {
        self.with_validity(None, None)
    }

    /// The same key for a sender whose ECDSA signatures are DER (RFC 3279 section 2.2.3); others stay as they are.
    ///
    /// # Errors
    /// The library cannot verify such signatures with this key.
    pub fn accepting_der(self) -> Result<Self, KeyError> {
        let verifier = match self.verifier {
            VerifyingKey::Public(key) => VerifyingKey::Public(key.accepting_der()?),
            mac @ VerifyingKey::Mac(_) => mac,
        };
        Ok(Self { verifier, ..self })
    }

    /// The name of the key.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// What verifies.
    pub fn verifier(&self) -> &VerifyingKey {
        &self.verifier
    }

    /// The one algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        match &self.verifier {
            VerifyingKey::Public(key) => key.algorithm(),
            VerifyingKey::Mac(key) => key.algorithm(),
        }
    }

    /// Whether the key is a shared secret.
    pub fn is_symmetric(&self) -> bool {
        matches!(self.verifier, VerifyingKey::Mac(_))
    }

    /// The first moment at which the key is valid.
    pub fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// The last moment at which the key is valid.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.not_after
    }

    /// Whether the key is valid at `at`.
    pub fn is_live(&self, at: Timestamp) -> bool {
        self.not_before.is_none_or(|first| first <= at) && self.not_after.is_none_or(|last| at <= last)
    }

    /// Whether the key is one that anybody can have, see [`is_demo_key`].
    pub fn is_demo(&self) -> bool {
        self.demo
    }

    /// SHA-256 of the key as a SubjectPublicKeyInfo; a shared secret has none. An RSA key counts as `rsaEncryption`.
    pub fn sha256_spki(&self) -> Option<Sha256> {
        self.spki
    }

    /// The JWK thumbprint (RFC 7638, SHA-256, base64url), whatever the key is called; a shared secret has none.
    pub fn thumbprint(&self) -> Option<String> {
        match &self.verifier {
            VerifyingKey::Public(key) => thumbprint::of_jwk(key).ok(),
            VerifyingKey::Mac(_) => None,
        }
    }

    /// Whether it is the same public key or the same secret, whatever it is called.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        match (&self.verifier, &other.verifier) {
            (VerifyingKey::Public(_), VerifyingKey::Public(_)) => self.spki.is_some() && self.spki == other.spki,
            (VerifyingKey::Mac(one), VerifyingKey::Mac(two)) => one.secret_sha256() == two.secret_sha256(),
            _ => false,
        }
    }

    /// SHA-1 of the certificate that the key came in.
    pub fn certificate_sha1(&self) -> Option<[u8; 20]> {
        self.certificate.map(|(sha1, _)| sha1)
    }

    /// SHA-256 of the certificate that the key came in.
    pub fn certificate_sha256(&self) -> Option<Sha256> {
        self.certificate.map(|(_, sha256)| sha256)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?}, {:?})", self.id.as_str(), self.verifier)
    }
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
