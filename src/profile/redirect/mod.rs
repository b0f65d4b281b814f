//! The redirect engine as data: how a browser comes back from a bank, and what is demanded of it. Senders of this kind are one file
//! each beside this one.

mod cbuae;
mod generic;
mod joompay;
mod page;
mod request;
mod tribe;
mod younify;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};

use super::{Decode, Fresh, Identification, Profile, Route, Scheme, Undecodable};
use crate::crypto::Algorithm;
use crate::event::{CallbackGrammar, Event};
use crate::state::Session;
use crate::wire::query::Query;

pub use page::{Address, Page};
pub use request::{Begin, RequestSpelling};

/// How long a person may take from being sent off to coming back, unless it is said.
const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// Longest such time.
pub(crate) const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// Shortest such time.
pub(crate) const SHORTEST_LIFETIME: Duration = Duration::from_secs(60);
/// A person looks at an empty page until then.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A redirect with a state of ours.
#[derive(Debug, Clone)]
pub struct Redirect {
    /// Where the session is that a state is bound to. There is no default: an endpoint without it does not start.
    pub session: Option<Session>,
    /// Who has to have answered (`iss`, RFC 9207). Without it, `iss` is not compared.
    pub issuer: Option<Box<str>>,
    /// What becomes of parameters that the sender does not document.
    pub unknown: UnknownParameters,
    /// How the sender says what was decided.
    pub grammar: CallbackGrammar,
    /// How the request that begins it is spelled.
    pub request: RequestSpelling,
    /// How long the sender's codes can be used.
    pub code_lifetime: Option<Duration>,
}

/// What becomes of parameters that the sender does not document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownParameters {
    /// They are let through and mean nothing, as RFC 6749 section 4.1.2 demands of a client.
    #[default]
    Ignored,
    /// The callback is refused.
    Refused,
}

/// What differs between senders of this kind.
struct Facts {
    name: &'static str,
    grammar: CallbackGrammar,
    request: RequestSpelling,
    code_lifetime: Option<Duration>,
}

impl Facts {
    fn profile(self) -> Profile {
        let Self { name, grammar, request, code_lifetime } = self;
        let unknown = UnknownParameters::Ignored;
        let scheme = Redirect { session: None, issuer: None, unknown, grammar, request, code_lifetime };
        let route = Route { method: Method::GET, ..Route::root() };
        Profile {
            name: name.into(),
            scheme: Scheme::Redirect(Box::new(scheme)),
            routes: vec![route],
            identification: Identification::State,
            fresh: Fresh::Issued,
            tolerance: LIFETIME,
            // A browser does not come again by itself.
            retry_horizon: Duration::ZERO,
            answer_within: ANSWER_WITHIN,
            success: StatusCode::OK,
            content_types: Vec::new(),
            wants_api_key: false,
            algorithm: Some(Algorithm::Hs256),
            decoder: Arc::new(Decoder { grammar, code_lifetime }),
            dialect: Arc::new(Page::default()),
            demo_signer: false,
            tokens_for_others: false,
            unread: None,
        }
    }
}

impl Profile {
    /// Joompay: the browser comes back with a code that lives about ten minutes.
    pub fn joompay() -> Self {
        joompay::facts().profile()
    }

    /// Younify: the same, for one user and one bank.
    pub fn younify() -> Self {
        younify::facts().profile()
    }

    /// Tribe: back at the `callback_url` of a payment, or with authorization data.
    pub fn tribe_redirect() -> Self {
        tribe::facts().profile()
    }

    /// UAE Open Finance (CBUAE): back with an authorization code.
    pub fn cbuae_redirect() -> Self {
        cbuae::facts().profile()
    }

    /// Any bank that follows RFC 6749, section 4.1.2.
    pub fn redirect() -> Self {
        generic::facts().profile()
    }

    /// Where the session is that states are bound to. An endpoint of a profile of another kind is not built with it.
    #[must_use]
    pub fn with_session(mut self, session: Session) -> Self {
        match &mut self.scheme {
            Scheme::Redirect(scheme) => scheme.session = Some(session),
            _ => self.unread = Some("redirect.session"),
        }
        self
    }

    /// Who has to have answered (RFC 9207). An endpoint of a profile of another kind is not built with it.
    #[must_use]
    pub fn with_issuer(mut self, issuer: &str) -> Self {
        match &mut self.scheme {
            Scheme::Redirect(scheme) => scheme.issuer = Some(issuer.into()),
            _ => self.unread = Some("redirect.issuer"),
        }
        self
    }
}

#[derive(Debug)]
struct Decoder {
    grammar: CallbackGrammar,
    code_lifetime: Option<Duration>,
}

impl Decode for Decoder {
    fn decode(&self, _action: &str, content: &Bytes) -> Result<Event, Undecodable> {
        let wrong = |error: crate::wire::GrammarError| Undecodable::new(error.to_string());
        let text =
            std::str::from_utf8(content).map_err(|_| Undecodable::new("expected a query, but found other bytes"))?;
        let query = Query::parse(text).map_err(wrong)?;
        let event = self.grammar.read(&query, content, self.code_lifetime).map_err(wrong)?;
        Ok(Event::Authorization(Box::new(event)))
    }
}
