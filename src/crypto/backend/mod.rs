//! The one folder that names the cryptographic libraries. It decides nothing: sizes and policies are checked above it.
//!
//! `aws-lc-rs` parses a key once and verifies over a finished digest, so that a body is hashed once for its digest
//! and its signature. `ring`, behind a feature, is the second opinion: it offers neither, and no P-521.

pub(super) mod ciphers;

use aws_lc_rs::signature as aws;
use aws_lc_rs::{constant_time, digest as aws_digest, hmac, rand};

use super::{Algorithm, BadSignature, Hash};

/// Which library verifies signatures. Digests and MACs always come from the default one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// `aws-lc-rs`.
    #[default]
    AwsLc,
    /// `ring`.
    #[cfg(feature = "ring")]
    Ring,
}

pub(super) type RawDigest = aws_digest::Digest;
pub(super) type RawMacKey = hmac::Key;

/// A public key, parsed as far as its library allows.
#[derive(Debug, Clone)]
pub(super) enum RawPublicKey {
    AwsLc(aws::ParsedPublicKey),
    #[cfg(feature = "ring")]
    Ring(ring::signature::UnparsedPublicKey<Box<[u8]>>),
}

impl RawPublicKey {
    /// `key`: PKCS#1 `RSAPublicKey` in DER, an uncompressed curve point, or 32 bytes of Ed25519.
    pub(super) fn parse(backend: Backend, algorithm: Algorithm, der_signatures: bool, key: &[u8]) -> Option<Self> {
        match backend {
            Backend::AwsLc => {
                aws::ParsedPublicKey::new(aws_algorithm(algorithm, der_signatures)?, key).ok().map(Self::AwsLc)
            }
            #[cfg(feature = "ring")]
            Backend::Ring => {
                // ring parses at each use, so that a key it cannot read shows here only if the other library says so.
                aws::ParsedPublicKey::new(aws_algorithm(algorithm, der_signatures)?, key).ok()?;
                let algorithm = ring_algorithm(algorithm, der_signatures)?;
                Some(Self::Ring(ring::signature::UnparsedPublicKey::new(algorithm, key.into())))
            }
        }
    }

    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        pieces: &[&[u8]],
        ready: Option<&RawDigest>,
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        match self {
            Self::AwsLc(key) => match (algorithm.hash(), ready, pieces) {
                (Some(_), Some(digest), _) => key.verify_digest_sig(digest, signature),
                // Two steps cost less than the library's one, which makes itself a context for both.
                (Some(hash), None, _) => key.verify_digest_sig(&digest(hash, pieces), signature),
                (None, _, [whole]) => key.verify_sig(whole, signature),
                (None, _, _) => key.verify_sig(&pieces.concat(), signature),
            }
            .map_err(|_| BadSignature),
            #[cfg(feature = "ring")]
            Self::Ring(key) => match pieces {
                [whole] => key.verify(whole, signature),
                _ => key.verify(&pieces.concat(), signature),
            }
            .map_err(|_| BadSignature),
        }
    }
}

fn aws_algorithm(algorithm: Algorithm, der_signatures: bool) -> Option<&'static dyn aws::VerificationAlgorithm> {
    Some(match (algorithm, der_signatures) {
        (Algorithm::Rs256, _) => &aws::RSA_PKCS1_2048_8192_SHA256,
        (Algorithm::Rs384, _) => &aws::RSA_PKCS1_2048_8192_SHA384,
        (Algorithm::Rs512, _) => &aws::RSA_PKCS1_2048_8192_SHA512,
        (Algorithm::Ps256, _) => &aws::RSA_PSS_2048_8192_SHA256,
        (Algorithm::Ps384, _) => &aws::RSA_PSS_2048_8192_SHA384,
        (Algorithm::Ps512, _) => &aws::RSA_PSS_2048_8192_SHA512,
        (Algorithm::Es256, false) => &aws::ECDSA_P256_SHA256_FIXED,
        (Algorithm::Es384, false) => &aws::ECDSA_P384_SHA384_FIXED,
        (Algorithm::Es512, false) => &aws::ECDSA_P521_SHA512_FIXED,
        (Algorithm::Es256, true) => &aws::ECDSA_P256_SHA256_ASN1,
        (Algorithm::Es384, true) => &aws::ECDSA_P384_SHA384_ASN1,
        (Algorithm::Es512, true) => &aws::ECDSA_P521_SHA512_ASN1,
        (Algorithm::EdDsa, _) => &aws::ED25519,
        (Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512, _) => return None,
    })
}

#[cfg(feature = "ring")]
fn ring_algorithm(
    algorithm: Algorithm,
    der_signatures: bool,
) -> Option<&'static dyn ring::signature::VerificationAlgorithm> {
    use ring::signature as s;
    Some(match (algorithm, der_signatures) {
        (Algorithm::Rs256, _) => &s::RSA_PKCS1_2048_8192_SHA256,
        (Algorithm::Rs384, _) => &s::RSA_PKCS1_2048_8192_SHA384,
        (Algorithm::Rs512, _) => &s::RSA_PKCS1_2048_8192_SHA512,
        (Algorithm::Ps256, _) => &s::RSA_PSS_2048_8192_SHA256,
        (Algorithm::Ps384, _) => &s::RSA_PSS_2048_8192_SHA384,
        (Algorithm::Ps512, _) => &s::RSA_PSS_2048_8192_SHA512,
        (Algorithm::Es256, false) => &s::ECDSA_P256_SHA256_FIXED,
        (Algorithm::Es384, false) => &s::ECDSA_P384_SHA384_FIXED,
        (Algorithm::Es256, true) => &s::ECDSA_P256_SHA256_ASN1,
        (Algorithm::Es384, true) => &s::ECDSA_P384_SHA384_ASN1,
        (Algorithm::EdDsa, _) => &s::ED25519,
        (Algorithm::Es512, _) | (Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512, _) => return None,
    })
}

