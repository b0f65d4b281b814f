//! Builds the stack of an endpoint. The rule: what protects cannot be left out, and opting out has a name.

mod checks;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tower_layer::Layer;
use tower_service::Service;

use super::BodyBudget;
use super::admission::Admission;
use super::body::Limits;
use super::edge::{Endpoint, Shared};
use super::line::Lines;
use super::stack::{Stack, stack};
use crate::clock::{Clock, SystemClock};
use crate::crypto::Secret;
use crate::decode::Decoder;
use crate::dedup::{DedupLayer, Handlers, InlineTimes, OnUndecodable, WithoutDedupLayer};
use crate::error::{ConfigError, Rejection};
use crate::inbox::Inbox;
use crate::keys::{DecryptionKeys, Distrust, KeyRing, KeySet};
use crate::once::Once;
use crate::profile::Profile;
use crate::reply::Reply;
use crate::store::Store;
use crate::verify::{Account, Credentials, DecryptionPermits, Verifier};

/// Identities are remembered at least this long, whatever the profile says.
pub(super) const SHORTEST_RETENTION: Duration = Duration::from_secs(168 * 60 * 60);

/// It is not decided yet what remembers.
#[derive(Debug)]
pub struct Undecided(());
/// It is decided what remembers.
#[derive(Debug)]
pub struct Chosen(());

/// What may be said after it is decided what remembers.
struct Inline {
    times: InlineTimes,
    undecodable: OnUndecodable,
    handlers: Handlers,
}

type Ending = Box<dyn FnOnce(Inline, Arc<Decoder>, Verifier) -> Stack + Send>;

/// Builds an [`Endpoint`]. `build` exists only once it is decided what remembers: [`EndpointBuilder::queue`],
/// [`EndpointBuilder::inline`] or, said aloud, [`EndpointBuilder::without_dedup`].
pub struct EndpointBuilder<State> {
    name: Arc<str>,
    path: Box<str>,
    profile: Profile,
    keys: Option<Arc<KeyRing>>,
    decryption: Option<DecryptionKeys>,
    permits: DecryptionPermits,
    credentials: Credentials,
    clock: Arc<dyn Clock>,
    limits: Limits,
    pub(super) admission: Admission,
    in_flight: usize,
    times: Option<InlineTimes>,
    handlers: Handlers,
    budget: BodyBudget,
    retain: Duration,
    undecodable: OnUndecodable,
    public_url: Option<Box<str>>,
    distrust: Distrust,
    demo_keys: bool,
    account: Option<Account>,
    ending: Option<Ending>,
    queue: Option<Arc<dyn Store>>,
    state: PhantomData<State>,
}

impl EndpointBuilder<Undecided> {
    pub(super) fn new(name: Arc<str>, profile: Profile) -> Self {
        Self {
            name,
            path: "/".into(),
            profile,
            keys: None,
            decryption: None,
            permits: DecryptionPermits::default(),
            credentials: Credentials::default(),
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            admission: Admission::default(),
            in_flight: 1024,
            times: None,
            handlers: Handlers::default(),
            budget: BodyBudget::default(),
            retain: SHORTEST_RETENTION,
            undecodable: OnUndecodable::default(),
            public_url: None,
            distrust: Distrust::default(),
            demo_keys: false,
            account: None,
            ending: None,
            queue: None,
            state: PhantomData,
        }
    }

    /// Keeps each event in `store`, answers, and leaves delivery to the worker of [`Endpoint::worker`], without which no
    /// handler ever runs.
    #[must_use]
    pub fn queue(self, store: Arc<dyn Store>) -> EndpointBuilder<Chosen> {
        let queue = Some(Arc::clone(&store));
        let ending =
            move |said: Inline, decoder, verifier| stack(verifier, decoder, Inbox::new(store, said.undecodable));
        EndpointBuilder { queue, ..self.ending(ending) }
    }

    /// Runs `handler` while the sender waits; its answer is the sender's answer, and copies get it again. It may take as long
    /// as the profile says ([`Profile::answer_within`]), unless [`EndpointBuilder::times`] says more.
    #[must_use]
    pub fn inline<S>(self, store: Arc<dyn Store>, handler: S) -> EndpointBuilder<Chosen>
    where
        S: Service<Once, Response = Reply, Error = Rejection> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        self.ending(move |said, decoder, verifier| {
            let dedup = DedupLayer::new(store, said.times, said.undecodable).handlers(said.handlers);
            stack(verifier, decoder, dedup.layer(handler))
        })
    }

    /// Runs `handler` for every copy, replays included.
    #[must_use]
    pub fn without_dedup<S>(self, said: WithoutDedupLayer, handler: S) -> EndpointBuilder<Chosen>
    where
        S: Service<Once, Response = Reply, Error = Rejection> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        self.ending(move |_, decoder, verifier| stack(verifier, decoder, said.layer(handler)))
    }

    fn ending(
        self,
        ending: impl FnOnce(Inline, Arc<Decoder>, Verifier) -> Stack + Send + 'static,
    ) -> EndpointBuilder<Chosen> {
        EndpointBuilder {
            name: self.name,
            path: self.path,
            profile: self.profile,
            keys: self.keys,
            decryption: self.decryption,
            permits: self.permits,
            credentials: self.credentials,
            clock: self.clock,
            limits: self.limits,
            admission: self.admission,
            in_flight: self.in_flight,
            times: self.times,
            handlers: self.handlers,
            budget: self.budget,
            retain: self.retain,
            undecodable: self.undecodable,
            public_url: self.public_url,
            distrust: self.distrust,
            demo_keys: self.demo_keys,
            account: self.account,
            ending: Some(Box::new(ending)),
            queue: self.queue,
            state: PhantomData,
        }
    }
}

