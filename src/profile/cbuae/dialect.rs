//! The answers of this sender. A body is a signed token or it is not there; an authentication failure has none at all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderValue;
use serde_json::json;

use super::super::dialect::{Answer, Context, Dialect, Told};
use super::{INTERACTION_ID, ReplySigner};
use crate::clock::Timestamp;

/// Signed error documents, and empty answers where the sender documents no body or nothing can sign it.
///
/// A malformed request is answered before it is known who sent it, and a signature costs forty times what verifying one
/// does. So a document is signed at most once a minute and sent again meanwhile: it says nothing about its request.
#[derive(Debug)]
pub(super) struct Errors {
    signer: Option<Arc<ReplySigner>>,
    signed: Mutex<HashMap<Told, (Timestamp, Bytes)>>,
}

/// How long a signed document is sent again; its token lives five times as long.
const REUSE: Duration = Duration::from_secs(60);

impl Errors {
    /// With what signs the error documents; without it, no answer has a body.
    pub(super) fn new(signer: Option<Arc<ReplySigner>>) -> Self {
        Self { signer, signed: Mutex::default() }
    }

    /// The error document as a token; none where the sender documents no body or nothing signs it.
    fn token(&self, told: Told, now: Timestamp) -> Option<Bytes> {
        let (code, signer) = (code(told)?, self.signer.as_ref()?);
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, token)) = signed.get(&told)
            && *at <= now
            && now.since(*at) < REUSE
        {
            return Some(token.clone());
        }
        let document = json!({"Errors": [{"Code": code, "Message": told.title()}]});
        let token = Bytes::from(signer.sign(&document, now)?);
        signed.insert(told, (now, token.clone()));
        Some(token)
    }
}

/// The sender's code for a refusal; none for an answer that has no body.
///
/// The sender documents codes for a signature, a claim and a header that are wrong. They are not used: they would tell
/// a forger how far a forgery came. A request id belongs to the envelope of the request, and so to its format. What is
/// authentic but not as documented, and another content under a known id, are both events that nobody expects; the
/// message tells them apart, as a sender that was authenticated may know.
fn code(told: Told) -> Option<&'static str> {
    match told {
        Told::RequestId | Told::Malformed => Some("Body.InvalidFormat"),
        Told::Undecodable | Told::Conflict => Some("Event.UnexpectedEvent"),
        Told::Failed | Told::Upstream => Some("GenericError"),
        Told::NotAuthenticated
        | Told::NotFound
        | Told::Method
        | Told::Timeout
        | Told::TooLarge
        | Told::ContentType
        | Told::TooMany
        | Told::Expectation
        | Told::HeadTooLarge
        | Told::Coding
        | Told::Version
        | Told::Unavailable => None,
    }
}

impl Dialect for Errors {
    fn refusal(&self, told: Told, context: Context<'_>) -> Answer {
        let mut answer = Answer::empty(told.status());
        if let Some(token) = self.token(told, context.now) {
            answer.content_type = Some(HeaderValue::from_static("application/jwt"));
            answer.body = token;
        }
        answer
    }

    fn correlation_header(&self) -> &'static str {
        INTERACTION_ID
    }

    fn finish(&self, answer: &mut Answer, context: Context<'_>) {
        if let Some(id) = context.request_id {
            answer.push_header(INTERACTION_ID, id);
        }
    }
}

#[cfg(test)]
#[path = "dialect_tests.rs"]
mod tests;
