//! What is known about a sender: one engine with its settings, the routes, how content becomes an event, and the
//! dialect of the answers. A sender's quirk lives here and never in an engine.

mod body_signature;
mod cbuae;
mod custom;
mod dialect;
mod fresh;
mod http_signature;
mod id;
mod jose;
mod parties;
mod redirect;
mod tribe;
mod worldline;
mod younify;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};

use crate::crypto::Algorithm;
use crate::event::Event;

pub use body_signature::{BodySignature, Input};
pub use cbuae::{ReplySigner, UnfitSigner};
pub use custom::{OtherDecoder, TypeMap};
pub use dialect::{Answer, Context, Dialect, Plain, Told};
pub use fresh::Fresh;
pub use http_signature::{HttpSignature, KeyIdMatch, Presence};
pub use id::{Identification, JsonPointer};
pub use jose::{Authorization, BodyHash, ClaimRules, Demand, Extension, Form, Jose, Nesting, Types};
pub use redirect::{Address, Begin, Page, Redirect, RequestSpelling, UnknownParameters};
pub(crate) use redirect::{LONGEST_LIFETIME, SHORTEST_LIFETIME};
pub use younify::Younify;

/// How a sender proves itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Scheme {
    /// A signature in a header over a template of body, headers and URL.
    Body(BodySignature),
    /// draft-cavage-http-signatures-12 with a digest.
    Http(HttpSignature),
    /// A compact JWS, with or without encryption.
    Jose(Box<Jose>),
    /// A browser that comes back with a state of ours.
    Redirect(Box<Redirect>),
}

/// One route of a profile, below the endpoint's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// What follows the endpoint's path: empty, or beginning with `/`.
    pub path: Box<str>,
    /// The profile's name for it.
    pub action: Arc<str>,
    /// The header in which it has to carry the token of a user, if it is asked on behalf of one.
    pub user_token: Option<Box<str>>,
    /// Whether the same content again is a replay although its id is another, because the id is not signed and the
    /// content of this route is unique.
    pub refuse_same_body: bool,
}

impl Route {
    /// `POST` to the endpoint's own path.
    pub fn root() -> Self {
        Self::post("", "")
    }

    /// `POST` to `path` below the endpoint's.
    pub fn post(path: &str, action: &str) -> Self {
        Self {
            method: Method::POST,
            path: path.into(),
            action: action.into(),
            user_token: None,
            refuse_same_body: false,
        }
    }
}

/// Verified content that is not what the sender documents. `Display` says where, never what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecodable(String);

impl Undecodable {
    /// What was expected and what was found, without any value of the content.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl From<serde_json::Error> for Undecodable {
    /// Keeps position and kind: serde's own text may quote the content.
    fn from(error: serde_json::Error) -> Self {
        let kind = match error.classify() {
            serde_json::error::Category::Io | serde_json::error::Category::Syntax => "a syntax error",
            serde_json::error::Category::Eof => "its end",
            serde_json::error::Category::Data => "a missing member or one of another type",
        };
        let (line, column) = (error.line(), error.column());
        Self(format!("expected the sender's document, but found {kind} at line {line} column {column}"))
    }
}

impl From<crate::wire::json::JsonError> for Undecodable {
    fn from(error: crate::wire::json::JsonError) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Undecodable {}

/// Reads verified content as an event. A pure function of its two arguments: a stored event is decoded again. One's own makes
/// an [`OtherEvent::new`](crate::event::OtherEvent::new), which shows how.
pub trait Decode: fmt::Debug + Send + Sync {
    /// The event that `content` says, on the route `action`.
    ///
    /// # Errors
    /// [`Undecodable`] if it is not what the sender documents.
    fn decode(&self, action: &str, content: &Bytes) -> Result<Event, Undecodable>;

    /// The part of `content` that stays the same when the sender signs the same event anew: all of it, unless times and
    /// ids of the delivery lie beside the event. Two contents with the same lasting part are copies of each other.
    fn lasting<'c>(&self, content: &'c [u8]) -> &'c [u8] {
        content
    }
}

/// A sender, as data.
#[derive(Debug, Clone)]
pub struct Profile {
    pub(crate) name: Arc<str>,
    pub(crate) scheme: Scheme,
    pub(crate) routes: Vec<Route>,
    pub(crate) identification: Identification,
    pub(crate) fresh: Fresh,
    pub(crate) tolerance: Duration,
    pub(crate) retry_horizon: Duration,
    pub(crate) answer_within: Duration,
    pub(crate) success: StatusCode,
    pub(crate) content_types: Vec<&'static str>,
    pub(crate) wants_api_key: bool,
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) decoder: Arc<dyn Decode>,
    pub(crate) dialect: Arc<dyn Dialect>,
    /// Whether what signs replies is a key that everybody has.
    pub(crate) demo_signer: bool,
    /// Whether it was said that a token for somebody else is taken.
    pub(crate) tokens_for_others: bool,
    /// A setting that was made and that nothing of this sender reads, by the name of the configuration.
    pub(crate) unread: Option<&'static str>,
}

impl Profile {
    /// UAE Open Finance (CBUAE): events of the API Hub, signed and encrypted.
    pub fn cbuae() -> Self {
        cbuae::profile()
    }

