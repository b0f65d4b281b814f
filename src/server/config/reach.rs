//! How a sender gets to an endpoint: from this machine alone, with a certificate or without one. The rule: it follows from
//! what the file says, so that it is known to those too who may not read the files of the listener.

use super::file::ServerTable;

#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Whether only this machine can connect, so that keys which everybody has do no harm. Through a proxy, others can.
    pub(super) on_loopback: bool,
    /// Whether everybody has to show a certificate, who connects or on whose behalf a proxy does.
    pub(super) demands_clients: bool,
    /// Whether certificates of clients get here.
    pub(super) knows_clients: bool,
}

impl Reach {
    pub(super) fn of(server: &ServerTable) -> Self {
        let is_behind_proxy = server.trusted_proxies.is_some();
        let (tls, brought) = (server.tls.as_ref().map(|tls| tls.get_ref()), &server.client_cert);
        let shown = tls.is_some_and(|tls| tls.demands_clients());
        Self {
            on_loopback: server.listen.get_ref().ip().is_loopback() && !is_behind_proxy,
            demands_clients: brought.as_ref().is_some_and(|table| table.demands_clients())
                || (shown && !is_behind_proxy),
            knows_clients: tls.is_some_and(|tls| tls.asks_for_clients()) || brought.is_some(),
        }
    }
}
