//! Strict HTTP: what a signature verifier must not forgive although HTTP libraries do.

use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HOST, HeaderMap, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderValue, Version};
use http_body::SizeHint;

use crate::error::{Code, Rejection};
use crate::wire::header::only;
use crate::wire::http1::{LARGEST_HEAD, MOST_FIELDS, is_host};

/// A body above this size, in bytes, is read only if the head stands a first look.
const COSTLY: u64 = 16 * 1024;

/// Refuses a head that two readers could understand differently.
pub(super) fn check(head: &Parts) -> Result<(), Rejection> {
    target(head)?;
    host(head)?;
    names(&head.headers)?;
    framing(&head.headers)?;
    coding(&head.headers)?;
    expectation(&head.headers)
}

/// HTTP/2 names the host in `:authority`, where signatures and rules look for `Host`: it is put there, and one that is
/// there already has to be the same (RFC 9113 section 8.3.1).
pub(super) fn settle(head: &mut Parts) -> Result<(), Rejection> {
    if head.version <= Version::HTTP_11 {
        return Ok(());
    }
    crumbs(&mut head.headers)?;
    let Some(authority) = head.uri.authority() else { return Ok(()) };
    if head.headers.contains_key(HOST) {
        let agrees = only(&head.headers, HOST) == Some(authority.as_str());
        return if agrees { Ok(()) } else { malformed("one host", "several") };
    }
    let value = HeaderValue::from_str(authority.as_str());
    let value = value.map_err(|_| Rejection::new(Code::RequestMalformed, "expected a host, but found none"))?;
    head.headers.insert(HOST, value);
    Ok(())
}

/// HTTP/2 may cut the cookies into several fields, which are one header to whoever looks for it (RFC 9113 section 8.2.3).
fn crumbs(headers: &mut HeaderMap) -> Result<(), Rejection> {
    let crumbs: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if crumbs.len() < 2 {
        return Ok(());
    }
    let value = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]));
    let value = value.map_err(|_| Rejection::new(Code::RequestMalformed, "expected cookies, but found other bytes"))?;
    headers.insert(COOKIE, value);
    Ok(())
}

/// Refuses a content type that the sender does not document. Without a body there is nothing to name.
pub(super) fn content_type(headers: &HeaderMap, allowed: &[&'static str]) -> Result<(), Rejection> {
    if allowed.is_empty() {
        return Ok(());
    }
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let refuse = |found| {
        let expected = allowed.join(" or ");
        Err(Rejection::new(Code::ContentTypeUnsupported, format!("expected {expected} in UTF-8, but found {found}")))
    };
    let Some(value) = values.next() else { return Ok(()) };
    if values.next().is_some() {
        return refuse("more than one content type");
    }
    let Ok(text) = value.to_str() else { return refuse("a content type that is not ASCII") };
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    if !allowed.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        return refuse("another content type");
    }
    let utf8 = |part: &str| {
        part.split_once('=').is_none_or(|(name, value)| {
            !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    };
    if parts.all(utf8) { Ok(()) } else { refuse("another charset") }
}

/// Whether a body follows, by the head.
pub(super) fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || announced_length(headers).is_some_and(|length| length > 0)
}

/// The length that the head announces.
pub(super) fn announced_length(headers: &HeaderMap) -> Option<u64> {
    only(headers, CONTENT_LENGTH)?.parse().ok()
}

/// Whether the body is worth a look at the head first: it is large, of unknown length, or not sent before we agree.
/// Over HTTP/2 no header says that the length is unknown: the body itself does.
pub(super) fn is_costly(headers: &HeaderMap, announced: Option<u64>, body: &SizeHint) -> bool {
    headers.contains_key(EXPECT)
        || headers.contains_key(TRANSFER_ENCODING)
        || announced > Some(COSTLY)
        || body.upper().is_none()
}

fn target(head: &Parts) -> Result<(), Rejection> {
    if head.version <= Version::HTTP_11 && head.uri.authority().is_some() {
        return malformed("a target in origin form", "one in absolute form");
    }
    let path = head.uri.path();
    if !path.starts_with('/') {
        return malformed("a target that is a path", "another form");
    }
    let bytes = path.as_bytes();
    let is_empty_or_escaped = |at: usize| {
        matches!(
            bytes.get(at..).unwrap_or_default(),
            [b'\\', ..]
                | [b'/', b'/', ..]
                | [b'%', b'2', b'f' | b'F' | b'e' | b'E', ..]
                | [b'%', b'5', b'c' | b'C', ..]
        )
    };
    if (0..bytes.len()).any(is_empty_or_escaped) {
        return malformed("a path with one spelling", "empty segments or escaped separators");
    }
    if bytes.split(|byte| *byte == b'/').any(|segment| matches!(segment, b"." | b"..")) {
        return malformed("a path with one spelling", "dot segments");
    }
    Ok(())
}

fn host(head: &Parts) -> Result<(), Rejection> {
    let mut hosts = head.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host.as_bytes()) => Ok(()),
        _ => malformed("one host", "none, several or something else"),
    }
}

/// Names with `_`: a server behind us may read them as `-`, and then they are another header.
fn names(headers: &HeaderMap) -> Result<(), Rejection> {
    // The binary counts bytes before there is a map; another server may have let through more.
    let bytes = headers.iter().map(|(name, value)| name.as_str().len().saturating_add(value.len()));
    if headers.len() > MOST_FIELDS || bytes.fold(0, usize::saturating_add) > LARGEST_HEAD {
        return Err(Rejection::new(
            Code::HeadTooLarge,
            "expected at most 64 fields of 64 KiB together, but found more",
        ));
    }
    if headers.keys().any(|name| name.as_str().contains('_')) {
        return malformed("header names without underscores", "one with");
    }
    Ok(())
}

fn framing(headers: &HeaderMap) -> Result<(), Rejection> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => {}
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {}
        _ => return malformed("transfer-encoding chunked, once", "another"),
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let is_number = |value: &HeaderValue| {
        let digits = value.as_bytes();
        !digits.is_empty() && digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit)
    };
    match (lengths.next(), lengths.next()) {
        (None, _) => {}
        (Some(length), None) if is_number(length) && !headers.contains_key(TRANSFER_ENCODING) => {}
        _ => {
            let detail = "expected one way to tell the length, but found several or something else";
            return Err(Rejection::new(Code::FramingAmbiguous, detail));
        }
    }
    if headers.contains_key(UPGRADE) {
        return malformed("no upgrade", "one");
    }
    Ok(())
}

fn coding(headers: &HeaderMap) -> Result<(), Rejection> {
    let identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().all(identity) {
        return Ok(());
    }
    Err(Rejection::new(Code::ContentTypeUnsupported, "expected content without coding, but found some"))
}

fn expectation(headers: &HeaderMap) -> Result<(), Rejection> {
    let known = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    if headers.get_all(EXPECT).iter().all(known) {
        return Ok(());
    }
    Err(Rejection::new(Code::ExpectationUnknown, "expected expect: 100-continue, but found another"))
}

fn malformed(expected: &str, found: &str) -> Result<(), Rejection> {
    Err(Rejection::new(Code::RequestMalformed, format!("expected {expected}, but found {found}")))
}
