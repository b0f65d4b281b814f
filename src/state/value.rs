//! The text of a state, taken apart and put together. The rule: one text for each value; what its MAC covers is said here
//! once, for whoever issues and whoever verifies.

use std::fmt;

use super::Binding;
use crate::clock::Timestamp;
use crate::wire::GrammarError;
use crate::wire::encoding::Encoding;

const VERSION: u8 = 1;
const CONTEXT: &[u8] = b"countersign state";
const LENGTH: usize = 57;

/// A state as it was received. Nothing says yet that we made it.
#[derive(Clone, PartialEq, Eq)]
pub struct StateValue {
    issued_at: [u8; 8],
    nonce: [u8; 16],
    mac: [u8; 32],
}

impl StateValue {
    /// Length of the text, in bytes.
    pub const LETTERS: usize = 76;

    /// Takes a text apart.
    ///
    /// # Errors
    /// It is not 76 letters of base64url, or of another version.
    pub fn parse(text: &str) -> Result<Self, GrammarError> {
        if text.len() != Self::LETTERS {
            return Err(GrammarError::expected("a state of 76 letters", format!("{} bytes", text.len())));
        }
        let bytes = Encoding::Base64Url.decode(text, LENGTH)?;
        let other = || GrammarError::expected("a state of version 1", "another");
        let (version, rest) = bytes.split_first().ok_or_else(other)?;
        let (issued_at, rest) = rest.split_first_chunk().ok_or_else(other)?;
        let (nonce, rest) = rest.split_first_chunk().ok_or_else(other)?;
        let mac = rest.try_into().map_err(|_| other())?;
        if *version != VERSION { Err(other()) } else { Ok(Self { issued_at: *issued_at, nonce: *nonce, mac }) }
    }

    /// A state of this moment that nobody has vouched for yet.
    pub(super) fn unsealed(issued_at: Timestamp, nonce: [u8; 16]) -> Self {
        Self { issued_at: issued_at.seconds().to_be_bytes(), nonce, mac: [0; 32] }
    }

    /// A state of this moment that nobody made.
    #[cfg(feature = "server")]
    pub(crate) fn forged(issued_at: Timestamp) -> Self {
        Self { mac: [0x5a; 32], ..Self::unsealed(issued_at, [0x5a; 16]) }
    }

    /// The same with its MAC; `None` if that is not 32 bytes.
    pub(super) fn sealed(self, mac: &[u8]) -> Option<Self> {
        Some(Self { mac: mac.try_into().ok()?, ..self })
    }

    /// When it says it was issued, to the second.
    pub fn issued_at(&self) -> Timestamp {
        Timestamp::from_seconds(i64::from_be_bytes(self.issued_at))
    }

    /// Its id: 32 hexadecimal digits. It is no secret, and proves nothing.
    pub fn id(&self) -> String {
        Encoding::Hex.encode(&self.nonce)
    }

    pub(crate) fn mac(&self) -> &[u8] {
        &self.mac
    }

    /// What the MAC is over: see the module.
    pub(crate) fn covered(&self, endpoint: &str, binding: &Binding) -> Vec<u8> {
        let (session, transaction) = (marked(binding.session_value()), marked(binding.transaction()));
        let fields: [&[u8]; 7] =
            [CONTEXT, &[VERSION], &self.issued_at, &self.nonce, endpoint.as_bytes(), &session, &transaction];
        let mut covered = Vec::with_capacity(256);
        for field in fields {
            covered.extend_from_slice(&(field.len() as u64).to_be_bytes());
            covered.extend_from_slice(field);
        }
        covered
    }
}

/// A value that is there is never the same as none, whatever it is.
fn marked(value: Option<&str>) -> Vec<u8> {
    value.map_or_else(|| vec![0], |value| [&[1], value.as_bytes()].concat())
}

impl fmt::Display for StateValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[VERSION][..], &self.issued_at, &self.nonce, &self.mac].concat();
        f.write_str(&Encoding::Base64Url.encode(&bytes))
    }
}

impl fmt::Debug for StateValue {
    /// Shows the id: who has the rest can use it, once.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateValue({})", self.id())
    }
}
