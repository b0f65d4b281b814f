//! The token that a sender signs for each request and shows in `Authorization`, beside the signed body.
//!
//! The rule: it says who calls and nothing about the body; a token that was made for the body is none of these.

use bytes::Bytes;

use super::jose::{Engine, malformed};
use super::journal::Journal;
use crate::error::{Code, Rejection};
use crate::profile::Presence;
use crate::signing_input::SigningInput;
use crate::verify::claims;
use crate::wire::GrammarError;
use crate::wire::bearer::bearer;
use crate::wire::jose::{ClaimSet, CompactJws, LARGEST_TOKEN};

pub(super) fn check(engine: &Engine<'_>, journal: &mut Journal) -> Result<(), Rejection> {
    let Some(wanted) = &engine.scheme.authorization else { return Ok(()) };
    let header = match (engine.delivery.header("authorization")?, wanted.presence) {
        (Some(header), _) => header,
        (None, Presence::IfPresent) => return Ok(()),
        (None, Presence::Required) => {
            return Err(Rejection::new(Code::CredentialMissing, "expected a token in authorization, but found none"));
        }
    };
    let text = bearer(header).map_err(|error| Rejection::new(Code::CredentialWrong, error.to_string()))?;
    let jws = CompactJws::parse(text, LARGEST_TOKEN).map_err(malformed)?;
    if jws.header.lists_b64 || !jws.header.critical.is_empty() || jws.header.holds_jwt() {
        return Err(malformed(GrammarError::expected("a plain token in authorization", "one with extensions")));
    }
    engine.admit(&jws.header, &wanted.typ)?;
    let keys = engine.keys_named(&jws.header)?;
    let token = Bytes::copy_from_slice(text.as_bytes());
    // Parsed once more, over the bytes that the signing input keeps.
    let input = CompactJws::parse(text_of(&token), LARGEST_TOKEN)
        .and_then(|jws| SigningInput::attached(&token, &jws))
        .map_err(malformed)?;
    let claims = ClaimSet::parse(input.content()).map_err(malformed)?;
    claims::check(&wanted.claims, &claims, engine.delivery.received_at)?;
    let fitting = engine.verifier.fitting(&input, &keys, std::slice::from_ref(&jws.signature))?;
    let (key, _proof) = fitting.ok_or_else(|| {
        Rejection::new(
            Code::CredentialWrong,
            "expected a token whose signature fits its key, but found one that does not",
        )
    })?;
    journal.note(|| format!("authorization: JWS {}, key {}", jws.header.alg, key.id()));
    Ok(())
}

/// The bytes come from a text.
fn text_of(token: &Bytes) -> &str {
    std::str::from_utf8(token).unwrap_or_default()
}
