//! What makes an event the same event: never its signature's bytes, which a re-signed copy changes.

use std::fmt;

use crate::crypto::{Digest, Hash, Sha256};

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
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId([u8; 32]);

impl EventId {
    fn from_hash(hash: &Sha256) -> Self {
        let digit = |half: u8| if half < 10 { b'0' | half } else { b'a'.wrapping_add(half.wrapping_sub(10)) };
        let mut digits = [b'0'; 32];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(hash) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        Self(digits)
    }

    /// Reads an id; `None` unless it is 32 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        let digits: [u8; 32] = text.as_bytes().try_into().ok()?;
        digits.iter().all(hex).then_some(Self(digits))
    }

    /// The number that the digits write.
    #[cfg(feature = "sqlite")]
    pub(super) fn number(&self) -> u128 {
        // 32 hexadecimal digits always write one.
        u128::from_str_radix(self.as_str(), 16).unwrap_or_default()
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        // Digits are always text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventId({self})")
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
    fn an_id_is_the_first_half_of_the_identity_in_digits_and_nothing_else_is_one() {
        let hash = std::array::from_fn(|at| u8::try_from(at * 17 % 256).unwrap());
        let id = Identity::from_bytes(hash).event_id();
        assert_eq!(id.as_str(), "00112233445566778899aabbccddeeff");
        assert_eq!(EventId::parse(id.as_str()), Some(id));
        for wrong in [
            "",
            "00112233445566778899aabbccddeef",
            "00112233445566778899AABBCCDDEEFF",
            "é0112233445566778899aabbccddeef",
        ] {
            assert_eq!(EventId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn two_endpoints_never_share_an_identity() {
        assert_ne!(Identity::new("bank-a", "header", b"1"), Identity::new("bank-b", "header", b"1"));
    }
}
