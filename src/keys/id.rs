//! The name of a key, as a sender writes it in its headers.
//!
//! The rule: it is printable and bounded, so that it can stand in a log, a header and a file.

use std::fmt;
use std::sync::Arc;

use super::error::KeyError;

/// The name of a key: 1 to 512 visible ASCII characters, spaces among them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Arc<str>);

impl KeyId {
    /// The longest name, in bytes.
    pub const LONGEST: usize = 512;

    /// Takes a name as it stands; nothing is trimmed or folded.
    ///
    /// # Errors
    /// The name is empty, too long, or has another character than visible ASCII and space.
    pub fn new(name: &str) -> Result<Self, KeyError> {
        if name.is_empty() || name.len() > Self::LONGEST {
            return Err(KeyError::expected("a key id of 1 to 512 characters", format_args!("{}", name.len())));
        }
        if let Some(other) = name.chars().find(|one| !matches!(one, ' '..='~')) {
            return Err(KeyError::expected("a key id of visible ascii", format_args!("{other:?}")));
        }
        Ok(Self(name.into()))
    }

    /// The name of a shared secret that has none: a name derived from a secret would tell of it.
    pub(super) fn of_a_secret() -> Self {
        Self("secret".into())
    }

    /// The name, shared and not copied.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for KeyId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_that_breaks_a_line_or_hides_is_refused() {
        for name in ["", "a\nb", "a\r", "a\tb", "a\0", "\u{7f}", "schlüssel", "a\u{200b}", "\u{202e}a"] {
            assert!(KeyId::new(name).is_err(), "{name:?}");
        }
        assert!(KeyId::new("SN=5E4299BE,CA=CN=Zentiva CA v3,O=Bank").is_ok());
    }

    #[test]
    fn a_key_id_is_bounded() {
        assert!(KeyId::new(&"a".repeat(512)).is_ok());
        assert!(KeyId::new(&"a".repeat(513)).is_err());
    }
}
