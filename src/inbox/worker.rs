//! The worker of one endpoint's inbox: leases records, hands each to its service, and acknowledges, retries or parks. The
//! rule: a try ends before its lease does, so that no two owners deliver one event at the same time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use tower_service::Service;

use super::breaker::{Breaker, BreakerPlan};
use super::retry::RetryPlan;
use super::rounds::Rounds;
use super::waiting::Order;
use crate::clock::Clock;
use crate::decode::Decoder;
use crate::error::{Code, Rejection};
use crate::once::Once;
use crate::reply::Reply;
use crate::stage::oneshot;
use crate::store::{Leased, Store, StoreError};

/// How long one delivery may take, whatever the sink's own limit is. Shorter than a lease.
pub(super) const DEADLINE: Duration = Duration::from_secs(45);
/// How many events are delivered at once unless that is said.
pub(super) const CONCURRENCY: usize = 16;

/// Delivers the records of one endpoint to a service.
#[derive(Debug, Clone)]
pub struct Worker<S> {
    pub(super) store: Arc<dyn Store>,
    pub(super) decoder: Arc<Decoder>,
    pub(super) endpoint: Arc<[Box<str>]>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) retry: RetryPlan,
    pub(super) concurrency: usize,
    pub(super) order: Order,
    pub(super) breaker: Breaker,
    service: S,
}

impl<S> Worker<S>
where
    S: Service<Once, Response = Reply, Error = Rejection> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Delivers what `endpoint` accepted to `service`: 16 events at once, in no order, without a breaker.
    pub fn new(
        store: Arc<dyn Store>,
        endpoint: &str,
        decoder: Arc<Decoder>,
        clock: Arc<dyn Clock>,
        retry: RetryPlan,
        service: S,
    ) -> Self {
        let (endpoint, never) = (endpoint.into(), BreakerPlan { failures: 0, ..BreakerPlan::default() });
        Self {
            store,
            decoder,
            endpoint: Arc::new([endpoint]),
            clock,
            retry,
            concurrency: CONCURRENCY,
            order: Order::default(),
            breaker: Breaker::new("", never),
            service,
        }
    }

    /// How many events are delivered at once, at least one.
    #[must_use]
    pub fn concurrency(mut self, most: usize) -> Self {
        self.concurrency = most.max(1);
        self
    }

    /// In which order.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Stops for a while when the service fails as a whole, which a handler says by a [`Reply`] of status 429 or 5xx.
    /// Workers of the same sink share one.
    #[must_use]
    pub fn breaker(mut self, breaker: Breaker) -> Self {
        self.breaker = breaker;
        self
    }

    /// Works until `shutdown` resolves; what is being delivered then is finished first, and what was not begun is given
    /// back.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        Rounds::new(&self).run(shutdown).await;
    }

    /// One batch. Answers how many records it held.
    ///
    /// # Errors
    /// The store failed; what was delivered may be delivered again.
    pub async fn round(&self) -> Result<usize, StoreError> {
        Rounds::new(self).once().await
    }

    /// One try, which owns what it needs.
    pub(super) fn deliver(&self, leased: Leased) -> impl Future<Output = Result<Reply, Rejection>> + Send + 'static {
        let (service, decoder) = (self.service.clone(), Arc::clone(&self.decoder));
        async move {
            let once = Once::stored(leased.record, &decoder, leased.attempt)?;
            let late = || Rejection::new(Code::SinkUnavailable, "expected an answer within 45 s, but found none");
            timeout(DEADLINE, oneshot(service, once)).await.unwrap_or_else(|_| Err(late()))
        }
    }
}
