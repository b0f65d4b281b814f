//! An encrypted message in its parts, decoded but not believed; and the error that says nothing about them.
//!
//! The rule: decryption authenticates nobody. Anyone has the public key, so that no `SignatureValid` comes of it.

use std::fmt;

use super::{ContentEncryption, KeyManagement};

/// The parts of a JWE (RFC 7516 section 2) as bytes, whatever form they were written in.
#[derive(Clone, Copy)]
pub struct Encrypted<'a> {
    /// The "alg", which the caller compared with what its key may be used for.
    pub management: KeyManagement,
    /// The "enc", which the caller compared with what its key may be used for.
    pub encryption: ContentEncryption,
    /// The ASCII bytes of the protected header as it was sent, with "." and the base64url of "aad" if there is one.
    pub additional_data: &'a [u8],
    /// The wrapped content key; empty where none is sent.
    pub encrypted_key: &'a [u8],
    /// The initialization vector.
    pub iv: &'a [u8],
    /// The ciphertext.
    pub ciphertext: &'a [u8],
    /// The authentication tag.
    pub tag: &'a [u8],
    /// What ECDH-ES needs besides, and nothing else has.
    pub agreement: Option<Agreement<'a>>,
}

/// The header parameters of ECDH-ES (RFC 7518 section 4.6.1).
#[derive(Clone, Copy)]
pub struct Agreement<'a> {
    /// "epk": an uncompressed point of P-256 (65 bytes), or the 32 bytes of X25519.
    pub ephemeral: &'a [u8],
    /// "apu", decoded; empty if absent.
    pub party_u: &'a [u8],
    /// "apv", decoded; empty if absent.
    pub party_v: &'a [u8],
}

impl fmt::Debug for Encrypted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encrypted({}, {}, {} bytes)", self.management, self.encryption, self.ciphertext.len())
    }
}

impl fmt::Debug for Agreement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Agreement({} bytes)", self.ephemeral.len())
    }
}

/// The message cannot be decrypted with this key. Why not is for nobody to know: each reason told apart would be an
/// oracle (RFC 7516 section 11.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undecryptable;

impl fmt::Display for Undecryptable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a message encrypted to this key, but found one that is not")
    }
}

impl std::error::Error for Undecryptable {}
