//! The character classes that several header grammars share.
//!
//! The rule: ASCII only, decided byte by byte, and an empty text is in no class.

/// Whether `text` is a `token` (RFC 9110, section 5.6.2): one or more `tchar`.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_tchar)
}

/// Whether `text` is one or more visible ASCII characters (`VCHAR`, RFC 5234), so without spaces.
pub(super) fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether `text` is one or more ASCII digits.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Removes optional whitespace (`OWS`, RFC 9110, section 5.6.3: spaces and tabs) at the start.
pub(super) fn skip_ows(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_controls_are_no_token_characters() {
        for text in ["", "a b", "a\tb", "a:b", "a,b", "a=b", "a\"b", "a/b", "(a)", "a\0", "a\r\n", "é"] {
            assert!(!is_token(text), "{text:?}");
        }
        assert!(is_token("X-Request-ID"));
    }

    #[test]
    fn digits_of_other_scripts_are_no_digits() {
        for text in ["", "-1", "+1", "1.0", "١٢", "１"] {
            assert!(!is_digits(text), "{text:?}");
        }
        assert!(is_digits("0123456789"));
    }

    #[test]
    fn spaces_and_letters_beyond_ascii_are_not_visible() {
        for text in ["", " ", "a b", "\u{7f}", "\u{a0}", "é"] {
            assert!(!is_visible(text), "{text:?}");
        }
    }

    #[test]
    fn only_spaces_and_tabs_are_optional_whitespace() {
        assert_eq!(skip_ows(" \t x"), "x");
        assert_eq!(skip_ows("\u{a0}x"), "\u{a0}x");
        assert_eq!(skip_ows("\nx"), "\nx");
    }
}
