//! The answers of this sender. A body is a signed token or it is not there; an authentication failure has none at all.

use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderValue;
use serde_json::json;

use super::super::dialect::{Answer, Context, Dialect, Told};
use super::{INTERACTION_ID, ReplySigner};

/// Signed error documents, and empty answers where the sender documents no body or nothing can sign it.
#[derive(Debug)]
pub(super) struct Errors {
    signer: Option<Arc<ReplySigner>>,
}

impl Errors {
    /// With what signs the error documents; without it, no answer has a body.
    pub(super) fn new(signer: Option<Arc<ReplySigner>>) -> Self {
        Self { signer }
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
        Told::Failed => Some("GenericError"),
        Told::NotAuthenticated
        | Told::NotFound
        | Told::Method
        | Told::Timeout
        | Told::TooLarge
        | Told::ContentType
        | Told::TooMany
        | Told::Unavailable => None,
    }
}

impl Dialect for Errors {
    fn refusal(&self, told: Told, context: Context<'_>) -> Answer {
        let mut answer = Answer::empty(told.status());
        let (Some(code), Some(signer)) = (code(told), &self.signer) else { return answer };
        let document = json!({"Errors": [{"Code": code, "Message": told.title()}]});
        if let Some(token) = signer.sign(&document, context.now) {
            answer.content_type = Some(HeaderValue::from_static("application/jwt"));
            answer.body = Bytes::from(token);
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
