//! Where events go.

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;

use super::file::SinkTable;
use super::problem::{Problem, Source};
use super::{secret, span_field};
use crate::crypto::Secret;
use crate::error::ConfigError;
use crate::inbox::RetryPlan;

/// One sink.
#[derive(Debug, Clone)]
pub struct SinkSettings {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SinkKind,
    /// When an event that it did not take is tried again.
    pub retry: RetryPlan,
}

/// What a sink is.
#[derive(Debug, Clone)]
pub enum SinkKind {
    /// One CloudEvent a line on standard output.
    Stdout,
    /// One CloudEvent a line, appended to a file.
    File(PathBuf),
    /// `POST` to a URL.
    Http {
        /// `http://host:port/path`.
        url: String,
        /// How long one try may take.
        timeout: Duration,
        /// Signs what is sent, in the form of Standard Webhooks.
        secret: Option<Secret>,
    },
    /// Events stay in the inbox.
    None,
}

pub(super) fn read(
    tables: &[Spanned<SinkTable>],
    folder: &Path,
    source: Source<'_>,
) -> Result<Vec<SinkSettings>, Problem> {
    let mut sinks: Vec<SinkSettings> = Vec::new();
    for table in tables {
        let inner = table.get_ref();
        let wrong = |error: &ConfigError| source.problem(&table.span(), &format!("sink {:?}", inner.name), error);
        let sink = one(inner, folder).map_err(|error| wrong(&error))?;
        if sinks.iter().any(|other| other.name == sink.name) {
            return Err(wrong(&ConfigError::new(
                "name",
                "expected a name of its own, but found another sink of that name",
            )));
        }
        sinks.push(sink);
    }
    Ok(sinks)
}

fn one(table: &SinkTable, folder: &Path) -> Result<SinkSettings, ConfigError> {
    let kind = match table.r#type.as_str() {
        "stdout" => SinkKind::Stdout,
        "none" => SinkKind::None,
        "file" => {
            let path = table
                .path
                .as_ref()
                .ok_or_else(|| ConfigError::new("path", "expected the path of a file, but found none"))?;
            SinkKind::File(folder.join(path))
        }
        "http" => {
            let url = table.url.clone().ok_or_else(|| ConfigError::new("url", "expected a URL, but found none"))?;
            let uri: http::Uri =
                url.parse().map_err(|_| ConfigError::new("url", "expected a URL, but found another text"))?;
            if uri.scheme_str() != Some("http") || uri.host().is_none() {
                let message = "expected http://HOST:PORT/PATH, but found another form; for https, put a local proxy in front of the sink";
                return Err(ConfigError::new("url", message));
            }
            let timeout =
                table.timeout.as_deref().map_or(Ok(Duration::from_secs(10)), |text| span_field("timeout", text))?;
            let secret = table.secret.as_ref().map(|table| secret::read(table, folder, "secret")).transpose()?;
            SinkKind::Http { url, timeout, secret: secret.map(|(secret, _)| secret) }
        }
        "redis" if table.stream.is_none() => {
            return Err(ConfigError::new("stream", "expected the name of a stream, but found none"));
        }
        "redis" => {
            return Err(ConfigError::new(
                "type",
                "expected stdout, file, http or none, but found redis, which this build does not have",
            ));
        }
        other => {
            return Err(ConfigError::new("type", format!("expected stdout, file, http or none, but found {other:?}")));
        }
    };
    let mut retry = RetryPlan::default();
    if let Some(table) = &table.retry {
        retry.first = table.first.as_deref().map_or(Ok(retry.first), |text| span_field("retry", text))?;
        retry.longest = table.longest.as_deref().map_or(Ok(retry.longest), |text| span_field("retry", text))?;
        retry.attempts = table.attempts.unwrap_or(retry.attempts).max(1);
    }
    Ok(SinkSettings { name: table.name.clone(), kind, retry })
}
