//! A configuration in the place of the one that is in force. The rule: all or nothing. It is read, compared, opened and
//! tested beside what runs; whatever is wrong with it, the old one stays.

use std::path::PathBuf;
use std::sync::Arc;

use super::config::{Config, Differences, Problem};
use super::generation::{Ground, Prepared, Remaining, examine, prepare};
use super::run::Failure;
use crate::clock::Clock;

/// Why nothing changed.
#[derive(Debug)]
pub(super) enum Refused {
    /// The file, or one that it names.
    Problem(Problem),
    /// Members that only a new start changes.
    Restart(Vec<String>),
    /// What it asks for is not to be had, or does not protect.
    Failure(Failure),
}

/// What may take the place of what runs.
pub(super) struct Next {
    pub(super) config: Arc<Config>,
    pub(super) prepared: Prepared,
    pub(super) differences: Differences,
}

/// Reads the file again and prepares what it says.
pub(super) async fn next(old: Arc<Config>, ground: Ground, remaining: Remaining) -> Result<Next, Refused> {
    let path: PathBuf = old.path.clone();
    // Files of keys may lie on a slow disk, and whoever is receiving does not wait for it.
    let read = tokio::task::spawn_blocking(move || Config::load(&path)).await;
    let gone = |error| Refused::Failure(Failure::Unavailable(format!("expected a file to be read, but found {error}")));
    let read = read.map_err(gone)?;
    let mut config = read.map_err(Refused::Problem)?;
    let differences = old.said.differences(&config.said);
    if !differences.needing_restart().is_empty() {
        return Err(Refused::Restart(differences.needing_restart().to_vec()));
    }
    config.go_on_with(&old);
    let examined = examine(&mut config, &ground.clock, &remaining, Some(&differences)).await;
    let prepared = examined.and_then(|examined| prepare(&config, &ground, examined)).map_err(Refused::Failure)?;
    Ok(Next { config: Arc::new(config), prepared, differences })
}

/// Says what became of it: one line, and a counter.
pub(super) fn report(outcome: Result<&Differences, &Refused>, clock: &dyn Clock) {
    let word = if outcome.is_ok() { "applied" } else { "refused" };
    metrics::counter!("countersign_reload_total", "outcome" => word).increment(1);
    match outcome {
        Ok(differences) => {
            succeeded(clock);
            tracing::info!(code = "reloaded", changed = %differences, "the configuration was read again and is in force");
        }
        Err(Refused::Problem(problem)) => tracing::error!(
            code = "reload_refused",
            file = %problem.file().display(),
            line = problem.line(),
            field = problem.field(),
            because = problem.message(),
            cure = "mend it and send SIGHUP again; countersign check tells whether it would start",
            "nothing was changed: the configuration that was in force stays so"
        ),
        Err(Refused::Restart(members)) => tracing::error!(
            code = "reload_refused",
            field = members.join(", "),
            because = "expected members that a running receiver can change, but found others",
            cure = "take these changes back, or restart",
            "nothing was changed: the configuration that was in force stays so"
        ),
        Err(Refused::Failure(failure)) => tracing::error!(
            code = "reload_refused",
            because = %failure,
            cure = "mend it and send SIGHUP again; countersign check tells whether it would start",
            "nothing was changed: the configuration that was in force stays so"
        ),
    }
}

/// When the configuration in force was read, in seconds since 1970.
fn succeeded(clock: &dyn Clock) {
    metrics::gauge!("countersign_reload_last_success_timestamp_seconds").set(clock.now().seconds() as f64);
}

/// Counted from the start, or a first refusal would be no increase.
pub(super) fn count_from_the_start(clock: &dyn Clock) {
    succeeded(clock);
    for word in ["applied", "refused"] {
        metrics::counter!("countersign_reload_total", "outcome" => word).increment(0);
    }
}
