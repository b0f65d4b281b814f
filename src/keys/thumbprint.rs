//! Names that are computed from a public key: the JWK thumbprint (RFC 7638) and the hash of its SubjectPublicKeyInfo.
//!
//! The rule: both depend on the key alone, not on the file it came in.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Decode, Encode};
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::error::KeyError;
use super::identifier::{EC, ED25519, P256, P384, P521, RSA};
use crate::crypto::{DecryptionKey, DecryptionKind, Digest, KeyKind, PublicKey, Sha256};
use crate::wire::encoding::Encoding;

/// The thumbprint over SHA-256, base64url (RFC 7638 section 3; RFC 8037 section 2 for Ed25519).
pub(super) fn of_jwk(key: &PublicKey) -> Result<String, KeyError> {
    let kind = key.algorithm().key_kind();
    let required = match kind {
        KeyKind::Rsa => rsa(key.material())?,
        KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => {
            curve(kind.name(), key.material()).ok_or_else(|| unnamed(kind.name()))?
        }
        KeyKind::Ed25519 => octets(kind.name(), key.material()),
        KeyKind::Secret => return Err(unnamed(kind.name())),
    };
    Ok(hashed(&required))
}

/// The same of the public half of a key that decrypts; a secret has none.
pub(super) fn of_decryption(key: &DecryptionKey) -> Result<Option<String>, KeyError> {
    let Some(material) = key.public_material() else { return Ok(None) };
    let kind = key.kind();
    let required = match kind {
        DecryptionKind::Rsa => rsa(material)?,
        DecryptionKind::P256 => curve(kind.name(), material).ok_or_else(|| unnamed(kind.name()))?,
        DecryptionKind::X25519 => octets(kind.name(), material),
        DecryptionKind::Secret => return Err(unnamed(kind.name())),
    };
    Ok(Some(hashed(&required)))
}

/// The same of an `RSAPublicKey` of PKCS#1.
pub(super) fn of_rsa(material: &[u8]) -> Result<String, KeyError> {
    rsa(material).map(|required| hashed(&required))
}

fn hashed(required: &str) -> String {
    Encoding::Base64Url.encode(&Digest::sha256_of(required.as_bytes()))
}

/// The required members of a key, in the order of their names and without spaces.
fn rsa(material: &[u8]) -> Result<String, KeyError> {
    let text = |bytes: &[u8]| Encoding::Base64Url.encode(bytes);
    let (modulus, exponent) = numbers(material)?;
    Ok(format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, text(exponent), text(modulus)))
}

fn curve(name: &str, material: &[u8]) -> Option<String> {
    let text = |bytes: &[u8]| Encoding::Base64Url.encode(bytes);
    let (x, y) = coordinates(material)?;
    Some(format!(r#"{{"crv":"{name}","kty":"EC","x":"{}","y":"{}"}}"#, text(x), text(y)))
}

fn octets(name: &str, material: &[u8]) -> String {
    format!(r#"{{"crv":"{name}","kty":"OKP","x":"{}"}}"#, Encoding::Base64Url.encode(material))
}

/// SHA-256 of the SubjectPublicKeyInfo. An RSA key counts as `rsaEncryption`, also where a certificate restricts it to
/// RSASSA-PSS.
pub(super) fn of_spki(key: &PublicKey) -> Result<Sha256, KeyError> {
    let kind = key.algorithm().key_kind();
    let (oid, curve): (ObjectIdentifier, Option<ObjectIdentifier>) = match kind {
        KeyKind::Rsa => (RSA, None),
        KeyKind::P256 => (EC, Some(P256)),
        KeyKind::P384 => (EC, Some(P384)),
        KeyKind::P521 => (EC, Some(P521)),
        KeyKind::Ed25519 => (ED25519, None),
        KeyKind::Secret => return Err(unnamed(kind.name())),
    };
    let parameters = match &curve {
        Some(curve) => Some(AnyRef::from(curve)),
        None => (kind == KeyKind::Rsa).then_some(AnyRef::NULL),
    };
    let info = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid, parameters },
        subject_public_key: BitStringRef::from_bytes(key.material()).map_err(|_| unnamed(kind.name()))?,
    };
    Ok(Digest::sha256_of(&info.to_der().map_err(|_| unnamed(kind.name()))?))
}

/// The modulus and the exponent of an `RSAPublicKey`, without leading zero bytes.
pub(super) fn numbers(pkcs1: &[u8]) -> Result<(&[u8], &[u8]), KeyError> {
    AnyRef::from_der(pkcs1)
        .and_then(|pair| pair.sequence(|inner| Ok::<_, der::Error>((UintRef::decode(inner)?, UintRef::decode(inner)?))))
        .map(|(modulus, exponent)| (modulus.as_bytes(), exponent.as_bytes()))
        .map_err(|_| unnamed(KeyKind::Rsa.name()))
}

fn coordinates(point: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_form, both) = point.split_first()?;
    both.split_at_checked(both.len() / 2)
}

fn unnamed(kind: &str) -> KeyError {
    KeyError::expected("a public key with a thumbprint", format_args!("a key of kind {kind} without"))
}

#[cfg(test)]
#[path = "thumbprint_tests.rs"]
mod tests;
