//! The keys of one endpoint, kept up to date.
//!
//! The rule: the set is the union of what the sources brought last. Another set is taken whole, after it passed what
//! the first one passed, or not at all.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::expiry;
use super::outcome::{Counts, NoKeys, Outcome, Trouble};
use super::part::{First, Part};
use super::source::Source;
use super::watch::Look;
use crate::clock::{Clock, Timestamp};
use crate::endpoint::acceptable;
use crate::keys::{Keeper, Key, KeyRing, KeySet, Standing};
use crate::profile::Profile;

/// Between two looks at files.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two looks at a file that changed.
const SHORT_PAUSE: Duration = Duration::from_millis(250);
/// Between two reports of keys that end soon.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a fetch brought, and for which part.
type Fetched = (usize, Result<bytes::Bytes, Trouble>);

/// Keeps the keys of one endpoint.
#[derive(Debug)]
pub struct Rotation {
    endpoint: Arc<str>,
    profile: Profile,
    trusting_demo_keys: bool,
    parts: Vec<Part>,
    keeper: Keeper,
    counts: Arc<Counts>,
    clock: Arc<dyn Clock>,
    fetches: JoinSet<Fetched>,
    wanted: bool,
    asked: bool,
    /// When the keys were looked at for their end, and which set that was.
    reported: Option<(Timestamp, u64)>,
}

impl Rotation {
    /// Reads every source. An address that does not answer is tried again until `patience` is over; without patience
    /// it is tried once.
    ///
    /// # Errors
    /// [`NoKeys`] if a source brings none, or the profile does not take them together.
    pub async fn open(
        endpoint: impl Into<Arc<str>>,
        profile: &Profile,
        trusting_demo_keys: bool,
        sources: Vec<Source>,
        clock: Arc<dyn Clock>,
        patience: Duration,
    ) -> Result<Self, NoKeys> {
        Self::assembled(endpoint.into(), profile, trusting_demo_keys, sources, clock, First::Within(patience)).await
    }

