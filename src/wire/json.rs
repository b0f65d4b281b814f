//! Whether a body is JSON that every reader understands alike (RFC 8259, RFC 7493).
//!
//! The rule: what one reader takes and another reads differently is refused before any of them
//! sees it: repeated members, lone surrogates, bytes that are not UTF-8; and so is what only costs
//! time: depth, length, width.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Arrays and objects around a value, itself included.
const MAX_DEPTH: u8 = 32;
/// Elements of one array.
const MAX_ELEMENTS: usize = 10_000;
/// Members of one object.
const MAX_MEMBERS: usize = 1_000;
/// Bytes of one string after its escapes are read, of one member name, or of one number.
const MAX_STRING_BYTES: usize = 64 * 1024;

/// Member names that the JSON library of this crate gives a meaning of its own: an object with one
/// of them turns into a number, or into whatever JSON stands in the string behind it, unchecked.
const RESERVED_PREFIX: &str = "$serde_json::private::";
/// Under this name the library hands a number to a visitor, as an object of one member.
const NUMBER_NAME: &str = "$serde_json::private::Number";

/// Why a body is refused as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonError {
    /// Not the grammar of RFC 8259, or a lone surrogate; where it was seen, both counted from 1.
    Syntax {
        /// The line.
        line: usize,
        /// The column, in bytes.
        column: usize,
    },
    /// An object has two members of one name, however they are escaped.
    RepeatedMember,
    /// A member name reserved by the JSON library.
    ReservedMember,
    /// More than 32 arrays and objects inside each other.
    TooDeep,
    /// An array over 10 000 elements, an object over 1 000 members, or a string, a member name or a
    /// number over 64 KiB.
    TooLarge,
    /// The bytes are not UTF-8.
    NotUtf8,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = match self {
            Self::Syntax { line, column } => {
                return write!(f, "expected json, but found something else at line {line} column {column}");
            }
            Self::RepeatedMember => "an object with a repeated member",
            Self::ReservedMember => "an object with a reserved member name",
            Self::TooDeep => "more than 32 levels",
            Self::TooLarge => "an array, an object, a string or a number that is too large",
            Self::NotUtf8 => "bytes that are not utf-8",
        };
        write!(f, "expected json within its bounds, but found {found}")
    }
}

impl std::error::Error for JsonError {}

/// Checks that `bytes` are one JSON text within the bounds of this module.
///
/// # Errors
///
/// See [`JsonError`].
pub fn check(bytes: &[u8]) -> Result<(), JsonError> {
    checked(bytes).map(drop)
}

/// The same bytes as text, which a reader need not look at again.
///
/// # Errors
///
/// See [`JsonError`].
pub fn checked(bytes: &[u8]) -> Result<&str, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?;
    let broken = Cell::new(None);
    let value = AnyValue { depth: 0, broken: &broken };
    let mut reader = serde_json::Deserializer::from_str(text);
    value
        .deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| broken.get().unwrap_or(JsonError::Syntax { line: error.line(), column: error.column() }))?;
    Ok(text)
}

/// Removes the whitespace between tokens and changes nothing else: names keep their order, numbers
/// and strings their spelling. `bytes` have passed [`check`].
pub fn compact(bytes: &[u8]) -> Vec<u8> {
    let mut inside = false;
    let mut escaped = false;
    let mut kept = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if !inside && matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            continue;
        }
        if byte == b'"' && !escaped {
            inside = !inside;
        }
        escaped = inside && byte == b'\\' && !escaped;
        kept.push(byte);
    }
    kept
}

/// A value of any type below `depth` arrays and objects. The library's errors carry text only, so
/// the broken bound is left in `broken`.
#[derive(Clone, Copy)]
struct AnyValue<'c> {
    depth: u8,
    broken: &'c Cell<Option<JsonError>>,
}

impl AnyValue<'_> {
    fn refuse<T, E: serde::de::Error>(self, error: JsonError) -> Result<T, E> {
        self.broken.set(Some(error));
        Err(E::custom("a bound of the checker"))
    }

    fn bounded<E: serde::de::Error>(self, size: usize, max: usize) -> Result<(), E> {
        if size > max {
            return self.refuse(JsonError::TooLarge);
        }
        Ok(())
    }

    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth.checked_add(1) {
            Some(depth) if depth <= MAX_DEPTH => Ok(Self { depth, ..self }),
            _ => self.refuse(JsonError::TooDeep),
        }
    }
}

impl<'de> DeserializeSeed<'de> for AnyValue<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a json value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    // A number comes as one of these three when it fits, and as a map of one member otherwise.
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.bounded(text.len(), MAX_STRING_BYTES)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut count: usize = 0;
        while array.next_element_seed(inner)?.is_some() {
            count = count.saturating_add(1);
            self.bounded(count, MAX_ELEMENTS)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut seen = Seen::default();
        while let Some(name) = object.next_key_seed(Name)? {
            self.bounded(name.len(), MAX_STRING_BYTES)?;
            if name.starts_with(RESERVED_PREFIX) {
                // Either a number, or an object that pretends to be one.
                if seen.len() == 0 && name == NUMBER_NAME {
                    return object.next_value_seed(Number(self));
                }
                return self.refuse(JsonError::ReservedMember);
            }
            // Only here is it known that this is an object and not a number.
            let inner = self.inner()?;
            if !seen.insert(name) {
                return self.refuse(JsonError::RepeatedMember);
            }
            self.bounded(seen.len(), MAX_MEMBERS)?;
            object.next_value_seed(inner)?;
        }
        // An empty object is a level too, though nothing is inside.
        self.inner().map(|_: Self| ())
    }
}

/// The names of an object. The first few are compared one by one, which is most objects and costs no hash.
#[derive(Default)]
struct Seen<'de> {
    first: Vec<Cow<'de, str>>,
    others: HashSet<Cow<'de, str>>,
}

impl<'de> Seen<'de> {
    const FIRST: usize = 16;

    fn len(&self) -> usize {
        self.first.len().saturating_add(self.others.len())
    }

    /// Whether it was not there yet.
    fn insert(&mut self, name: Cow<'de, str>) -> bool {
        if self.first.contains(&name) {
            return false;
        }
        if self.first.len() < Self::FIRST {
            self.first.push(name);
            return true;
        }
        self.others.insert(name)
    }
}

/// A member name with its escapes read.
pub(in crate::wire) struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// The text of a number: the library hands it over as an owned string, which it never does with a
/// string of the body, so that a body cannot pass an object off as a number.
struct Number<'c>(AnyValue<'c>);

impl<'de> DeserializeSeed<'de> for Number<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let value = self.0;
        // Whatever else stands behind the reserved name, the name alone is the reason.
        deserializer.deserialize_any(self).inspect_err(|_| {
            if value.broken.get().is_none() {
                value.broken.set(Some(JsonError::ReservedMember));
            }
        })
    }
}

impl<'de> Visitor<'de> for Number<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    /// A string of the body, then.
    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        self.0.refuse(JsonError::ReservedMember)
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<(), E> {
        self.0.bounded(text.len(), MAX_STRING_BYTES)
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
