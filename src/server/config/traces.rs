//! `[server] otlp`: where traces go. The rule: a sender's own trace is not continued unless that is said.

use serde::Deserialize;

use super::file::ServerTable;
use crate::error::ConfigError;

/// As it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TraceTable {
    url: String,
    sample: Option<f64>,
    trust_traceparent: Option<bool>,
}

/// Where traces go.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceSettings {
    /// Of the collector, with its path.
    pub url: String,
    /// Which part of the deliveries is traced, 0 to 1.
    pub sample: f64,
    /// Whether the `traceparent` of a request is continued.
    pub trust_traceparent: bool,
}

impl TraceSettings {
    pub(super) fn read(server: &ServerTable) -> Result<Option<Self>, ConfigError> {
        let Some(table) = server.otlp.as_ref().map(|otlp| otlp.get_ref()) else { return Ok(None) };
        if cfg!(not(feature = "otlp")) {
            let message = "expected a program that was built with feature otlp, but found one without";
            return Err(ConfigError::new("otlp", message));
        }
        let sample = table.sample.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&sample) {
            return Err(ConfigError::new("otlp.sample", format!("expected 0.0 to 1.0, but found {sample}")));
        }
        let trust_traceparent = table.trust_traceparent.unwrap_or(false);
        Ok(Some(Self { url: collector(&table.url)?, sample, trust_traceparent }))
    }
}

/// The address of a collector; without a path, the one of traces.
fn collector(url: &str) -> Result<String, ConfigError> {
    let wrong = || {
        let message = "expected the http address of a collector such as http://127.0.0.1:4318, without a login, but found another";
        ConfigError::new("otlp.url", message)
    };
    let uri: http::Uri = url.parse().map_err(|_| wrong())?;
    let is_plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    if uri.scheme_str() != Some("http") || !is_plain {
        return Err(wrong());
    }
    Ok(if uri.path() == "/" { format!("{}/v1/traces", url.trim_end_matches('/')) } else { url.to_owned() })
}
