//! One cookie of a `Cookie` header (RFC 6265, section 4.2.1).
//!
//! The rule: a name that is there twice has no value. A sibling domain can set a second cookie of any name, and which of
//! the two a browser sends first is the attacker's choice (section 8.6).

use super::error::GrammarError;

/// Longest value, in bytes.
const LONGEST: usize = 4096;

/// The value of the cookie `name`, exactly spelled; `None` if it is not there. What other cookies hold is not looked at.
///
/// # Errors
/// The cookie is there twice, or its value is empty, too long, or has another letter than `cookie-octet`.
pub fn cookie<'h>(header: &'h str, name: &str) -> Result<Option<&'h str>, GrammarError> {
    let pairs = header.split(';').map(|pair| pair.trim_matches([' ', '\t']));
    let mut values = pairs.filter_map(|pair| pair.split_once('=')).filter(|(known, _)| *known == name);
    let Some((_, value)) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(GrammarError::expected("one cookie of this name", "several"));
    }
    if value.len() > LONGEST {
        return Err(GrammarError::too_long("a cookie of at most 4096 bytes", value.len()));
    }
    let octet = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
    if value.is_empty() || !value.bytes().all(octet) {
        return Err(GrammarError::expected("a cookie's value of visible letters", "none or others"));
    }
    Ok(Some(value))
}

/// Whether a text can be the name of a cookie (a `token`).
pub fn is_name(text: &str) -> bool {
    super::token::is_token(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_somebody_set_beside_ours_leaves_none() {
        for header in ["s=1; s=2", "s=1;s=1", "a=b; s=1; c=d; s=evil", "s=; s=1"] {
            assert!(cookie(header, "s").is_err(), "{header}");
        }
    }

    #[test]
    fn a_value_that_is_none_is_refused_and_a_name_is_exact() {
        for header in ["s=", "s=\"1\"", "s=a b", "s=a,b", "s=\u{7f}", "s=é"] {
            assert!(cookie(header, "s").is_err(), "{header}");
        }
        for header in ["", "S=1", "s", "xs=1", "s =1", "a=s=1"] {
            assert_eq!(cookie(header, "s"), Ok(None), "{header}");
        }
        let longest = format!("s={}", "a".repeat(LONGEST));
        assert!(cookie(&longest, "s").is_ok() && cookie(&(longest + "a"), "s").is_err());
    }

    #[test]
    fn what_other_cookies_hold_does_not_matter() {
        assert_eq!(cookie("j={\"a\":\"b,c\"};=x; plain; s=v=1== ;\tt=2", "s"), Ok(Some("v=1==")));
    }
}
