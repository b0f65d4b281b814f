//! One HTTP request as it arrived. Nothing in it is checked, and a header that is there twice is an error.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::clock::Timestamp;
use crate::error::{Code, Rejection};

/// One HTTP request: method, target, headers and the whole body. Each retry of a sender is a new delivery.
#[derive(Clone)]
pub struct Delivery {
    pub(crate) method: Method,
    pub(crate) path: Box<str>,
    pub(crate) query: Option<Box<str>>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) received_at: Timestamp,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) action: Arc<str>,
}

impl Delivery {
    /// Takes a request apart. `action` is the profile's name for the route that matched, empty if it has only one.
    pub fn new(request: http::Request<Bytes>, action: impl Into<Arc<str>>, received_at: Timestamp) -> Self {
        let (mut head, body) = request.into_parts();
        Self::taking(&mut head, body, action.into(), received_at)
    }

    /// The same of a request that was taken apart before; its headers are taken out of `head`.
    pub(crate) fn taking(
        head: &mut http::request::Parts,
        body: Bytes,
        action: Arc<str>,
        received_at: Timestamp,
    ) -> Self {
        Self {
            path: head.uri.path().into(),
            query: head.uri.query().map(Into::into),
            method: head.method.clone(),
            headers: std::mem::take(&mut head.headers),
            body,
            received_at,
            peer: None,
            action,
        }
    }

    /// Says where the connection came from.
    #[must_use]
    pub fn from_peer(mut self, peer: IpAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// The method as sent.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path as sent, without the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query as sent, without `?`.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The body, exactly the bytes that were received.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// When the request was received.
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// The one value of a header, without surrounding white space (RFC 9110 section 5.5).
    ///
    /// # Errors
    /// [`Code::HeaderRepeated`] if it is there more than once: neither the first nor the last wins.
    /// [`Code::HeaderUndecodable`] if it holds bytes outside visible ASCII, space and tab.
    pub fn header(&self, name: &str) -> Result<Option<&str>, Rejection> {
        // A look at each of a few names is shorter than reading and hashing the one that is looked for.
        let named = self.headers.iter().filter(|(known, _)| known.as_str().eq_ignore_ascii_case(name));
        let mut values = named.map(|(_, value)| value);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Rejection::new(Code::HeaderRepeated, format!("expected one {name} header, but found more")));
        }
        match value.to_str() {
            Ok(text) => Ok(Some(text.trim_matches([' ', '\t']))),
            Err(_) => Err(Rejection::new(
                Code::HeaderUndecodable,
                format!("expected visible ASCII in {name}, but found other bytes"),
            )),
        }
    }
}

impl std::fmt::Debug for Delivery {
    /// Shows sizes, not values: headers and bodies hold tokens and personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers.len())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(request: http::request::Builder) -> Delivery {
        Delivery::new(request.body(Bytes::new()).unwrap(), "", Timestamp::default())
    }

    #[test]
    fn a_header_that_is_there_twice_is_an_error_even_if_equal() {
        let delivery = delivery(http::Request::post("/").header("x-signature", "a").header("X-Signature", "a"));
        assert_eq!(delivery.header("X-Signature").unwrap_err().code(), Code::HeaderRepeated);
    }

    #[test]
    fn non_ascii_bytes_are_an_error() {
        let value = http::HeaderValue::from_bytes(b"\xff").unwrap();
        let delivery = delivery(http::Request::post("/").header("x-a", value));
        assert_eq!(delivery.header("x-a").unwrap_err().code(), Code::HeaderUndecodable);
    }

    #[test]
    fn debug_shows_no_value() {
        let delivery = delivery(http::Request::post("/").header("authorization", "Bearer canary"));
        assert!(!format!("{delivery:?}").contains("canary"));
    }
}
