//! From verified content to a typed event with an identity. Content that is not as documented is not refused here:
//! it is proved who sent it, so it has to be kept.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use crate::crypto::{Digest, Hash, Sha256};
use crate::error::Rejection;
use crate::event::{Event, EventType};
use crate::fail_point::{self, Point};
use crate::keys::Distrust;
use crate::observed::{self, Stage};
use crate::profile::{Identification, Profile, Undecodable};
use crate::reply::Reply;
use crate::stage::{StageFuture, called};
use crate::store::{Identity, Record};
use crate::verified::{Covered, RequestId, Verified};

/// A verified event with its identity, or the reason why its content could not be read.
#[derive(Debug, Clone)]
pub struct Receipt {
    pub(crate) record: Record,
    pub(crate) event: Result<Event, Undecodable>,
}

impl Receipt {
    /// The event, or why there is none.
    pub fn event(&self) -> Result<&Event, &Undecodable> {
        self.event.as_ref()
    }

    /// What a store would keep.
    pub fn record(&self) -> &Record {
        &self.record
    }
}

/// Decodes with a profile and names the event. An endpoint has one, or its builder makes it
/// (`EndpointBuilder::decoder`), after the same checks.
#[derive(Debug, Clone)]
pub struct Decoder {
    endpoint: Arc<str>,
    profile: Arc<Profile>,
    /// The kind of its ids, which is part of every identity.
    kind: Box<str>,
    retain: Duration,
    distrust: Distrust,
}

impl Decoder {
    /// For the endpoint of this name; identities are remembered for `retain`.
    pub(crate) fn new(endpoint: Arc<str>, profile: Arc<Profile>, retain: Duration) -> Self {
        let kind = profile.identification.kind().into();
        Self { endpoint, profile, kind, retain, distrust: Distrust::default() }
    }

    /// The keys whose records are not handed on.
    pub(crate) fn distrusting(self, distrust: Distrust) -> Self {
        Self { distrust, ..self }
    }

    /// Whether what this key vouched for may still be handed on.
    ///
    /// # Errors
    /// [`crate::error::Code::KeyDistrusted`] if not.
    pub(crate) fn trusts(&self, key_id: &str) -> Result<(), Rejection> {
        self.distrust.check(key_id)
    }

    /// Reads verified content.
    pub fn decode(&self, covered: Verified<Covered>) -> Verified<Receipt> {
        let received_at = covered.provenance().received_at;
        covered.map(|covered| {
            let mut event = self.profile.decode(&covered.action, &covered.content);
            let identity = match self.identity(&covered) {
                Ok(identity) => identity,
                Err(problem) => {
                    event = Err(problem);
                    self.fingerprint_identity(&covered)
                }
            };
            if let Ok(event) = &mut event {
                event.set_user_token(covered.user_token.clone());
            }
            let refuse_same_body = self.profile.route(&covered.action).is_some_and(|route| route.refuse_same_body);
            let fence = (refuse_same_body && event.is_ok()).then(|| self.fingerprint_identity(&covered));
            let record = Record {
                identity,
                fence: fence.filter(|fence| *fence != identity),
                fingerprint: self.fingerprint(&covered),
                compared: self.compared(&covered),
                event_type: event.as_ref().map_or(EventType::Other, Event::event_type).as_str().into(),
                subject: event.as_ref().ok().and_then(|event| event.subject().map(Into::into)),
                request_id: covered.request_id.map(RequestId::into_value),
                problem: event.as_ref().err().map(|problem| problem.to_string().into()),
                retain_until: received_at.after(self.retain),
                content: covered.content,
                action: covered.action,
            };
            Receipt { record, event }
        })
    }

    /// Decodes a stored record again.
    ///
    /// # Errors
    /// [`Undecodable`] if the profile no longer reads what it once did.
    pub fn again(&self, record: &Record) -> Result<Event, Undecodable> {
        self.profile.decode(&record.action, &record.content)
    }

