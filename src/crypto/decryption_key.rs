//! Private keys and shared secrets that decrypt. What comes out was encrypted to us; who did it, nobody has shown.
//!
//! The rule: every failure is the same error, and an unwrapped content key that is wrong fails where a wrong tag does
//! (RFC 7516 section 11.5).

use std::fmt;
use std::sync::Arc;

use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoRef;
use zeroize::Zeroizing;

use super::backend::ciphers::{self, Curve, OaepHash, RawAgreementKey, RawRsaDecryption};
use super::public_key::rsa_bits;
use super::{Agreement, backend, concat_kdf, content, private_info};
use super::{Digest, Encrypted, KeyManagement, Secret, Sha256, Undecryptable};

/// What kind of key decrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecryptionKind {
    /// RSA, 2048 to 8192 bits.
    Rsa,
    /// P-256.
    P256,
    /// X25519.
    X25519,
    /// A shared secret.
    Secret,
}

impl DecryptionKind {
    /// A word for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::P256 => "P-256",
            Self::X25519 => "X25519",
            Self::Secret => "secret",
        }
    }
}

impl fmt::Display for DecryptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

enum Raw {
    Rsa(RawRsaDecryption),
    Agreement(RawAgreementKey),
    Secret(Secret),
}

/// A key that decrypts, parsed once; a copy is another handle to the same key. `Debug` shows its kind and size only.
#[derive(Clone)]
pub struct DecryptionKey {
    raw: Arc<Raw>,
    public: Arc<[u8]>,
    bits: usize,
    only: Option<KeyManagement>,
}

