//! How bytes are written as text in headers and configurations: base64, base64url and hex.
//!
//! The rule: one spelling per value (hex apart, whose two cases are both read), so that a
//! signature cannot be respelled into a "different" one; and the size is bounded before decoding.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::error::GrammarError;

/// A text form of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 4648, section 4, with padding.
    Base64,
    /// RFC 4648, section 5, without padding.
    Base64Url,
    /// RFC 4648, section 8: both cases are read, lower case is written.
    Hex,
}

impl Encoding {
    /// The name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Hex => "hex",
        }
    }

    /// Reads `text`, which may stand for at most `max_bytes` bytes.
    ///
    /// # Errors
    ///
    /// When the text is empty, stands for more than `max_bytes` bytes, or has any other spelling
    /// than the canonical one: whitespace, wrong padding, bits after the end, a foreign alphabet.
    pub fn decode(self, text: &str, max_bytes: usize) -> Result<Vec<u8>, GrammarError> {
        if text.is_empty() {
            return Err(GrammarError::expected(self.form(), "an empty value"));
        }
        if self.decoded_len(text) > max_bytes {
            return Err(GrammarError::expected(
                "a shorter encoded value",
                format!("{} characters for at most {max_bytes} bytes", text.len()),
            ));
        }
        let decoded = match self {
            Self::Base64 => STANDARD.decode(text).ok(),
            Self::Base64Url => URL_SAFE_NO_PAD.decode(text).ok(),
            Self::Hex => decode_hex(text),
        };
        decoded.ok_or_else(|| GrammarError::expected(self.form(), "another spelling"))
    }

    /// Writes `bytes`; [`decode`](Self::decode) reads back what this gives, the empty text apart.
    pub fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Base64 => STANDARD.encode(bytes),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
            Self::Hex => bytes.iter().flat_map(|byte| hex_pair(*byte)).collect(),
        }
    }

    /// How many bytes a well-formed text of this length gives; for others any number will do,
    /// since they are refused afterwards.
    fn decoded_len(self, text: &str) -> usize {
        let symbols = text.trim_end_matches('=').len();
        match self {
            Self::Base64 | Self::Base64Url => {
                let tail = (symbols % 4).saturating_sub(1);
                (symbols / 4).saturating_mul(3).saturating_add(tail)
            }
            Self::Hex => text.len() / 2,
        }
    }

    fn form(self) -> &'static str {
        match self {
            Self::Base64 => "canonical padded base64",
            Self::Base64Url => "canonical unpadded base64url",
            Self::Hex => "an even number of hex digits",
        }
    }
}

impl FromStr for Encoding {
    type Err = GrammarError;

    fn from_str(name: &str) -> Result<Self, GrammarError> {
        [Self::Base64, Self::Base64Url, Self::Hex]
            .into_iter()
            .find(|encoding| encoding.name() == name)
            .ok_or_else(|| GrammarError::expected("one of base64, base64url or hex", "an unknown encoding"))
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Appends unpadded base64url to a text, without another buffer.
pub fn append_base64url(text: &mut String, bytes: &[u8]) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)).collect()
}

fn nibble(digit: u8) -> Option<u8> {
    // `to_digit` takes hex digits only: no sign, which `u8::from_str_radix` would read.
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn hex_pair(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 0x0f].map(|half| char::from_digit(u32::from(half), 16).unwrap_or('0'))
}

#[cfg(test)]
#[path = "encoding_tests.rs"]
mod tests;
