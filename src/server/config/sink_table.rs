//! A sink as it is written in the configuration. Unknown members are errors; what belongs to which type is decided beside.

use std::path::PathBuf;

use serde::Deserialize;

use super::file::{Amount, ClientTable, LoginTable, SecretTable};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SinkTable {
    pub(super) name: String,
    pub(super) r#type: String,
    pub(super) path: Option<PathBuf>,
    pub(super) url: Option<String>,
    pub(super) timeout: Option<String>,
    pub(super) retry: Option<RetryTable>,
    pub(super) breaker: Option<BreakerTable>,
    pub(super) concurrency: Option<usize>,
    pub(super) order: Option<OrderWord>,
    pub(super) secret: Option<SecretTable>,
    pub(super) form: Option<FormWord>,
    pub(super) allow_private: Option<bool>,
    pub(super) ca: Option<PathBuf>,
    pub(super) client: Option<ClientTable>,
    pub(super) rotate: Option<Amount>,
    pub(super) keep: Option<u32>,
    pub(super) stream: Option<String>,
    pub(super) maxlen: Option<u64>,
    pub(super) password: Option<SecretTable>,
    pub(super) sentinel: Option<LoginTable>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OrderWord {
    None,
    Subject,
}

/// What an HTTP sink is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FormWord {
    Event,
    Request,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BreakerTable {
    pub(super) failures: Option<u32>,
    pub(super) first: Option<String>,
    pub(super) longest: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryTable {
    pub(super) first: Option<String>,
    pub(super) longest: Option<String>,
    pub(super) attempts: Option<u32>,
}
