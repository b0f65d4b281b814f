//! Public keys that verify signatures. A key carries its one algorithm; a weak key does not become a value.

use std::fmt;

use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};

use super::backend::RawPublicKey;
use super::{Algorithm, Backend, BadSignature, Digest, KeyKind, SignatureValid};

/// Smallest modulus, in bits.
const SMALLEST_RSA: usize = 2048;
/// Largest modulus, in bits; above it a verification costs the receiver too much.
const LARGEST_RSA: usize = 8192;
/// Smallest public exponent. The libraries accept 3; senders in this field use 65537.
const SMALLEST_EXPONENT: u64 = 65_537;

/// A public key bound to one algorithm, parsed once.
#[derive(Clone)]
pub struct PublicKey {
    algorithm: Algorithm,
    bits: usize,
    raw: RawPublicKey,
    material: Box<[u8]>,
}

impl PublicKey {
    /// Takes a key: PKCS#1 `RSAPublicKey` in DER, an uncompressed curve point (SEC 1 section 2.3.3), or the 32 bytes
    /// of an Ed25519 key.
    ///
    /// # Errors
    /// [`WeakKey`] if the key is too small, too large, malformed or not of the algorithm's kind.
    pub fn new(backend: Backend, algorithm: Algorithm, material: &[u8]) -> Result<Self, WeakKey> {
        Self::build(backend, algorithm, false, material)
    }

    /// Like [`PublicKey::new`], for senders whose ECDSA signatures are DER (RFC 3279) and not r‖s.
    ///
    /// # Errors
    /// As [`PublicKey::new`].
    pub fn with_der_signatures(backend: Backend, algorithm: Algorithm, material: &[u8]) -> Result<Self, WeakKey> {
        Self::build(backend, algorithm, true, material)
    }

    /// The same key for a sender whose ECDSA signatures are DER.
    ///
    /// # Errors
    /// As [`PublicKey::new`].
    pub fn accepting_der(&self) -> Result<Self, WeakKey> {
        Self::build(self.backend(), self.algorithm, true, &self.material)
    }

    fn build(backend: Backend, algorithm: Algorithm, der: bool, material: &[u8]) -> Result<Self, WeakKey> {
        let bits = match algorithm.key_kind() {
            KeyKind::Rsa => rsa_bits(material)?,
            KeyKind::P256 | KeyKind::Ed25519 => 256,
            KeyKind::P384 => 384,
            KeyKind::P521 => 521,
            KeyKind::Secret => return Err(WeakKey("a public key", "a MAC algorithm".into())),
        };
        let raw = RawPublicKey::parse(backend, algorithm, der, material)
            .ok_or_else(|| WeakKey("a key of its algorithm's kind", format!("one that {algorithm} cannot use")))?;
        Ok(Self { algorithm, bits, raw, material: material.into() })
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Size of the modulus or of the curve, in bits.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// The key as it was given to [`PublicKey::new`].
    pub fn material(&self) -> &[u8] {
        &self.material
    }

    /// The library that verifies with it.
    pub fn backend(&self) -> Backend {
        match self.raw {
            RawPublicKey::AwsLc(_) => Backend::AwsLc,
            #[cfg(feature = "ring")]
            RawPublicKey::Ring(_) => Backend::Ring,
        }
    }

    /// Checks a signature over `pieces`, read as one message.
    ///
    /// # Errors
    /// [`BadSignature`], whatever is wrong.
    pub fn verify(&self, pieces: &[&[u8]], signature: &[u8]) -> Result<SignatureValid, BadSignature> {
        self.raw.verify(self.algorithm, pieces, None, signature)?;
        Ok(SignatureValid::assertion())
    }

    /// Checks a signature over `message` whose `digest` is known already, so that the message is not hashed again.
    /// A digest of another hash than the key's is not used. Not public: with a digest of something else, it would vouch for
    /// a message that nobody signed.
    ///
    /// # Errors
    /// [`BadSignature`], whatever is wrong.
    pub(crate) fn verify_hashed(
        &self,
        message: &[u8],
        digest: &Digest,
        signature: &[u8],
    ) -> Result<SignatureValid, BadSignature> {
        let same = self.algorithm.hash().is_some_and(|hash| hash.length() == digest.bytes().len());
        self.raw.verify(self.algorithm, &[message], same.then_some(&digest.0), signature)?;
        Ok(SignatureValid::assertion())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {} bits)", self.algorithm, self.bits)
    }
}

/// Size of the modulus, in bits, of a `RSAPublicKey` that is neither weak nor odd.
pub(super) fn rsa_bits(pkcs1: &[u8]) -> Result<usize, WeakKey> {
    let malformed = || WeakKey("an RSA public key", "bytes that are none".to_owned());
    let mut reader = SliceReader::new(pkcs1).map_err(|_| malformed())?;
    let (modulus, exponent) = reader
        .sequence(|inner: &mut SliceReader<'_>| Ok::<_, der::Error>((UintRef::decode(inner)?, UintRef::decode(inner)?)))
        .map_err(|_| malformed())?;
    if !reader.is_finished() {
        return Err(malformed());
    }
    let modulus = modulus.as_bytes();
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let bits = modulus.len().saturating_mul(8).saturating_sub(leading);
    if !(SMALLEST_RSA..=LARGEST_RSA).contains(&bits) {
        return Err(WeakKey("an RSA key of 2048 to 8192 bits", format!("one of {bits}")));
    }
    if modulus.last().is_none_or(|byte| byte & 1 == 0) {
        return Err(WeakKey("an odd RSA modulus", "an even one".to_owned()));
    }
    let exponent = exponent.as_bytes();
    let value = exponent.iter().fold(0_u64, |value, byte| value.saturating_mul(256).saturating_add(u64::from(*byte)));
    if value < SMALLEST_EXPONENT || exponent.last().is_none_or(|byte| byte & 1 == 0) {
        return Err(WeakKey("an odd RSA exponent of at least 65537", format!("{value}")));
    }
    Ok(bits)
}

/// A key that is not taken into use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeakKey(&'static str, String);

impl WeakKey {
    /// A key that is not what was expected.
    pub fn expected(what: &'static str, found: impl Into<String>) -> Self {
        Self(what, found.into())
    }
}

impl fmt::Display for WeakKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, but found {}", self.0, self.1)
    }
}

impl std::error::Error for WeakKey {}
