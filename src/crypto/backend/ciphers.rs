//! Encryption as the library offers it: RSA-OAEP, key agreement, AES key unwrap, AES-GCM and AES-CBC.
//!
//! The rule of the folder: it decides nothing. Lengths, forms and the order of checks are kept above it.

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, UnparsedPublicKey};
use aws_lc_rs::cipher::{self, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::key_wrap::{self, AesKek, KeyWrap};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use zeroize::Zeroizing;

/// The hash of RSA-OAEP, which is the one of its mask too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crypto) enum OaepHash {
    Sha1,
    Sha256,
}

impl OaepHash {
    fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }
}

/// An RSA private key that decrypts.
pub(in crate::crypto) struct RawRsaDecryption(OaepPrivateDecryptingKey);

impl RawRsaDecryption {
    /// The key, and its public half as a SubjectPublicKeyInfo in DER.
    pub(in crate::crypto) fn parse(pkcs8: &[u8]) -> Option<(Self, Vec<u8>)> {
        let key = PrivateDecryptingKey::from_pkcs8(pkcs8).ok()?;
        let public = key.public_key().as_der().ok()?.as_ref().to_vec();
        Some((Self(OaepPrivateDecryptingKey::new(key).ok()?), public))
    }

    /// With the empty label, which is the only one in JOSE.
    pub(in crate::crypto) fn decrypt(&self, hash: OaepHash, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut buffer = Zeroizing::new(vec![0; self.0.min_output_size()]);
        let length = self.0.decrypt(hash.algorithm(), ciphertext, &mut buffer, None).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }
}

/// An RSA public key that encrypts.
pub(in crate::crypto) struct RawRsaEncryption(OaepPublicEncryptingKey);

impl RawRsaEncryption {
    pub(in crate::crypto) fn parse(spki: &[u8]) -> Option<Self> {
        let key = PublicEncryptingKey::from_der(spki).ok()?;
        OaepPublicEncryptingKey::new(key).ok().map(Self)
    }

    pub(in crate::crypto) fn encrypt(&self, hash: OaepHash, plaintext: &[u8]) -> Option<Vec<u8>> {
        let mut buffer = vec![0; self.0.ciphertext_size()];
        let length = self.0.encrypt(hash.algorithm(), plaintext, &mut buffer, None).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }
}

/// A curve that keys are agreed upon on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crypto) enum Curve {
    P256,
    X25519,
}

impl Curve {
    fn algorithm(self) -> &'static agreement::Algorithm {
        match self {
            Self::P256 => &agreement::ECDH_P256,
            Self::X25519 => &agreement::X25519,
        }
    }
}

/// A private key that agrees with a public one.
pub(in crate::crypto) struct RawAgreementKey {
    curve: Curve,
    key: agreement::PrivateKey,
}

impl RawAgreementKey {
    /// `scalar`: 32 bytes, big-endian for P-256, as RFC 7748 writes them for X25519.
    pub(in crate::crypto) fn new(curve: Curve, scalar: &[u8]) -> Option<Self> {
        let key = agreement::PrivateKey::from_private_key(curve.algorithm(), scalar).ok()?;
        Some(Self { curve, key })
    }

    /// A key of P-256 in PKCS#8; the library reads none of X25519.
    pub(in crate::crypto) fn p256_from_pkcs8(pkcs8: &[u8]) -> Option<Self> {
        let key = agreement::PrivateKey::from_private_key_der(&agreement::ECDH_P256, pkcs8).ok()?;
        Some(Self { curve: Curve::P256, key })
    }

    pub(in crate::crypto) fn curve(&self) -> Curve {
        self.curve
    }

    /// The public half: an uncompressed point, or 32 bytes.
    pub(in crate::crypto) fn public(&self) -> Option<Vec<u8>> {
        self.key.compute_public_key().ok().map(|key| key.as_ref().to_vec())
    }

    /// The x coordinate of the common point. The library refuses a point off the curve and a result of zero; it reads
    /// more forms of a key than one, so that the form has to be checked before.
    pub(in crate::crypto) fn agree(&self, peer: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let peer = UnparsedPublicKey::new(self.curve.algorithm(), peer);
        agreement::agree(&self.key, peer, (), |secret| Ok(Zeroizing::new(secret.to_vec()))).ok()
    }
}

