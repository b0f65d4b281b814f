//! Parts joined by dots (RFC 7515 section 3.1, RFC 7516 section 3.1).
//!
//! The rule: parts are counted before one of them is read, and nothing is allocated for it.

use crate::wire::GrammarError;
use crate::wire::encoding::Encoding;

/// Splits `text` into exactly `N` parts. Their alphabet is checked by whoever decodes them.
pub(super) fn split<'a, const N: usize>(text: &'a str, what: &'static str) -> Result<[&'a str; N], GrammarError> {
    let mut parts = text.split('.');
    let mut found = [""; N];
    for slot in &mut found {
        *slot = parts.next().ok_or_else(|| GrammarError::expected(what, "fewer parts"))?;
    }
    if parts.next().is_some() {
        return Err(GrammarError::expected(what, "more parts"));
    }
    Ok(found)
}

/// Decodes a part that may be empty and stands for at most `max_bytes` bytes.
pub(super) fn decode(part: &str, max_bytes: usize) -> Result<Vec<u8>, GrammarError> {
    if part.is_empty() { Ok(Vec::new()) } else { Encoding::Base64Url.decode(part, max_bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_exactly() {
        assert_eq!(split::<3>("a..c", "three"), Ok(["a", "", "c"]));
        for text in ["", "a", "a.b", "a.b.c.d", "....", &".".repeat(100_000)] {
            assert!(split::<3>(text, "three").is_err(), "{}", text.len());
        }
    }
}
