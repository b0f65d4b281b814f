//! Keys that anybody can have: the ones in documentation and examples.
//!
//! The rule: a key is known by the SHA-256 of its material, so that renaming it hides nothing.

use crate::crypto::{Digest, Sha256};
use crate::wire::encoding::Encoding;

/// One lower-case hex SHA-256 in a line; `#` starts a comment line.
const DEMO: &str = include_str!("../../keys/demo.txt");

/// Whether `material` is a published key: PKCS#1 of an RSA key, an uncompressed curve point, the 32 bytes of an
/// Ed25519 key, or the bytes of a secret.
pub fn is_demo_key(material: &[u8]) -> bool {
    is_demo_hash(&Digest::sha256_of(material))
}

/// The same, for a key that shows the SHA-256 of its material only.
pub(super) fn is_demo_hash(hash: &Sha256) -> bool {
    is_listed(DEMO, hash)
}

fn is_listed(list: &str, hash: &Sha256) -> bool {
    let hash = Encoding::Hex.encode(hash);
    lines(list).any(|line| line == hash)
}

fn lines(list: &str) -> impl Iterator<Item = &str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_could_never_match_is_no_entry() {
        for line in lines(DEMO) {
            assert_eq!(line.len(), 64, "{line}");
            assert!(line.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{line}");
        }
    }

    #[test]
    fn a_published_key_is_known_among_comments() {
        let list = "# of abc\n\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\r\n";
        assert!(is_listed(list, &Digest::sha256_of(b"abc")));
        assert!(!is_listed(list, &Digest::sha256_of(b"abcd")));
        assert!(!is_listed(&list.replace("\nba", "\n#ba"), &Digest::sha256_of(b"abc")));
    }

    #[test]
    fn an_unpublished_key_is_no_demo_key() {
        assert!(!is_demo_key(b""));
        assert!(!is_demo_key(b"a secret that nobody has published"));
    }
}
