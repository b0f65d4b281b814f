//! The `Signature` header of draft-cavage-http-signatures-12.
//!
//! The rule: whatever two readers of the draft could understand differently is refused, so that
//! what is verified is what was meant: repeated or respelled parameters, a missing `headers` list
//! (whose default changed between drafts), escapes inside quotes, numbers with two spellings.

use super::error::GrammarError;
use super::token::{is_digits, is_token, skip_ows};

const MAX_BYTES: usize = 8 * 1024;
const MAX_PARAMETERS: usize = 16;
const MAX_KEY_ID_BYTES: usize = 512;
const MAX_ALGORITHM_BYTES: usize = 64;
const MAX_HEADERS: usize = 32;
const MAX_TIME: i64 = 1 << 40;
const PSEUDO_HEADERS: [&str; 3] = ["(request-target)", "(created)", "(expires)"];
const KNOWN: [&str; 6] = ["keyId", "algorithm", "created", "expires", "headers", "signature"];

/// The parameters of one signature (draft-cavage-http-signatures-12, section 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CavageSignature<'a> {
    /// `keyId`: 1 to 512 bytes of printable ASCII.
    pub key_id: &'a str,
    /// `algorithm`: a hint only; what is verified is what the key is configured for.
    pub algorithm: Option<&'a str>,
    /// `created`, in Unix seconds, 0 to 2^40.
    pub created: Option<i64>,
    /// `expires`, in Unix seconds, 0 to 2^40.
    pub expires: Option<i64>,
    /// `headers`, in the order signed: lower-case names and `(request-target)`, `(created)`,
    /// `(expires)`; 1 to 32, none twice.
    pub headers: Vec<&'a str>,
    /// `signature`, still in base64, not decoded.
    pub signature: &'a str,
}

impl<'a> CavageSignature<'a> {
    /// Reads a header value.
    ///
    /// # Errors
    ///
    /// When `keyId`, `headers` or `signature` is missing, any parameter is given twice (in any
    /// case) or malformed, or a bound is passed: 8 KiB, 16 parameters, 32 signed headers. Unknown
    /// parameters are skipped (section 2.1) when they are well formed.
    pub fn parse(value: &'a str) -> Result<Self, GrammarError> {
        if value.len() > MAX_BYTES {
            return Err(GrammarError::too_long("a signature header of at most 8192 bytes", value.len()));
        }
        let parameters = parameters(value)?;
        let quoted = |name| match find(&parameters, name) {
            None => Ok(None),
            Some(Value::Quoted(text)) => Ok(Some(text)),
            Some(Value::Bare(_)) => {
                Err(GrammarError::expected("keyId, algorithm, headers and signature in double quotes", "one without"))
            }
        };
        let missing = |what| GrammarError::expected(what, "none");

        let key_id = quoted("keyId")?.ok_or_else(|| missing("a keyId parameter"))?;
        let headers = quoted("headers")?.ok_or_else(|| missing("a headers parameter"))?;
        let signature = quoted("signature")?.ok_or_else(|| missing("a signature parameter"))?;
        Ok(Self {
            key_id: checked_key_id(key_id)?,
            algorithm: quoted("algorithm")?.map(checked_algorithm).transpose()?,
            created: find(&parameters, "created").map(seconds).transpose()?,
            expires: find(&parameters, "expires").map(seconds).transpose()?,
            headers: signed_headers(headers)?,
            signature: checked_signature(signature)?,
        })
    }
}

#[derive(Debug, Clone, Copy)]
enum Value<'a> {
    Quoted(&'a str),
    Bare(&'a str),
}

fn find<'a>(parameters: &[(&'a str, Value<'a>)], wanted: &str) -> Option<Value<'a>> {
    parameters.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value)
}

