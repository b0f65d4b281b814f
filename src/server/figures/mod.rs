//! What `/metrics` counts and measures. The rule: every label value comes from the configuration or from a closed list, and
//! what is counted for each delivery was looked up once, at the start.

mod deliveries;
mod sampled;
mod sinks;

use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

pub(super) use deliveries::Deliveries;
pub(super) use sampled::sample;
pub(super) use sinks::{Attempts, forget_breaker, measure_breaker};

/// Seconds that something takes.
const TAKEN: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// Seconds since a sender signed.
const AGES: &[f64] = &[0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 86_400.0];
/// Seconds that a sender's clock is ahead.
const AHEAD: &[f64] = &[0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0];

/// How often what was measured is put into its buckets; until then each measurement takes eight bytes.
const UPKEEP: Duration = Duration::from_secs(1);

const HISTOGRAMS: [(&str, &[f64], &str); 5] = [
    ("countersign_delivery_duration_seconds", TAKEN, "From the head of a request to its answer"),
    ("countersign_stage_duration_seconds", TAKEN, "One stage of a delivery"),
    ("countersign_sink_duration_seconds", TAKEN, "One attempt of a sink"),
    ("countersign_signature_age_seconds", AGES, "From the signed time to the receipt, of what is verified"),
    ("countersign_sender_clock_ahead_seconds", AHEAD, "How far a signed time lay ahead of our clock"),
];
const COUNTERS: [(&str, &str); 10] = [
    (
        "countersign_deliveries_total",
        "Deliveries by endpoint, outcome and code; no endpoint owns the path if it is empty",
    ),
    ("countersign_sink_attempts_total", "Attempts of sinks, by what came of them"),
    ("countersign_connections_refused_total", "Connections that a limit turned away"),
    ("countersign_handshakes_failed_total", "Handshakes of TLS that came to nothing, by reason"),
    ("countersign_tls_reloads_total", "Files of TLS that changed, by what came of reading them"),
    ("countersign_reload_total", "Times that the configuration was read again, by what came of it"),
    ("countersign_log_lines_suppressed_total", "Refusals that were not logged one by one"),
    ("countersign_keys_refreshes_total", "Looks at the sources of keys, by what came of them"),
    ("countersign_store_duplicates_total", "Copies, in the store since it was made"),
    ("countersign_store_conflicts_total", "Known ids with other content, in the store since it was made"),
];
const GAUGES: [(&str, &str); 18] = [
    ("countersign_sink_breaker", "1 for how the breaker of a sink stands"),
    ("countersign_ready", "1 for each item of /readyz that is well"),
    ("countersign_connections_open", "Connections, by listener"),
    ("countersign_tls_stale", "1 if files of TLS cannot be read, and the ones before are in use"),
    ("countersign_tls_expire_seconds", "Until our own certificate in files of TLS ends"),
    ("countersign_reload_last_success_timestamp_seconds", "When the configuration in force was read"),
    ("countersign_body_bytes", "Bytes of bodies in memory"),
    ("countersign_body_bytes_limit", "Bytes of bodies that there is room for"),
    ("countersign_disk_free_bytes", "Free bytes of the filesystem that the store is on"),
    ("countersign_store_available", "1 if the store answers"),
    ("countersign_store_durability", "1 for what an answer is worth now"),
    ("countersign_inbox_records", "Records of the inbox, by state"),
    ("countersign_inbox_backlog", "Events that wait for their sink"),
    ("countersign_inbox_oldest_waiting_seconds", "Age of the event that waits longest"),
    ("countersign_identities", "Identities that the store remembers"),
    ("countersign_keys_age_seconds", "Since the keys of an endpoint were confirmed"),
    ("countersign_keys_stale", "1 if a source of keys cannot be read"),
    ("countersign_keys_expire_seconds", "Until the first key of an endpoint ends"),
];

/// Begins to count. Whatever is counted before this goes nowhere.
pub(super) fn install() -> Result<PrometheusHandle, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for (name, buckets, _) in HISTOGRAMS {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)?;
    }
    let handle = builder.install_recorder()?;
    for (name, _, words) in HISTOGRAMS {
        describe_histogram!(name, Unit::Seconds, words);
    }
    for (name, words) in COUNTERS {
        describe_counter!(name, words);
    }
    for (name, words) in GAUGES {
        describe_gauge!(name, words);
    }
    Ok(handle)
}

/// Puts what was measured into its buckets, for as long as it is polled.
pub(super) async fn keep_up(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}
