//! The one error of the text grammars: what was expected, and what stood there instead.
//!
//! The rule: a message describes the offending text, it never repeats it whole, since whoever sent
//! it chose it and logs are read by others.

use std::borrow::Cow;
use std::fmt;

/// A text that does not have the form its grammar demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrammarError {
    what: &'static str,
    found: Cow<'static, str>,
}

impl GrammarError {
    /// An error that prints "expected {what}, but found {found}".
    ///
    /// `found` is a description made by the caller ("an empty value", "a text of 9000 bytes").
    pub fn expected(what: &'static str, found: impl Into<Cow<'static, str>>) -> Self {
        Self { what, found: found.into() }
    }

    /// The error for a text longer than its bound; only the length is told.
    pub(super) fn too_long(what: &'static str, len: usize) -> Self {
        Self::expected(what, format!("{len} bytes"))
    }
}

impl fmt::Display for GrammarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, but found {}", self.what, self.found)
    }
}

impl std::error::Error for GrammarError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_both_sides() {
        let error = GrammarError::expected("a token", "an empty value");
        assert_eq!(error.to_string(), "expected a token, but found an empty value");
    }

    #[test]
    fn a_long_text_is_told_by_its_length_only() {
        let error = GrammarError::too_long("at most 4 bytes", 9_000);
        assert_eq!(error.to_string(), "expected at most 4 bytes, but found 9000 bytes");
    }
}
