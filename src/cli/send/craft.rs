//! One signed request.

use serde_json::Value;

use super::fault::Fault;
use super::post::Target;
use super::signer::Signer;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::crypto::{Digest, random};
use crate::event::samples::{SampleIds, tribe, worldline};
use crate::wire::encoding::Encoding;

const DAY: i64 = 86_400_000;
const TRIBE_API_KEY: &str = include_str!("../../../keys/tribe/api-key");
const USER_TOKEN: &str = "demo-user-token-of-nobody";

/// A sender and what it has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Worldline(&'static str),
    Tribe(&'static str),
}

impl Sender {
    pub(super) fn named(profile: &str, event: &str) -> Result<Self, String> {
        let worldline = ["payment", "consent", "debtor-token"];
        let known: &[&'static str] = match profile {
            "worldline" => &worldline,
            "tribe" => &crate::event::tribe::ACTIONS,
            _ => return Err(format!("expected worldline or tribe, but found {profile:?}")),
        };
        let event = known
            .iter()
            .find(|known| **known == event)
            .ok_or_else(|| format!("expected one of {}, but found {event:?}", known.join(", ")))?;
        Ok(if profile == "tribe" { Self::Tribe(event) } else { Self::Worldline(event) })
    }

    pub(super) fn default_url(self) -> &'static str {
        match self {
            Self::Worldline(_) => "http://127.0.0.1:8400/v3/notification",
            Self::Tribe(_) => "http://127.0.0.1:8400/tribe",
        }
    }

    /// The route below the endpoint's path.
    pub(super) fn route(self) -> String {
        match self {
            Self::Worldline("debtor-token") => "/debtorToken".to_owned(),
            Self::Worldline(_) => "/status".to_owned(),
            Self::Tribe(action) => format!("/{action}"),
        }
    }

    fn document(self, ids: &SampleIds) -> Option<Value> {
        match self {
            Self::Worldline(kind) => worldline::sample(kind, ids).map(|(_, document)| document),
            Self::Tribe(action) => tribe::sample(action, ids),
        }
    }
}

/// A request that is ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Crafted {
    sender: Sender,
    pub(super) path: String,
    pub(super) host: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    ids: SampleIds,
    document: Option<Value>,
    fault: Option<Fault>,
}

impl Crafted {
    pub(super) fn new(
        sender: Sender,
        signer: &Signer,
        target: &Target,
        number: u64,
        fault: Option<Fault>,
        set: &[String],
    ) -> Result<Self, String> {
        let now = SystemClock.now();
        let ids = SampleIds { id: uuid()?, at: now.to_string(), number };
        let mut document = sender.document(&ids);
        for change in set {
            replace(document.as_mut(), change)?;
        }
        let body = document.as_ref().map(Value::to_string).unwrap_or_default().into_bytes();
        let (path, host) = (target.path.clone(), target.host.clone());
        let mut crafted = Self { sender, path, host, headers: Vec::new(), body, ids, document, fault };
        crafted.sign(signer, now)?;
        Ok(crafted)
    }

    /// The same id with other content, honestly signed.
    pub(super) fn with_other_body(&self, signer: &Signer) -> Result<Self, String> {
        let mut other = self.clone();
        if let Some(members) = other.document.as_mut().and_then(Value::as_object_mut) {
            members.insert("Changed".to_owned(), Value::Bool(true));
        }
        other.body = other.document.as_ref().map(Value::to_string).unwrap_or_default().into_bytes();
        other.sign(signer, SystemClock.now())?;
        Ok(other)
    }

    pub(super) fn request_id(&self) -> &str {
        &self.ids.id
    }

    fn sign(&mut self, signer: &Signer, now: Timestamp) -> Result<(), String> {
        self.headers = match self.sender {
            Sender::Worldline(_) => self.sign_worldline(signer, now)?,
            Sender::Tribe(action) => self.sign_tribe(signer, action)?,
        };
        if self.fault == Some(Fault::TamperedBody) {
            // One member more: still a document, but not the one that was signed.
            self.body.splice(1..1, *b"\"Tampered\":true,");
        }
        Ok(())
    }

