//! An identifier of a sender: never empty, never longer than the sender's schema allows.

use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize};

/// At most `MAX` characters, at least one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Identifier<const MAX: usize>(Box<str>);

impl<const MAX: usize> Deref for Identifier<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Identifier<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.chars().count() {
            length if (1..=MAX).contains(&length) => Ok(Self(text.into())),
            length => Err(serde::de::Error::custom(format!("expected 1 to {MAX} characters, but found {length}"))),
        }
    }
}