/// AES key unwrap (RFC 3394). The library keeps its copy of the wrapping key only while this runs, but does not wipe it.
pub(in crate::crypto) fn unwrap(wrapping_key: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut buffer = Zeroizing::new(vec![0; wrapped.len().checked_sub(8)?]);
    let length = kek(wrapping_key)?.unwrap(wrapped, &mut buffer).ok()?.len();
    buffer.truncate(length);
    Some(buffer)
}

fn kek(key: &[u8]) -> Option<AesKek> {
    match key.len() {
        16 => AesKek::new(&key_wrap::AES_128, key).ok(),
        32 => AesKek::new(&key_wrap::AES_256, key).ok(),
        _ => None,
    }
}

fn gcm(key: &[u8]) -> Option<LessSafeKey> {
    let algorithm = match key.len() {
        16 => &aead::AES_128_GCM,
        32 => &aead::AES_256_GCM,
        _ => return None,
    };
    UnboundKey::new(algorithm, key).ok().map(LessSafeKey::new)
}

/// AES-GCM. The library takes a nonce of 12 bytes only, but a `tag` of fewer than 16 too.
pub(in crate::crypto) fn gcm_open(
    key: &[u8],
    iv: &[u8],
    additional_data: &[u8],
    ciphertext: &[u8],
    tag: &[u8],
) -> Option<Vec<u8>> {
    let nonce = Nonce::try_assume_unique_for_key(iv).ok()?;
    let mut plaintext = Zeroizing::new(vec![0; ciphertext.len()]);
    gcm(key)?.open_separate_gather(nonce, Aad::from(additional_data), ciphertext, tag, &mut plaintext).ok()?;
    Some(std::mem::take(&mut plaintext))
}

/// AES-GCM over `content` in its place; the tag comes back.
pub(in crate::crypto) fn gcm_seal(
    key: &[u8],
    iv: &[u8],
    additional_data: &[u8],
    content: &mut [u8],
) -> Option<Vec<u8>> {
    let nonce = Nonce::try_assume_unique_for_key(iv).ok()?;
    let tag = gcm(key)?.seal_in_place_separate_tag(nonce, Aad::from(additional_data), content).ok()?;
    Some(tag.as_ref().to_vec())
}

fn cbc_key(key: &[u8]) -> Option<UnboundCipherKey> {
    match key.len() {
        16 => UnboundCipherKey::new(&cipher::AES_128, key).ok(),
        32 => UnboundCipherKey::new(&cipher::AES_256, key).ok(),
        _ => None,
    }
}

/// AES-CBC with the padding of PKCS#7, for a ciphertext whose MAC was right.
pub(in crate::crypto) fn cbc_decrypt(key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let iv: &[u8; 16] = iv.try_into().ok()?;
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(cbc_key(key)?).ok()?;
    let length = key.decrypt(&mut plaintext, DecryptionContext::Iv128(FixedLength::from(iv))).ok()?.len();
    plaintext.truncate(length);
    Some(std::mem::take(&mut plaintext))
}

/// The opposite sides, which only tests need.
#[cfg(test)]
pub(in crate::crypto) mod opposite {
    use super::*;

    pub(in crate::crypto) fn wrap(wrapping_key: &[u8], key: &[u8]) -> Vec<u8> {
        let mut buffer = vec![0; key.len() + 8];
        kek(wrapping_key).unwrap().wrap(key, &mut buffer).unwrap();
        buffer
    }

    /// Whole blocks without any padding, so that a test can choose it.
    pub(in crate::crypto) fn cbc_encrypt(key: &[u8], iv: &[u8], blocks: &[u8]) -> Vec<u8> {
        let iv: &[u8; 16] = iv.try_into().unwrap();
        let mut content = blocks.to_vec();
        let key = cipher::EncryptingKey::cbc(cbc_key(key).unwrap()).unwrap();
        key.less_safe_encrypt(&mut content, cipher::EncryptionContext::Iv128(FixedLength::from(iv))).unwrap();
        content
    }

    /// RSAES-PKCS1-v1_5, which we never decrypt.
    pub(in crate::crypto) fn rsa1_5(spki: &[u8], plaintext: &[u8]) -> Vec<u8> {
        use aws_lc_rs::rsa::Pkcs1PublicEncryptingKey;
        let key = Pkcs1PublicEncryptingKey::new(PublicEncryptingKey::from_der(spki).unwrap()).unwrap();
        let mut buffer = vec![0; key.ciphertext_size()];
        key.encrypt(plaintext, &mut buffer).unwrap();
        buffer
    }
}