    fn identity(&self, covered: &Covered) -> Result<Identity, Undecodable> {
        let kind = &self.kind;
        match &self.profile.identification {
            Identification::Header { uuid, .. } => {
                let id = covered.request_id.as_ref().map(|id| id.as_str()).unwrap_or_default();
                // One UUID has two spellings; a copy in the other case is still a copy.
                let is_upper = *uuid && id.bytes().any(|byte| byte.is_ascii_uppercase());
                let lower = is_upper.then(|| id.to_ascii_lowercase());
                let id = lower.as_deref().unwrap_or(id);
                Ok(Identity::new(&self.endpoint, kind, id.as_bytes()))
            }
            Identification::State => {
                let id = covered.request_id.as_ref().map(|id| id.as_str());
                let id = id.ok_or_else(|| Undecodable::new("expected a state, but found none"))?;
                Ok(Identity::new(&self.endpoint, kind, id.as_bytes()))
            }
            Identification::Claim { .. } => Ok(match &covered.request_id {
                Some(id) => {
                    // Two issuers may give one id; neither can take the other's.
                    let issuer = covered.issuer().unwrap_or_default();
                    let length = (issuer.len() as u64).to_be_bytes();
                    let id = [&length, issuer.as_bytes(), id.as_str().as_bytes()].concat();
                    Identity::new(&self.endpoint, kind, &id)
                }
                // Not the identity that fences off the same body: that belongs to whoever came first, under any id.
                None => Identity::new(&self.endpoint, "content", &self.lasting(covered)),
            }),
            Identification::Json(pointer) => {
                crate::wire::json::check(&covered.content)?;
                let document: serde_json::Value = serde_json::from_slice(&covered.content)?;
                let id = pointer.word(&document).ok_or_else(|| {
                    Undecodable::new(format!("expected an id at {}, but found none", pointer.as_str()))
                })?;
                Ok(Identity::new(&self.endpoint, kind, id.as_bytes()))
            }
            Identification::Fingerprint => Ok(self.fingerprint_identity(covered)),
        }
    }

    /// Route and user are not signed by every sender; a stored answer must not go to another user or another question.
    fn compared(&self, covered: &Covered) -> Sha256 {
        let user = covered.user_token.as_ref().map_or("", |token| token.unsigned());
        let action = (covered.action.len() as u64).to_be_bytes();
        let pieces: [&[u8]; 4] = [&self.lasting(covered), &action, covered.action.as_bytes(), user.as_bytes()];
        Digest::of(Hash::Sha256, &pieces).sha256().unwrap_or_default()
    }

    /// What a state vouches for is the state alone. So everything else that comes under a used one is one conflict, kept
    /// once: who can begin an authorization must not be able to fill a store with answers to it.
    fn fingerprint(&self, covered: &Covered) -> Sha256 {
        match (&self.profile.identification, &covered.request_id) {
            (Identification::State, Some(id)) => Digest::sha256_of(id.as_str().as_bytes()),
            _ => *covered.fingerprint(),
        }
    }

    fn fingerprint_identity(&self, covered: &Covered) -> Identity {
        Identity::new(&self.endpoint, "fingerprint", &self.lasting(covered))
    }

    /// SHA-256 of what makes two contents copies of each other.
    fn lasting(&self, covered: &Covered) -> Sha256 {
        let lasting = self.profile.lasting(&covered.content);
        if lasting.len() == covered.content.len() { *covered.fingerprint() } else { Digest::sha256_of(lasting) }
    }
}

/// Puts a [`Decoder`] behind verification.
#[derive(Debug, Clone)]
pub struct DecodeLayer(Arc<Decoder>);

impl DecodeLayer {
    /// Takes the decoder of one endpoint.
    pub fn new(decoder: Arc<Decoder>) -> Self {
        Self(decoder)
    }
}

impl<S> Layer<S> for DecodeLayer {
    type Service = Decoding<S>;

    fn layer(&self, inner: S) -> Decoding<S> {
        Decoding { decoder: Arc::clone(&self.0), inner }
    }
}

/// The service of [`DecodeLayer`].
#[derive(Debug, Clone)]
pub struct Decoding<S> {
    decoder: Arc<Decoder>,
    inner: S,
}

impl<S> Service<Verified<Covered>> for Decoding<S>
where
    S: Service<Verified<Receipt>, Response = Reply, Error = Rejection> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Reply;
    type Error = Rejection;
    type Future = StageFuture<Reply, Rejection>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Rejection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, covered: Verified<Covered>) -> Self::Future {
        let receipt = observed::timed_at_once(Stage::Decode, || self.decoder.decode(covered));
        observed::note(|observed| observed.identified(receipt.record.identity));
        let outcome = match &receipt.event {
            Ok(Event::Authorization(event)) => Some(event.outcome),
            _ => None,
        };
        fail_point::reached(Point::Decoded);
        let answer = called(self.inner.clone(), receipt);
        match outcome {
            // A person waits for this one: where they go depends on what they decided.
            Some(outcome) => Box::pin(async move { Ok(answer.await?.for_a_person(outcome)) }),
            None => answer,
        }
    }
}
