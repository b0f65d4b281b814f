//! A verified request on its way to an upstream, and the upstream's answer on its way back. The rule: the body is what was
//! verified, byte for byte, and the answer is what can be kept for copies, or none at all.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Builder;
use http::{HeaderMap, StatusCode, Uri};
use serde::de::IgnoredAny;

use super::refused;
use crate::error::Rejection;
use crate::event::Event;
use crate::once::Once;
use crate::reply::Reply;
use crate::server::config::{ACTION, HttpForm};
use crate::wire::header::only;

/// Longest content type that is passed on.
const LONGEST_TYPE: usize = 256;
/// Who was verified, under a signature of ours.
pub(super) const STATEMENT: &str = "countersign-statement";

/// The URL, with the action in its place.
pub(super) fn located(url: &Uri, action: &str) -> Result<Uri, String> {
    let Some(path) = url.path_and_query().filter(|path| path.as_str().contains(ACTION)) else { return Ok(url.clone()) };
    let mut parts = url.clone().into_parts();
    let path = path.as_str().replace(ACTION, action);
    parts.path_and_query = Some(path.parse().map_err(|_| format!("an action that is no part of a path: {action:?}"))?);
    Uri::from_parts(parts).map_err(|error| error.to_string())
}

/// The request as the sender made it, as far as it is verified.
pub(super) fn passed_on(request: Builder, once: &Once, statement: Option<&str>) -> (Builder, Bytes) {
    let body = once.event().content().clone();
    let mut request = request;
    if !body.is_empty() {
        let kind = match &**once.event() {
            // The query of a browser that came back.
            Event::Authorization(_) => "application/x-www-form-urlencoded",
            _ if serde_json::from_slice::<IgnoredAny>(&body).is_ok() => "application/json",
            _ => "application/octet-stream",
        };
        request = request.header(CONTENT_TYPE, kind);
    }
    if let Some(id) = once.request_id().and_then(as_header) {
        request = request.header("x-request-id", id);
    }
    if let Some(statement) = statement {
        request = request.header(STATEMENT, statement);
    }
    (request, body)
}

/// An id, where it can be the value of a header; it stands in the statement anyway.
fn as_header(id: &str) -> Option<&str> {
    Some(id).filter(|id| id.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// The answer to pass on.
pub(super) fn answered(
    form: HttpForm,
    status: StatusCode,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Reply, Rejection> {
    // An acknowledgement takes the profile's own success status; an answer is the upstream's to choose.
    let plain = matches!(status, StatusCode::OK | StatusCode::ACCEPTED | StatusCode::NO_CONTENT);
    let acknowledges = plain && (form == HttpForm::Event || body.is_empty());
    let mut reply = Reply::accepted();
    if !body.is_empty() {
        let content_type = only(headers, CONTENT_TYPE.as_str()).unwrap_or("application/octet-stream");
        if content_type.len() > LONGEST_TYPE {
            return Err(refused(&format!("a content type of {} bytes", content_type.len())));
        }
        reply = reply.with_body(content_type, body);
    }
    Ok(if acknowledges { reply } else { reply.with_status(status) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str, action: &str) -> Result<String, String> {
        located(&url.parse().unwrap(), action).map(|url| url.to_string())
    }

    #[test]
    fn the_action_stands_where_the_configuration_says_and_nowhere_else() {
        assert_eq!(at("http://core:1/tribe", "v2_accounts"), Ok("http://core:1/tribe".to_owned()));
        assert_eq!(at("http://core:1/t/{action}?a={action}", "x"), Ok("http://core:1/t/x?a=x".to_owned()));
        assert_eq!(at("http://core:1/{action}", ""), Ok("http://core:1/".to_owned()));
        assert!(at("http://core:1/{action}", "a b\r\nhost: x").is_err());
    }

    #[test]
    fn an_id_with_a_line_end_is_no_header() {
        for id in ["x\r\nhost: other", "x\ny", "a b", "\u{e9}", "x\0"] {
            assert_eq!(as_header(id), None, "{id:?}");
        }
        assert_eq!(as_header("1af7b333-7a06-41b1-8a61-e9a29fd069bc").map(str::len), Some(36));
    }

    #[test]
    fn an_answer_keeps_its_status_unless_it_only_acknowledges() {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, "application/json".parse().unwrap())]);
        let reply = |form, status: u16, body: &'static str| {
            answered(form, StatusCode::from_u16(status).unwrap(), &headers, body.into())
                .unwrap()
                .status()
                .map(|s| s.as_u16())
        };
        assert_eq!(reply(HttpForm::Request, 200, "{}"), Some(200));
        assert_eq!(reply(HttpForm::Request, 204, ""), None);
        assert_eq!(reply(HttpForm::Request, 201, ""), Some(201));
        assert_eq!(reply(HttpForm::Request, 404, "{}"), Some(404));
        assert_eq!(reply(HttpForm::Event, 202, "{}"), None);
        let long = HeaderMap::from_iter([(CONTENT_TYPE, "x".repeat(300).parse().unwrap())]);
        assert!(answered(HttpForm::Request, StatusCode::OK, &long, "{}".into()).is_err());
    }
}
