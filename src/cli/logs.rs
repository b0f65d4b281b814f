//! Logs: one JSON document a line on standard error. Values of strangers are escaped by that, and never shortened by
//! hand.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging; `RUST_LOG` chooses how much, `info` unless set. On a terminal the lines are for people.
pub(super) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process keeps the first.
    let _ = if std::io::stderr().is_terminal() {
        builder.with_ansi(true).with_target(false).try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
}