impl DecryptionKey {
    /// Takes a private key in PKCS#8 (RFC 5958), DER, unencrypted: RSA, P-256 or X25519 (RFC 8410).
    ///
    /// # Errors
    /// The bytes are no such key; an RSA key has fewer than 2048 or more than 8192 bits, or an exponent that is even or
    /// below 65537; the public half that lies beside a private one is not its own.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, UnusableDecryptionKey> {
        match private_info::kind(der).map_err(UnusableDecryptionKey::found)? {
            DecryptionKind::Rsa => Self::rsa(der),
            DecryptionKind::P256 => Self::agreeing(RawAgreementKey::p256_from_pkcs8(der), "a malformed P-256 key"),
            _ => {
                let malformed = || UnusableDecryptionKey::found("a malformed X25519 key");
                let read = private_info::montgomery(der).ok_or_else(malformed)?;
                let key = Self::from_x25519(read.scalar)?;
                if read.public.is_some_and(|public| *public != *key.public) { Err(malformed()) } else { Ok(key) }
            }
        }
    }

    /// Takes the 32 bytes, big-endian, of a private key of P-256.
    ///
    /// # Errors
    /// They are not 32, or stand for zero or for a number beyond the order of the curve.
    pub fn from_p256_scalar(scalar: &[u8]) -> Result<Self, UnusableDecryptionKey> {
        Self::agreeing(RawAgreementKey::new(Curve::P256, scalar), "bytes that are no scalar of P-256")
    }

    /// Takes the 32 bytes of a private key of X25519 (RFC 7748 section 5).
    ///
    /// # Errors
    /// They are not 32.
    pub fn from_x25519(scalar: &[u8]) -> Result<Self, UnusableDecryptionKey> {
        Self::agreeing(RawAgreementKey::new(Curve::X25519, scalar), "bytes that are no scalar of X25519")
    }

    /// Takes a shared secret: the content key itself (`dir`), or what unwraps it (`A128KW`, `A256KW`).
    ///
    /// # Errors
    /// Its length is none of 16, 32 and 64 bytes, so that no algorithm takes it.
    pub fn from_secret(secret: Secret) -> Result<Self, UnusableDecryptionKey> {
        let length = secret.expose().len();
        if !matches!(length, 16 | 32 | 64) {
            return Err(UnusableDecryptionKey(format!("expected a secret of 16, 32 or 64 bytes, but found {length}")));
        }
        Ok(Self::build(Raw::Secret(secret), Vec::new(), length.saturating_mul(8)))
    }

    fn rsa(der: &[u8]) -> Result<Self, UnusableDecryptionKey> {
        let malformed = || UnusableDecryptionKey::found("an RSA key of another size or malformed");
        let (raw, spki) = RawRsaDecryption::parse(der).ok_or_else(malformed)?;
        let info = SubjectPublicKeyInfoRef::from_der(&spki).map_err(|_| malformed())?;
        let public = info.subject_public_key.as_bytes().ok_or_else(malformed)?;
        let bits = rsa_bits(public).map_err(|weak| UnusableDecryptionKey(weak.to_string()))?;
        Ok(Self::build(Raw::Rsa(raw), public.to_vec(), bits))
    }

    fn agreeing(raw: Option<RawAgreementKey>, found: &str) -> Result<Self, UnusableDecryptionKey> {
        let both = raw.and_then(|raw| raw.public().map(|public| (raw, public)));
        let (raw, public) = both.ok_or_else(|| UnusableDecryptionKey::found(found))?;
        Ok(Self::build(Raw::Agreement(raw), public, 256))
    }

    fn build(raw: Raw, public: Vec<u8>, bits: usize) -> Self {
        Self { raw: Arc::new(raw), public: public.into(), bits, only: None }
    }

    /// The same key for one algorithm only, as the "alg" of a JWK demands.
    ///
    /// # Errors
    /// The key cannot have it.
    pub fn restricted_to(self, management: KeyManagement) -> Result<Self, UnusableDecryptionKey> {
        if !self.takes(management) {
            let kind = self.kind();
            return Err(UnusableDecryptionKey(format!(
                "expected a key for {management}, but found one of kind {kind}"
            )));
        }
        Ok(Self { only: Some(management), ..self })
    }

    /// Whether the key can be used for `management`.
    pub fn takes(&self, management: KeyManagement) -> bool {
        use KeyManagement as M;
        let fits = match (&*self.raw, management) {
            (Raw::Rsa(_), M::RsaOaep256 | M::RsaOaep) => true,
            (Raw::Agreement(_), M::EcdhEs | M::EcdhEsA128Kw | M::EcdhEsA256Kw) => true,
            (Raw::Secret(_), M::Dir) => true,
            (Raw::Secret(secret), M::A128Kw | M::A256Kw) => {
                management.wrapping_key_length() == Some(secret.expose().len())
            }
            _ => false,
        };
        fits && self.only.is_none_or(|only| only == management)
    }

    /// The kind of the key.
    pub fn kind(&self) -> DecryptionKind {
        match &*self.raw {
            Raw::Rsa(_) => DecryptionKind::Rsa,
            Raw::Agreement(key) if key.curve() == Curve::P256 => DecryptionKind::P256,
            Raw::Agreement(_) => DecryptionKind::X25519,
            Raw::Secret(_) => DecryptionKind::Secret,
        }
    }

    /// Size of the modulus, the curve or the secret, in bits.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// The public half: PKCS#1 `RSAPublicKey` in DER, an uncompressed point of P-256, or the 32 bytes of X25519; a
    /// secret has none.
    pub fn public_material(&self) -> Option<&[u8]> {
        (self.kind() != DecryptionKind::Secret).then_some(&*self.public)
    }

    /// SHA-256 of the public half, or of a secret: what a list of published keys knows it by.
    pub(crate) fn sha256(&self) -> Sha256 {
        match &*self.raw {
            Raw::Secret(secret) => Digest::sha256_of(secret.expose()),
            Raw::Rsa(_) | Raw::Agreement(_) => Digest::sha256_of(&self.public),
        }
    }

    /// Decrypts `message`. The result has at most as many bytes as the ciphertext.
    ///
    /// # Errors
    /// [`Undecryptable`], whatever is wrong.
    pub fn decrypt(&self, message: &Encrypted<'_>) -> Result<Vec<u8>, Undecryptable> {
        if !self.takes(message.management) || !content::has_right_lengths(message) {
            return Err(Undecryptable);
        }
        let key = self.content_key(message)?;
        content::open(&key, message)
    }

    /// The content key that `message` holds, or where it holds a wrong one, a random one. An error depends only on what
    /// the sender knows by itself.
    fn content_key(&self, message: &Encrypted<'_>) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
        use KeyManagement as M;
        let length = message.encryption.key_length();
        match (&*self.raw, message.management, &message.agreement) {
            (Raw::Rsa(key), M::RsaOaep256, None) => {
                or_random(length, || key.decrypt(OaepHash::Sha256, message.encrypted_key))
            }
            (Raw::Rsa(key), M::RsaOaep, None) => {
                or_random(length, || key.decrypt(OaepHash::Sha1, message.encrypted_key))
            }
            (Raw::Agreement(key), M::EcdhEs, Some(agreement)) if message.encrypted_key.is_empty() => {
                agreed(key, agreement, message.encryption.name(), length)
            }
            (Raw::Agreement(key), management @ (M::EcdhEsA128Kw | M::EcdhEsA256Kw), Some(agreement)) => {
                let size = management.wrapping_key_length().ok_or(Undecryptable)?;
                let wrapping = agreed(key, agreement, management.name(), size)?;
                unwrapped(&wrapping, message)
            }
            (Raw::Secret(secret), M::A128Kw | M::A256Kw, None) => unwrapped(secret.expose(), message),
            (Raw::Secret(secret), M::Dir, None) if message.encrypted_key.is_empty() => {
                let key = secret.expose();
                if key.len() == length { Ok(Zeroizing::new(key.to_vec())) } else { Err(Undecryptable) }
            }
            _ => Err(Undecryptable),
        }
    }
}

