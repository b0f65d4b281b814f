//! The one function that turns a [`Reply`] or a [`Rejection`] into HTTP.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use http_body_util::Full;

use crate::error::{Class, Code, Rejection};
use crate::profile::{Answer, Context, Dialect, Told};
use crate::reply::Reply;

/// What became of a delivery, in the extensions of the answer: for logs and metrics outside, never for the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Accepted for the first time.
    Accepted,
    /// A copy of something that was accepted before.
    Duplicate,
    /// Authentic, kept for inspection.
    Quarantined,
    /// Refused, and why.
    Refused(Code),
}

/// Header that tells a sender whether this was a copy.
const RESULT: HeaderName = HeaderName::from_static("countersign-result");

/// Makes the answer. Its extensions hold the [`Outcome`], and the [`Rejection`] if there is one.
pub fn answer(
    result: Result<Reply, Rejection>,
    success: StatusCode,
    dialect: &dyn Dialect,
    context: Context<'_>,
) -> Response<Full<Bytes>> {
    let mut extensions = http::Extensions::new();
    let (mut answer, outcome) = match result {
        Ok(reply) => {
            let failure = reply.failure();
            let (mut answer, mut outcome) = accepted(reply, success, dialect);
            if let Some(rejection) = failure {
                // A 401 or 500 of the handler is its own, and nothing that was accepted.
                answer.headers.remove(RESULT);
                outcome = Outcome::Refused(rejection.code());
                extensions.insert(rejection);
            }
            (answer, outcome)
        }
        Err(rejection) => {
            let answer = refused(&rejection, dialect, context);
            let outcome = Outcome::Refused(rejection.code());
            extensions.insert(rejection);
            (answer, outcome)
        }
    };
    dialect.finish(&mut answer, context);
    // These statuses have no body, whatever a handler says (RFC 9110 section 15).
    let bodiless =
        matches!(answer.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::RESET_CONTENT);
    let body = if bodiless { Bytes::new() } else { answer.body };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    if let (Some(content_type), false) = (answer.content_type, bodiless) {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    extensions.insert(outcome);
    *response.extensions_mut() = extensions;
    response
}

fn accepted(reply: Reply, success: StatusCode, dialect: &dyn Dialect) -> (Answer, Outcome) {
    // A handler that says something itself says it to the person.
    let says_nothing = reply.body.is_empty() && reply.status.is_none_or(|status| status.is_success());
    let landing = reply.outcome.filter(|_| says_nothing);
    let mut answer = Answer::empty(reply.status.unwrap_or(success));
    answer.content_type = (!reply.body.is_empty()).then(|| HeaderValue::from_str(&reply.content_type).ok()).flatten();
    answer.body = reply.body;
    let outcome = match (reply.duplicate, reply.quarantined) {
        (true, _) => Outcome::Duplicate,
        (false, true) => Outcome::Quarantined,
        (false, false) => Outcome::Accepted,
    };
    let word = if reply.duplicate { "duplicate" } else { "accepted" };
    answer.headers.insert(RESULT, HeaderValue::from_static(word));
    if let Some(outcome) = landing {
        // A 204 would leave a browser where it was.
        answer.status = success;
        dialect.landing(outcome, &mut answer);
    }
    (answer, outcome)
}

fn refused(rejection: &Rejection, dialect: &dyn Dialect, context: Context<'_>) -> Answer {
    let told = Told::of(rejection.code());
    let mut answer = dialect.refusal(told, context);
    if answer.status == StatusCode::UNAUTHORIZED {
        // RFC 9110 section 11.6.1 wants one; it is the same for every cause.
        answer.headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Signature"));
    }
    if let Some(delay) = rejection.retry_after() {
        answer.headers.insert(RETRY_AFTER, HeaderValue::from(delay.as_secs().max(1)));
    }
    // What follows a request that was not read to its end, or not understood, is not trusted to be a request.
    if rejection.code().class() == Class::Request {
        answer.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}