impl<State> EndpointBuilder<State> {
    /// The path it is mounted at, as it stands in the request line; routes of the profile lie below it. `/` unless said.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    /// The keys of the sender.
    #[must_use]
    pub fn keys(self, keys: KeySet) -> Self {
        self.key_ring(Arc::new(KeyRing::new(keys)))
    }

    /// The keys of the sender, which somebody else may replace while the endpoint works.
    #[must_use]
    pub fn key_ring(mut self, keys: Arc<KeyRing>) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Our private keys, where the sender encrypts.
    #[must_use]
    pub fn decryption_keys(mut self, keys: DecryptionKeys) -> Self {
        self.decryption = Some(keys);
        self
    }

    /// The places for decryptions, where several endpoints share them; half of the processors unless said.
    #[must_use]
    pub fn decryption_permits(mut self, permits: DecryptionPermits) -> Self {
        self.permits = permits;
        self
    }

    /// The bearer token that the sender shows.
    #[must_use]
    pub fn bearer(mut self, token: Secret) -> Self {
        self.credentials.bearer = Some(token);
        self
    }

    /// The API key that the sender shows in `X-Api-Key`.
    #[must_use]
    pub fn api_key(mut self, key: Secret) -> Self {
        self.credentials.api_key = Some(key);
        self
    }

    /// Another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Other limits on a request.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many requests are handled at once; more are answered 429.
    #[must_use]
    pub fn in_flight(mut self, most: usize) -> Self {
        self.in_flight = most;
        self
    }

    /// How long a handler of inline mode may take, and how long a copy waits for it: those of [`InlineTimes::of`] unless said.
    /// A handler that takes longer than the sender waits has done its work for a sender that comes again.
    #[must_use]
    pub fn times(mut self, times: InlineTimes) -> Self {
        self.times = Some(times);
        self
    }

    /// Counts the handlers of inline mode together with those of others: see [`Handlers`].
    #[must_use]
    pub fn handlers(mut self, handlers: Handlers) -> Self {
        self.handlers = handlers;
        self
    }

    /// Room for the bodies of all requests at once, where several endpoints share it; beyond it the answer is 503.
    #[must_use]
    pub fn body_budget(mut self, budget: BodyBudget) -> Self {
        self.budget = budget;
        self
    }

    /// How long identities are remembered, from receipt.
    #[must_use]
    pub fn retain(mut self, retain: Duration) -> Self {
        self.retain = retain;
        self
    }

    /// What becomes of verified content that cannot be read.
    #[must_use]
    pub fn undecodable(mut self, undecodable: OnUndecodable) -> Self {
        self.undecodable = undecodable;
        self
    }

    /// Scheme and authority that the sender calls, such as `https://hooks.example`, for templates with `{url}`.
    #[must_use]
    pub fn public_url(mut self, url: &str) -> Self {
        self.public_url = Some(url.trim_end_matches('/').into());
        self
    }

    /// No longer trusts the key of this id, though the sender may still publish it: what it signs is refused, and what it signed
    /// before and nobody has yet is parked by the endpoint's worker and not delivered. Ids are compared without case; those
    /// that are trusted no more add up.
    #[must_use]
    pub fn distrust(mut self, key_id: &str) -> Self {
        self.distrust.add(key_id);
        self
    }

    /// Accepts keys that everybody has, because they lie in the project's repository. Only for a listener on loopback.
    #[must_use]
    pub fn trusting_demo_keys_on_loopback(mut self) -> Self {
        self.demo_keys = true;
        self
    }

    /// Leaves what fits, step by step, in `account`.
    #[cfg(feature = "server")]
    pub(crate) fn account(self, account: Account) -> Self {
        Self { account: Some(account), ..self }
    }
}

impl EndpointBuilder<Chosen> {
    /// The endpoint.
    ///
    /// # Errors
    /// [`ConfigError`] if a setting leaves something open that protects.
    pub fn build(self) -> Result<Endpoint, ConfigError> {
        let verifier = self.verifier()?;
        let profile = Arc::clone(&verifier.profile);
        let Some(ending) = self.ending else {
            return Err(ConfigError::new("mode", "expected a choice of what remembers, but found none"));
        };
        let decoder = Decoder::new(Arc::clone(&self.name), Arc::clone(&profile), self.retain);
        let decoder = Arc::new(decoder.distrusting(self.distrust.among(self.keys.as_ref())));
        let inline = Inline {
            times: self.times.unwrap_or_else(|| InlineTimes::of(&profile)),
            undecodable: self.undecodable,
            handlers: self.handlers.clone(),
        };
        let stack = ending(inline, Arc::clone(&decoder), verifier.clone());
        let in_flight = Arc::new(Semaphore::new(self.in_flight.min(Semaphore::MAX_PERMITS)));
        let lines = Lines::new(Arc::clone(&self.name), Arc::clone(&profile.name));
        Ok(Endpoint {
            shared: Arc::new(Shared {
                name: self.name,
                path: self.path.trim_end_matches('/').into(),
                profile,
                clock: self.clock,
                limits: self.limits,
                admission: self.admission,
                in_flight,
                handlers: self.handlers,
                budget: self.budget,
                decoder,
                verifier,
                stack,
                queue: self.queue,
                lines,
            }),
        })
    }
}

impl<State> fmt::Debug for EndpointBuilder<State> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}
