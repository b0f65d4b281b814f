//! The keys of one sender as they are at this moment.
//!
//! The rule: a set is swapped whole or not at all, and whoever verifies with it takes no lock and keeps the set it
//! began with. Keys that nobody could confirm for too long verify nothing.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;

use super::asking::Asking;
use super::set::KeySet;
use crate::clock::Timestamp;
use crate::error::ConfigError;

/// The keys of one sender, which may be replaced while deliveries are verified with them.
#[derive(Debug)]
pub struct KeyRing {
    held: ArcSwap<Held>,
    asking: Option<Arc<Asking>>,
    rules: Mutex<Vec<Weak<Rule>>>,
}

/// What one endpoint demands of its keys.
struct Rule(Box<Demands>);
type Demands = dyn Fn(&KeySet) -> Result<(), ConfigError> + Send + Sync;

/// Holds a ring to what one endpoint demands of its keys, until it is dropped.
#[derive(Debug, Clone)]
pub(crate) struct KeyRule(#[allow(dead_code, reason = "it is held, and asked by the ring")] Arc<Rule>);

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rule(..)")
    }
}

/// What a ring holds at one moment.
#[derive(Debug, Clone)]
pub struct Held {
    /// The keys.
    pub keys: Arc<KeySet>,
    /// Grows with every other set.
    pub version: u64,
    /// How the set stands towards its sources.
    pub standing: Standing,
}

/// How a set stands towards the sources that it came from. Without sources it neither ages nor ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// When every source was last seen to hold these keys: the oldest of those moments.
    pub confirmed: Option<Timestamp>,
    /// After this moment nothing is verified with the set.
    pub good_until: Option<Timestamp>,
    /// Whether a source is not to be read, or holds what is not taken.
    pub stale: bool,
}

/// The keys were not confirmed for longer than they may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaleKeys {
    /// Until when they could be used.
    pub good_until: Timestamp,
}

impl fmt::Display for StaleKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected keys that their source confirmed, but found some that were good until {}", self.good_until)
    }
}

impl std::error::Error for StaleKeys {}

/// What came of asking for newer keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The sources were read, or the set is another one by now: verify once more.
    Renewed,
    /// The sources may not be asked now, or there are none.
    NotNow,
    /// Too many wait, or it took too long: nobody can say whether the key exists.
    Unavailable,
}

impl KeyRing {
    /// Keys that stay as they are until somebody replaces them.
    pub fn new(keys: KeySet) -> Self {
        Self {
            held: ArcSwap::from_pointee(Held::first(keys, Standing::default())),
            asking: None,
            rules: Mutex::default(),
        }
    }

    /// Keys that somebody keeps up to date: the second part is theirs. When it is dropped, nobody is asked any more.
    pub fn kept(keys: KeySet, standing: Standing) -> (Arc<Self>, Keeper) {
        let asking = Arc::new(Asking::default());
        let held = ArcSwap::from_pointee(Held::first(keys, standing));
        let ring = Arc::new(Self { held, asking: Some(Arc::clone(&asking)), rules: Mutex::default() });
        (Arc::clone(&ring), Keeper { ring, asking })
    }

    /// The keys for what was received at `at`. What is verified with them is verified with one set, whatever happens
    /// beside.
    ///
    /// # Errors
    /// [`StaleKeys`] if no source has confirmed them for too long.
    pub fn current(&self, at: Timestamp) -> Result<Arc<KeySet>, StaleKeys> {
        let held = self.held.load();
        match held.standing.good_until {
            Some(good_until) if at > good_until => Err(StaleKeys { good_until }),
            _ => Ok(Arc::clone(&held.keys)),
        }
    }

    /// The keys with what is known about them, however stale.
    pub fn held(&self) -> Arc<Held> {
        self.held.load_full()
    }

    /// The number of the set; it grows with every other set.
    pub fn version(&self) -> u64 {
        self.held.load().version
    }

