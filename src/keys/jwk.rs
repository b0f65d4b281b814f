//! JSON Web Keys and sets of them (RFC 7517).
//!
//! The rule: a set is taken as a whole or not at all. Only keys that say themselves that they are for something else
//! than verifying, or than the one algorithm that is wanted, are passed over.

use std::collections::{BTreeMap, HashSet};

use serde_json::value::RawValue;

use super::error::{KeyError, quoted};
use super::jwk_member::Members;
use super::key::Key;
use super::thumbprint;
use crate::crypto::{Algorithm, Backend, EncryptionKey};
use crate::wire::json;

/// Longest text, in bytes.
const LONGEST: usize = 256 * 1024;
/// Keys of one set, those passed over among them.
const MOST: usize = 64;

/// Reads a JWK or a JWK Set. The "alg" of a key binds it; a key with another "alg" than the `demanded` one is passed
/// over, as is one of another type or curve (RFC 7517 section 5), or with "use" "enc", or with "key_ops" but without "verify"
/// among them. A key without "alg" has the demanded algorithm, or the default one of its kind. "jku", "x5u" and "x5c" are
/// never followed.
///
/// # Errors
/// The text is not JSON that every reader understands alike, over 256 KiB or over 64 keys; two keys have one "kid"; a
/// member of a private key is there; secrets are among public keys; a key is weak, malformed, of an unknown type
/// where any would do, or cannot have its algorithm; or no key is left.
pub fn read_set(backend: Backend, text: &[u8], demanded: Option<Algorithm>) -> Result<Vec<Key>, KeyError> {
    let members = members(text)?;
    let mut keys = Vec::new();
    for (number, one) in (1_usize..).zip(&members) {
        let key = one.key(backend, demanded).map_err(|error| error.within(format_args!("key {number} of the set")))?;
        keys.extend(key);
    }
    if keys.is_empty() {
        let use_for = demanded.map_or_else(String::new, |algorithm| format!(" {algorithm}"));
        return Err(KeyError::expected(format_args!("a key to verify{use_for} signatures with"), "none in the set"));
    }
    Ok(keys)
}

/// The keys of a set, within the bounds, with names that differ, and either all of them secrets or none.
pub(super) fn members(text: &[u8]) -> Result<Vec<Members<'_>>, KeyError> {
    if text.len() > LONGEST {
        return Err(KeyError::expected(format_args!("at most {LONGEST} bytes of keys"), text.len()));
    }
    json::check(text)?;
    let members = split(text)?;
    if members.len() > MOST {
        return Err(KeyError::expected(format_args!("at most {MOST} keys"), members.len()));
    }
    distinct(&members)?;
    if members.iter().any(Members::is_symmetric) && !members.iter().all(Members::is_symmetric) {
        return Err(KeyError::expected("either shared secrets or public keys", "both in one set"));
    }
    Ok(members)
}

/// Why a key of a set is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassedOverFor {
    /// It says itself, by "use" or "key_ops", that it is for something else than verifying.
    Use,
    /// It is for no algorithm that this release verifies with. A set that has one is refused where any algorithm would do.
    Algorithm,
}

/// A key that [`read_set`] passes over whatever algorithm is demanded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PassedOver {
    /// Why it is.
    pub why: PassedOverFor,
    /// Its "kid"; empty without one.
    pub kid: String,
    /// Its "kty", and its "crv" if it has one.
    pub kind: String,
    /// The size of an RSA modulus, in bits.
    pub bits: Option<usize>,
    /// Its "alg"; empty without one.
    pub algorithm: String,
    /// Its thumbprint (RFC 7638), for an RSA key.
    pub thumbprint: Option<String>,
}

/// All keys of a JWK or a JWK Set, to show them: those that verify, and those that are passed over, both as they stand there.
///
/// # Errors
/// As [`read_set`], but for a key of an unknown type and for a set without a key that verifies.
pub fn read_all(backend: Backend, text: &[u8]) -> Result<(Vec<Key>, Vec<PassedOver>), KeyError> {
    let members = members(text)?;
    let (mut keys, mut passed) = (Vec::new(), Vec::new());
    for (number, one) in (1_usize..).zip(&members) {
        let within = |error: KeyError| error.within(format_args!("key {number} of the set"));
        if one.is_for_verifying().map_err(within)? && !one.is_for_any().map_err(within)? {
            one.holds_nothing_private().map_err(within)?;
            passed.push(described(one, PassedOverFor::Algorithm));
            continue;
        }
        match one.key(backend, None).map_err(within)? {
            Some(key) => keys.push(key),
            None => passed.push(described(one, PassedOverFor::Use)),
        }
    }
    Ok((keys, passed))
}

fn described(one: &Members<'_>, why: PassedOverFor) -> PassedOver {
    let text = |name| one.text(name).ok().flatten().unwrap_or_default().into_owned();
    let rsa = one.rsa().ok();
    let bits = rsa.as_deref().and_then(|material| EncryptionKey::rsa(material).ok()).map(|key| key.bits());
    let kind = [text("kty"), text("crv")].join(" ").trim().to_owned();
    let thumbprint = rsa.and_then(|material| thumbprint::of_rsa(&material).ok());
    PassedOver { why, kid: text("kid"), kind, bits, algorithm: text("alg"), thumbprint }
}

/// The keys of a set, or the one key that is none.
fn split(text: &[u8]) -> Result<Vec<Members<'_>>, KeyError> {
    let whole = object(text)?;
    match (whole.get("keys"), whole.contains_key("kty")) {
        (Some(_), true) => Err(KeyError::expected("a json web key or a set of them", "both in one object")),
        (Some(keys), false) => {
            let keys: Vec<BTreeMap<String, &RawValue>> = serde_json::from_str(keys.get())
                .map_err(|_| KeyError::expected("\"keys\" to be an array of objects", "another shape"))?;
            Ok(keys.into_iter().map(Members).collect())
        }
        (None, true) => Ok(vec![Members(whole)]),
        (None, false) => Err(KeyError::expected("\"keys\" or \"kty\"", "neither")),
    }
}

fn object(text: &[u8]) -> Result<BTreeMap<String, &RawValue>, KeyError> {
    serde_json::from_slice(text).map_err(|_| KeyError::expected("a json object", "another shape"))
}

fn distinct(members: &[Members<'_>]) -> Result<(), KeyError> {
    let mut names = HashSet::new();
    for one in members {
        if let Some(kid) = one.text("kid")? {
            let quoted = quoted(&kid);
            if !names.insert(kid) {
                return Err(KeyError::expected("one key of each \"kid\"", format_args!("{quoted} twice")));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "jwk_tests.rs"]
mod tests;
