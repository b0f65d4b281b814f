//! Private keys that sign: the opposite side. A receiver needs one only where a sender demands signed replies.

use std::fmt;

use super::Algorithm;
use super::backend::RawSigningKey;

/// A private key bound to one algorithm.
pub struct SigningKey {
    algorithm: Algorithm,
    raw: RawSigningKey,
}

impl SigningKey {
    /// Takes a private key in PKCS#8 (RFC 5208), DER.
    ///
    /// # Errors
    /// [`UnusableKey`] if the bytes are no key of the algorithm's kind.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, UnusableKey> {
        let raw = RawSigningKey::parse(algorithm, der).ok_or(UnusableKey(algorithm))?;
        Ok(Self { algorithm, raw })
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half of an RSA key, as `RSAPublicKey` of PKCS#1 in DER; other kinds are not asked for.
    pub fn public_material(&self) -> Option<&[u8]> {
        self.raw.rsa_public()
    }

    /// Signs `message`; ECDSA signatures are r‖s.
    ///
    /// # Errors
    /// [`UnusableKey`] if the library refuses, which a key that was accepted does not cause.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, UnusableKey> {
        self.raw.sign(self.algorithm, message).ok_or(UnusableKey(self.algorithm))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm)
    }
}

/// The bytes are no private key for this algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnusableKey(Algorithm);

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a PKCS#8 private key for {}, but found bytes that are none", self.0)
    }
}

impl std::error::Error for UnusableKey {}
