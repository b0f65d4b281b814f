//! What makes an event the same event: never its signature's bytes, which a re-signed copy changes.

use std::fmt;

use crate::crypto::{Digest, Hash, Sha256};
use crate::wire::encoding::Encoding;

/// Identity of an event: SHA-256 over (endpoint, kind of id, id), each part length-prefixed so that no two different
/// triples give the same bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity(Sha256);

impl Identity {
    /// Hashes the three parts under a version tag.
    pub fn new(endpoint: &str, kind: &str, id: &[u8]) -> Self {
        let lengths = [endpoint.len(), kind.len(), id.len()].map(|length| (length as u64).to_be_bytes());
        let [first, second, third] = &lengths;
        let digest = Digest::of(Hash::Sha256, &[b"v1", first, endpoint.as_bytes(), second, kind.as_bytes(), third, id]);
        Self(digest.sha256().unwrap_or_default())
    }

    /// From a store's own record of it.
    pub fn from_bytes(bytes: Sha256) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &Sha256 {
        &self.0
    }

    /// The event's public id: the first 16 bytes in hex. It is the same for every copy of the event.
    pub fn event_id(&self) -> EventId {
        EventId::from_hash(&self.0)
    }

    /// Id of what is kept when this identity came with other content: another for each content.
    pub fn conflict_id(&self, fingerprint: &Sha256) -> EventId {
        let digest = Digest::of(Hash::Sha256, &[b"conflict", &self.0, fingerprint]);
        EventId::from_hash(&digest.sha256().unwrap_or_default())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.event_id())
    }
}

/// The id of an event as sinks and operators see it: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(Box<str>);

impl EventId {
    fn from_hash(hash: &Sha256) -> Self {
        let (half, _) = hash.split_at(16);
        Self(Encoding::Hex.encode(half).into())
    }

    /// Reads an id; `None` unless it is 32 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 32 && text.bytes().all(hex)).then(|| Self(text.into()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_separator_between_parts_gives_another_identity() {
        assert_ne!(Identity::new("a", "bc", b"d"), Identity::new("ab", "c", b"d"));
        assert_ne!(Identity::new("a", "b", b"cd"), Identity::new("a", "bc", b"d"));
    }

    #[test]
    fn two_endpoints_never_share_an_identity() {
        assert_ne!(Identity::new("bank-a", "header", b"1"), Identity::new("bank-b", "header", b"1"));
    }
}
