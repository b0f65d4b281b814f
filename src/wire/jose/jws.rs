//! A compact JWS: three parts, of which the second is empty if the payload is detached (RFC 7515 appendix F).
//!
//! The rule: the bytes that were signed are the bytes that were received; nothing is written anew.

use super::compact::decode;
use super::header::JoseHeader;
use crate::wire::GrammarError;
use crate::wire::encoding::Encoding;

/// Largest signature, in bytes: RSA-8192.
const LARGEST_SIGNATURE: usize = 1024;
const SHAPE: &str = "a compact jws of three parts";

/// A compact JWS whose header and signature are decoded and whose payload is not.
#[derive(Debug, Clone)]
pub struct CompactJws<'a> {
    /// The header.
    pub header: JoseHeader,
    /// The header as received, in base64url.
    pub protected: &'a str,
    /// The payload as received; empty if it is detached.
    pub payload: &'a str,
    /// The signature, never empty.
    pub signature: Vec<u8>,
    /// Header and payload with the dot between them, as received (RFC 7515 section 5.1, the JWS Signing Input).
    pub signing_input: &'a str,
}

impl<'a> CompactJws<'a> {
    /// Reads the compact serialisation of at most `max_bytes` bytes.
    ///
    /// # Errors
    /// There are not exactly three parts, the header is not as [`JoseHeader::parse`] demands, or the signature is
    /// empty, over 1 KiB or not canonical base64url. The payload is decoded by [`CompactJws::decode_payload`].
    pub fn parse(text: &'a str, max_bytes: usize) -> Result<Self, GrammarError> {
        if text.len() > max_bytes {
            return Err(GrammarError::expected("a shorter token", format!("{} bytes", text.len())));
        }
        let fewer = || GrammarError::expected(SHAPE, "fewer parts");
        let (protected, rest) = text.split_once('.').ok_or_else(fewer)?;
        let (payload, signature) = rest.rsplit_once('.').ok_or_else(fewer)?;
        let signing_input = protected.len().saturating_add(1).saturating_add(payload.len());
        if payload.as_bytes().contains(&b'.') {
            return Err(GrammarError::expected(SHAPE, "more parts"));
        }
        if protected.is_empty() || signature.is_empty() {
            return Err(GrammarError::expected(SHAPE, "one of them empty"));
        }
        Ok(Self {
            signature: Encoding::Base64Url.decode(signature, LARGEST_SIGNATURE)?,
            header: JoseHeader::parse(protected)?,
            protected,
            payload,
            signing_input: text.get(..signing_input).unwrap_or_default(),
        })
    }

    /// The payload's bytes. An empty payload is no bytes.
    ///
    /// # Errors
    /// The text is not canonical base64url.
    pub fn decode_payload(&self) -> Result<Vec<u8>, GrammarError> {
        decode(self.payload, usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_too_many_is_no_payload() {
        let header = Encoding::Base64Url.encode(br#"{"alg":"RS256"}"#);
        let parse = |text: String| CompactJws::parse(&text, usize::MAX).and_then(|jws| jws.decode_payload());
        assert!(CompactJws::parse(&format!("{header}.AAAA..AAAA"), usize::MAX).is_err(), "before it is decoded");
        assert_eq!(parse(format!("{header}.AAAA.AAAA")), Ok(vec![0; 3]));
        assert_eq!(parse(format!("{header}..AAAA")), Ok(Vec::new()));
        for text in ["AAAA.AAAA.AAAA", "..AAAA.", "AAAA", ".", "AAAA..AAAA", "AA=.AAAA", "AAAA.AAAA="] {
            assert!(parse(format!("{header}.{text}")).is_err(), "{text}");
        }
        for text in ["", "..", ".AAAA.AAAA", &".".repeat(100_000)] {
            assert!(parse(text.to_owned()).is_err(), "{}", text.len());
        }
    }
}
