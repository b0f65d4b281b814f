//! Identifiers that senders give to their consents, payments and accounts. None is empty, none is over-long.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An identifier of 1 to `MAX` characters (Unicode scalar values, as `maxLength` of JSON Schema counts them).
///
/// Identifiers are opaque: no case folding, no trimming. Equality is equality of the spelling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<const MAX: usize>(String);

/// An identifier for which the sender states no greatest length.
pub type AnyId = Id<{ usize::MAX }>;

/// Why a text is no [`Id`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdError {
    /// There is no character in it.
    Empty,
    /// It is longer than this many characters.
    TooLong(usize),
}

impl<const MAX: usize> Id<MAX> {
    /// The identifier as received.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn check(text: &str) -> Result<(), IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        // A text has no more characters than bytes: most identifiers need no count.
        if text.len() > MAX && text.chars().count() > MAX {
            return Err(IdError::TooLong(MAX));
        }
        Ok(())
    }
}

impl<const MAX: usize> TryFrom<String> for Id<MAX> {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::check(&text)?;
        Ok(Self(text))
    }
}

impl<const MAX: usize> TryFrom<&str> for Id<MAX> {
    type Error = IdError;

    fn try_from(text: &str) -> Result<Self, IdError> {
        Self::check(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize> Deref for Id<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> AsRef<str> for Id<MAX> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Id<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> Serialize for Id<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Id<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("expected an identifier, but found an empty one"),
            Self::TooLong(most) => {
                write!(f, "expected an identifier of at most {most} characters, but found a longer one")
            }
        }
    }
}

impl std::error::Error for IdError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_id_is_refused() {
        assert_eq!(Id::<35>::try_from(""), Err(IdError::Empty));
        assert!(serde_json::from_str::<Id<35>>("\"\"").is_err());
        assert!(serde_json::from_str::<AnyId>("\"\"").is_err());
    }

    #[test]
    fn an_over_long_id_is_refused() {
        assert!(Id::<35>::try_from("x".repeat(35)).is_ok());
        assert_eq!(Id::<35>::try_from("x".repeat(36)), Err(IdError::TooLong(35)));
        for error in [IdError::TooLong(35), IdError::Empty] {
            assert!(
                error.to_string().starts_with("expected ") && error.to_string().contains(", but found "),
                "{error}"
            );
        }
        assert!(AnyId::try_from("x".repeat(100_000)).is_ok());
    }

    #[test]
    fn length_counts_characters_and_not_bytes() {
        assert!(Id::<35>::try_from("é".repeat(35)).is_ok());
        assert!(Id::<35>::try_from("é".repeat(36)).is_err());
    }

    #[test]
    fn a_number_or_null_is_no_id() {
        for json in ["1", "null", "{}", "[]"] {
            assert!(serde_json::from_str::<Id<35>>(json).is_err(), "{json}");
        }
    }
}
