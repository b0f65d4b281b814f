//! Public keys that encrypt: the opposite side, for the `send` command and tests.
//!
//! The rule: each message has its own content key and vector from the operating system, so that no vector comes twice
//! under one key.

use std::fmt;

use der::Encode;
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::backend;
use super::backend::ciphers::{self, OaepHash, RawRsaEncryption};
use super::public_key::rsa_bits;
use super::{ContentEncryption, KeyManagement, WeakKey};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// An RSA public key that encrypts.
pub struct EncryptionKey {
    bits: usize,
    raw: RawRsaEncryption,
}

/// The parts of an encrypted message, to be written as a JWE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The content key, encrypted to the receiver.
    pub encrypted_key: Vec<u8>,
    /// The initialization vector.
    pub iv: Vec<u8>,
    /// The ciphertext, as long as the plaintext.
    pub ciphertext: Vec<u8>,
    /// The authentication tag.
    pub tag: Vec<u8>,
}

impl EncryptionKey {
    /// Takes a `RSAPublicKey` of PKCS#1 in DER, which is what [`PublicKey::material`](super::PublicKey::material) and
    /// [`DecryptionKey::public_material`](super::DecryptionKey::public_material) give for RSA.
    ///
    /// # Errors
    /// [`WeakKey`] if the key is too small, too large or malformed.
    pub fn rsa(pkcs1: &[u8]) -> Result<Self, WeakKey> {
        let bits = rsa_bits(pkcs1)?;
        let raw = subject_public_key_info(pkcs1).and_then(|spki| RawRsaEncryption::parse(&spki));
        let raw = raw.ok_or_else(|| WeakKey::expected("an RSA key that encrypts", "one that does not"))?;
        Ok(Self { bits, raw })
    }

    /// Size of the modulus, in bits.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Encrypts `plaintext` and protects it together with `additional_data`, the ASCII bytes of the protected header.
    ///
    /// # Errors
    /// [`Unencryptable`] for another `management` than RSA-OAEP and RSA-OAEP-256 or another `encryption` than AES-GCM,
    /// and if the source of randomness fails.
    pub fn encrypt(
        &self,
        management: KeyManagement,
        encryption: ContentEncryption,
        additional_data: &[u8],
        plaintext: &[u8],
    ) -> Result<Sealed, Unencryptable> {
        let hash = match management {
            KeyManagement::RsaOaep256 => OaepHash::Sha256,
            KeyManagement::RsaOaep => OaepHash::Sha1,
            _ => return Err(Unencryptable("RSA-OAEP or RSA-OAEP-256", management.name())),
        };
        if !matches!(encryption, ContentEncryption::A128Gcm | ContentEncryption::A256Gcm) {
            return Err(Unencryptable("A128GCM or A256GCM", encryption.name()));
        }
        let failed = Unencryptable("a library and randomness that work", "a failure");
        let mut key = Zeroizing::new(vec![0; encryption.key_length()]);
        let mut iv = vec![0; encryption.iv_length()];
        backend::random(&mut key).map_err(|_| failed)?;
        backend::random(&mut iv).map_err(|_| failed)?;
        let encrypted_key = self.raw.encrypt(hash, &key).ok_or(failed)?;
        let mut ciphertext = plaintext.to_vec();
        let tag = ciphers::gcm_seal(&key, &iv, additional_data, &mut ciphertext).ok_or(failed)?;
        Ok(Sealed { encrypted_key, iv, ciphertext, tag })
    }
}

/// `rsaEncryption` with `pkcs1` in it (RFC 5280 section 4.1.2.7).
pub(super) fn subject_public_key_info(pkcs1: &[u8]) -> Option<Vec<u8>> {
    let algorithm = AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::NULL) };
    let subject_public_key = BitStringRef::from_bytes(pkcs1).ok()?;
    SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der().ok()
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptionKey(RSA, {} bits)", self.bits)
    }
}

/// The message cannot be encrypted in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unencryptable(&'static str, &'static str);

impl fmt::Display for Unencryptable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, but found {}", self.0, self.1)
    }
}

impl std::error::Error for Unencryptable {}
