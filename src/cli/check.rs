//! `check`: everything that `serve` would find out, and for each endpoint what the signature binds and what replay
//! protection follows from that.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::distrust_facts;
use super::identity_facts::IdentityFacts;
use super::redirect_facts::redirect_facts;
use super::token_facts::facts;
use super::{Ended, load, print};
use crate::clock::{Clock, SystemClock};
use crate::error::Code;
use crate::profile::{Form, Fresh, Identification, Presence, Scheme};
use crate::rotation::{Severity, all_ended, ending};
use crate::server::config::EndpointSettings;
use crate::server::self_test;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  countersign check --config /etc/countersign.toml")]
pub(super) struct Check {
    /// One JSON document an endpoint; each says what is to be said of the store and of all of them, too.
    #[arg(long)]
    json: bool,
}

/// What a signature binds.
struct Binds {
    body: bool,
    path: bool,
    request_id: bool,
    time: bool,
}

impl Check {
    pub(super) async fn run(&self, path: &Path) -> Result<(), Ended> {
        let mut config = load(path)?;
        config.open_keys(std::sync::Arc::new(SystemClock)).await?;
        let certificates = config.try_files().map_err(Ended::Usage)?;
        // What is wrong with it is said after everything else.
        let store = config.store.describe().await;
        let now = SystemClock.now();
        let mut failed = certificates.iter().any(|one| one.has_ended(now));
        for endpoint in &config.endpoints {
            let binds = binds(endpoint);
            let identity = IdentityFacts::of(endpoint, binds.request_id);
            let replay = replay(endpoint, &binds);
            let test = self_test(endpoint, now).await;
            let ended = endpoint.keys.as_ref().is_some_and(|keys| all_ended(keys, now));
            failed |= test.is_err() || ended;
            let ending = endpoint.keys.as_ref().map(|keys| ending(keys, now)).unwrap_or_default();
            let self_test = match &test {
                Ok(Code::SignatureMismatch) => "a request with a wrong signature was refused".to_owned(),
                Ok(Code::StateMismatch) => "a browser with a state that nobody issued was refused".to_owned(),
                Ok(code) => format!("a bad request was refused before its signature was looked at ({code})"),
                Err(why) => why.clone(),
            };
            if self.json {
                let mut document = json!({
                    "endpoint": &*endpoint.name, "path": endpoint.path, "profile": endpoint.profile.name(),
                    "mode": if endpoint.inline { "inline" } else { "queue" }, "sink": endpoint.sink,
                    "binds": {"body": binds.body, "path": binds.path, "requestId": binds.request_id, "time": binds.time},
                    "client": endpoint.client().map(|pins| pins.iter().map(ToString::to_string).collect::<Vec<_>>()),
                    "expiring": ending.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "distrusts": distrust_facts::documents(endpoint),
                    "keysEnded": ended, "identity": identity.document(), "replay": replay, "selfTest": {"passed": test.is_ok(), "detail": self_test},
                    "store": store.as_ref().ok(), "warnings": config.warnings,
                    "certificates": certificates.iter().map(|one| {
                        json!({"files": one.files, "notAfter": one.not_after.to_string(), "endsSoon": one.severity(now).is_some()})
                    }).collect::<Vec<_>>(),
                });
                let facts = facts(endpoint).into_iter().chain(redirect_facts(endpoint));
                let token: serde_json::Map<_, _> = facts.map(|(name, value)| (name.to_owned(), json!(value))).collect();
                if let (false, Some(members)) = (token.is_empty(), document.as_object_mut()) {
                    members.insert("token".to_owned(), token.into());
                }
                print(&document.to_string())?;
                continue;
            }
            print(&format!("endpoint {} ({}) at {}", endpoint.name, endpoint.profile.name(), endpoint.path))?;
            for (name, value) in account(endpoint, &binds, &identity, &replay, &self_test) {
                print(&format!("  {name:<12} {value}"))?;
            }
            if ended {
                print("  KEYS ENDED   none of the keys is valid now: everything of this sender is refused")?;
            }
            for one in &ending {
                let word = if one.severity == Severity::Error { "ENDS SOON" } else { "ends soon" };
                print(&format!("  {word:<12} {one}"))?;
            }
        }
        if !self.json {
            if let Ok(store) = &store {
                print(&format!("store        {store}"))?;
            }
            for one in &certificates {
                let word = match one.severity(now) {
                    None => "certificate",
                    Some(_) if one.has_ended(now) => "ENDED",
                    Some(Severity::Error) => "ENDS SOON",
                    Some(Severity::Warning) => "ends soon",
                };
                print(&format!("{word:<12} {}", one.words(now)))?;
            }
            for warning in &config.warnings {
                print(&format!("warning      {warning}"))?;
            }
        }
        store?;
        if failed { Err(Ended::Refused) } else { Ok(()) }
    }
}

