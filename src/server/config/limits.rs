//! `[server] limits`: how many connections and bytes at once, and how long each may take. The rule: nothing is without a
//! limit, and none of them is zero.

use std::time::Duration;

use super::file::{LimitsTable, ServerTable};
use super::{bounded_span, units};
use crate::endpoint::Limits;
use crate::error::ConfigError;
use crate::server::connection::Times;

/// What one receiver takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// Connections in all.
    pub connections: usize,
    /// Connections of one address, or of one /64 of IPv6; unless it is said, loopback is not counted, where a proxy is.
    pub connections_per_address: Option<usize>,
    /// Requests that one endpoint handles at once.
    pub requests: usize,
    /// Bytes of bodies in memory, over all connections.
    pub in_flight: usize,
    /// Deadlines of a connection.
    pub times: Times,
    /// Longest time for one body.
    pub body: Duration,
    /// Longest time for a TLS handshake.
    pub handshake: Duration,
    /// How long what is in flight may take once the receiver is told to stop.
    pub drain: Duration,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_address: None,
            requests: 1024,
            in_flight: 64 * 1024 * 1024,
            times: Times::default(),
            body: Limits::default().deadline,
            handshake: Duration::from_secs(5),
            drain: Duration::from_secs(20),
        }
    }
}

impl LimitSettings {
    pub(super) fn read(server: &ServerTable) -> Result<Self, ConfigError> {
        let mut settings = Self::default();
        let table = server.limits.as_ref().map_or_else(LimitsTable::default, |limits| limits.get_ref().clone());
        if table.connections.is_some() && server.max_connections.is_some() {
            let message = "expected limits.connections or max_connections, but found both";
            return Err(ConfigError::new("max_connections", message));
        }
        if let Some(count) = server.max_connections {
            settings.connections = number("max_connections", count)?;
        }
        if let Some(count) = table.connections {
            settings.connections = number("limits.connections", count)?;
        }
        if let Some(count) = table.connections_per_address {
            settings.connections_per_address = Some(number("limits.connections_per_address", count)?);
        }
        if let Some(count) = table.requests {
            settings.requests = number("limits.requests", count)?;
        }
        if let Some(amount) = &table.in_flight {
            let bytes = units::bytes(amount).map_err(|message| ConfigError::new("limits.in_flight", message))?;
            if bytes == 0 {
                return Err(ConfigError::new("limits.in_flight", "expected more than no bytes, but found 0"));
            }
            settings.in_flight = bytes;
        }
        let spans = [
            ("limits.head_timeout", &table.head_timeout, &mut settings.times.head),
            ("limits.idle_timeout", &table.idle_timeout, &mut settings.times.idle),
            ("limits.answer_timeout", &table.answer_timeout, &mut settings.times.answer),
            ("limits.body_timeout", &table.body_timeout, &mut settings.body),
            ("limits.handshake_timeout", &table.handshake_timeout, &mut settings.handshake),
            ("limits.drain_timeout", &table.drain_timeout, &mut settings.drain),
        ];
        for (field, text, setting) in spans {
            let Some(text) = text else { continue };
            *setting = bounded_span(field, text, ("10ms", "1h"))?;
        }
        Ok(settings)
    }
}

fn number(field: &'static str, count: usize) -> Result<usize, ConfigError> {
    if (1..=1_000_000).contains(&count) {
        return Ok(count);
    }
    Err(ConfigError::new(field, "expected 1 to 1000000, but found another number"))
}
