//! A compact JWE: five parts (RFC 7516 section 3.1).
//!
//! The rule: everything that can be wrong without a key is wrong here, so that a private key is used for nothing that
//! could not be right.

use super::compact::{decode, split};
use super::header::JoseHeader;
use crate::wire::GrammarError;
use crate::wire::encoding::Encoding;

/// Largest encrypted key, in bytes: RSA-8192.
const LARGEST_KEY: usize = 1024;
const SHAPE: &str = "a compact jwe of five parts";

/// A compact JWE with all parts decoded.
#[derive(Debug, Clone)]
pub struct CompactJwe<'a> {
    /// The header, which has `enc`.
    pub header: JoseHeader,
    /// The header as received: its ASCII is the additional authenticated data (RFC 7516 section 5.1 step 14).
    pub protected: &'a str,
    /// The encrypted key; empty where the key is agreed on or known.
    pub encrypted_key: Vec<u8>,
    /// The initialisation vector, 12 or 16 bytes.
    pub iv: Vec<u8>,
    /// The ciphertext, never empty.
    pub ciphertext: Vec<u8>,
    /// The authentication tag, 16 or 32 bytes.
    pub tag: Vec<u8>,
}

impl<'a> CompactJwe<'a> {
    /// Reads the compact serialisation of at most `max_bytes` bytes.
    ///
    /// # Errors
    /// There are not exactly five parts, the header is not as [`JoseHeader::parse`] demands or has no `enc`, has
    /// extensions, or a part is of an impossible length or not canonical base64url.
    pub fn parse(text: &'a str, max_bytes: usize) -> Result<Self, GrammarError> {
        if text.len() > max_bytes {
            return Err(GrammarError::expected("a shorter token", format!("{} bytes", text.len())));
        }
        let [protected, encrypted_key, iv, ciphertext, tag] = split::<5>(text, SHAPE)?;
        let header = JoseHeader::parse(protected)?;
        if header.enc.is_none() {
            return Err(GrammarError::expected("a member enc", "none"));
        }
        if !header.critical.is_empty() || header.lists_b64 {
            return Err(GrammarError::expected("a jwe without extensions", "some"));
        }
        let iv = Encoding::Base64Url.decode(iv, 16)?;
        let tag = Encoding::Base64Url.decode(tag, 32)?;
        if !matches!((iv.len(), tag.len()), (12, 16) | (16, 16 | 32)) {
            return Err(GrammarError::expected("an iv of 12 or 16 and a tag of 16 or 32 bytes", "other lengths"));
        }
        Ok(Self {
            encrypted_key: decode(encrypted_key, LARGEST_KEY)?,
            ciphertext: Encoding::Base64Url.decode(ciphertext, usize::MAX)?,
            header,
            protected,
            iv,
            tag,
        })
    }
}