fn account(
    endpoint: &EndpointSettings,
    binds: &Binds,
    identity: &IdentityFacts,
    replay: &str,
    self_test: &str,
) -> Vec<(&'static str, String)> {
    let word = |bound: bool| if bound { "signed" } else { "NOT SIGNED" };
    let keys = endpoint.keys.as_ref().map_or_else(
        || "none: a bearer token alone vouches for the sender".to_owned(),
        |keys| {
            keys.iter().map(|key| format!("{} {}", key.algorithm(), key.id().as_str())).collect::<Vec<_>>().join(", ")
        },
    );
    let routes =
        endpoint.profile.routes().iter().map(|route| format!("{} {}{}", route.method, endpoint.path, route.path));
    let shows = [(endpoint.wants_bearer(), "bearer token"), (endpoint.wants_api_key(), "API key")];
    let shows: Vec<_> = shows.into_iter().filter_map(|(shown, name)| shown.then_some(name)).collect();
    let mut rows = vec![("routes", routes.collect::<Vec<_>>().join(", ")), ("keys", keys)];
    rows.extend((!endpoint.distrust.is_empty()).then(|| ("distrusts", distrust_facts::words(endpoint))));
    rows.extend(facts(endpoint));
    rows.extend(redirect_facts(endpoint));
    rows.extend([
        ("also shows", if shows.is_empty() { "nothing".to_owned() } else { shows.join(", ") }),
        ("client", client(endpoint)),
        ("body", word(binds.body).to_owned()),
        ("path", word(binds.path).to_owned()),
        ("request id", word(binds.request_id).to_owned()),
        ("time", word(binds.time).to_owned()),
        ("identity", identity.words()),
        ("replay", replay.to_owned()),
        ("mode", if endpoint.inline { "inline: the sink's answer is the sender's" } else { "queue" }.to_owned()),
        ("sink", endpoint.sink.clone()),
        ("self-test", self_test.to_owned()),
    ]);
    rows
}

/// Whose certificates are taken, in a handshake or from a proxy.
fn client(endpoint: &EndpointSettings) -> String {
    endpoint.client().map_or_else(
        || "no certificate is pinned".to_owned(),
        |pins| pins.iter().map(ToString::to_string).collect::<Vec<_>>().join(", or "),
    )
}

fn binds(endpoint: &EndpointSettings) -> Binds {
    let profile = &endpoint.profile;
    let path = match profile.scheme() {
        Scheme::Body(scheme) => scheme.input.covers_path(),
        Scheme::Http(scheme) => scheme.cover.iter().any(|name| &**name == "(request-target)"),
        Scheme::Jose(scheme) => matches!(&scheme.form, Form::Detached { input, .. } if input.covers_path()),
        // A state is for one endpoint, whose name it covers.
        Scheme::Redirect(_) => true,
    };
    let always_signed = !matches!(profile.scheme(), Scheme::Http(scheme) if scheme.presence == Presence::IfPresent);
    Binds {
        body: always_signed && !matches!(profile.scheme(), Scheme::Redirect(_)),
        path: path && always_signed,
        request_id: profile.id_is_signed() && always_signed,
        time: !matches!(profile.fresh(), Fresh::Off | Fresh::Unsaid) && always_signed,
    }
}

fn replay(endpoint: &EndpointSettings, binds: &Binds) -> String {
    let profile = &endpoint.profile;
    let hours = endpoint.retain().as_secs() / 3600;
    let id = match profile.identification() {
        Identification::Header { name, .. } => format!("the id in {name}"),
        Identification::Json(pointer) => format!("the id at {}", pointer.as_str()),
        Identification::Claim { name, required: true } => format!("the id in claim {name}"),
        Identification::Claim { name, required: false } => format!("the id in claim {name}, or else the message,"),
        Identification::State => "the same state".to_owned(),
        Identification::Fingerprint => "the content".to_owned(),
    };
    let fenced: Vec<_> =
        profile.routes().iter().filter(|route| route.refuse_same_body).map(|route| &*route.action).collect();
    let mut text = format!("a copy with {id} is refused a second effect for {hours} h");
    if !binds.request_id {
        text.push_str("; WHO CAPTURED A REQUEST CAN SEND IT AGAIN UNDER A NEW ID");
        match fenced.len() {
            0 => text.push_str(" (replay = \"refuse-same-body\" closes this where bodies are unique)"),
            all if all == profile.routes().len() => text.push_str(", but the same body is refused on every route"),
            _ => text.push_str(&format!(", except on {}, where the same body is refused", fenced.join(" and "))),
        }
    }
    if binds.time {
        text.push_str(&format!("; nothing older than {} s is taken", profile.stays_fresh().as_secs()));
    } else {
        text.push_str("; after that, nothing tells an old request from a new one");
    }
    text
}
