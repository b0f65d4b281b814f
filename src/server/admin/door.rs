//! Who may ask for operators' pages. The rule: a web page in an operator's browser never may, whatever name it made point
//! here; and nobody without the token learns whether a page exists.

use std::net::IpAddr;

use http::header::{ALLOW, AUTHORIZATION, CONNECTION, HOST, HeaderValue, ORIGIN, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;

use super::text;
use crate::crypto::Secret;
use crate::server::connection::Refused;
use crate::wire::bearer::bearer;
use crate::wire::header::only;

/// What opens.
#[derive(Debug, Clone)]
pub(in crate::server) struct Door {
    /// Names of this machine that operators use.
    hosts: Vec<String>,
    token: Option<Secret>,
}

impl Door {
    pub(in crate::server) fn new(hosts: Vec<String>, token: Option<Secret>) -> Self {
        Self { hosts, token }
    }

    /// The answer to whoever may not ask. `local` is the address that the connection came to.
    pub(super) fn turned_away<B>(
        &self,
        request: &Request<B>,
        local: Option<IpAddr>,
    ) -> Option<Response<Full<bytes::Bytes>>> {
        let away = |status: StatusCode, words: &'static str| {
            let mut response = text(status, words);
            // Nothing is worth keeping the connection for.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            response
        };
        if let Some(Refused(rejection)) = request.extensions().get::<Refused>() {
            let status = StatusCode::from_u16(rejection.code().status()).unwrap_or(StatusCode::BAD_REQUEST);
            return Some(away(status, "refused\n"));
        }
        if request.headers().contains_key(ORIGIN) || !self.knows(request, local) {
            return Some(away(StatusCode::FORBIDDEN, "forbidden\n"));
        }
        if !self.is_shown_the_token(request) {
            let mut response = away(StatusCode::UNAUTHORIZED, "unauthorized\n");
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return Some(response);
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = away(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Some(response);
        }
        None
    }

    /// Whether the host is a name of ours: loopback, the address that the connection came to, or a configured one. The
    /// port does not count, so that it may be forwarded.
    fn knows<B>(&self, request: &Request<B>, local: Option<IpAddr>) -> bool {
        let Some(host) = only(request.headers(), HOST.as_str()) else { return false };
        let name = name(host);
        if let Ok(address) = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return address.is_loopback()
                || local.is_some_and(|local| local.to_canonical() == address.to_canonical())
                || self.hosts.iter().any(|known| *known == name);
        }
        name.eq_ignore_ascii_case("localhost") || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    fn is_shown_the_token<B>(&self, request: &Request<B>) -> bool {
        let Some(secret) = &self.token else { return true };
        let shown = only(request.headers(), AUTHORIZATION.as_str());
        let shown = shown.and_then(|value| bearer(value).ok());
        shown.is_some_and(|token| secret.verify(token.as_bytes()).is_ok())
    }
}

/// A host without its port.
fn name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "a-token-of-operators-long-enough";

    fn asked(door: &Door, method: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().method(method).uri("/metrics");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let local = "10.0.0.5".parse().ok();
        let answer = door.turned_away(&request.body(()).unwrap(), local);
        answer.map_or(200, |response| response.status().as_u16())
    }

    #[test]
    fn a_name_that_was_made_to_point_here_is_refused_also_with_the_token() {
        let hosts = vec!["ops.example".to_owned()];
        let secret = Secret::new(TOKEN).unwrap();
        let bearer = format!("Bearer {TOKEN}");
        let (open, closed) = (Door::new(hosts.clone(), None), Door::new(hosts, Some(secret)));
        for (host, status) in [
            ("127.0.0.1:8401", 200),
            ("localhost", 200),
            ("LOCALHOST:9", 200),
            ("[::1]:8401", 200),
            ("10.0.0.5:8401", 200),
            ("ops.example", 200),
            ("Ops.Example:443", 200),
            ("evil.example", 403),
            ("evil.example:8401", 403),
            ("10.0.0.6", 403),
            ("localhost.evil.example", 403),
            ("127.0.0.1.evil.example", 403),
            ("ops.example.evil.example", 403),
            ("", 403),
        ] {
            assert_eq!(asked(&open, "GET", &[("host", host)]), status, "{host}");
            assert_eq!(asked(&closed, "GET", &[("host", host), ("authorization", &bearer)]), status, "{host}");
        }
        assert_eq!(asked(&open, "GET", &[]), 403);
        assert_eq!(asked(&open, "GET", &[("host", "localhost"), ("origin", "http://localhost")]), 403);
    }

    #[test]
    fn without_the_token_every_page_and_method_look_the_same() {
        let door = Door::new(Vec::new(), Some(Secret::new(TOKEN).unwrap()));
        let host = ("host", "localhost");
        for value in ["", "Bearer", "Bearer wrong", "Basic YTpi", &format!("Bearer {TOKEN}x"), TOKEN] {
            for method in ["GET", "POST", "TRACE"] {
                assert_eq!(asked(&door, method, &[host, ("authorization", value)]), 401, "{method} {value:?}");
            }
        }
        let right = format!("Bearer {TOKEN}");
        assert_eq!(asked(&door, "GET", &[host]), 401);
        assert_eq!(asked(&door, "GET", &[host, ("authorization", &right), ("authorization", &right)]), 401);
        assert_eq!(asked(&door, "GET", &[host, ("authorization", &right)]), 200);
        assert_eq!(asked(&door, "HEAD", &[host, ("authorization", &right)]), 200);
        assert_eq!(asked(&door, "POST", &[host, ("authorization", &right)]), 405);
    }
}
