//! The `Digest` header of RFC 3230, with the algorithms of RFC 5843.
//!
//! The rule: only SHA-256 and SHA-512 count, and a header that also carries anything else is
//! refused whole, since the sender may have meant the other entry to be the one that is compared.

use std::fmt;

use super::encoding::Encoding;
use super::error::GrammarError;
use super::token::{is_token, is_visible};

const MAX_BYTES: usize = 1024;
const MAX_ENTRIES: usize = 4;

/// The digests a header carries: at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestHeader {
    sha256: Option<[u8; 32]>,
    sha512: Option<[u8; 64]>,
}

/// Why a `Digest` header is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DigestError {
    /// The value has not the form of RFC 3230, section 4.3.2, or mixes strong and weak algorithms.
    Malformed(GrammarError),
    /// The value is well formed, but every algorithm in it is weak or unknown.
    WeakOnly,
}

impl fmt::Display for DigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::WeakOnly => {
                f.write_str("expected a digest by SHA-256 or SHA-512, but found weak or unknown algorithms only")
            }
        }
    }
}

impl std::error::Error for DigestError {}

impl From<GrammarError> for DigestError {
    fn from(error: GrammarError) -> Self {
        Self::Malformed(error)
    }
}

impl DigestHeader {
    /// Reads a header value: one to four `NAME=base64` entries separated by commas.
    ///
    /// # Errors
    ///
    /// [`DigestError::WeakOnly`] when a well-formed value has no SHA-256 and no SHA-512 entry;
    /// [`DigestError::Malformed`] for everything else that is refused.
    pub fn parse(value: &str) -> Result<Self, DigestError> {
        if value.len() > MAX_BYTES {
            return Err(GrammarError::too_long("a digest header of at most 1024 bytes", value.len()).into());
        }
        if value.starts_with([' ', '\t']) || value.ends_with([' ', '\t']) {
            return Err(GrammarError::expected("a digest header without whitespace around it", "some").into());
        }
        let mut digests = Self { sha256: None, sha512: None };
        let mut weak = false;
        for (index, entry) in value.split(',').enumerate() {
            if index >= MAX_ENTRIES {
                return Err(GrammarError::expected("at most 4 digests", "more").into());
            }
            let (name, encoded) = split_entry(entry.trim_matches([' ', '\t']))?;
            if name.eq_ignore_ascii_case("SHA-256") {
                set(&mut digests.sha256, encoded)?;
            } else if name.eq_ignore_ascii_case("SHA-512") {
                set(&mut digests.sha512, encoded)?;
            } else {
                weak = true;
            }
        }
        match (digests.sha256.is_some() || digests.sha512.is_some(), weak) {
            (true, false) => Ok(digests),
            (true, true) => {
                Err(GrammarError::expected("SHA-256 and SHA-512 only", "a weak or unknown algorithm beside them")
                    .into())
            }
            (false, _) => Err(DigestError::WeakOnly),
        }
    }

    /// The SHA-256 digest, when the header carries one.
    pub fn sha256(&self) -> Option<&[u8; 32]> {
        self.sha256.as_ref()
    }

    /// The SHA-512 digest, when the header carries one.
    pub fn sha512(&self) -> Option<&[u8; 64]> {
        self.sha512.as_ref()
    }
}

fn split_entry(entry: &str) -> Result<(&str, &str), GrammarError> {
    let (name, encoded) = entry
        .split_once('=')
        .filter(|(name, encoded)| is_token(name) && is_visible(encoded))
        .ok_or_else(|| GrammarError::expected("NAME=base64 digests", "something else"))?;
    if encoded.starts_with(':') {
        // RFC 9530 writes `Content-Digest: sha-256=:...:`; under this name it is another header.
        return Err(GrammarError::expected("a digest as RFC 3230 writes it", "a structured field"));
    }
    Ok((name, encoded))
}

fn set<const N: usize>(slot: &mut Option<[u8; N]>, encoded: &str) -> Result<(), GrammarError> {
    if slot.is_some() {
        return Err(GrammarError::expected("each algorithm once", "an algorithm given twice"));
    }
    let bytes = Encoding::Base64.decode(encoded, N)?;
    let len = bytes.len();
    *slot =
        Some(bytes.try_into().map_err(|_| {
            GrammarError::expected("a digest as long as its algorithm makes it", format!("{len} bytes"))
        })?);
    Ok(())
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
