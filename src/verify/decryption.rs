//! From a JWE to what was inside of it (RFC 7516 section 5.2).
//!
//! The rule: what is cheap to refuse is refused before a private key is used; after that there is one refusal for
//! everything; and what comes out is decrypted, which says nothing about who sent it.

use std::fmt;

use bytes::Bytes;

use super::jose::malformed;
use super::journal::Journal;
use crate::clock::Timestamp;
use crate::crypto::{Agreement, ContentEncryption, Encrypted, KeyManagement};
use crate::error::{Code, Rejection};
use crate::keys::{DecryptingKey, DecryptionKeys};
use crate::wire::jose::{CompactJwe, EphemeralKey};

/// What was inside of a JWE. Whoever has our public key can make one: nothing here vouches for its sender, and no
/// function turns it into something verified.
#[derive(Clone)]
pub struct Decrypted {
    plaintext: Bytes,
}

impl Decrypted {
    /// The bytes, of which nothing is known but that they were encrypted for us.
    pub fn plaintext(&self) -> &Bytes {
        &self.plaintext
    }
}

impl fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decrypted({} bytes)", self.plaintext.len())
    }
}

/// A JWE that is worth the use of a private key.
pub(super) struct Worthwhile<'a, 'k> {
    jwe: CompactJwe<'a>,
    key: &'k DecryptingKey,
    management: KeyManagement,
    encryption: ContentEncryption,
}

/// Everything that can be refused without a private key.
pub(super) fn inspect<'a, 'k>(
    keys: Option<&'k DecryptionKeys>,
    text: &'a str,
    at: Timestamp,
) -> Result<Worthwhile<'a, 'k>, Rejection> {
    let jwe = CompactJwe::parse(text, usize::MAX).map_err(|error| match text.split('.').count() {
        3 => Rejection::new(Code::NestingRefused, "expected an encrypted token, but found one that is only signed"),
        _ => malformed(error),
    })?;
    let header = &jwe.header;
    if !header.addresses.is_empty() {
        return Err(Rejection::new(Code::TokenMalformed, "expected no address of keys, but found one in jku or x5u"));
    }
    if header.cty.is_some() && !header.holds_jwt() {
        return Err(Rejection::new(Code::NestingRefused, "expected cty JWT or none, but found another content"));
    }
    let Some(key) = keys.and_then(|keys| keys.find(header.kid.as_deref(), at)) else {
        return Err(Rejection::new(
            Code::DecryptionKeyUnknown,
            "expected the id of one of our keys, but found none or another",
        ));
    };
    let refused =
        |what| Rejection::new(Code::AlgorithmRefused, format!("expected {what} of the key, but found another"));
    let management = header.alg.parse().ok().filter(|one| key.management().contains(one));
    let encryption = header.enc.as_deref().and_then(|name| name.parse().ok());
    let management = management.ok_or_else(|| refused("a key management algorithm"))?;
    let encryption = encryption.filter(|one| key.encryption().contains(one)).ok_or_else(|| refused("an encryption"))?;
    Ok(Worthwhile { key, management, encryption, jwe })
}

/// Decrypts a compact JWE with the key that its header names. Whoever sent it remains unknown.
///
/// # Errors
/// [`Code::TokenMalformed`], [`Code::NestingRefused`], [`Code::DecryptionKeyUnknown`] and [`Code::AlgorithmRefused`] for what is
/// refused before a private key is used; after that [`Code::DecryptionFailed`], whatever is wrong.
pub fn decrypt(keys: &DecryptionKeys, token: &str, at: Timestamp) -> Result<Decrypted, Rejection> {
    open(Some(keys), token, at, &mut Journal::none())
}

pub(super) fn open(
    keys: Option<&DecryptionKeys>,
    text: &str,
    at: Timestamp,
    journal: &mut Journal,
) -> Result<Decrypted, Rejection> {
    let Worthwhile { jwe, key, management, encryption } = inspect(keys, text, at)?;
    let agreement = jwe.header.epk.as_ref().map(|epk| Agreement {
        ephemeral: match epk {
            EphemeralKey::P256(point) => point,
            EphemeralKey::X25519(value) => value,
        },
        party_u: &jwe.header.apu,
        party_v: &jwe.header.apv,
    });
    let message = Encrypted {
        management,
        encryption,
        additional_data: jwe.protected.as_bytes(),
        encrypted_key: &jwe.encrypted_key,
        iv: &jwe.iv,
        ciphertext: &jwe.ciphertext,
        tag: &jwe.tag,
        agreement,
    };
    let plaintext = key.key().decrypt(&message).map_err(|_| {
        Rejection::new(
            Code::DecryptionFailed,
            "expected a token that one of our keys opens, but found one that none does",
        )
    })?;
    journal.note(|| format!("JWE {management} {encryption}, key {}", key.id()));
    Ok(Decrypted { plaintext: plaintext.into() })
}
