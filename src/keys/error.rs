//! Why a key is not taken.
//!
//! The rule: one sentence with what was expected and what was found; never a byte of a secret.

use std::fmt;

use crate::crypto::{TooShort, UnusableDecryptionKey, UnusableKey, WeakKey};
use crate::wire::json::JsonError;

/// Characters of foreign text that an error repeats.
const QUOTED: usize = 64;

/// A key, or a file of keys, that is not taken into use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError(String);

impl KeyError {
    /// Something that is not what was expected.
    pub fn expected(what: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self(format!("expected {what}, but found {found}"))
    }

    /// The same, with the place it was found in.
    pub(super) fn within(self, place: impl fmt::Display) -> Self {
        Self(format!("{} in {place}", self.0))
    }
}

/// Foreign text as it may stand in an error: escaped, cut and in quotes.
pub(super) fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(QUOTED).collect();
    if cut.len() == text.len() { format!("{cut:?}") } else { format!("{cut:?}…") }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for KeyError {}

impl From<WeakKey> for KeyError {
    fn from(weak: WeakKey) -> Self {
        Self(weak.to_string())
    }
}

impl From<TooShort> for KeyError {
    fn from(short: TooShort) -> Self {
        Self(short.to_string())
    }
}

impl From<UnusableKey> for KeyError {
    fn from(unusable: UnusableKey) -> Self {
        Self(unusable.to_string())
    }
}

impl From<UnusableDecryptionKey> for KeyError {
    fn from(unusable: UnusableDecryptionKey) -> Self {
        Self(unusable.to_string())
    }
}

impl From<JsonError> for KeyError {
    fn from(json: JsonError) -> Self {
        Self(json.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_forges_no_line_of_a_log() {
        let text = quoted(&format!("a\nlevel=info \u{1b}[2J{}", "x".repeat(100)));
        assert!(text.starts_with("\"a\\nlevel=info \\u{1b}[2J"));
        assert!(text.ends_with("\"…") && text.chars().count() < 100);
    }
}