/// Splits `name="text", name=123` into its parameters; a comma within quotes belongs to the text.
fn parameters(value: &str) -> Result<Vec<(&str, Value<'_>)>, GrammarError> {
    let mut found: Vec<(&str, Value<'_>)> = Vec::new();
    let mut rest = value;
    loop {
        let (name, after) = rest
            .split_once('=')
            .filter(|(name, _)| is_token(name))
            .ok_or_else(|| GrammarError::expected("a parameter name and =", "something else"))?;
        // Compared in any case: a reader that ignores case must not see another value than ours.
        if found.iter().any(|(seen, _)| seen.eq_ignore_ascii_case(name)) {
            return Err(GrammarError::expected("each parameter once", "a parameter given twice"));
        }
        if !KNOWN.contains(&name) && KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(GrammarError::expected("parameter names as the draft spells them", "one in another case"));
        }
        if found.len() >= MAX_PARAMETERS {
            return Err(GrammarError::expected("at most 16 parameters", "more"));
        }
        let (value, after) = parameter_value(after)?;
        found.push((name, value));
        if after.is_empty() {
            return Ok(found);
        }
        rest = skip_ows(after)
            .strip_prefix(',')
            .map(skip_ows)
            .ok_or_else(|| GrammarError::expected("a comma or the end", "something else"))?;
    }
}

fn parameter_value(text: &str) -> Result<(Value<'_>, &str), GrammarError> {
    if let Some(text) = text.strip_prefix('"') {
        let (inside, after) =
            text.split_once('"').ok_or_else(|| GrammarError::expected("a closing double quote", "the end"))?;
        // Without leaving early, so that many bytes are looked at in one step.
        let printable = |byte: u8| matches!(byte, b' '..=b'~');
        if inside.bytes().fold(true, |fits, byte| fits & printable(byte) & (byte != b'\\')) {
            return Ok((Value::Quoted(inside), after));
        }
        if !inside.bytes().all(printable) {
            return Err(GrammarError::expected("printable ASCII in a quoted value", "another character"));
        }
        // An escaped quote would end the value for one reader and not for another.
        return Err(GrammarError::expected("a quoted value without escapes", "a backslash"));
    }
    let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
    text.split_at_checked(end)
        .filter(|(bare, _)| is_token(bare))
        .map(|(bare, after)| (Value::Bare(bare), after))
        .ok_or_else(|| GrammarError::expected("a quoted value or an integer", "something else"))
}

fn seconds(value: Value<'_>) -> Result<i64, GrammarError> {
    let what = "created and expires as unquoted integers from 0 to 2^40";
    let Value::Bare(text) = value else {
        return Err(GrammarError::expected(what, "a quoted value"));
    };
    // The integer is signed as text, so it has one spelling: no sign and no leading zero.
    let canonical = is_digits(text) && (text == "0" || !text.starts_with('0'));
    Some(text)
        .filter(|_| canonical)
        .and_then(|text| text.parse().ok())
        .filter(|seconds| (0..=MAX_TIME).contains(seconds))
        .ok_or_else(|| GrammarError::expected(what, "another value"))
}

fn checked_key_id(text: &str) -> Result<&str, GrammarError> {
    if text.len() > MAX_KEY_ID_BYTES {
        return Err(GrammarError::too_long("a keyId of at most 512 bytes", text.len()));
    }
    if text.is_empty() || text.starts_with(' ') || text.ends_with(' ') {
        return Err(GrammarError::expected("a keyId without spaces around it", "an empty or padded value"));
    }
    Ok(text)
}

fn checked_algorithm(text: &str) -> Result<&str, GrammarError> {
    if is_token(text) && text.len() <= MAX_ALGORITHM_BYTES {
        return Ok(text);
    }
    Err(GrammarError::expected("an algorithm name of at most 64 token characters", "another value"))
}

fn checked_signature(text: &str) -> Result<&str, GrammarError> {
    // Without leaving early, so that many bytes are looked at in one step.
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'+' | b'/' | b'=');
    if !text.is_empty() && text.bytes().fold(true, |fits, byte| fits & alphabet(byte)) {
        return Ok(text);
    }
    Err(GrammarError::expected("a signature in base64", "an empty value or another character"))
}

fn signed_headers(text: &str) -> Result<Vec<&str>, GrammarError> {
    let mut names: Vec<&str> = Vec::new();
    for name in text.split(' ') {
        let plain = is_token(name) && !name.bytes().any(|byte| byte.is_ascii_uppercase());
        if !plain && !PSEUDO_HEADERS.contains(&name) {
            return Err(GrammarError::expected("lower-case header names separated by single spaces", "something else"));
        }
        if names.contains(&name) {
            return Err(GrammarError::expected("each signed header once", "a header listed twice"));
        }
        if names.len() >= MAX_HEADERS {
            return Err(GrammarError::expected("at most 32 signed headers", "more"));
        }
        names.push(name);
    }
    Ok(names)
}

#[cfg(test)]
#[path = "cavage_tests.rs"]
mod tests;
