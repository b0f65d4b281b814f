//! The query of a redirect: `application/x-www-form-urlencoded` as RFC 6749, appendix B, has OAuth write it.
//!
//! The rule: each text has one reading. A parameter that is there twice, an escape that is none, a byte that RFC 3986
//! does not let a query hold, and text that is not UTF-8 are refused; nothing is decoded twice.

use super::error::GrammarError;

/// Longest query, in bytes.
pub const LONGEST: usize = 8 * 1024;
/// Most parameters.
pub const MOST: usize = 32;
/// Longest name and longest value, in bytes, once they are decoded.
const LONGEST_NAME: usize = 64;
const LONGEST_VALUE: usize = 4096;

/// Parameters with their decoded values, in the order of the query. Names are unique.
#[derive(Clone, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what follows the `?`.
    ///
    /// # Errors
    /// The text has another form, is longer than [`LONGEST`], or has more than [`MOST`] parameters.
    pub fn parse(text: &str) -> Result<Self, GrammarError> {
        if text.len() > LONGEST {
            return Err(GrammarError::too_long("a query of at most 8192 bytes", text.len()));
        }
        let mut found: Vec<(String, String)> = Vec::new();
        for pair in text.split('&') {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| GrammarError::expected("parameters NAME=VALUE", "one without an equals sign"))?;
            let (name, value) = (decode(name, LONGEST_NAME)?, decode(value, LONGEST_VALUE)?);
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(GrammarError::expected("parameters with visible names", "another name or none"));
            }
            if found.iter().any(|(known, _)| *known == name) {
                return Err(GrammarError::expected("each parameter once", "one that is there twice"));
            }
            if found.len() >= MOST {
                return Err(GrammarError::expected("at most 32 parameters", "more"));
            }
            found.push((name, value));
        }
        Ok(Self(found))
    }

    /// The value of a parameter. One without a value counts as one that is not there (RFC 6749, section 3.1).
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// All parameters, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl std::fmt::Debug for Query {
    /// Shows names: values are codes and tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Writes one parameter behind a query, so that [`Query::parse`] reads it back. The first has no `&` in front.
pub fn append(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    escape(query, name);
    query.push('=');
    escape(query, value);
}

fn escape(into: &mut String, text: &str) {
    for byte in text.bytes() {
        if is_unreserved(byte) {
            into.push(char::from(byte));
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

fn decode(text: &str, longest: usize) -> Result<String, GrammarError> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => escaped(bytes.next(), bytes.next())?,
            b'+' => b' ',
            byte if is_unreserved(byte) || b"!$'()*,;:@/?=".contains(&byte) => byte,
            _ => return Err(GrammarError::expected("the letters of a query (RFC 3986)", "another byte")),
        });
    }
    if decoded.len() > longest {
        return Err(GrammarError::too_long("a shorter name or value of a parameter", decoded.len()));
    }
    let text =
        String::from_utf8(decoded).map_err(|_| GrammarError::expected("names and values in UTF-8", "other bytes"))?;
    if text.chars().any(char::is_control) {
        return Err(GrammarError::expected("names and values without controls", "one with"));
    }
    Ok(text)
}

fn escaped(high: Option<u8>, low: Option<u8>) -> Result<u8, GrammarError> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    let value = digit(high).zip(digit(low)).and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
    value.ok_or_else(|| GrammarError::expected("% and two hex digits", "something else behind %"))
}

/// RFC 3986, section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_parameter_that_is_there_twice_is_refused_however_it_is_spelled() {
        for text in ["code=a&code=b", "code=a&code=a", "code=a&c%6Fde=b", "state=a&x=1&state=", "a=1&%61=2"] {
            assert!(Query::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_escape_that_is_none_and_bytes_that_no_query_has_are_refused() {
        for text in [
            "",
            "a",
            "&",
            "a=1&",
            "&a=1",
            "a=1&&b=2",
            "=1",
            "%20=1",
            "a=%",
            "a=%2",
            "a=%2g",
            "a=%+1",
            "a=%u0041",
            "a=%FF",
            "a=%C0%AF",
            "a=%ED%A0%80",
            "a=%00",
            "a=%0d%0aset-cookie:x",
            "a=%7F",
            "a=%C2%85",
            "a={1}",
            "a=[1]",
            "a=<",
            "a=\"",
            "a=#",
            "a=é",
            "a=b c",
            "a=\\",
            "a=^",
            "a=`",
            "a=|",
            "%C3%A9=1",
        ] {
            assert!(Query::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_decoded_is_not_decoded_again() {
        let query = Query::parse("a=%2541&b=x+y%2Bz&c=1=2==&d=&e=%C3%A9").unwrap();
        assert_eq!(query.value("a"), Some("%41"));
        assert_eq!(query.value("b"), Some("x y+z"));
        assert_eq!(query.value("c"), Some("1=2=="));
        assert_eq!((query.value("d"), query.value("f")), (None, None), "without a value it is not there");
        assert_eq!(query.value("e"), Some("é"));
        assert!(!format!("{query:?}").contains("1=2"), "{query:?}");
    }

    #[test]
    fn length_and_number_are_bounded() {
        let many = |count: usize| (0..count).map(|number| format!("a{number}=1")).collect::<Vec<_>>().join("&");
        assert!(Query::parse(&many(MOST)).is_ok());
        assert!(Query::parse(&many(MOST + 1)).is_err());
        assert!(Query::parse(&format!("a={}", "b".repeat(LONGEST_VALUE))).is_ok());
        assert!(Query::parse(&format!("a={}", "b".repeat(LONGEST_VALUE + 1))).is_err());
        assert!(Query::parse(&format!("{}=1", "b".repeat(LONGEST_NAME + 1))).is_err());
        let long = format!("a={}&b={}&c=1", "b".repeat(4090), "b".repeat(4090));
        assert!(long.len() > LONGEST - 10 && Query::parse(&long).is_ok());
        assert!(Query::parse(&(long + "2345678")).is_err());
    }

    proptest! {
        #[test]
        fn what_is_appended_is_read_back(values in prop::collection::vec("[^\\p{Cc}]{0,40}", 1..8)) {
            let mut text = String::new();
            for (number, value) in values.iter().enumerate() {
                append(&mut text, &format!("n{number}"), value);
            }
            let read = Query::parse(&text).unwrap();
            prop_assert_eq!(read.iter().map(|(_, value)| value.to_owned()).collect::<Vec<_>>(), values);
        }
    }
}
