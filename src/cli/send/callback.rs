//! A browser that comes back from a bank, with a state that the receiver's secret issued and a session of its own.
//!
//! The rule: a fault is wrong in one thing only, and everything around it is honest.

use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::craft::{Crafted, DAY, Sender, uuid};
use super::fault::Fault;
use super::post::Target;
use crate::clock::{Clock, FixedClock, SystemClock, Timestamp};
use crate::crypto::{Algorithm, Secret, random};
use crate::keys::{Key, KeySet};
use crate::state::{Binding, StateIssuer};
use crate::wire::encoding::Encoding;
use crate::wire::query::append;

/// The demo secret, which everybody has. The receiver trusts it on loopback only.
const SECRET: &str = include_str!("../../../keys/redirect/state-secret");
/// The session of the demo, as `countersign.toml` has its cookie.
const SESSION: &str = "__Host-session=demo-session-of-nobody";

/// What can have been decided.
pub(super) const EVENTS: [&str; 2] = ["callback", "denied"];

/// What only a browser has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(super) struct BrowserOptions {
    /// The cookie of the session that comes back (callbacks); the demo's unless said.
    #[arg(long, value_name = "NAME=VALUE")]
    session: Option<String>,
    /// Name of the endpoint, which a state is for (callbacks); the demo's unless said.
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
}

pub(super) fn named(profile: &str, event: &str) -> Option<Sender> {
    let event = EVENTS.into_iter().find(|known| *known == event)?;
    let profile = ["joompay", "younify", "tribe", "cbuae"].into_iter().find(|known| *known == profile)?;
    Some(Sender::Callback(profile, event))
}

/// A person with a session, and whoever issued the state.
pub(super) struct Browser {
    issuer: StateIssuer,
    cookie: String,
    binding: Binding,
    fault: Option<Fault>,
}

impl Browser {
    pub(super) fn new(
        profile: &'static str,
        options: &BrowserOptions,
        key: Option<&Path>,
        on_this_machine: bool,
        fault: Option<Fault>,
    ) -> Result<Self, String> {
        let secret = match (key, fault) {
            (_, Some(Fault::UnknownKey)) => stranger()?,
            (Some(path), _) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("expected a secret in {}, but found {error}", path.display()))?;
                text.trim_end().to_owned()
            }
            (None, _) if on_this_machine => SECRET.trim().to_owned(),
            (None, _) => {
                return Err("--to: expected a loopback address, or --key for another one, but found neither".to_owned());
            }
        };
        let secret = Secret::new(secret).map_err(|error| error.to_string())?;
        let key = Key::secret(Algorithm::Hs256, &secret).map_err(|error| error.to_string())?;
        let keys = KeySet::new(vec![key]).map_err(|error| error.to_string())?;
        let shift = match fault {
            Some(Fault::Stale) => DAY.saturating_neg(),
            Some(Fault::Future) => DAY,
            _ => 0,
        };
        let at = Timestamp::from_millis(SystemClock.now().millis().saturating_add(shift));
        let unless = match profile {
            "tribe" => "tribe-redirect",
            "cbuae" => "cbuae-redirect",
            own => own,
        };
        let endpoint = options.endpoint.clone().unwrap_or_else(|| unless.to_owned());
        // A demo secret goes to loopback only, as was looked at above.
        let issuer = StateIssuer::trusting_demo_keys_on_loopback(endpoint, keys, Arc::new(FixedClock::at(at)))
            .map_err(|error| error.to_string())?;
        let cookie = options.session.clone().unwrap_or_else(|| SESSION.to_owned());
        let wrong = || format!("--session: expected NAME=VALUE, but found {cookie:?}");
        let (_, value) = cookie.split_once('=').ok_or_else(wrong)?;
        let other = format!("{value}-of-somebody-else");
        let value = if fault == Some(Fault::Foreign) { &other } else { value };
        let binding = Binding::session(value).ok_or_else(wrong)?;
        Ok(Self { issuer, binding, fault, cookie })
    }

    /// One request, or two where the fault is in the second.
    pub(super) fn craft(
        &self,
        sender: Sender,
        target: &Target,
        set: &[String],
        headers: &[String],
    ) -> Result<Vec<Crafted>, String> {
        let Sender::Callback(profile, event) = sender else { return Err("expected a callback".to_owned()) };
        let issued = self.issuer.issue(&self.binding).map_err(|error| error.to_string())?;
        let mut state = issued.as_str().to_owned();
        if self.fault == Some(Fault::BadSignature) {
            let last = if state.ends_with('A') { "B" } else { "A" };
            state.pop();
            state.push_str(last);
        }
        let request = |code: &str| {
            let mut parameters = vec![("state".to_owned(), state.clone())];
            let more: &[(&str, &str)] = match (profile, event) {
                ("tribe", "callback") => &[("status", "ACSC"), ("payment_id", code)],
                ("tribe", _) => &[("status", "CANC"), ("message", "the user cancelled")],
                (_, "callback") => &[("code", code)],
                _ => &[("error", "access_denied"), ("error_description", "the user declined")],
            };
            parameters.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            for change in set {
                let (name, value) = change
                    .split_once('=')
                    .ok_or_else(|| format!("--set: expected NAME=VALUE, but found {change:?}"))?;
                match parameters.iter_mut().find(|(known, _)| known == name) {
                    Some((_, known)) => value.clone_into(known),
                    None => parameters.push((name.to_owned(), value.to_owned())),
                }
            }
            let mut query = String::new();
            parameters.iter().for_each(|(name, value)| append(&mut query, name, value));
            let path = format!("{}?{query}", if target.path.is_empty() { "/" } else { &target.path });
            let mut crafted = Crafted::returning(sender, &target.host, path, &self.cookie, issued.id().to_owned());
            crafted.set_headers(headers)?;
            Ok::<_, String>(crafted)
        };
        let first = request(&format!("demo-code-{}", uuid()?))?;
        Ok(match self.fault {
            Some(Fault::Duplicate) => vec![first.clone(), first],
            Some(Fault::SameIdOtherBody) => vec![first, request(&format!("other-code-{}", uuid()?))?],
            _ => vec![first],
        })
    }
}

/// A secret that was made now and is thrown away.
fn stranger() -> Result<String, String> {
    let mut secret = [0_u8; 32];
    random(&mut secret).map_err(|error| error.to_string())?;
    Ok(Encoding::Base64Url.encode(&secret))
}
