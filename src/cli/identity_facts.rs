//! What `check` says of an event's identity: where it comes from, whether the signature covers it, and what happens to the
//! same content under another one.

use serde_json::{Value, json};

use crate::profile::Identification;
use crate::server::config::EndpointSettings;

/// The policy of one endpoint.
pub(super) struct IdentityFacts {
    from: String,
    kind: &'static str,
    signed: bool,
    fence: Fence,
}

/// Whether the content is a second name of an event.
enum Fence {
    /// It is the first one.
    Identity,
    Everywhere,
    /// For these actions.
    On(Vec<String>),
    Nowhere,
}

impl IdentityFacts {
    /// `signed` as far as the signature is always there.
    pub(super) fn of(endpoint: &EndpointSettings, signed: bool) -> Self {
        let profile = &endpoint.profile;
        let (kind, from) = match profile.identification() {
            Identification::Header { name, .. } => ("header", format!("header {name}")),
            Identification::Json(pointer) => ("json", format!("member {}", pointer.as_str())),
            Identification::Claim { name, required: true } => ("claim", format!("claim {name}")),
            Identification::Claim { name, required: false } => ("claim", format!("claim {name}, or else the message")),
            Identification::State => ("state", "the state that we issued, good once".to_owned()),
            Identification::Fingerprint => ("fingerprint", "the content, by its fingerprint".to_owned()),
        };
        let fenced: Vec<String> = profile
            .routes()
            .iter()
            .filter(|route| route.refuse_same_body)
            .map(|route| route.action.to_string())
            .collect();
        let fence = match fenced.len() {
            _ if matches!(profile.identification(), Identification::Fingerprint | Identification::State) => {
                Fence::Identity
            }
            0 => Fence::Nowhere,
            all if all == profile.routes().len() => Fence::Everywhere,
            _ => Fence::On(fenced),
        };
        Self { from, kind, signed, fence }
    }

    /// In words.
    pub(super) fn words(&self) -> String {
        let Self { from, signed, .. } = self;
        let signed = if *signed { "signed" } else { "NOT SIGNED" };
        let fence = match &self.fence {
            Fence::Identity => String::new(),
            Fence::Everywhere => "; the same message under another id is a copy".to_owned(),
            Fence::On(actions) => format!(
                "; the same message under another id is a copy on {}, and another event elsewhere",
                actions.join(" and ")
            ),
            Fence::Nowhere => "; the same message under another id is another event".to_owned(),
        };
        format!("{from}, {signed}{fence}")
    }

    /// For programs.
    pub(super) fn document(&self) -> Value {
        let fence = match &self.fence {
            Fence::Identity => json!("identity"),
            Fence::Everywhere => json!("all"),
            Fence::On(actions) => json!(actions),
            Fence::Nowhere => json!("none"),
        };
        json!({ "kind": self.kind, "from": self.from, "signed": self.signed, "fingerprintFence": fence })
    }
}
