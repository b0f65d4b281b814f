//! `serve`: receive until a signal says stop.

use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use super::{Ended, load, logs};

pub(super) async fn run(path: &Path, log: logs::Form) -> Result<(), Ended> {
    let config = load(path)?;
    logs::start(log);
    for warning in &config.warnings {
        tracing::warn!(code = "configuration", "{warning}");
    }
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| Ended::Unavailable(error.to_string()))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| Ended::Unavailable(error.to_string()))?;
    let stop = async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    };
    crate::server::serve(config, stop, |line| eprintln!("{line}")).await?;
    Ok(())
}
