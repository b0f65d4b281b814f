//! The claims of a JWT (RFC 7519 section 4), read but not judged.
//!
//! The rule: absent, null, of the wrong type and out of range are four findings, and none of them is ever a value.

use std::borrow::Cow;

use super::object::{JoseObject, string};
use crate::wire::GrammarError;

/// Largest NumericDate, in seconds: the year 36 812.
const LATEST: u64 = 1 << 40;
/// Longest string of a registered claim, in bytes.
const LONGEST: usize = 2048;
/// Audiences of one token.
const MOST_AUDIENCES: usize = 16;

/// What is found under the name of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim<T> {
    /// No such member.
    Absent,
    /// `null`.
    Null,
    /// A value of another type: `"1800000000"` is no NumericDate, and neither is `1.8e9`.
    WrongType,
    /// A value of the right type that nobody means: a negative or endless date, an empty or endless text.
    OutOfRange,
    /// A value.
    Value(T),
}

/// The claims of one token.
#[derive(Debug, Clone)]
pub struct ClaimSet<'a>(JoseObject<'a>);

impl<'a> ClaimSet<'a> {
    /// Reads the members of a JWT Claims Set.
    ///
    /// # Errors
    /// `payload` is no JSON object in UTF-8, has more than 64 claims, or has one of them twice.
    pub fn parse(payload: &'a [u8]) -> Result<Self, GrammarError> {
        JoseObject::parse(payload).map(Self)
    }

    /// A claim as it stands there.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name)
    }

    /// A StringOrURI claim: 1 to 2048 bytes.
    pub fn text(&self, name: &str) -> Claim<Cow<'a, str>> {
        self.read(name, |raw| match string(raw) {
            Some(text) if text.is_empty() || text.len() > LONGEST => Claim::OutOfRange,
            Some(text) => Claim::Value(text),
            None => Claim::WrongType,
        })
    }

    /// A NumericDate claim, in whole seconds from 0 to 2^40.
    pub fn time(&self, name: &str) -> Claim<i64> {
        self.read(name, |raw| {
            let digits = raw.strip_prefix('-').unwrap_or(raw);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Claim::WrongType;
            }
            match raw.parse::<u64>() {
                Ok(seconds) if seconds <= LATEST => i64::try_from(seconds).map_or(Claim::OutOfRange, Claim::Value),
                _ => Claim::OutOfRange,
            }
        })
    }

    /// `aud`: one string, or an array of 1 to 16 of them (RFC 7519 section 4.1.3).
    pub fn audience(&self) -> Claim<Vec<Cow<'a, str>>> {
        self.read("aud", |raw| {
            if let Some(one) = string(raw) {
                return if one.is_empty() { Claim::OutOfRange } else { Claim::Value(vec![one]) };
            }
            match serde_json::from_str::<Vec<String>>(raw) {
                Ok(list) if list.is_empty() || list.len() > MOST_AUDIENCES => Claim::OutOfRange,
                Ok(list) => Claim::Value(list.into_iter().map(Cow::Owned).collect()),
                Err(_) => Claim::WrongType,
            }
        })
    }

    fn read<T>(&self, name: &str, value: impl FnOnce(&'a str) -> Claim<T>) -> Claim<T> {
        match self.0.get(name) {
            None => Claim::Absent,
            Some("null") => Claim::Null,
            Some(raw) => value(raw),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(value: &str) -> Claim<i64> {
        ClaimSet::parse(format!("{{\"exp\":{value}}}").as_bytes()).unwrap().time("exp")
    }

    #[test]
    fn a_date_is_a_whole_number_in_range_and_nothing_else() {
        assert_eq!(time("1800000000"), Claim::Value(1_800_000_000));
        assert_eq!(time("0"), Claim::Value(0));
        assert_eq!(time("null"), Claim::Null);
        for wrong in ["\"99999999999\"", "1.8e9", "1800000000.0", "1e3", "true", "[1]", "{}", "-1.5"] {
            assert_eq!(time(wrong), Claim::WrongType, "{wrong}");
        }
        for outside in ["-1", "1099511627777", "9223372036854775808", "99999999999999999999999999"] {
            assert_eq!(time(outside), Claim::OutOfRange, "{outside}");
        }
        assert_eq!(ClaimSet::parse(b"{}").unwrap().time("exp"), Claim::Absent);
    }

    #[test]
    fn an_audience_is_one_string_or_some() {
        let audience = |value: &str| {
            let text = format!("{{\"aud\":{value}}}");
            match ClaimSet::parse(text.as_bytes()).unwrap().audience() {
                Claim::Value(list) => Claim::Value(list.join(" ")),
                Claim::WrongType => Claim::WrongType,
                Claim::OutOfRange => Claim::OutOfRange,
                Claim::Null => Claim::Null,
                Claim::Absent => Claim::Absent,
            }
        };
        assert_eq!(audience("\"a\""), Claim::Value("a".to_owned()));
        assert_eq!(audience("[\"a\",\"b\"]"), Claim::Value("a b".to_owned()));
        assert_eq!(audience("[]"), Claim::OutOfRange);
        assert_eq!(audience("\"\""), Claim::OutOfRange);
        for wrong in ["1", "[1]", "{}", "[\"a\",null]", "[[\"a\"]]", "true"] {
            assert_eq!(audience(wrong), Claim::WrongType, "{wrong}");
        }
        assert_eq!(audience("null"), Claim::Null);
    }

    #[test]
    fn a_text_is_a_string_of_some_length() {
        let long = format!(r#"{{"iss":"{}"}}"#, "a".repeat(2049));
        let texts = [r#"{"iss":""}"#, r#"{"iss":["a"]}"#, &long];
        let found = texts.map(|text| ClaimSet::parse(text.as_bytes()).unwrap().text("iss"));
        assert_eq!(found, [Claim::OutOfRange, Claim::WrongType, Claim::OutOfRange]);
    }
}
