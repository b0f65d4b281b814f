//! What a person sees who came back from a bank: a page of ours, or the way to a page of the application.
//!
//! The rule: nothing of the request is on it, and every refusal is the same page. Where it leads comes from the
//! configuration alone. Nothing is kept by the browser, nothing is sent along to where it goes next.

use std::fmt;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{StatusCode, Uri};

use super::super::{Answer, Context, Dialect, Told};
use crate::event::AuthorizationOutcome;
use crate::wire::GrammarError;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// Nothing is loaded, run, framed or submitted.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const GRANTED: &str = "You can close this page now.";
const DENIED: &str = "Nothing was authorised. You can close this page now.";
const REFUSED: &str = "This link is not valid, or not any more. Please go back to where you began, and begin again.";

/// Where a person is sent: an address of the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(HeaderValue);

impl Address {
    /// Reads `https://…`, `http://…`, or a path on this host.
    ///
    /// # Errors
    /// It is something else, or holds what would break out of a header or a page.
    pub fn parse(text: &str) -> Result<Self, GrammarError> {
        let wrong =
            || GrammarError::expected("an address such as https://app.example/done, or a path", "something else");
        let safe = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>\\`{}|^".contains(&byte);
        if text.is_empty() || text.len() > 2048 || !text.bytes().all(safe) {
            return Err(wrong());
        }
        let uri: Uri = text.split('#').next().unwrap_or_default().parse().map_err(|_| wrong())?;
        let absolute = matches!(uri.scheme_str(), Some("https" | "http"));
        // `//host` is another host's address.
        let path = text.starts_with('/') && !text.starts_with("//") && uri.scheme().is_none();
        if !absolute && !path {
            return Err(wrong());
        }
        // A password in an address is shown to everybody who follows it.
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(wrong());
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| wrong())
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// The answers to a browser.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Where a person goes who agreed; a page of ours without it.
    pub done: Option<Address>,
    /// Where a person goes who did not, and where the page of a refusal points.
    pub failed: Option<Address>,
}

impl Page {
    fn write(&self, answer: &mut Answer, text: &str, onward: Option<&Address>) {
        answer.content_type = Some(HTML);
        answer.body = Bytes::from(document(text, onward));
    }
}

impl Dialect for Page {
    fn refusal(&self, told: Told, _context: Context<'_>) -> Answer {
        let mut answer = Answer::empty(told.status());
        self.write(&mut answer, REFUSED, self.failed.as_ref());
        answer
    }

    fn landing(&self, outcome: AuthorizationOutcome, answer: &mut Answer) {
        let (onward, text) = match outcome {
            AuthorizationOutcome::Granted => (&self.done, GRANTED),
            AuthorizationOutcome::Denied => (&self.failed, DENIED),
        };
        match onward {
            // RFC 9700 section 4.12: 303 turns everything into a GET, and the address with the code leaves the history.
            Some(address) => {
                answer.status = StatusCode::SEE_OTHER;
                answer.headers.insert(LOCATION, address.0.clone());
            }
            None => self.write(answer, text, None),
        }
    }

    fn finish(&self, answer: &mut Answer, _context: Context<'_>) {
        const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
        for (name, value) in [
            (CACHE_CONTROL, "no-store"),
            (REFERRER_POLICY, "no-referrer"),
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
            (OPENER, "same-origin"),
        ] {
            answer.headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

struct Onward<'a>(Option<&'a Address>);

impl fmt::Display for Onward<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(address) = self.0 else { return Ok(()) };
        // The other letters that mean something in HTML are in no address.
        let escaped = address.as_str().replace('&', "&amp;");
        writeln!(f, "<p><a href=\"{escaped}\" rel=\"noreferrer\">Continue</a></p>")
    }
}

fn document(text: &str, onward: Option<&Address>) -> String {
    let onward = Onward(onward);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Authorisation</title></head>\n\
         <body>\n<p>{text}</p>\n{onward}</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_leads_elsewhere_or_breaks_out_is_refused() {
        for text in [
            "",
            "//evil.example/",
            "/\\evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://a/",
            "app.example",
            "https://a/\"onmouseover=",
            "https://a/<b>",
            "https://a/ b",
            "https://a/\r\nset-cookie: a=b",
            "https://",
            "https://user:secret@a/",
            "https:/a",
            "é",
        ] {
            assert!(Address::parse(text).is_err(), "{text:?}");
        }
        for text in ["/done", "/", "https://app.example/done?a=1&b=2#top", "http://127.0.0.1:3000/"] {
            assert_eq!(Address::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn every_refusal_is_the_same_page_with_nothing_of_the_request() {
        let page = Page { done: None, failed: Some(Address::parse("https://app.example/?a=1&b=2").unwrap()) };
        let context = Context { now: crate::clock::Timestamp::default(), request_id: Some("canary") };
        let one = page.refusal(Told::NotAuthenticated, context);
        for told in [Told::Conflict, Told::Malformed, Told::Unavailable, Told::NotFound, Told::TooMany] {
            let other = page.refusal(told, context);
            assert_eq!((&other.body, &other.content_type, other.status), (&one.body, &one.content_type, told.status()));
        }
        let text = String::from_utf8(one.body.to_vec()).unwrap();
        assert!(text.contains("href=\"https://app.example/?a=1&amp;b=2\"") && !text.contains("canary"), "{text}");
        assert!(!text.contains("<script") && !text.contains("style") && !text.contains("src="), "{text}");
    }
}
