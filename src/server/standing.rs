//! What senders meet at this moment. The rule: it is replaced whole; a request is answered by what it met first.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::Router;
use super::callers::Callers;
use super::certificates::Certificates;
use super::config::LimitSettings;
use super::live::Live;
use super::tls::Listening;
use crate::clock::Clock;
use crate::endpoint::BodyBudget;

/// What senders meet.
pub(super) struct Standing {
    pub(super) router: Router,
    pub(super) callers: Arc<Callers>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limits: LimitSettings,
    /// For heads and bodies in flight.
    pub(super) room: BodyBudget,
    pub(super) tls: Option<Arc<Live<Listening>>>,
    pub(super) certificates: Certificates,
}

/// The place where it stands.
pub(super) type Place = Arc<ArcSwap<Standing>>;
