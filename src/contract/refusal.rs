//! How a refusal is told. The rule: a gRPC request is answered in gRPC, as a status without a message (the trailers-only
//! answer of the gRPC protocol over HTTP/2); every other one with the status of HTTP, and without a body.

use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use tokio::time::Instant;

use super::body::CallBody;
use crate::endpoint::log_limit::LogLimit;
use crate::error::{Class, Code, Rejection};

/// Statuses of gRPC, by their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok = 0,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    OutOfRange = 11,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

impl Status {
    fn of(code: Code) -> Self {
        match code {
            Code::ClientCertificateMissing | Code::CredentialMissing | Code::CredentialWrong => Self::Unauthenticated,
            Code::ClientCertificateRefused | Code::ClientCertificateExpired => Self::PermissionDenied,
            Code::BodyTooLarge => Self::ResourceExhausted,
            Code::BodyTimeout => Self::DeadlineExceeded,
            Code::IdConflict => Self::AlreadyExists,
            Code::EventInFlight | Code::StoreUnavailable | Code::LeaseLost => Self::Unavailable,
            Code::HandlerFailed => Self::Internal,
            _ => Self::InvalidArgument,
        }
    }
}

/// Whether a request is one of gRPC: `application/grpc`, with or without the name of a codec.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    value
        .as_bytes()
        .strip_prefix(b"application/grpc")
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// Lines for operators: one for each refusal, unless there are too many for the same reason.
#[derive(Debug)]
pub(super) struct Log {
    origin: Instant,
    limit: LogLimit,
}

impl Default for Log {
    fn default() -> Self {
        Self { origin: Instant::now(), limit: LogLimit::default() }
    }
}

impl Log {
    fn write(&self, rejection: &Rejection) {
        let Some(suppressed) = self.limit.admit(rejection.code(), self.origin.elapsed()) else { return };
        let suppressed = (suppressed > 0).then_some(suppressed);
        tracing::warn!(code = rejection.code().as_str(), detail = rejection.detail(), suppressed, "a call was refused");
    }
}

/// The answer to whom is refused, and a line for operators.
pub(super) fn response<B>(rejection: &Rejection, grpc: bool, log: &Log) -> Response<CallBody<B>> {
    let code = rejection.code();
    log.write(rejection);
    let mut response = Response::new(CallBody::empty());
    let headers = response.headers_mut();
    if grpc {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert("grpc-status", HeaderValue::from(Status::of(code) as u16));
        // What goes wrong on our side is for operators.
        let ours = matches!(code.class(), Class::Unavailable | Class::Handler);
        let message = if ours { code.as_str() } else { rejection.detail() };
        if let Ok(message) = HeaderValue::from_str(&percent_encoded(message)) {
            headers.insert("grpc-message", message);
        }
        return response;
    }
    if let Some(after) = rejection.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
    }
    if Status::of(code) == Status::Unauthenticated {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let status = if Status::of(code) == Status::PermissionDenied { 403 } else { code.status() };
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    response
}

/// The gRPC protocol's `Percent-Encoded` of a `Status-Message`: everything but visible ASCII and spaces, and `%` itself.
fn percent_encoded(message: &str) -> String {
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b'%' | 0..0x20 | 0x7f.. => encoded.push_str(&format!("%{byte:02X}")),
            _ => encoded.push(char::from(byte)),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_looks_like_grpc_is_answered_in_http() {
        let grpc =
            |value: &'static str| is_grpc(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]));
        assert!(grpc("application/grpc") && grpc("application/grpc+proto") && grpc("application/grpc;a=b"));
        assert!(!grpc("application/grpc-web") && !grpc("application/grpcx") && !grpc("text/plain") && !grpc(""));
        assert!(!is_grpc(&HeaderMap::new()));
    }

    #[test]
    fn a_message_is_percent_encoded_as_the_protocol_says() {
        assert_eq!(percent_encoded("a b\n100%\u{e9}"), "a b%0A100%25%C3%A9");
    }
}
