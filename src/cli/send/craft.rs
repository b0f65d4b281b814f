//! One signed request.

use http::Method;
use serde_json::Value;

use super::cbuae::{self, TokenOptions};
use super::change::replace;
use super::fault::Fault;
use super::post::Target;
use super::signer::Signer;
use super::{tribe, worldline};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::crypto::random;
use crate::event::samples::{self, SampleIds, body};

/// A day, in milliseconds.
pub(super) const DAY: i64 = 86_400_000;

/// Names in lower case, and values.
pub(super) type Headers = Vec<(String, String)>;

/// A sender and what it has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Worldline(&'static str),
    Tribe(&'static str),
    Cbuae(&'static str),
    /// A browser that comes back: the profile, and what was decided.
    Callback(&'static str, &'static str),
}

impl Sender {
    pub(super) fn named(profile: &str, event: &str) -> Result<Self, String> {
        if let Some(sender) = super::callback::named(profile, event) {
            return Ok(sender);
        }
        let worldline = ["payment", "consent", "debtor-token"];
        let known: &[&'static str] = match profile {
            "worldline" => &worldline,
            "tribe" => &crate::event::tribe::ACTIONS,
            "cbuae" => &samples::cbuae::KINDS,
            "joompay" | "younify" => &super::callback::EVENTS,
            _ => return Err(format!("expected worldline, tribe, cbuae, joompay or younify, but found {profile:?}")),
        };
        let event = known
            .iter()
            .find(|known| **known == event)
            .ok_or_else(|| format!("expected one of {}, but found {event:?}", known.join(", ")))?;
        Ok(match profile {
            "tribe" => Self::Tribe(event),
            "cbuae" => Self::Cbuae(event),
            _ => Self::Worldline(event),
        })
    }

    pub(super) fn default_url(self) -> &'static str {
        match self {
            Self::Worldline(_) => "http://127.0.0.1:8400/v3/notification",
            Self::Tribe(_) => "http://127.0.0.1:8400/tribe",
            Self::Cbuae(_) => "http://127.0.0.1:8400/cbuae",
            Self::Callback("joompay", _) => "http://127.0.0.1:8400/joompay/callback",
            Self::Callback("younify", _) => "http://127.0.0.1:8400/younify/callback",
            Self::Callback("tribe", _) => "http://127.0.0.1:8400/redirect/tribe",
            Self::Callback(..) => "http://127.0.0.1:8400/redirect/cbuae",
        }
    }

    /// The route below the endpoint's path.
    pub(super) fn route(self) -> String {
        match self {
            Self::Worldline("debtor-token") => "/debtorToken".to_owned(),
            Self::Worldline(_) => "/status".to_owned(),
            Self::Tribe(action) => format!("/{action}"),
            Self::Cbuae(_) | Self::Callback(..) => String::new(),
        }
    }

    fn document(self, ids: &SampleIds) -> Option<Value> {
        match self {
            Self::Worldline(kind) => samples::worldline::sample(kind, ids).map(|(_, document)| document),
            Self::Tribe(action) => samples::tribe::sample(action, ids).map(|(_, document)| document),
            Self::Cbuae(kind) => samples::cbuae::sample(kind, ids),
            Self::Callback(..) => None,
        }
    }
}

/// A request that is ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Crafted {
    sender: Sender,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) host: String,
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
    pub(super) document: Option<Value>,
    pub(super) fault: Option<Fault>,
    pub(super) token: TokenOptions,
    ids: SampleIds,
}

/// What is asked for beside the event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wishes<'a> {
    pub(super) fault: Option<Fault>,
    pub(super) set: &'a [String],
    pub(super) token: &'a TokenOptions,
}

impl Crafted {
    pub(super) fn new(
        sender: Sender,
        signer: &Signer,
        target: &Target,
        number: u64,
        wishes: Wishes<'_>,
    ) -> Result<Self, String> {
        let now = SystemClock.now();
        let ids = SampleIds { id: uuid()?, at: now.to_string(), number };
        let mut document = sender.document(&ids);
        for change in wishes.set {
            replace(document.as_mut(), change)?;
        }
        let body = document.as_ref().map(body).unwrap_or_default();
        let (path, host) = (target.path.clone(), target.host.clone());
        let (fault, token) = (wishes.fault, wishes.token.clone());
        let method = Method::POST;
        let mut crafted = Self { sender, method, path, host, headers: Vec::new(), body, document, fault, token, ids };
        crafted.sign(signer, now)?;
        Ok(crafted)
    }

    /// A browser that comes back to `path`, which holds the whole query.
    pub(super) fn returning(sender: Sender, host: &str, path: String, cookie: &str, id: String) -> Self {
        let ids = SampleIds { id, at: String::new(), number: 0 };
        Self {
            sender,
            method: Method::GET,
            path,
            host: host.to_owned(),
            headers: named(&[("cookie", cookie)]),
            body: Vec::new(),
            document: None,
            fault: None,
            token: TokenOptions::default(),
            ids,
        }
    }

    /// The same id with other content, honestly signed.
    pub(super) fn with_other_body(&self, signer: &Signer) -> Result<Self, String> {
        let mut other = self.clone();
        if let Some(members) = other.document.as_mut().and_then(Value::as_object_mut) {
            members.insert("Changed".to_owned(), Value::Bool(true));
        }
        other.body = other.document.as_ref().map(body).unwrap_or_default();
        other.sign(signer, SystemClock.now())?;
        Ok(other)
    }

    pub(super) fn request_id(&self) -> &str {
        &self.ids.id
    }

    fn sign(&mut self, signer: &Signer, now: Timestamp) -> Result<(), String> {
        self.headers = match self.sender {
            Sender::Worldline(_) => worldline::headers(self, signer, now)?,
            Sender::Tribe(action) => tribe::headers(self, signer, action)?,
            Sender::Cbuae(_) => {
                let (headers, body) = cbuae::sealed(self, signer, now)?;
                self.body = body;
                headers
            }
            Sender::Callback(..) => return Ok(()),
        };
        if self.fault == Some(Fault::TamperedBody) && !matches!(self.sender, Sender::Cbuae(_)) {
            // One member more: still a document, but not the one that was signed.
            self.body.splice(1..1, *b"\"Tampered\":true,");
        }
        Ok(())
    }

    /// What the key signs, or what only looks like it.
    pub(super) fn signature(&self, signer: &Signer, message: &[u8]) -> Result<Vec<u8>, String> {
        let mut signature = signer.sign(message)?;
        if let (Some(Fault::BadSignature), Some(last)) = (self.fault, signature.last_mut()) {
            *last ^= 1;
        }
        Ok(signature)
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
        let mut raw = format!("{} {} HTTP/1.1\r\nhost: {}\r\n", self.method, self.path, self.host);
        for (name, value) in &self.headers {
            raw.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.method == Method::POST {
            raw.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        raw.push_str("\r\n");
        [raw.as_bytes(), &self.body].concat()
    }
}

pub(super) fn named(headers: &[(&str, &str)]) -> Headers {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A random UUID (RFC 9562, version 4).
pub(super) fn uuid() -> Result<String, String> {
    let mut bytes = [0_u8; 16];
    random(&mut bytes).map_err(|error| error.to_string())?;
    let number = (u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{number:032x}");
    let parts =
        [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)].map(|(from, to)| digits.get(from..to).unwrap_or_default());
    Ok(parts.join("-"))
}