    /// Puts another set in the place of this one.
    ///
    /// # Errors
    /// [`ConfigError`] if an endpoint that verifies with this ring would not be built with these keys; then it keeps those
    /// that it has.
    pub fn replace(&self, keys: KeySet) -> Result<(), ConfigError> {
        self.swap(keys, |held| held.standing)
    }

    /// Whether the endpoints that verify with this ring take these keys.
    ///
    /// # Errors
    /// [`ConfigError`] if one of them would not be built with them.
    pub fn admits(&self, keys: &KeySet) -> Result<(), ConfigError> {
        admitted(&self.rules.lock().unwrap_or_else(PoisonError::into_inner), keys)
    }

    /// Every later set has to pass `rule` too, for as long as the result lives.
    pub(crate) fn hold_to(&self, rule: impl Fn(&KeySet) -> Result<(), ConfigError> + Send + Sync + 'static) -> KeyRule {
        let rule = Arc::new(Rule(Box::new(rule)));
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.retain(|rule| rule.strong_count() > 0);
        rules.push(Arc::downgrade(&rule));
        KeyRule(rule)
    }

    fn swap(&self, keys: KeySet, standing: impl Fn(&Held) -> Standing) -> Result<(), ConfigError> {
        // Held until it is done, so that no endpoint is built with a set that is on its way out.
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        admitted(&rules, &keys)?;
        let keys = Arc::new(keys);
        self.held.rcu(|held| Held {
            keys: Arc::clone(&keys),
            version: held.version.saturating_add(1),
            standing: standing(held),
        });
        Ok(())
    }

    /// Whether somebody can be asked for newer keys.
    pub fn is_kept(&self) -> bool {
        self.asking.is_some()
    }

    /// Whether keys come from an address, where newer ones may lie that nobody has seen yet.
    pub fn is_remote(&self) -> bool {
        self.held.load().standing.good_until.is_some()
    }

    /// Asks for newer keys than the set of number `seen`, and waits for them, at most three seconds. The sources are
    /// asked at most once a minute, however many ask; at most 64 wait.
    pub async fn renewed(&self, seen: u64, at: Timestamp) -> Renewal {
        if self.version() != seen {
            return Renewal::Renewed;
        }
        let Some(asking) = &self.asking else { return Renewal::NotNow };
        let renewal = asking.ask(at).await;
        // The swap may have come between the verification and the question.
        if self.version() == seen { renewal } else { Renewal::Renewed }
    }
}

impl From<KeySet> for KeyRing {
    fn from(keys: KeySet) -> Self {
        Self::new(keys)
    }
}

fn admitted(rules: &[Weak<Rule>], keys: &KeySet) -> Result<(), ConfigError> {
    rules.iter().filter_map(Weak::upgrade).try_for_each(|rule| (rule.0)(keys))
}

impl Held {
    fn first(keys: KeySet, standing: Standing) -> Self {
        Self { keys: Arc::new(keys), version: 0, standing }
    }
}

/// The other side of a ring: it is told when newer keys are wanted, and brings them.
#[derive(Debug)]
pub struct Keeper {
    ring: Arc<KeyRing>,
    asking: Arc<Asking>,
}

impl Keeper {
    /// The ring.
    pub fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring)
    }

    /// Resolves when somebody met a key that is not in the set. Then the sources are to be read, and
    /// [`Keeper::answer`] called, whatever was found.
    pub async fn wanted(&self) {
        self.asking.wanted().await;
    }

    /// Lets those who wait verify again.
    pub fn answer(&self) {
        self.asking.answer();
    }

    /// Another set with its standing, as one step.
    ///
    /// # Errors
    /// As [`KeyRing::replace`].
    pub fn publish(&self, keys: KeySet, standing: Standing) -> Result<(), ConfigError> {
        self.ring.swap(keys, |_| standing)
    }

    /// The same set, with another standing.
    pub fn confirm(&self, standing: Standing) {
        if self.ring.held.load().standing != standing {
            self.ring.held.rcu(|held| Held { keys: Arc::clone(&held.keys), version: held.version, standing });
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.asking.close();
    }
}

#[cfg(test)]
#[path = "key_ring_tests.rs"]
mod tests;
