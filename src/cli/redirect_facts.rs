//! What `check` says of an endpoint that browsers come back to.

use crate::profile::{Scheme, UnknownParameters};
use crate::server::config::EndpointSettings;
use crate::state::Session;

/// Names and values; nothing for a sender of another kind.
pub(super) fn redirect_facts(endpoint: &EndpointSettings) -> Vec<(&'static str, String)> {
    let Scheme::Redirect(scheme) = endpoint.profile.scheme() else { return Vec::new() };
    let session = match &scheme.session {
        Some(Session::Cookie { name, transaction: None }) => format!("bound to the session in cookie {name}"),
        Some(Session::Cookie { name, transaction: Some(second) }) => {
            format!("bound to the session in cookie {name} and the transaction in cookie {second}")
        }
        Some(Session::Extracted(_)) => "bound to the session that the code finds".to_owned(),
        Some(Session::Unbound) | None => "BOUND TO NO SESSION: taken in anybody's browser".to_owned(),
    };
    let lifetime = endpoint.profile.tolerance().as_secs();
    let state = format!("good once, for {lifetime} s, {session}; the first secret issues, all verify");
    let issuer = match &scheme.issuer {
        Some(issuer) => format!("iss {issuer}"),
        None => "iss NOT COMPARED: set issuer if the bank names itself, above all with several banks".to_owned(),
    };
    let unknown = match scheme.unknown {
        UnknownParameters::Ignored => "ignored (RFC 6749 section 4.1.2)",
        UnknownParameters::Refused => "refused",
    };
    let (done, failed) = endpoint.addresses();
    let place = |address: Option<&str>, unless: &str| address.map_or_else(|| unless.to_owned(), str::to_owned);
    let person = format!(
        "who agreed goes to {}, who did not to {}; every refusal is one page",
        place(done, "a page of ours, where the code STAYS IN THE ADDRESS"),
        place(failed, "a page of ours"),
    );
    vec![("state", state), ("issuer", issuer), ("unknown", format!("parameters {unknown}")), ("person", person)]
}
