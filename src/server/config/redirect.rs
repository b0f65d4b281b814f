//! What an endpoint of redirects may say: where the session is, where a person goes, who has to have answered. The rule:
//! what is left out that protects is said aloud, and is warned about.

use serde::Deserialize;

use super::endpoint::Surroundings;
use super::file::EndpointTable;
use super::profile::only_without_code;
use super::span_field;
use crate::error::ConfigError;
use crate::profile::{Address, Page, Profile, Scheme, UnknownParameters};
use crate::state::Session;

/// The profiles that a browser comes back for.
pub(super) const PROFILES: [&str; 5] = ["joompay", "younify", "tribe-redirect", "cbuae-redirect", "redirect"];

/// The member `redirect` of an endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RedirectTable {
    session: Option<SessionValue>,
    lifetime: Option<String>,
    done: Option<String>,
    failed: Option<String>,
    issuer: Option<String>,
    unknown: Option<UnknownWord>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum SessionValue {
    Word(String),
    Table(SessionTable),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionTable {
    cookie: String,
    transaction: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum UnknownWord {
    Ignore,
    Refuse,
}

/// The profile of that name.
pub(super) fn read(table: &EndpointTable) -> Result<Profile, ConfigError> {
    let elsewhere = [
        ("signature", table.signature.is_some()),
        ("success", table.success.is_some()),
        ("tolerance", table.tolerance.is_some()),
        ("replay", table.replay.is_some()),
        ("undecodable", table.undecodable.is_some()),
        ("max_body", table.max_body.is_some()),
    ];
    only_without_code(table, &elsewhere)?;
    if table.client.is_some() {
        let message = "expected no pins of clients, because a browser shows no certificate, but found some";
        return Err(ConfigError::new("client", message));
    }
    let mut profile = match table.profile.as_str() {
        "joompay" => Profile::joompay(),
        "younify" => Profile::younify(),
        "tribe-redirect" => Profile::tribe_redirect(),
        "cbuae-redirect" => Profile::cbuae_redirect(),
        _ => Profile::redirect(),
    };
    let Some(said) = &table.redirect else { return Ok(profile) };
    if let Some(session) = &said.session {
        profile = profile.with_session(place(session)?);
    }
    if let Some(lifetime) = &said.lifetime {
        profile = profile.with_tolerance(span_field("redirect.lifetime", lifetime)?);
    }
    let address = |field, text: &Option<String>| {
        let read = text.as_deref().map(Address::parse).transpose();
        read.map_err(|error| ConfigError::new(field, error.to_string()))
    };
    let page = Page { done: address("redirect.done", &said.done)?, failed: address("redirect.failed", &said.failed)? };
    profile = profile.with_dialect(std::sync::Arc::new(page));
    if let Some(issuer) = &said.issuer {
        // RFC 9207 section 2: an https address without query and fragment.
        if !issuer.starts_with("https://")
            || issuer.contains(['?', '#'])
            || !issuer.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(ConfigError::new(
                "redirect.issuer",
                "expected the bank's issuer, https://… without query and fragment, but found something else",
            ));
        }
        profile = profile.with_issuer(issuer);
    }
    if let (Some(UnknownWord::Refuse), Scheme::Redirect(scheme)) = (said.unknown, profile.scheme_mut()) {
        scheme.unknown = UnknownParameters::Refused;
    }
    Ok(profile)
}

/// Where a person goes who agreed, and who did not.
pub(super) fn addresses(table: &EndpointTable) -> [Option<String>; 2] {
    table.redirect.as_ref().map(|said| [said.done.clone(), said.failed.clone()]).unwrap_or_default()
}

fn place(session: &SessionValue) -> Result<Session, ConfigError> {
    let wrong = |message: &str| ConfigError::new("redirect.session", message);
    let table = match session {
        SessionValue::Word(word) if word == "off" => return Ok(Session::Unbound),
        SessionValue::Word(_) => return Err(wrong("expected { cookie = \"…\" } or \"off\", but found another word")),
        SessionValue::Table(table) => table,
    };
    let named = || wrong("expected names of cookies, each its own, but found something else");
    let session = Session::cookie(&table.cookie).ok_or_else(named)?;
    match &table.transaction {
        None => Ok(session),
        Some(second) => session.with_transaction_cookie(second).ok_or_else(named),
    }
}

/// What is allowed but not advised.
pub(super) fn warn(name: &str, profile: &Profile, around: &Surroundings<'_>, warnings: &mut Vec<String>) {
    let Scheme::Redirect(scheme) = profile.scheme() else { return };
    if around.reach.demands_clients {
        warnings.push(format!(
            "endpoint {name:?}: a browser shows no certificate, and the listener demands one of everybody: set client = \
             \"optional\" there, and pin the clients of the other endpoints"
        ));
    }
    match &scheme.session {
        Some(Session::Unbound) => warnings.push(format!(
            "endpoint {name:?} takes a state in any browser (session = \"off\"): who gets hold of one can have somebody else's \
             browser come back with it, and that person then works with the wrong account (login CSRF, RFC 9700 section 4.7); \
             set redirect = {{ session = {{ cookie = \"__Host-…\" }} }}"
        )),
        Some(Session::Cookie { name: first, transaction }) => {
            for cookie in std::iter::once(first).chain(transaction).filter(|cookie| !cookie.starts_with("__Host-")) {
                warnings.push(format!(
                    "endpoint {name:?}: the cookie {cookie:?} can be set by a sibling domain too; a name that begins with \
                     __Host- cannot"
                ));
            }
        }
        Some(Session::Extracted(_)) | None => {}
    }
}
