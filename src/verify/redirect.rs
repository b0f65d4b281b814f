//! The redirect engine: a browser that comes back from a bank. Nothing in it is signed by the bank; the proof is the state that we
//! issued, for this endpoint and this session.
//!
//! The rule: what a state vouches for is that the person we sent off came back, and never what the query says beside it.
//! So nothing of it is believed but as the answer of that person's bank, once.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;

use super::fresh::AHEAD;
use super::{Journal, Prepared, Verifier, journal::distance, live_keys};
use crate::delivery::Delivery;
use crate::error::{Code, Rejection};
use crate::keys::KeySet;
use crate::profile::{Redirect, UnknownParameters};
use crate::signing_input::SigningInput;
use crate::state::StateValue;
use crate::verified::{Covered, RequestId, Verified};
use crate::wire::GrammarError;
use crate::wire::query::Query;

static COVERED: LazyLock<Arc<[Box<str>]>> = LazyLock::new(|| Arc::new(["state".into(), "session".into()]));
static UNBOUND: LazyLock<Arc<[Box<str>]>> = LazyLock::new(|| Arc::new(["state".into()]));

pub(super) fn verify(
    verifier: &Verifier,
    scheme: &Redirect,
    keys: Option<&KeySet>,
    delivery: &Delivery,
    journal: &mut Journal,
) -> Result<Verified<Covered>, Rejection> {
    let (query, state) = head(scheme, delivery)?;
    journal.note(|| format!("query of {} parameters, state {}", query.iter().count(), state.id()));
    let Some(session) = &scheme.session else {
        return Err(Rejection::new(Code::SessionMissing, "expected a place where the session is, but found none"));
    };
    let binding = session.binding(delivery)?;
    let mut input = SigningInput::new();
    input.push(&state.covered(&verifier.endpoint, &binding));
    let content = Bytes::copy_from_slice(delivery.query().unwrap_or_default().as_bytes());
    let covered = if binding.is_bound() { &COVERED } else { &UNBOUND };
    let prepared = Prepared {
        input: input.redirect(&content),
        keys: live_keys(keys, delivery)?,
        signatures: vec![state.mac().to_vec()],
        signed_at: None,
        covered: Arc::clone(covered),
    };
    let verified = verifier.verify_signature(prepared, delivery).map_err(|rejection| match rejection.code() {
        Code::SignatureMismatch => {
            let message = "expected a state that we issued for this endpoint and this session, but found another";
            Rejection::new(Code::StateMismatch, message)
        }
        _ => rejection,
    })?;
    let (issued_at, now) = (state.issued_at(), delivery.received_at);
    journal
        .note(|| format!("state of ours, key {}, issued {}", verified.provenance().key_id, distance(issued_at, now)));
    let lifetime = verifier.profile.tolerance;
    if now.since(issued_at) > lifetime {
        let (limit, found) = (lifetime.as_secs(), now.since(issued_at).as_secs());
        let message = format!("expected a state of the last {limit} s, but found one of {found} s ago");
        return Err(Rejection::new(Code::StateExpired, message));
    }
    // Another machine may have issued it, whose clock is not ours.
    if issued_at.since(now) > AHEAD {
        let found = issued_at.since(now).as_secs();
        let message = format!("expected a state issued by now, but found one {found} s ahead");
        return Err(Rejection::new(Code::TimestampFuture, message));
    }
    issuer(scheme, &query)?;
    let event = scheme.grammar.read(&query, &content, None).map_err(malformed)?;
    journal.note(|| format!("answer: {}", event.outcome.as_str()));
    let id = RequestId::new(state.id(), true);
    Ok(verified.map(|covered| Covered { request_id: Some(id), ..covered }))
}

/// What can be told without the session and without a key.
pub(super) fn head(scheme: &Redirect, delivery: &Delivery) -> Result<(Query, StateValue), Rejection> {
    if !delivery.body.is_empty() {
        return Err(malformed(GrammarError::expected("everything in the query", "a body")));
    }
    let query = Query::parse(delivery.query().unwrap_or_default()).map_err(malformed)?;
    if scheme.unknown == UnknownParameters::Refused
        && query.iter().any(|(name, _)| !scheme.grammar.parameters().contains(&name))
    {
        return Err(malformed(GrammarError::expected("the parameters of this sender", "another")));
    }
    let text = query
        .value("state")
        .ok_or_else(|| Rejection::new(Code::StateMissing, "expected the state that we issued, but found none"))?;
    let state = StateValue::parse(text).map_err(|error| Rejection::new(Code::StateMalformed, error.to_string()))?;
    Ok((query, state))
}

/// RFC 9207, section 2.4: where the issuer is known, the answer has to name it, byte for byte, or another bank's answer
/// could be taken for this one's.
fn issuer(scheme: &Redirect, query: &Query) -> Result<(), Rejection> {
    let Some(expected) = &scheme.issuer else { return Ok(()) };
    let found = match query.value("iss") {
        Some(found) if *found == **expected => return Ok(()),
        Some(_) => "another",
        None => "none",
    };
    Err(Rejection::new(Code::IssuerMismatch, format!("expected iss {expected:?}, but found {found}")))
}

fn malformed(error: GrammarError) -> Rejection {
    Rejection::new(Code::QueryMalformed, error.to_string())
}
