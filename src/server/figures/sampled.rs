//! What is looked at when somebody asks for `/metrics`, and not counted as it happens. The rule: what does not answer leaves its
//! figures as they were and is said to be gone.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::endpoint::BodyBudget;
use crate::store::{Stats, Store};

/// The levels that one store may go between.
const DURABILITY: &[&str] = &["memory", "os", "everysec", "fsync"];

/// Sets the gauges. `stats`, with when they were so, are missing if the store does not answer: its figures are those of its last
/// answer then.
/// `items` are those of `/readyz`, with whether each is well.
pub(in crate::server) fn sample(
    store: &dyn Store,
    stats: Option<&(Stats, Timestamp)>,
    items: &[(&'static str, bool)],
    disk: Option<u64>,
    budget: &BodyBudget,
) {
    let answers = items.contains(&("store", true));
    metrics::gauge!("countersign_store_available").set(if answers { 1.0 } else { 0.0 });
    if let Some((stats, at)) = stats {
        of_store(stats, *at);
    }
    let level = store.durability().to_string();
    // A level that no longer holds goes to zero.
    for known in DURABILITY {
        metrics::gauge!("countersign_store_durability", "level" => *known).set(0.0);
    }
    metrics::gauge!("countersign_store_durability", "level" => level).set(1.0);
    for (item, well) in items {
        metrics::gauge!("countersign_ready", "item" => *item).set(if *well { 1.0 } else { 0.0 });
    }
    if let Some(free) = disk {
        metrics::gauge!("countersign_disk_free_bytes").set(free as f64);
    }
    metrics::gauge!("countersign_body_bytes").set(budget.in_use() as f64);
    metrics::gauge!("countersign_body_bytes_limit").set(budget.bytes() as f64);
}

fn of_store(stats: &Stats, now: Timestamp) {
    for (state, count) in [
        ("ready", stats.ready),
        ("leased", stats.leased),
        ("delivered", stats.delivered),
        ("parked", stats.parked),
        ("quarantined", stats.quarantined),
    ] {
        metrics::gauge!("countersign_inbox_records", "state" => state).set(count as f64);
    }
    metrics::gauge!("countersign_identities").set(stats.identities as f64);
    metrics::gauge!("countersign_inbox_backlog").set(stats.backlog() as f64);
    let oldest = stats.oldest_waiting.map_or(Duration::ZERO, |at| now.since(at));
    metrics::gauge!("countersign_inbox_oldest_waiting_seconds").set(oldest.as_secs() as f64);
    // Of the store, and so of every receiver on it and since it was made; countersign_deliveries_total is this one's.
    metrics::counter!("countersign_store_duplicates_total").absolute(stats.duplicates);
    metrics::counter!("countersign_store_conflicts_total").absolute(stats.conflicts);
}