    fn sign_worldline(&self, signer: &Signer, now: Timestamp) -> Result<Vec<(String, String)>, String> {
        let shift = match self.fault {
            Some(Fault::Stale) => DAY.saturating_neg(),
            Some(Fault::Future) => DAY,
            _ => 0,
        };
        let time = Timestamp::from_millis(now.millis().saturating_add(shift)).to_string();
        let hashed: &[u8] = if self.fault == Some(Fault::BadDigest) { b"another body" } else { &self.body };
        let digest = format!("SHA-256={}", Encoding::Base64.encode(&Digest::sha256_of(hashed)));
        let id = &self.ids.id;
        let input = format!("messagecreatedatetime: {time}\nx-request-id: {id}\ndigest: {digest}");
        let signature = self.signature(signer, input.as_bytes())?;
        let key_id = signer.key_id()?;
        let header = format!(
            "keyId=\"{key_id}\",algorithm=\"rsa-sha256\",headers=\"messagecreatedatetime x-request-id digest\",signature=\"{signature}\""
        );
        Ok(named(&[
            ("content-type", "application/json"),
            ("x-request-id", id),
            ("messagecreatedatetime", &time),
            ("digest", &digest),
            ("signature", &header),
        ]))
    }

    fn sign_tribe(&self, signer: &Signer, action: &str) -> Result<Vec<(String, String)>, String> {
        let signature = self.signature(signer, &self.body)?;
        let mut headers =
            vec![("x-api-key", TRIBE_API_KEY.trim()), ("x-request-id", &self.ids.id), ("x-signature", &signature)];
        if !self.body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        if crate::event::tribe::needs_user(action) {
            headers.push(("x-auth-token", USER_TOKEN));
        }
        Ok(named(&headers))
    }

    fn signature(&self, signer: &Signer, message: &[u8]) -> Result<String, String> {
        let mut signature = signer.sign(message)?;
        if let (Some(Fault::BadSignature), Some(last)) = (self.fault, signature.last_mut()) {
            *last ^= 1;
        }
        Ok(Encoding::Base64.encode(&signature))
    }

    pub(super) fn set_headers(&mut self, headers: &[String]) -> Result<(), String> {
        for header in headers {
            let (name, value) =
                header.split_once('=').ok_or_else(|| format!("--header: expected NAME=VALUE, but found {header:?}"))?;
            let name = name.to_ascii_lowercase();
            self.headers.retain(|(known, _)| *known != name);
            self.headers.push((name, value.to_owned()));
        }
        Ok(())
    }

    /// The request as it goes over the wire, in the form that `verify` reads.
    pub(super) fn raw(&self) -> Vec<u8> {
        let mut raw = format!("POST {} HTTP/1.1\r\nhost: {}\r\n", self.path, self.host);
        for (name, value) in &self.headers {
            raw.push_str(&format!("{name}: {value}\r\n"));
        }
        raw.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        [raw.as_bytes(), &self.body].concat()
    }
}

fn named(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Replaces one member, making the objects on the way to it.
fn replace(document: Option<&mut Value>, change: &str) -> Result<(), String> {
    let wrong = || {
        format!("--set: expected PATH=VALUE with a PATH such as CommonPaymentData.PaymentStatus, but found {change:?}")
    };
    let (path, text) = change.split_once('=').ok_or_else(wrong)?;
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    let mut place = document.ok_or_else(|| "--set: expected an event with a body, but found one without".to_owned())?;
    for name in path.split('.') {
        if let (Some(items), Ok(index)) = (place.as_array_mut().map(|_| ()), name.parse::<usize>()) {
            let () = items;
            place = place.get_mut(index).ok_or_else(wrong)?;
            continue;
        }
        let members = place.as_object_mut().ok_or_else(wrong)?;
        place = members.entry(name).or_insert_with(|| Value::Object(serde_json::Map::new()));
    }
    *place = value;
    Ok(())
}

/// A random UUID (RFC 9562, version 4).
fn uuid() -> Result<String, String> {
    let mut bytes = [0_u8; 16];
    random(&mut bytes).map_err(|error| error.to_string())?;
    let number = (u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{number:032x}");
    let parts =
        [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)].map(|(from, to)| digits.get(from..to).unwrap_or_default());
    Ok(parts.join("-"))
}
