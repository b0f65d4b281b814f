//! Whether the claims of a token are what the profile demands, at a given moment (RFC 7519 section 4.1, RFC 8725).
//!
//! The rule: a claim that is demanded and absent, null, of another type, out of range or other than configured is
//! refused with a code of its own; a claim that is not demanded but there has to be right all the same.

use std::borrow::Cow;
use std::time::Duration;

use super::journal::distance;
use crate::clock::Timestamp;
use crate::error::{Code, Rejection};
use crate::profile::{ClaimRules, Demand};
use crate::wire::jose::{Claim, ClaimSet};

/// Checks all claims; the result is `iat`, the time at which the token says it was signed.
pub(super) fn check(rules: &ClaimRules, claims: &ClaimSet<'_>, now: Timestamp) -> Result<Option<Timestamp>, Rejection> {
    parties(rules, claims)?;
    let exp = time("exp", rules.exp, claims)?;
    let nbf = time("nbf", rules.nbf, claims)?;
    let iat = time("iat", rules.iat, claims)?;
    demand("jti", rules.jti, claims.text("jti"))?;
    if let Some(exp) = exp {
        not_expired(exp, iat, now, rules)?;
    }
    if nbf.is_some_and(|nbf| nbf.since(now) > rules.leeway) {
        return Err(Rejection::new(
            Code::TokenNotYetValid,
            "expected a token in force, but found one that begins later",
        ));
    }
    if let Some(iat) = iat.filter(|iat| iat.since(now) > rules.leeway) {
        let ahead = iat.since(now).as_secs();
        let message = format!("expected a time that has passed in iat, but found one {ahead} s ahead");
        return Err(Rejection::new(Code::TimestampFuture, message));
    }
    if let Some(name) = rules.required.iter().find(|name| claims.get(name).is_none()) {
        return Err(Rejection::new(Code::ClaimMissing, format!("expected a claim {name}, but found none")));
    }
    if let Some(name) = rules.refused.iter().find(|name| claims.get(name).is_some()) {
        let message = format!("expected a token without a claim {name}, but found it: a token for another place");
        return Err(Rejection::new(Code::ClaimUnexpected, message));
    }
    Ok(iat)
}

/// Who made it, and for whom.
fn parties(rules: &ClaimRules, claims: &ClaimSet<'_>) -> Result<(), Rejection> {
    let mismatch =
        |name| Rejection::new(Code::ClaimMismatch, format!("expected {name} as configured, but found another"));
    let wanted = |list: &[Box<str>]| if list.is_empty() { Demand::Optional } else { Demand::Required };
    let iss = demand("iss", wanted(&rules.iss), claims.text("iss"))?;
    if let Some(iss) = iss
        && !rules.iss.is_empty()
        && !rules.iss.iter().any(|known| **known == *iss)
    {
        return Err(mismatch("iss"));
    }
    let aud: Option<Vec<Cow<'_, str>>> = demand("aud", wanted(&rules.aud), claims.audience())?;
    if let Some(aud) = aud
        && !rules.aud.is_empty()
        && !rules.aud.iter().any(|known| aud.iter().any(|found| **known == **found))
    {
        return Err(mismatch("aud"));
    }
    Ok(())
}

fn not_expired(exp: Timestamp, iat: Option<Timestamp>, now: Timestamp, rules: &ClaimRules) -> Result<(), Rejection> {
    // RFC 7519 section 4.1.4: on or after the end is too late.
    if now.since(exp) > rules.leeway || (rules.leeway == Duration::ZERO && now >= exp) {
        let late = now.since(exp).as_secs();
        let message = format!("expected a token in force, but found one that ended {late} s ago");
        return Err(Rejection::new(Code::TokenExpired, message));
    }
    let longest = rules.max_lifetime.saturating_add(rules.leeway);
    if exp.since(now) > longest || iat.is_some_and(|iat| exp.since(iat) > longest) {
        let limit = rules.max_lifetime.as_secs();
        let message = format!("expected a token that lives for at most {limit} s, but found a longer one");
        return Err(Rejection::new(Code::TokenLifetimeTooLong, message));
    }
    Ok(())
}

/// What was compared, for whoever asked: names, times, and values that the configuration holds; no value of a sender.
pub(super) fn account(rules: &ClaimRules, claims: &ClaimSet<'_>, now: Timestamp) -> String {
    let party = |name: &str, rules: &[Box<str>]| match rules {
        [] => format!("{name} not compared"),
        [one] => format!("{name} {one}"),
        _ => format!("{name} as configured"),
    };
    let time = |name: &str| match claims.time(name) {
        Claim::Value(at) => format!("{name} {}", distance(Timestamp::from_seconds(at), now)),
        _ => format!("no {name}"),
    };
    let jti = if matches!(claims.text("jti"), Claim::Value(_)) { "jti" } else { "no jti" };
    let parts = [party("iss", &rules.iss), party("aud", &rules.aud), time("exp"), time("nbf"), time("iat")];
    format!("claims {}, {jti}", parts.join(", "))
}

/// A NumericDate.
pub(super) fn time(name: &str, demanded: Demand, claims: &ClaimSet<'_>) -> Result<Option<Timestamp>, Rejection> {
    Ok(demand(name, demanded, claims.time(name))?.map(Timestamp::from_seconds))
}

/// The value of a claim, or the refusal that fits what is there instead.
pub(super) fn demand<T>(name: &str, demanded: Demand, found: Claim<T>) -> Result<Option<T>, Rejection> {
    let (code, what) = match found {
        Claim::Value(value) => return Ok(Some(value)),
        Claim::Absent if demanded == Demand::Optional => return Ok(None),
        Claim::Absent => (Code::ClaimMissing, "none"),
        Claim::Null => (Code::ClaimNull, "null"),
        Claim::WrongType => (Code::ClaimTypeWrong, "a value of another type"),
        Claim::OutOfRange => (Code::ClaimOutOfRange, "a value out of range"),
    };
    Err(Rejection::new(code, format!("expected a claim {name}, but found {what}")))
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
