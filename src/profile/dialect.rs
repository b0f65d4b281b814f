//! What a sender is told. Reasons are reduced to [`Told`] before a dialect sees them, so that no dialect can tell two
//! authentication failures apart.

use std::fmt;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::clock::Timestamp;
use crate::error::{Class, Code};
use crate::event::AuthorizationOutcome;

/// As much of a refusal as a sender may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Told {
    /// Not authenticated, for whatever reason.
    NotAuthenticated,
    /// The request id is missing or malformed.
    RequestId,
    /// The request is not strict HTTP, or broke off.
    Malformed,
    /// No such path.
    NotFound,
    /// Not with this method.
    Method,
    /// Too slow.
    Timeout,
    /// Something is expected of us that we do not do.
    Expectation,
    /// The head is too large.
    HeadTooLarge,
    /// A transfer coding that we do not know.
    Coding,
    /// A version that we do not speak.
    Version,
    /// Too large.
    TooLarge,
    /// Not with this content type or coding.
    ContentType,
    /// Too many.
    TooMany,
    /// Authentic, but not as documented.
    Undecodable,
    /// Authentic, but the id was used for something else.
    Conflict,
    /// Come back later.
    Unavailable,
    /// We failed.
    Failed,
    /// What we asked behind us failed.
    Upstream,
}

impl Told {
    /// The whole policy of what is disclosed.
    pub fn of(code: Code) -> Self {
        match (code.class(), code) {
            (Class::Authentication, _) => Self::NotAuthenticated,
            (Class::Content, _) => Self::Undecodable,
            (Class::Conflict, _) => Self::Conflict,
            (Class::Unavailable, _) => Self::Unavailable,
            (Class::Handler, Code::SinkUnavailable) => Self::Upstream,
            (Class::Handler, _) => Self::Failed,
            (Class::Request, Code::PathUnknown) => Self::NotFound,
            (Class::Request, Code::MethodNotAllowed) => Self::Method,
            (Class::Request, Code::BodyTimeout | Code::HeadTimeout) => Self::Timeout,
            (Class::Request, Code::ExpectationUnknown) => Self::Expectation,
            (Class::Request, Code::HeadTooLarge) => Self::HeadTooLarge,
            (Class::Request, Code::TransferCodingUnknown) => Self::Coding,
            (Class::Request, Code::VersionUnsupported) => Self::Version,
            (Class::Request, Code::BodyTooLarge) => Self::TooLarge,
            (Class::Request, Code::ContentTypeUnsupported) => Self::ContentType,
            (Class::Request, Code::TooManyRequests) => Self::TooMany,
            (Class::Request, Code::RequestIdMissing | Code::RequestIdMalformed) => Self::RequestId,
            (Class::Request, _) => Self::Malformed,
        }
    }

    /// The status where a sender documents no other.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotAuthenticated => StatusCode::UNAUTHORIZED,
            Self::RequestId | Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Coding => StatusCode::NOT_IMPLEMENTED,
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Undecodable | Self::Conflict => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed | Self::Upstream => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A short title, the same for every cause.
    pub fn title(self) -> &'static str {
        match self {
            Self::NotAuthenticated => "Not authenticated",
            Self::RequestId => "Request id missing or malformed",
            Self::Malformed => "Malformed request",
            Self::NotFound => "Not found",
            Self::Method => "Method not allowed",
            Self::Timeout => "Request timeout",
            Self::Expectation => "Expectation failed",
            Self::HeadTooLarge => "Request header fields too large",
            Self::Coding => "Not implemented",
            Self::Version => "HTTP version not supported",
            Self::TooLarge => "Content too large",
            Self::ContentType => "Unsupported media type",
            Self::TooMany => "Too many requests",
            Self::Undecodable => "Content not as documented",
            Self::Conflict => "Request id used for other content",
            Self::Unavailable => "Temporarily unavailable",
            Self::Failed | Self::Upstream => "Internal error",
        }
    }
}

/// What a dialect may put into an answer.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// When the answer is made.
    pub now: Timestamp,
    /// The value of [`Dialect::correlation_header`], if it is a UUID; not verified.
    pub request_id: Option<&'a str>,
}

/// An answer before it is HTTP.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers beside content type and length.
    pub headers: HeaderMap,
    /// Content type, if there is a body.
    pub content_type: Option<HeaderValue>,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// A status and nothing else.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), content_type: None, body: Bytes::new() }
    }

    /// A status and a JSON document.
    pub fn json(status: StatusCode, document: &impl Serialize) -> Self {
        Self {
            content_type: Some(HeaderValue::from_static("application/json")),
            // A document that cannot be written is none of ours; then there is a status and no words.
            body: serde_json::to_vec(document).unwrap_or_default().into(),
            ..Self::empty(status)
        }
    }

    /// Adds a header, in the place of one of the same name; a name or value that is none is left out.
    pub fn push_header(&mut self, name: &str, value: &str) {
        // Not the constructor for names in the source, which panics on a capital letter.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            self.headers.insert(name, value);
        }
    }
}

/// How answers to a sender look.
pub trait Dialect: fmt::Debug + Send + Sync {
    /// The answer to a refused delivery.
    fn refusal(&self, told: Told, context: Context<'_>) -> Answer;

    /// The request header whose value is reflected in answers, if it is a UUID; lower case.
    fn correlation_header(&self) -> &'static str {
        "x-request-id"
    }

    /// Where a person goes whose authorization was taken: `answer` is that of success. Only a browser needs it.
    fn landing(&self, _outcome: AuthorizationOutcome, _answer: &mut Answer) {}

    /// What is the same on every answer, success included.
    fn finish(&self, _answer: &mut Answer, _context: Context<'_>) {}
}

#[derive(Serialize)]
struct Problem {
    status: u16,
    title: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// RFC 9457 problem details, for senders that document nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plain;

impl Dialect for Plain {
    fn refusal(&self, told: Told, _context: Context<'_>) -> Answer {
        let status = told.status();
        let document = Problem { status: status.as_u16(), title: told.title(), kind: "about:blank" };
        let mut answer = Answer::json(status, &document);
        answer.content_type = Some(HeaderValue::from_static("application/problem+json"));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_any_spelling_is_added_or_left_out_and_nothing_panics() {
        let mut answer = Answer::empty(StatusCode::OK);
        for (name, value) in [
            ("X-Request-ID", "in capitals"),
            ("", "no name"),
            ("x y", "a name with a space"),
            ("x:y", "a name with a colon"),
            ("ä", "a name with another letter"),
            ("x-split", "a line\r\nx-more: and another"),
        ] {
            answer.push_header(name, value);
        }
        assert_eq!(answer.headers.len(), 1);
        assert_eq!(answer.headers["x-request-id"], "in capitals");
    }
}
