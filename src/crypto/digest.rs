//! Digests, computed once and handed on.

use super::Hash;
use super::backend;

/// A SHA-256 value.
pub type Sha256 = [u8; 32];

/// A digest that the backend computed, in the form that signature verification takes without hashing again.
#[derive(Clone, Debug)]
pub struct Digest(pub(in crate::crypto) backend::RawDigest);

impl Digest {
    /// Hashes `pieces` one after the other, as if they were one buffer.
    pub fn of(hash: Hash, pieces: &[&[u8]]) -> Self {
        Self(backend::digest(hash, pieces))
    }

    /// The bytes: 32, 48 or 64 of them.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// The value as an array, if this is a SHA-256 digest.
    pub fn sha256(&self) -> Option<Sha256> {
        self.bytes().try_into().ok()
    }
}

impl Digest {
    /// SHA-256 of one buffer, as an array.
    pub fn sha256_of(bytes: &[u8]) -> Sha256 {
        Self::of(Hash::Sha256, &[bytes]).sha256().unwrap_or_default()
    }
}

/// SHA-1, only as the name of a certificate (its thumbprint), never as protection.
pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    backend::sha1(bytes)
}

/// Fills `buffer` from the operating system's source of randomness.
///
/// # Errors
/// The source failed; nothing that needs a secret may go on.
pub fn random(buffer: &mut [u8]) -> Result<(), std::io::Error> {
    backend::random(buffer)
}
