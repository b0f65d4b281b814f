//! Public keys in DER: SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) and `RSAPublicKey` (RFC 8017 appendix A.1.1).
//!
//! The rule: the bytes are a key from the first to the last, of the kind that its identifier names.

use der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::edwards;
use super::error::KeyError;
use super::identifier::{Identified, identify};
use super::roca;
use crate::crypto::{Algorithm, Backend, KeyKind, PublicKey};

/// Reads a SubjectPublicKeyInfo. Without `algorithm` the key has the default one of its kind.
///
/// # Errors
/// The bytes are none; the key is of an unknown type, weak, or cannot have `algorithm`.
pub fn from_spki(backend: Backend, der: &[u8], algorithm: Option<Algorithm>) -> Result<PublicKey, KeyError> {
    let info = SubjectPublicKeyInfoRef::from_der(der)
        .map_err(|_| KeyError::expected("a SubjectPublicKeyInfo", "bytes that are none"))?;
    let identified = identify(&info.algorithm)?;
    let material = info
        .subject_public_key
        .as_bytes()
        .ok_or_else(|| KeyError::expected("a key of whole bytes", "one with unused bits"))?;
    checked(backend, identified, material, algorithm)
}

/// Reads the `RSAPublicKey` of PKCS#1, which is what "RSA PUBLIC KEY" in PEM holds.
///
/// # Errors
/// The bytes are none; the key is weak or cannot have `algorithm`.
pub fn from_pkcs1(backend: Backend, der: &[u8], algorithm: Option<Algorithm>) -> Result<PublicKey, KeyError> {
    checked(backend, Identified::Kind(KeyKind::Rsa), der, algorithm)
}

/// Takes the bare bytes of a key whose kind is known.
pub(super) fn checked(
    backend: Backend,
    identified: Identified,
    material: &[u8],
    algorithm: Option<Algorithm>,
) -> Result<PublicKey, KeyError> {
    match identified.kind() {
        KeyKind::P256 => uncompressed(material, 65)?,
        KeyKind::P384 => uncompressed(material, 97)?,
        KeyKind::P521 => uncompressed(material, 133)?,
        KeyKind::Ed25519 => edwards::check(material)?,
        // Measured by the key itself, as the libraries would take sizes that it does not.
        KeyKind::Rsa => roca::check(material)?,
        KeyKind::Secret => {}
    }
    Ok(PublicKey::new(backend, identified.algorithm(algorithm)?, material)?)
}

/// The libraries read more forms of a point than one; a key has one form here, and with it one thumbprint.
fn uncompressed(point: &[u8], length: usize) -> Result<(), KeyError> {
    if point.first() == Some(&4) && point.len() == length {
        return Ok(());
    }
    let found = match point.first() {
        Some(2 | 3) => "a compressed one".to_owned(),
        Some(4) => format!("{} bytes", point.len()),
        _ => "bytes that are none".to_owned(),
    };
    Err(KeyError::expected(format_args!("an uncompressed point of {length} bytes"), found))
}

#[cfg(test)]
#[path = "public_tests.rs"]
mod tests;
