//! A callback that is right in everything but the MAC of its state, for the self-test.

use super::config::EndpointSettings;
use crate::clock::Timestamp;
use crate::profile::Redirect;
use crate::state::{Session, StateValue};
use crate::wire::query::append;

/// The bytes of a request whose state nobody issued.
pub(super) fn request(settings: &EndpointSettings, scheme: &Redirect, at: Timestamp) -> String {
    let mut query = String::new();
    append(&mut query, "state", &StateValue::forged(at).to_string());
    append(&mut query, "code", "self-test");
    if let Some(issuer) = &scheme.issuer {
        append(&mut query, "iss", issuer);
    }
    let cookies = match &scheme.session {
        Some(Session::Cookie { name, transaction: None }) => format!("cookie: {name}=self-test\r\n"),
        Some(Session::Cookie { name, transaction: Some(second) }) => {
            format!("cookie: {name}=self-test; {second}=self-test\r\n")
        }
        _ => String::new(),
    };
    let path = if settings.path.is_empty() { "/" } else { &settings.path };
    format!("GET {path}?{query} HTTP/1.1\r\nhost: self-test.invalid\r\n{cookies}\r\n")
}
