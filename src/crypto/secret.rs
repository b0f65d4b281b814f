//! Shared secrets: bearer tokens, API keys and MAC keys. They are compared in constant time, wiped when dropped and
//! never printed.

use std::fmt;

use zeroize::Zeroizing;

use super::backend;
use super::{Algorithm, BadSignature, Digest, KeyKind, Sha256, SignatureValid};

/// A secret value. `Debug` prints its length and nothing else.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// The shortest secret that is accepted, in bytes.
    pub const SHORTEST: usize = 16;

    /// Below this length, in bytes, a secret is accepted with a warning.
    pub const ADVISED: usize = 32;

    /// Takes a secret.
    ///
    /// # Errors
    /// [`TooShort`] below [`Secret::SHORTEST`] bytes, the empty secret included.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, TooShort> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.len() < Self::SHORTEST { Err(TooShort { found: bytes.len() }) } else { Ok(Self(bytes)) }
    }

    /// Whether the secret is shorter than advised.
    pub fn is_weak(&self) -> bool {
        self.0.len() < Self::ADVISED
    }

    /// Compares in constant time (for equal lengths).
    ///
    /// # Errors
    /// [`BadSignature`] if `presented` is not this secret.
    pub fn verify(&self, presented: &[u8]) -> Result<SignatureValid, BadSignature> {
        backend::equal(&self.0, presented)?;
        Ok(SignatureValid::assertion())
    }

    /// The bytes, for code that has to send the secret to its owner.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// A secret below the accepted length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooShort {
    found: usize,
}

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a secret of at least {} bytes, but found {}", Secret::SHORTEST, self.found)
    }
}

impl std::error::Error for TooShort {}

/// A secret with the one MAC algorithm it is used for.
#[derive(Clone)]
pub struct MacKey {
    algorithm: Algorithm,
    key: backend::RawMacKey,
    secret_sha256: Sha256,
}

impl MacKey {
    /// Binds `secret` to `algorithm`; `None` if that is not a MAC algorithm.
    pub fn new(algorithm: Algorithm, secret: &Secret) -> Option<Self> {
        if algorithm.key_kind() != KeyKind::Secret {
            return None;
        }
        let key = backend::mac_key(algorithm.hash()?, secret.expose());
        Some(Self { algorithm, key, secret_sha256: Digest::sha256_of(secret.expose()) })
    }

    /// SHA-256 of the secret: what a list of published ones knows it by.
    pub(crate) fn secret_sha256(&self) -> &Sha256 {
        &self.secret_sha256
    }

    /// The algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Checks a MAC over `pieces`, read as one message, in constant time.
    ///
    /// # Errors
    /// [`BadSignature`], whatever is wrong; a truncated MAC is wrong.
    pub fn verify(&self, pieces: &[&[u8]], tag: &[u8]) -> Result<SignatureValid, BadSignature> {
        backend::equal(self.sign(pieces).as_slice(), tag)?;
        Ok(SignatureValid::assertion())
    }

    /// Makes a MAC over `pieces`.
    pub fn sign(&self, pieces: &[&[u8]]) -> Vec<u8> {
        backend::mac(&self.key, pieces)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacKey({})", self.algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_or_short_secret_is_refused() {
        assert!(Secret::new(Vec::new()).is_err());
        assert!(Secret::new(*b"fifteen bytes!!").is_err());
        assert!(Secret::new(*b"sixteen bytes!!!").is_ok());
    }

    #[test]
    fn a_truncated_mac_is_refused() {
        let key = MacKey::new(Algorithm::Hs256, &Secret::new(*b"sixteen bytes!!!").unwrap()).unwrap();
        let tag = key.sign(&[b"a", b"b"]);
        assert!(key.verify(&[b"ab"], &tag).is_ok());
        for length in 0..tag.len() {
            assert!(key.verify(&[b"ab"], &tag[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_public_key_algorithm_never_takes_a_secret() {
        let secret = Secret::new(*b"sixteen bytes!!!").unwrap();
        assert!(MacKey::new(Algorithm::Rs256, &secret).is_none());
    }

    #[test]
    fn debug_shows_no_secret() {
        let secret = Secret::new(*b"sixteen bytes!!!").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(16 bytes)");
    }
}
