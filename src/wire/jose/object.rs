//! The members of a JSON object, unread: a header, the claims of a token, a key inside of a header.
//!
//! The rule: a name stands there once (RFC 7515 section 4, RFC 7519 section 4). What a member holds is read by whoever
//! needs it, so that members nobody needs cost one look.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::wire::GrammarError;
use crate::wire::json::Name;

/// Members of one object.
const MOST: usize = 64;

/// The members of a JSON object, in their order, each name once.
#[derive(Debug, Clone)]
pub struct JoseObject<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> JoseObject<'a> {
    /// Reads the members of `text`.
    ///
    /// # Errors
    /// `text` is no JSON object in UTF-8, has more than 64 members, or has one of them twice.
    pub fn parse(text: &'a [u8]) -> Result<Self, GrammarError> {
        serde_json::from_slice(text)
            .map_err(|_| GrammarError::expected("a json object with distinct members", "something else"))
    }

    /// A member as it stands there.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.get())
    }

    /// Whether a member is there, whatever it holds.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// A member that has to be a string if it is there.
    ///
    /// # Errors
    /// It is something else, `null` included.
    pub fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, GrammarError> {
        let wrong = || GrammarError::expected("a string", format!("another type in {name}"));
        self.get(name).map(|raw| string(raw).ok_or_else(wrong)).transpose()
    }
}

/// A JSON string with its escapes read; borrowed unless it has some.
pub(super) fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inside = raw.strip_prefix('"')?.strip_suffix('"')?;
    // The library has checked what stands between the quotes; without escapes it is the string itself.
    if !inside.contains('\\') {
        return Some(Cow::Borrowed(inside));
    }
    serde_json::from_str::<String>(raw).ok().map(Cow::Owned)
}

impl<'de> Deserialize<'de> for JoseObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = JoseObject<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::with_capacity(8);
        while let Some(name) = object.next_key_seed(Name)? {
            if members.len() >= MOST || members.iter().any(|(known, _)| *known == name) {
                return Err(serde::de::Error::custom("too many members, or one twice"));
            }
            members.push((name, object.next_value()?));
        }
        Ok(JoseObject(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_is_there_twice_is_refused_however_it_is_spelled() {
        for text in [r#"{"alg":1,"alg":1}"#, r#"{"alg":1,"\u0061lg":2}"#, r#"{"x":{},"y":1,"x":{}}"#] {
            assert!(JoseObject::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let many: String = (0..65).map(|number| format!("\"{number}\":0,")).collect();
        let many = format!("{{{}}}", many.trim_end_matches(','));
        let texts = ["", "[]", "null", "\"a\"", "{", "{}{}", "{}]", "{\"a\":1,}", "/**/{}", "{\"a\":tru}", &many];
        for text in texts {
            assert!(JoseObject::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(JoseObject::parse(b"{\"kid\":\"\xff\"}").is_err());
    }

    #[test]
    fn an_object_of_the_json_library_is_no_number_and_no_string() {
        let text = br#"{"exp":{"$serde_json::private::Number":"1"},"iss":{"$serde_json::private::RawValue":"\"a\""}}"#;
        let object = JoseObject::parse(text).unwrap();
        assert!(object.get("exp").unwrap().starts_with('{'));
        assert!(object.text("iss").is_err());
    }

    #[test]
    fn a_string_with_a_control_character_is_refused() {
        for text in ["{\"kid\":\"a\nb\"}", "{\"kid\":\"a\u{0}\"}", "{\"kid\":\"a\\x\"}", "{\"kid\":\"\\ud800\"}"] {
            let object = JoseObject::parse(text.as_bytes());
            assert!(object.is_err() || object.unwrap().text("kid").is_err(), "{text:?}");
        }
    }

    #[test]
    fn escapes_are_read() {
        let object = JoseObject::parse(br#"{"k\u0069d":"\u0061"}"#).unwrap();
        assert_eq!(object.text("kid").unwrap().as_deref(), Some("a"));
    }
}