    /// Tribe Open Banking v2, bank-side and TPP-side webhooks.
    pub fn tribe() -> Self {
        tribe::profile()
    }

    /// Worldline Open Banking Service: `/status` and `/debtorToken`.
    pub fn worldline() -> Self {
        worldline::profile()
    }

    /// A sender that signs the body, or a template around it, in a header. A template with a header or member in it may hold
    /// the time: whether it does is to be said as for [`Profile::http_signature`].
    pub fn body_signature(scheme: BodySignature, identification: Identification) -> Self {
        custom::profile("body-signature", Scheme::Body(scheme), identification, Fresh::Unsaid)
    }

    /// A sender that signs with draft-cavage-12. An endpoint is built only once it is said which signed time has to be
    /// recent ([`Profile::with_fresh`]), or that none has ([`Profile::accepting_messages_of_any_age`]).
    pub fn http_signature(scheme: HttpSignature, identification: Identification) -> Self {
        custom::profile("http-signature", Scheme::Http(scheme), identification, Fresh::Unsaid)
    }

    /// A sender that signs with compact JOSE. A token that has to say until when it holds is fresh until then; for any other,
    /// [`Profile::with_fresh`] has to be said as for [`Profile::http_signature`].
    pub fn jose(scheme: Jose, identification: Identification) -> Self {
        let expires = scheme.claims.as_ref().is_some_and(|rules| rules.exp == Demand::Required);
        let fresh = if expires { Fresh::Expiry } else { Fresh::Unsaid };
        custom::profile("jose", Scheme::Jose(Box::new(scheme)), identification, fresh)
    }

    /// The status of success.
    #[must_use]
    pub fn with_success(mut self, success: StatusCode) -> Self {
        self.success = success;
        self
    }

    /// How refusals look.
    #[must_use]
    pub fn with_dialect(mut self, dialect: Arc<dyn Dialect>) -> Self {
        self.dialect = dialect;
        self.demo_signer = false;
        self
    }

    /// How content is read.
    #[must_use]
    pub fn with_decoder(mut self, decoder: Arc<dyn Decode>) -> Self {
        self.decoder = decoder;
        self
    }

    /// Treats the same content again as a replay on every route, or on none.
    #[must_use]
    pub fn with_refuse_same_body(mut self, refuse: bool) -> Self {
        for route in &mut self.routes {
            route.refuse_same_body = refuse;
        }
        self
    }

    /// The scheme, to be adjusted.
    pub fn scheme_mut(&mut self) -> &mut Scheme {
        &mut self.scheme
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the sender proves itself.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The content types that the sender uses; none if any is taken.
    pub fn content_types(&self) -> &[&'static str] {
        &self.content_types
    }

    /// The routes.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Where the identity of an event comes from.
    pub fn identification(&self) -> &Identification {
        &self.identification
    }

    /// How long the sender retries; the store has to remember longer.
    pub fn retry_horizon(&self) -> Duration {
        self.retry_horizon
    }

    /// Whether the sender shows an API key, which the endpoint should be told so that it can compare it.
    pub fn shows_api_key(&self) -> bool {
        self.wants_api_key
    }

    /// The one algorithm that the sender signs with, if it documents one: its keys have no other.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// How long an inline handler may take unless it is configured: shorter than the sender waits.
    pub fn answer_within(&self) -> Duration {
        self.answer_within
    }

    /// The status of success.
    pub fn success(&self) -> StatusCode {
        self.success
    }

    /// The dialect of the answers.
    pub fn dialect(&self) -> &dyn Dialect {
        &*self.dialect
    }

    /// The dialect, shared.
    pub fn shared_dialect(&self) -> Arc<dyn Dialect> {
        Arc::clone(&self.dialect)
    }

    /// Reads verified content.
    ///
    /// # Errors
    /// [`Undecodable`] if it is not what the sender documents.
    pub fn decode(&self, action: &str, content: &Bytes) -> Result<Event, Undecodable> {
        self.decoder.decode(action, content)
    }

    /// The part of verified content that stays the same when the sender signs the same event anew.
    pub fn lasting<'c>(&self, content: &'c [u8]) -> &'c [u8] {
        self.decoder.lasting(content)
    }

    /// The route of an action.
    pub fn route(&self, action: &str) -> Option<&Route> {
        self.routes.iter().find(|route| &*route.action == action)
    }

    /// Whether the signature covers the header that identifies an event.
    pub fn id_is_signed(&self) -> bool {
        match &self.identification {
            Identification::Header { name, .. } => self.covers(name),
            Identification::Json(_)
            | Identification::Claim { .. }
            | Identification::State
            | Identification::Fingerprint => true,
        }
    }

    /// Whether the signature of this profile always covers a header.
    pub fn covers(&self, header: &str) -> bool {
        match &self.scheme {
            Scheme::Body(scheme) => scheme.input.covers(header),
            Scheme::Http(scheme) => scheme.cover.iter().any(|name| name.eq_ignore_ascii_case(header)),
            Scheme::Jose(scheme) => match &scheme.form {
                Form::Detached { input, .. } => input.covers(header),
                Form::Body | Form::Token { .. } => false,
            },
            Scheme::Redirect(_) => false,
        }
    }
}
