//! What senders meet at this moment. The rule: it is replaced whole; a request is answered by what it met first.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_rustls::TlsAcceptor;

use super::Router;
use super::config::LimitSettings;
use crate::endpoint::BodyBudget;

/// What senders meet.
pub(super) struct Live {
    pub(super) router: Router,
    pub(super) limits: LimitSettings,
    /// For heads and bodies in flight.
    pub(super) room: BodyBudget,
    pub(super) tls: Option<TlsAcceptor>,
}

/// The place where it stands.
pub(super) type Place = Arc<ArcSwap<Live>>;
