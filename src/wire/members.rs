//! Headers made of several items: `t=123,v1=abc`, or several signatures in one value.
//!
//! The rule: the member that is asked for stands there once or not at all, and items nobody asked
//! for are skipped only when they are well formed.

use super::error::GrammarError;
use super::token::{is_token, is_visible};

const MAX_MEMBER_BYTES: usize = 4 * 1024;
const MAX_PAIRS: usize = 16;
// Four RSA-4096 signatures in base64 fit.
const MAX_SIGNATURE_BYTES: usize = 8 * 1024;
const MAX_ITEMS: usize = 16;
const MAX_SIGNATURES: usize = 4;

/// The value of the member `name` in a header of `name=value` pairs separated by commas, each comma
/// with optional spaces around it.
///
/// Other names may be repeated (a sender that rotates keys gives `v1=` twice); `name` may not, in
/// any case. Names are matched exactly.
///
/// # Errors
///
/// When any pair is malformed, `name` is given twice, or a bound is passed: 16 pairs, 4 KiB.
pub fn member<'a>(header: &'a str, name: &str) -> Result<Option<&'a str>, GrammarError> {
    check_length(header, MAX_MEMBER_BYTES, "a header of at most 4096 bytes")?;
    check_edges(header)?;
    let mut found = None;
    let mut seen = false;
    for (index, pair) in header.split(',').enumerate() {
        if index >= MAX_PAIRS {
            return Err(GrammarError::expected("at most 16 members", "more"));
        }
        let (key, value) = pair
            .trim_matches(' ')
            .split_once('=')
            .filter(|(key, value)| is_token(key) && is_visible(value))
            .ok_or_else(|| GrammarError::expected("name=value pairs between commas", "something else"))?;
        if key.eq_ignore_ascii_case(name) {
            if seen {
                return Err(GrammarError::expected("the member once", "a member given twice"));
            }
            seen = true;
            found = (key == name).then_some(value);
        }
    }
    Ok(found)
}

/// The signatures of a header that may carry several.
///
/// The value is split at `separator` (not at all without one), spaces around items are removed, and
/// with a `prefix` only the items that start with it are kept, without it. Items of another prefix
/// are skipped, since a sender announces a new scheme beside the old one.
///
/// # Errors
///
/// When no item is kept or more than 4, an item is empty or not visible ASCII, the separator is
/// empty, or a bound is passed: 16 items, 8 KiB.
pub fn signatures<'a>(
    header: &'a str,
    prefix: Option<&str>,
    separator: Option<&str>,
) -> Result<Vec<&'a str>, GrammarError> {
    check_length(header, MAX_SIGNATURE_BYTES, "a header of at most 8192 bytes")?;
    check_edges(header)?;
    let items: Vec<&str> = match separator {
        None => vec![header],
        Some("") => {
            return Err(GrammarError::expected("a separator", "an empty one"));
        }
        // One more than allowed, so that an excess is seen without splitting all of it.
        Some(separator) => header.split(separator).take(MAX_ITEMS.saturating_add(1)).collect(),
    };
    if items.len() > MAX_ITEMS {
        return Err(GrammarError::expected("at most 16 items", "more"));
    }
    let mut kept = Vec::new();
    for item in items {
        let item = item.trim_matches(' ');
        check_item(item)?;
        if let Some(signature) = item.strip_prefix(prefix.unwrap_or_default()) {
            check_item(signature)?;
            kept.push(signature);
        }
    }
    match kept.len() {
        0 => Err(GrammarError::expected("a signature with the configured prefix", "none")),
        1..=MAX_SIGNATURES => Ok(kept),
        _ => Err(GrammarError::expected("at most 4 signatures", "more")),
    }
}

fn check_item(item: &str) -> Result<(), GrammarError> {
    if is_visible(item) {
        return Ok(());
    }
    Err(GrammarError::expected("signatures of visible ASCII", "an empty item or another character"))
}

fn check_length(header: &str, max: usize, what: &'static str) -> Result<(), GrammarError> {
    if header.len() > max {
        return Err(GrammarError::too_long(what, header.len()));
    }
    Ok(())
}

/// Spaces stand beside separators only.
fn check_edges(header: &str) -> Result<(), GrammarError> {
    if header.starts_with(' ') || header.ends_with(' ') {
        return Err(GrammarError::expected("a header without spaces around it", "some"));
    }
    Ok(())
}

#[cfg(test)]
#[path = "members_tests.rs"]
mod tests;
