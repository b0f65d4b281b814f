//! Answers of scripts. The rule: reading never fails; what is not as expected reads as empty or zero, and the seal tells.

use redis::Value;

/// The members of an array.
pub(super) fn members(value: Value) -> Vec<Value> {
    match value {
        Value::Array(members) => members,
        _ => Vec::new(),
    }
}

/// The next member's bytes.
pub(super) fn bytes(members: &mut impl Iterator<Item = Value>) -> Vec<u8> {
    match members.next() {
        Some(Value::BulkString(bytes)) => bytes,
        Some(Value::SimpleString(text)) => text.into_bytes(),
        _ => Vec::new(),
    }
}

/// The next member's text.
pub(super) fn text(members: &mut impl Iterator<Item = Value>) -> String {
    String::from_utf8_lossy(&bytes(members)).into_owned()
}

/// The next member's number, which a script gives as an integer or as its digits.
pub(super) fn number(members: &mut impl Iterator<Item = Value>) -> u64 {
    match members.next() {
        Some(value) => count(&value),
        None => 0,
    }
}

/// A number.
pub(super) fn count(value: &Value) -> u64 {
    match value {
        Value::Int(number) => u64::try_from(*number).unwrap_or(0),
        Value::BulkString(digits) => std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or(0),
        _ => 0,
    }
}

/// A word.
pub(super) fn word(value: Value) -> String {
    text(&mut std::iter::once(value))
}
