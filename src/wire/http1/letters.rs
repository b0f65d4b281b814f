//! Which bytes may stand where in a head, and where the first of a kind is. The rule: every request pays for its head, so
//! that its bytes are looked at in blocks, without a branch for each, wherever they may be many.

/// `tchar` of RFC 9110 section 5.6.2.
pub(super) fn is_token_letter(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
        || byte.is_ascii_alphanumeric()
}

/// Of a target in origin form (RFC 9112 section 3.2.1), but for `%` and its digits.
pub(super) fn is_target_letter(byte: u8) -> bool {
    is_unreserved_or_delimiter(byte) || matches!(byte, b',' | b':' | b'@' | b'/' | b'?')
}

/// Of `uri-host [ ":" port ]` (RFC 9110 section 7.2). A comma could be two of them.
pub(super) fn is_host_letter(byte: u8) -> bool {
    is_unreserved_or_delimiter(byte) || matches!(byte, b'%' | b':' | b'[' | b']')
}

/// RFC 3986 section 2.3 and 2.2, without the comma.
fn is_unreserved_or_delimiter(byte: u8) -> bool {
    matches!(byte, b'!' | b'$' | b'&'..=b'+' | b'-' | b'.' | b';' | b'=' | b'_' | b'~') || byte.is_ascii_alphanumeric()
}

/// What no line of a head holds (RFC 9110 section 5.5).
pub(super) fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}

/// Whether there are any bytes, and all are of this kind.
pub(super) fn all(bytes: &[u8], is_kind: impl Fn(u8) -> bool) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| is_kind(*byte))
}

/// Where the first byte of this kind is.
pub(super) fn first(bytes: &[u8], is_kind: impl Fn(u8) -> bool) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<16>();
    let has_none = |block: &&[u8; 16]| !block.iter().fold(false, |found, byte| found | is_kind(*byte));
    let before = blocks.iter().take_while(has_none).count().saturating_mul(16);
    let rest = bytes.get(before..).unwrap_or_default();
    rest.iter().position(|byte| is_kind(*byte)).map(|at| before.saturating_add(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_kind_is_found_wherever_it_stands() {
        for length in 0..100 {
            assert_eq!(first(&vec![b'a'; length], is_control), None);
            for at in 0..length {
                let mut bytes = vec![b'a'; length];
                bytes[length - 1] = b'\r';
                bytes[at] = 0x7f;
                assert_eq!(first(&bytes, is_control), Some(at));
            }
        }
    }

    #[test]
    fn each_kind_has_the_letters_of_its_grammar_and_no_other() {
        let among =
            |is_kind: fn(u8) -> bool| (0..=255_u8).filter(|byte| is_kind(*byte)).map(char::from).collect::<String>();
        let (digits, upper, lower) = ("0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz");
        assert_eq!(among(is_token_letter), format!("!#$%&'*+-.{digits}{upper}^_`{lower}|~"));
        assert_eq!(among(is_target_letter), format!("!$&'()*+,-./{digits}:;=?@{upper}_{lower}~"));
        assert_eq!(among(is_host_letter), format!("!$%&'()*+-.{digits}:;={upper}[]_{lower}~"));
        assert_eq!(among(is_control).len(), 32);
    }
}