/// What `unwrap` gives if it has the right length, else random bytes, which are made before and in any case.
fn or_random(
    length: usize,
    unwrap: impl FnOnce() -> Option<Zeroizing<Vec<u8>>>,
) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
    let mut random = Zeroizing::new(vec![0; length]);
    backend::random(&mut random).map_err(|_| Undecryptable)?;
    let found = unwrap().filter(|found| found.len() == length);
    Ok(found.unwrap_or(random))
}

fn unwrapped(wrapping_key: &[u8], message: &Encrypted<'_>) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
    let length = message.encryption.key_length();
    or_random(length, || ciphers::unwrap(wrapping_key, message.encrypted_key))
}

/// The key that both sides derive (RFC 7518 section 4.6). The ephemeral key has one form for each curve; zero, which is
/// what any key of small order leads to, is refused here as well as by the library (RFC 7748 section 6.1).
fn agreed(
    key: &RawAgreementKey,
    agreement: &Agreement<'_>,
    algorithm: &str,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
    let has_form = match key.curve() {
        Curve::P256 => agreement.ephemeral.len() == 65 && agreement.ephemeral.first() == Some(&4),
        Curve::X25519 => agreement.ephemeral.len() == 32,
    };
    if !has_form {
        return Err(Undecryptable);
    }
    let secret = key.agree(agreement.ephemeral).ok_or(Undecryptable)?;
    if secret.iter().fold(0, |all, byte| all | byte) == 0 {
        return Err(Undecryptable);
    }
    concat_kdf::derive(&secret, algorithm, agreement, length).ok_or(Undecryptable)
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecryptionKey({}, {} bits)", self.kind(), self.bits)
    }
}

/// A key that is not taken into use for decryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableDecryptionKey(String);

impl UnusableDecryptionKey {
    fn found(what: impl fmt::Display) -> Self {
        Self(format!("expected a PKCS#8 private key of RSA 2048 to 8192 bits, P-256 or X25519, but found {what}"))
    }
}

impl fmt::Display for UnusableDecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnusableDecryptionKey {}

#[cfg(test)]
#[path = "decryption_key_tests.rs"]
mod tests;
