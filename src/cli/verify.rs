//! `verify`: what `serve` would answer to captured requests, at any moment, and why. No store is touched.

use std::path::{Path, PathBuf};

use anstyle::AnsiColor;
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;

use super::table::{coloured, plain};
use super::{Ended, print, usage};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::server::Failure;
use crate::server::config::EndpointSettings;
use crate::server::trial::{Verdict, judge};
use crate::wire::time;

#[derive(Debug, Args)]
#[command(after_help = "Each FILE holds one raw HTTP/1.1 request, byte for byte.\n\nExamples:
  countersign send worldline payment --print > request.http
  countersign verify --endpoint worldline request.http
  countersign verify --endpoint worldline --at 2026-01-31T12:00:00Z --json *.http")]
pub(super) struct Verify {
    /// The endpoint that received it.
    #[arg(long, value_name = "NAME")]
    endpoint: String,
    /// The clock: RFC 3339 or Unix seconds; now, unless said.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// One JSON document a file.
    #[arg(long)]
    json: bool,
    /// Captured requests.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Verify {
    pub(super) async fn run(&self, path: &Path) -> Result<(), Ended> {
        let mut endpoint = EndpointSettings::load(path, &self.endpoint).map_err(usage)?;
        let opened = endpoint.open_keys(std::sync::Arc::new(SystemClock), std::time::Duration::ZERO).await;
        opened.map_err(|none| Ended::from(Failure::from(none)))?;
        let endpoint = &endpoint;
        let at = match &self.at {
            None => SystemClock.now(),
            Some(text) => {
                Timestamp::from_millis(time::parse(text).map_err(|error| Ended::Usage(format!("--at: {error}")))?)
            }
        };
        let mut refused = false;
        for file in &self.files {
            let raw = std::fs::read(file).map_err(|error| {
                Ended::Unavailable(format!("expected a captured request in {}, but found {error}", file.display()))
            })?;
            let verdict = judge(endpoint, at, &raw).await.map_err(|error| Ended::Usage(error.to_string()))?;
            refused |= verdict.rejection.is_some();
            if self.json { print(&document(file, &verdict)?)? } else { account(file, endpoint, at, &verdict)? }
        }
        if refused { Err(Ended::Refused) } else { Ok(()) }
    }
}

/// One line of `--json`; the members stand in this order.
#[derive(Serialize)]
struct Document<'a> {
    file: String,
    verdict: &'a str,
    code: Option<&'a str>,
    status: u16,
    event: Option<Box<RawValue>>,
    /// What fitted, layer by layer.
    layers: &'a [String],
}

fn document(file: &Path, verdict: &Verdict) -> Result<String, Ended> {
    let failed = |error: serde_json::Error| Ended::Failed(error.to_string());
    let document = Document {
        file: file.display().to_string(),
        verdict: if verdict.rejection.is_none() { "accepted" } else { "refused" },
        code: verdict.rejection.as_ref().map(|rejection| rejection.code().as_str()),
        status: verdict.status,
        event: event(verdict)?.map(RawValue::from_string).transpose().map_err(failed)?,
        layers: &verdict.layers,
    };
    serde_json::to_string(&document).map_err(failed)
}

fn event(verdict: &Verdict) -> Result<Option<String>, Ended> {
    let line = verdict.event.as_ref().map(|once| once.cloud_event().to_line());
    line.transpose().map_err(|error| Ended::Failed(error.to_string()))
}

fn account(file: &Path, endpoint: &EndpointSettings, at: Timestamp, verdict: &Verdict) -> Result<(), Ended> {
    let word = match &verdict.rejection {
        None => coloured("accepted", AnsiColor::Green),
        Some(_) => coloured("refused", AnsiColor::Red),
    };
    print(&format!("{}: {word}, status {}", file.display(), verdict.status))?;
    let mut rows =
        vec![("endpoint", format!("{} ({})", endpoint.name, endpoint.profile.name())), ("clock", at.to_string())];
    rows.extend(verdict.layers.iter().map(|layer| ("layer", plain(layer))));
    if let Some(rejection) = &verdict.rejection {
        rows.push(("code", rejection.code().to_string()));
        rows.push(("because", plain(rejection.detail())));
    }
    if let Some(once) = &verdict.event {
        let provenance = once.event().provenance();
        let algorithm = provenance.algorithm.map_or("bearer", |algorithm| algorithm.name());
        rows.push(("key", format!("{} {}", algorithm, provenance.key_id)));
        rows.push(("covers", provenance.covered.join(", ")));
        rows.push(("signed at", provenance.signed_at.map_or("no signed time".to_owned(), |at| at.to_string())));
        rows.push(("type", once.event().event_type().as_str().to_owned()));
        rows.push(("subject", plain(once.event().subject().unwrap_or("none"))));
    }
    if verdict.unannounced > 0 {
        rows.push((
            "note",
            format!(
                "{} bytes behind the blank line lie beyond content-length, and are not part of the body",
                verdict.unannounced
            ),
        ));
    }
    for (name, value) in rows {
        print(&format!("  {name:<10} {value}"))?;
    }
    if let Some(line) = event(verdict)? {
        print(&format!("  {:<10} {line}", "event"))?;
    }
    Ok(())
}