    /// Reads what lies here, and leaves addresses to [`Rotation::run`]: until they have brought their keys, no key is good.
    #[cfg(feature = "server")]
    pub(crate) async fn open_later(
        endpoint: impl Into<Arc<str>>,
        profile: &Profile,
        trusting_demo_keys: bool,
        sources: Vec<Source>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, NoKeys> {
        Self::assembled(endpoint.into(), profile, trusting_demo_keys, sources, clock, First::Later).await
    }

    async fn assembled(
        endpoint: Arc<str>,
        profile: &Profile,
        trusting_demo_keys: bool,
        sources: Vec<Source>,
        clock: Arc<dyn Clock>,
        first: First,
    ) -> Result<Self, NoKeys> {
        let counts = Arc::new(Counts::default());
        let mut parts = Vec::new();
        for source in sources {
            parts.push(Part::open(source, clock.now(), first, &counts).await?);
        }
        let keys: Vec<Key> = parts.iter().flat_map(|part| part.keys.clone()).collect();
        let keys = match first {
            #[cfg(feature = "server")]
            First::Later if keys.is_empty() => KeySet::none(),
            _ => KeySet::new(keys).map_err(|error| NoKeys::Refused(error.to_string()))?,
        };
        acceptable(profile, &keys, trusting_demo_keys).map_err(|error| NoKeys::Refused(error.to_string()))?;
        let (_, keeper) = KeyRing::kept(keys, standing(&parts));
        Ok(Self {
            endpoint,
            profile: profile.clone(),
            trusting_demo_keys,
            parts,
            keeper,
            counts,
            clock,
            fetches: JoinSet::new(),
            wanted: false,
            asked: false,
            reported: None,
        })
    }

    /// The keys, for [`crate::endpoint::EndpointBuilder::key_ring`].
    pub fn ring(&self) -> Arc<KeyRing> {
        self.keeper.ring()
    }

    /// Whether it takes demo keys, now and later.
    #[cfg(feature = "server")]
    pub(crate) fn trusts_demo_keys(&self) -> bool {
        self.trusting_demo_keys
    }

    /// How often each outcome was seen.
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// Keeps the keys until `end` resolves.
    pub async fn run(mut self, end: impl Future<Output = ()> + Send) {
        self.keep(end).await;
    }

    /// Keeps the keys until `end` resolves, and stays.
    pub(crate) async fn keep(&mut self, end: impl Future<Output = ()> + Send) {
        let keeping = async {
            loop {
                self.wait().await;
                self.work().await;
            }
        };
        // Also while a look is under way, at a file on a disk that hangs.
        tokio::select! {
            () = end => {}
            () = keeping => {}
        }
    }

    /// Waits until there is something to do.
    async fn wait(&mut self) {
        let pause = if self.parts.iter().any(Part::is_pending) { SHORT_PAUSE } else { PAUSE };
        tokio::select! {
            Some(joined) = self.fetches.join_next() => match joined {
                Ok((index, result)) => self.fetched(index, result),
                // A fetch that was torn down brings nothing; the next one is made in its time.
                Err(_) => self.parts.iter_mut().for_each(|part| part.fetching = false),
            },
            () = self.keeper.wanted() => self.wanted = true,
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// Does what is due: looks at files, begins fetches, answers those who wait, reports what ends soon.
    async fn work(&mut self) {
        let now = self.clock.now();
        for index in 0..self.parts.len() {
            let Some(part) = self.parts.get_mut(index) else { continue };
            match part.look(now).await {
                None | Some(Ok(Look::Again | Look::Bad)) => {}
                Some(Ok(Look::Good)) => self.confirmed(index, now),
                Some(Ok(Look::Changed(content))) => self.offered(index, &content, now),
                Some(Err(trouble)) => self.failed(index, trouble),
            }
        }
        // One question is one fetch, however long it takes until it is answered.
        let wanted = std::mem::take(&mut self.wanted);
        self.asked |= wanted;
        self.begin_fetches(now, wanted);
        self.keeper.confirm(standing(&self.parts));
        if self.asked && self.fetches.is_empty() && !self.parts.iter().any(Part::is_pending) {
            self.asked = false;
            self.keeper.answer();
        }
        let version = self.ring().version();
        if self.reported.is_none_or(|(at, of)| now.since(at) >= DAY || of != version) {
            self.reported = Some((now, version));
            // Keys that never came have not ended.
            let are_there = self.ring().held().keys.len() > 0;
            if are_there {
                expiry::report(&self.endpoint, &self.ring().held().keys, now);
            }
        }
    }

    #[cfg(feature = "jwks")]
    fn begin_fetches(&mut self, now: Timestamp, wanted: bool) {
        for (index, part) in self.parts.iter_mut().enumerate() {
            if let Some(address) = part.due(now, wanted) {
                self.fetches.spawn(async move { (index, super::fetch::fetch(&address).await) });
            }
        }
    }

    #[cfg(not(feature = "jwks"))]
    fn begin_fetches(&mut self, _now: Timestamp, _wanted: bool) {}

    #[cfg(feature = "jwks")]
    fn fetched(&mut self, index: usize, result: Result<bytes::Bytes, Trouble>) {
        let now = self.clock.now();
        let Some(part) = self.parts.get_mut(index) else { return };
        part.fetching = false;
        match result {
            Ok(body) if part.is_in_use(&body) => {
                self.counts.count(Outcome::Unchanged);
                self.confirmed(index, now);
            }
            Ok(body) => self.offered(index, &body, now),
            Err(trouble) => self.failed(index, trouble),
        }
    }

    #[cfg(not(feature = "jwks"))]
    fn fetched(&mut self, _index: usize, _result: Result<bytes::Bytes, Trouble>) {}

    /// A source holds something else: all of it is taken, or nothing.
    fn offered(&mut self, index: usize, content: &[u8], now: Timestamp) {
        let (keys, set) = match self.examined(index, content) {
            Ok(examined) => examined,
            Err(trouble) => return self.failed(index, trouble),
        };
        if let Err(error) = self.keeper.publish(set, standing(&self.parts)) {
            // Only if an endpoint that takes less began with this ring since the keys were examined.
            return self.failed(index, Trouble::new(Outcome::Refused, error.to_string()));
        }
        let Some(part) = self.parts.get_mut(index) else { return };
        let names = |keys: &[Key]| keys.iter().map(|key| key.id().as_str()).collect::<Vec<_>>().join(", ");
        let (before, after) = (names(&part.keys), names(&keys));
        let source = part.source.name();
        part.taken(keys, content);
        part.confirm(now);
        for other in &mut self.parts {
            other.examine_again();
        }
        self.keeper.confirm(standing(&self.parts));
        self.counts.count(Outcome::Changed);
        let endpoint = &*self.endpoint;
        tracing::info!(code = "keys_changed", endpoint, source, before, after, "other keys are in use now");
    }

    /// The keys of a part, and the set of all of them.
    fn examined(&self, index: usize, content: &[u8]) -> Result<(Vec<Key>, KeySet), Trouble> {
        let refused = |error: &dyn ToString| Trouble::new(Outcome::Refused, error.to_string());
        let part = self.parts.get(index).ok_or_else(|| refused(&"expected a source, but found none"))?;
        let keys = part.read(content).map_err(|error| refused(&error))?;
        let of_part = |(at, part): (usize, &Part)| if at == index { keys.clone() } else { part.keys.clone() };
        let all: Vec<Key> = self.parts.iter().enumerate().flat_map(of_part).collect();
        let set = KeySet::new(all).map_err(|error| refused(&error))?;
        acceptable(&self.profile, &set, self.trusting_demo_keys).map_err(|error| refused(&error))?;
        self.keeper.ring().admits(&set).map_err(|error| refused(&error))?;
        Ok((keys, set))
    }

    fn confirmed(&mut self, index: usize, now: Timestamp) {
        let Some(part) = self.parts.get_mut(index) else { return };
        if part.confirm(now) {
            let (endpoint, source) = (&*self.endpoint, part.source.name());
            tracing::info!(code = "keys_recovered", endpoint, source, "the source is as it should be again");
        }
    }

    fn failed(&mut self, index: usize, trouble: Trouble) {
        let Some(part) = self.parts.get_mut(index) else { return };
        if part.source.is_remote() || part.trouble.as_ref() != Some(&trouble) {
            self.counts.count(trouble.outcome);
        }
        if part.fail(trouble.clone()) {
            let (endpoint, source, reason) = (&*self.endpoint, part.source.name(), trouble.outcome.as_str());
            tracing::warn!(
                code = "keys_not_refreshed",
                endpoint,
                source,
                reason,
                because = trouble.detail,
                cure = trouble.outcome.cure(),
                "{}",
                if part.confirmed.is_some() {
                    "the keys that were in use stay in use"
                } else {
                    "there are no keys yet"
                }
            );
        }
    }
}

/// How the parts stand together: as old as the oldest, and good as long as each.
fn standing(parts: &[Part]) -> Standing {
    Standing {
        confirmed: parts.iter().filter_map(|part| part.confirmed).min(),
        good_until: parts.iter().filter_map(Part::good_until).min(),
        stale: parts.iter().any(|part| part.trouble.is_some()),
    }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
