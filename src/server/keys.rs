//! The keys of the endpoints in a running receiver: opened together, kept up to date, and shown to operators.
//!
//! The rule: labels and names come from the configuration and from closed lists; an address is shown by its host.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::config::EndpointSettings;
use super::run::Failure;
use crate::clock::{Clock, Timestamp};
use crate::keys::{Key, KeyRing};
use crate::rotation::{Counts, Gauges, NoKeys, Outcome, Rotation};

impl From<NoKeys> for Failure {
    fn from(none: NoKeys) -> Self {
        match none {
            NoKeys::Refused(message) => Self::Config(message),
            NoKeys::Unavailable(message) => Self::Unavailable(message),
        }
    }
}

/// Opens the keys of all endpoints at once, in their order. At a start, where at least one endpoint has its keys, another whose
/// address brings none begins without: one sender's trouble is not that of all.
pub(super) async fn open(
    endpoints: &mut Vec<EndpointSettings>,
    clock: &Arc<dyn Clock>,
    patience: Duration,
    is_start: bool,
) -> Result<Vec<Option<Rotation>>, Failure> {
    let mut opening = JoinSet::new();
    for (place, mut settings) in std::mem::take(endpoints).into_iter().enumerate() {
        let clock = Arc::clone(clock);
        opening.spawn(async move {
            let rotation = settings.open_keys(clock, patience).await;
            (place, settings, rotation)
        });
    }
    let mut opened = Vec::new();
    while let Some(joined) = opening.join_next().await {
        let gone = |error: tokio::task::JoinError| {
            Failure::Unavailable(format!("expected the keys to be opened, but found {error}"))
        };
        opened.push(joined.map_err(gone)?);
    }
    opened.sort_by_key(|(place, ..)| *place);
    let others_may_begin = is_start && opened.iter().any(|(.., rotation)| rotation.is_ok());
    let mut rotations = Vec::new();
    for (_, mut settings, rotation) in opened {
        let rotation = match rotation {
            Err(NoKeys::Unavailable(because)) if others_may_begin => {
                let endpoint = &*settings.name;
                tracing::error!(
                    code = "keys_missing",
                    endpoint,
                    because,
                    "an endpoint begins without keys: until they come, its sender is told to come again"
                );
                settings.open_keys_later(Arc::clone(clock)).await
            }
            known => known,
        };
        rotations.push(rotation?);
        endpoints.push(settings);
    }
    Ok(rotations)
}

/// The keys of one endpoint, as operators see them.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    endpoint: Arc<str>,
    ring: Arc<KeyRing>,
    counts: Arc<Counts>,
    /// How much of each count the metrics have.
    told: Arc<[AtomicU64; Outcome::ALL.len()]>,
    trusts_demo_keys: bool,
}

impl Shown {
    pub(super) fn new(endpoint: Arc<str>, rotation: &Rotation) -> Self {
        let told = Arc::new(std::array::from_fn(|_| AtomicU64::new(0)));
        let trusts_demo_keys = rotation.trusts_demo_keys();
        Self { endpoint, ring: rotation.ring(), counts: rotation.counts(), told, trusts_demo_keys }
    }

    /// Whether a key of this endpoint verifies anything now.
    pub(super) fn is_in_force(&self, now: Timestamp) -> bool {
        self.ring.current(now).is_ok_and(|keys| keys.live(now).next().is_some())
    }

    /// Whose keys they are.
    pub(super) fn endpoint(&self) -> String {
        self.endpoint.to_string()
    }

    /// Whether a demo key may come to be one of them.
    pub(super) fn trusts_demo_keys(&self) -> bool {
        self.trusts_demo_keys
    }

    /// The keys themselves.
    pub(super) fn ring(&self) -> &Arc<KeyRing> {
        &self.ring
    }

    /// Sets the gauges and counters.
    pub(super) fn measure(&self, now: Timestamp) {
        let gauges = Gauges::of(&self.ring, now);
        let endpoint = || self.endpoint.to_string();
        let stale = if gauges.stale || gauges.past_limit { 1.0 } else { 0.0 };
        let expire = gauges.expire.map_or(f64::INFINITY, |span| span.as_secs_f64());
        metrics::gauge!("countersign_keys_age_seconds", "endpoint" => endpoint()).set(gauges.age.as_secs_f64());
        metrics::gauge!("countersign_keys_stale", "endpoint" => endpoint()).set(stale);
        metrics::gauge!("countersign_keys_expire_seconds", "endpoint" => endpoint()).set(expire);
        self.count();
    }

    /// The endpoint is gone, or its keys are kept by another: nothing of these is to be worried about.
    pub(super) fn forget(&self) {
        let endpoint = || self.endpoint.to_string();
        metrics::gauge!("countersign_keys_age_seconds", "endpoint" => endpoint()).set(0.0);
        metrics::gauge!("countersign_keys_stale", "endpoint" => endpoint()).set(0.0);
        metrics::gauge!("countersign_keys_expire_seconds", "endpoint" => endpoint()).set(f64::INFINITY);
        self.count();
    }

    /// Adds what was counted since the last time: who keeps the keys after this one begins from nothing.
    fn count(&self) {
        for (outcome, told) in Outcome::ALL.iter().zip(&*self.told) {
            let (result, now) = (outcome.as_str(), self.counts.of(*outcome));
            let more = now.saturating_sub(told.fetch_max(now, Ordering::Relaxed));
            metrics::counter!("countersign_keys_refreshes_total", "endpoint" => self.endpoint.to_string(), "result" => result)
                .increment(more);
        }
    }

    fn document(&self, now: Timestamp) -> Value {
        let held = self.ring.held();
        let gauges = Gauges::of(&self.ring, now);
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let key = |key: &Key| {
            json!({
                "id": key.id().as_str(), "algorithm": key.algorithm().name(), "valid": key.is_live(now),
                "notBefore": time(key.not_before()), "notAfter": time(key.not_after()),
            })
        };
        json!({
            "version": held.version, "confirmedAt": time(held.standing.confirmed), "ageSeconds": gauges.age.as_secs(),
            "goodUntil": time(held.standing.good_until), "stale": gauges.stale, "pastLimit": gauges.past_limit,
            "keys": held.keys.iter().map(key).collect::<Vec<_>>(),
        })
    }
}

/// The keys of all endpoints, by endpoint.
pub(super) fn document(shown: &[Shown], now: Timestamp) -> Map<String, Value> {
    shown.iter().map(|one| (one.endpoint.to_string(), one.document(now))).collect()
}
