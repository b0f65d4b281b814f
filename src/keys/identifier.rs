//! What kind of key an AlgorithmIdentifier speaks of (RFC 5280 section 4.1.1.2, RFC 4055, RFC 5480, RFC 8410).
//!
//! The rule: the identifier decides which algorithms a key can have; a demand can choose among them, not add one.

use der::asn1::{AnyRef, ContextSpecific, ObjectIdentifier};
use der::{SliceReader, TagNumber};
use x509_cert::spki::AlgorithmIdentifierRef;

use super::error::KeyError;
use crate::crypto::{Algorithm, KeyKind};

pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
pub(super) const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
pub(super) const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// Kinds of keys and curves that are refused by name and not by number.
const UNKNOWN: [(ObjectIdentifier, &str); 10] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10040.4.1"), "DSA"),
    (ObjectIdentifier::new_unwrap("1.2.840.10046.2.1"), "Diffie-Hellman"),
    (ObjectIdentifier::new_unwrap("1.3.101.110"), "X25519"),
    (ObjectIdentifier::new_unwrap("1.3.101.111"), "X448"),
    (ObjectIdentifier::new_unwrap("1.3.101.113"), "Ed448"),
    (ObjectIdentifier::new_unwrap("1.3.132.0.10"), "secp256k1"),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.1"), "P-192"),
    (ObjectIdentifier::new_unwrap("1.3.132.0.33"), "P-224"),
    (ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.7"), "brainpoolP256r1"),
    (ObjectIdentifier::new_unwrap("1.2.156.10197.1.301"), "SM2"),
];

/// The algorithms a key can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identified {
    /// Any algorithm of this kind of key.
    Kind(KeyKind),
    /// PS256, PS384 or PS512.
    Pss,
    /// This one only: the key itself restricts its parameters.
    Only(Algorithm),
}

impl Identified {
    /// The kind of the key.
    pub(super) fn kind(self) -> KeyKind {
        match self {
            Self::Kind(kind) => kind,
            Self::Pss => KeyKind::Rsa,
            Self::Only(algorithm) => algorithm.key_kind(),
        }
    }

    /// The algorithm: the demanded one if the key can have it, else the key's own.
    pub(super) fn algorithm(self, demanded: Option<Algorithm>) -> Result<Algorithm, KeyError> {
        let own = match self {
            Self::Kind(kind) => kind.default_algorithm(),
            Self::Pss => Algorithm::Ps256,
            Self::Only(algorithm) => algorithm,
        };
        let Some(demanded) = demanded else { return Ok(own) };
        let fits = match self {
            Self::Kind(kind) => kind.takes(demanded),
            Self::Pss => matches!(demanded, Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512),
            Self::Only(algorithm) => algorithm == demanded,
        };
        let found = match self {
            Self::Kind(kind) => format!("a key of kind {}", kind.name()),
            Self::Pss => "an RSA key for RSASSA-PSS".to_owned(),
            Self::Only(algorithm) => format!("an RSA key for {algorithm}"),
        };
        if fits { Ok(demanded) } else { Err(KeyError::expected(format_args!("a key for {demanded}"), found)) }
    }
}

/// Reads an identifier with its parameters.
pub(super) fn identify(identifier: &AlgorithmIdentifierRef<'_>) -> Result<Identified, KeyError> {
    let parameters = identifier.parameters;
    match identifier.oid {
        RSA if parameters.is_some_and(AnyRef::is_null) => Ok(Identified::Kind(KeyKind::Rsa)),
        RSA => Err(KeyError::expected("an RSA key with parameters NULL", "other parameters")),
        PSS => parameters.map_or(Ok(Identified::Pss), |present| pss(present).map(Identified::Only)),
        ED25519 if parameters.is_none() => Ok(Identified::Kind(KeyKind::Ed25519)),
        ED25519 => Err(KeyError::expected("an Ed25519 key without parameters", "parameters")),
        EC => curve(parameters).map(Identified::Kind),
        other => Err(KeyError::expected("an RSA, EC or Ed25519 key", format_args!("one of type {}", name(other)))),
    }
}

fn curve(parameters: Option<AnyRef<'_>>) -> Result<KeyKind, KeyError> {
    match parameters.map(AnyRef::decode_as::<ObjectIdentifier>) {
        Some(Ok(P256)) => Ok(KeyKind::P256),
        Some(Ok(P384)) => Ok(KeyKind::P384),
        Some(Ok(P521)) => Ok(KeyKind::P521),
        Some(Ok(other)) => Err(KeyError::expected("the curve P-256, P-384 or P-521", name(other))),
        // Explicit parameters make a curve of the sender's choice, which is how CVE-2020-0601 worked.
        Some(Err(_)) | None => Err(KeyError::expected("a named curve", "other parameters")),
    }
}

/// `RSASSA-PSS-params` (RFC 4055 section 3.1). What is left out means SHA-1, so that nothing may be left out.
fn pss(parameters: AnyRef<'_>) -> Result<Algorithm, KeyError> {
    let other = || KeyError::expected("RSASSA-PSS with SHA-2, MGF1 over the same hash and its salt", "others");
    let (hash, mask, salt) = match parameters.sequence(pss_fields) {
        Ok((Some(hash), Some(mask), Some(salt))) => (hash.value, mask.value, salt.value),
        _ => return Err(other()),
    };
    let inner = mask.parameters.and_then(|inner| inner.decode_as::<AlgorithmIdentifierRef<'_>>().ok());
    if mask.oid != MGF1 || inner.is_none_or(|inner| inner.oid != hash.oid) {
        return Err(other());
    }
    match (hash.oid, salt) {
        (SHA256, 32) => Ok(Algorithm::Ps256),
        (SHA384, 48) => Ok(Algorithm::Ps384),
        (SHA512, 64) => Ok(Algorithm::Ps512),
        _ => Err(other()),
    }
}

type Field<T> = Option<ContextSpecific<T>>;
type PssFields<'a> = (Field<AlgorithmIdentifierRef<'a>>, Field<AlgorithmIdentifierRef<'a>>, Field<u32>);

fn pss_fields<'a>(reader: &mut SliceReader<'a>) -> der::Result<PssFields<'a>> {
    Ok((
        ContextSpecific::decode_explicit(reader, TagNumber(0))?,
        ContextSpecific::decode_explicit(reader, TagNumber(1))?,
        ContextSpecific::decode_explicit(reader, TagNumber(2))?,
    ))
}

fn name(oid: ObjectIdentifier) -> String {
    UNKNOWN.iter().find(|(known, _)| *known == oid).map_or_else(|| oid.to_string(), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
#[path = "identifier_tests.rs"]
mod tests;
