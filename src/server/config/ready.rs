//! `[server] ready` and `admin_hosts`: when `/readyz` says no, and by which names operators call this machine.

use std::time::Duration;

use serde::Deserialize;

use super::file::{Amount, ServerTable};
use super::{span_field, units};
use crate::error::ConfigError;

/// As it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadyTable {
    disk: Option<Amount>,
    backlog: Option<u64>,
    oldest: Option<String>,
}

/// What `/readyz` looks at beside the store and the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadySettings {
    /// Free bytes that the filesystem of a SQLite file has to have.
    pub disk: u64,
    /// How many events may wait for their sinks; any number, unless it is said.
    pub backlog: Option<u64>,
    /// How long an event may wait; any time, unless it is said.
    pub oldest: Option<Duration>,
}

impl Default for ReadySettings {
    fn default() -> Self {
        Self { disk: 64 * 1024 * 1024, backlog: None, oldest: None }
    }
}

impl ReadySettings {
    pub(super) fn read(server: &ServerTable) -> Result<Self, ConfigError> {
        let mut settings = Self::default();
        let table = server.ready.as_ref().map_or_else(ReadyTable::default, |ready| ready.get_ref().clone());
        if let Some(amount) = &table.disk {
            let bytes = units::bytes(amount).map_err(|message| ConfigError::new("ready.disk", message))?;
            settings.disk = bytes as u64;
        }
        settings.backlog = table.backlog;
        settings.oldest = table.oldest.as_ref().map(|text| span_field("ready.oldest", text)).transpose()?;
        Ok(settings)
    }
}

/// Names without a scheme or a port.
pub(super) fn hosts(server: &ServerTable) -> Result<Vec<String>, ConfigError> {
    let hosts = server.admin_hosts.clone().unwrap_or_default();
    let is_name = |host: &String| {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>().is_ok();
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        address || (!host.is_empty() && host.bytes().all(letters))
    };
    match hosts.iter().find(|host| !is_name(host)) {
        Some(host) => {
            let message = format!("expected names of this machine without scheme and port, but found {host:?}");
            Err(ConfigError::new("admin_hosts", message))
        }
        None => Ok(hosts),
    }
}