pub(super) fn digest(hash: Hash, pieces: &[&[u8]]) -> RawDigest {
    let algorithm = match hash {
        Hash::Sha256 => &aws_digest::SHA256,
        Hash::Sha384 => &aws_digest::SHA384,
        Hash::Sha512 => &aws_digest::SHA512,
    };
    // In one call the library needs no memory of its own; a few short pieces are brought together for that.
    let mut together = [0; TOGETHER];
    match pieces {
        [whole] => return aws_digest::digest(algorithm, whole),
        _ => {
            if let Some(whole) = bring_together(&mut together, pieces) {
                return aws_digest::digest(algorithm, whole);
            }
        }
    }
    let mut context = aws_digest::Context::new(algorithm);
    for piece in pieces {
        context.update(piece);
    }
    context.finish()
}

/// Most bytes that are copied to be hashed at once.
const TOGETHER: usize = 512;

/// All pieces in one buffer; `None` if it is too short.
fn bring_together<'a>(buffer: &'a mut [u8; TOGETHER], pieces: &[&[u8]]) -> Option<&'a [u8]> {
    let mut length = 0_usize;
    for piece in pieces {
        let end = length.checked_add(piece.len())?;
        buffer.get_mut(length..end)?.copy_from_slice(piece);
        length = end;
    }
    buffer.get(..length)
}

pub(super) fn sha1(bytes: &[u8]) -> [u8; 20] {
    let digest = aws_digest::digest(&aws_digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    digest.as_ref().try_into().unwrap_or_default()
}

pub(super) fn random(buffer: &mut [u8]) -> Result<(), std::io::Error> {
    rand::fill(buffer).map_err(|_| std::io::Error::other("expected random bytes, but the source failed"))
}

pub(super) fn equal(one: &[u8], other: &[u8]) -> Result<(), BadSignature> {
    constant_time::verify_slices_are_equal(one, other).map_err(|_| BadSignature)
}

pub(super) fn mac_key(hash: Hash, secret: &[u8]) -> RawMacKey {
    let algorithm = match hash {
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha384 => hmac::HMAC_SHA384,
        Hash::Sha512 => hmac::HMAC_SHA512,
    };
    hmac::Key::new(algorithm, secret)
}

pub(super) fn mac(key: &RawMacKey, pieces: &[&[u8]]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(key);
    for piece in pieces {
        context.update(piece);
    }
    context.sign().as_ref().to_vec()
}

/// A private key, for the opposite side: the `send` command, replies that are signed, and tests.
#[derive(Debug)]
pub(super) enum RawSigningKey {
    Rsa(aws::RsaKeyPair),
    Ecdsa(aws::EcdsaKeyPair),
    Ed25519(aws::Ed25519KeyPair),
}

impl RawSigningKey {
    pub(super) fn parse(algorithm: Algorithm, pkcs8: &[u8]) -> Option<Self> {
        let ecdsa = match algorithm {
            Algorithm::Es256 => &aws::ECDSA_P256_SHA256_FIXED_SIGNING,
            Algorithm::Es384 => &aws::ECDSA_P384_SHA384_FIXED_SIGNING,
            Algorithm::Es512 => &aws::ECDSA_P521_SHA512_FIXED_SIGNING,
            Algorithm::EdDsa => {
                return aws::Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok().map(Self::Ed25519);
            }
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => return None,
            _ => return aws::RsaKeyPair::from_pkcs8(pkcs8).ok().map(Self::Rsa),
        };
        aws::EcdsaKeyPair::from_pkcs8(ecdsa, pkcs8).ok().map(Self::Ecdsa)
    }

    pub(super) fn rsa_public(&self) -> Option<&[u8]> {
        use aws::KeyPair as _;
        match self {
            Self::Rsa(pair) => Some(pair.public_key().as_ref()),
            Self::Ecdsa(_) | Self::Ed25519(_) => None,
        }
    }

    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        let random = rand::SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let encoding: &dyn aws::RsaEncoding = match algorithm {
                    Algorithm::Rs256 => &aws::RSA_PKCS1_SHA256,
                    Algorithm::Rs384 => &aws::RSA_PKCS1_SHA384,
                    Algorithm::Rs512 => &aws::RSA_PKCS1_SHA512,
                    Algorithm::Ps256 => &aws::RSA_PSS_SHA256,
                    Algorithm::Ps384 => &aws::RSA_PSS_SHA384,
                    Algorithm::Ps512 => &aws::RSA_PSS_SHA512,
                    _ => return None,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            Self::Ecdsa(pair) => pair.sign(&random, message).ok().map(|signature| signature.as_ref().to_vec()),
            Self::Ed25519(pair) => Some(pair.sign(message).as_ref().to_vec()),
        }
    }
}
