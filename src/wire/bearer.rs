//! The `Authorization: Bearer` header of RFC 6750, section 2.1.
//!
//! The rule: the token is returned only when the whole value has the form; it is never put into an
//! error.

use super::error::GrammarError;

const MAX_BYTES: usize = 4096;

/// The token of an `Authorization` value: the scheme `Bearer` in any case, exactly one space, and
/// 1 to 4096 bytes of `b64token`.
///
/// # Errors
///
/// When the scheme is another, the space is missing or doubled, or the token has another form.
pub fn bearer(value: &str) -> Result<&str, GrammarError> {
    let token = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token)
        .ok_or_else(|| GrammarError::expected("the scheme Bearer and one space", "something else"))?;
    if token.len() > MAX_BYTES {
        return Err(GrammarError::too_long("a bearer token of at most 4096 bytes", token.len()));
    }
    // b64token: the padding stands at the end only, and does not stand alone.
    let symbols = token.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    if symbols.is_empty() || !symbols.bytes().all(allowed) {
        return Err(GrammarError::expected(
            "a bearer token as RFC 6750 writes it",
            "an empty token or another character",
        ));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_read_in_any_case() {
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(bearer(&format!("{scheme} a-._~+/9==")), Ok("a-._~+/9=="));
        }
    }

    #[test]
    fn another_scheme_or_spacing_is_refused() {
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer  a",
            " Bearer a",
            "Bearer a ",
            "Bearer\ta",
            "Bearera",
            "Basic a",
            "Bearer: a",
            "Bearer=a",
            "Bearers a",
            "a",
        ] {
            assert!(bearer(value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn a_token_with_other_characters_is_refused() {
        for token in ["=", "==", "a=b", "a b", "a,b", "a,Bearer b", "\"a\"", "a\0", "a\r\n", "é", "a:b", "a%20"] {
            assert!(bearer(&format!("Bearer {token}")).is_err(), "{token:?}");
        }
    }

    #[test]
    fn a_token_over_the_bound_is_refused_and_not_repeated() {
        assert!(bearer(&format!("Bearer {}", "a".repeat(4096))).is_ok());
        let error = bearer(&format!("Bearer {}", "a".repeat(4097))).unwrap_err();
        assert_eq!(error.to_string(), "expected a bearer token of at most 4096 bytes, but found 4097 bytes");
    }
}
