//! The worker of one endpoint's inbox: leases records, hands each to its service, and acknowledges, retries or parks. The
//! rule: a try ends before its lease does, so that no two owners deliver one event at the same time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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

/// How long one delivery of a worker may take, whatever its service's own limit is. Shorter than a lease.
pub const DEADLINE: Duration = Duration::from_secs(45);
/// How many events are delivered at once unless that is said.
pub(super) const CONCURRENCY: usize = 16;

/// Delivers the records of one endpoint to a service.
#[derive(Debug, Clone)]
pub struct Worker<S> {
    pub(super) store: Arc<dyn Store>,
    pub(super) endpoint: Arc<[Box<str>]>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) order: Order,
    duty: Reassign<S>,
}

/// What a worker does with records. It asks anew for each, so that what changes takes effect without another worker.
#[derive(Debug, Clone)]
pub(super) struct Duty<S> {
    pub(super) decoder: Arc<Decoder>,
    pub(super) retry: RetryPlan,
    pub(super) concurrency: usize,
    pub(super) breaker: Breaker,
    pub(super) service: S,
}

/// Gives a running worker another service: what it is delivering is finished by the old one, and nothing is leased twice.
#[derive(Debug)]
pub struct Reassign<S>(Arc<Changing<S>>);

#[derive(Debug)]
struct Changing<S> {
    /// Counts the changes, so that who looks does not have to copy what it knows.
    version: AtomicU64,
    duty: Mutex<Duty<S>>,
}

impl<S> Clone for Reassign<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Clone> Reassign<S> {
    /// From the next record on, it works as `worker` would: with its service, decoder, retries, concurrency and breaker.
    /// Its store, endpoint and order stay what they were.
    pub fn to(&self, worker: &Worker<S>) {
        let duty = worker.duty();
        *self.0.duty.lock().unwrap_or_else(PoisonError::into_inner) = duty;
        self.0.version.fetch_add(1, Ordering::Release);
    }
}

impl<S: Clone> Worker<S> {
    /// What it does with the next record.
    pub(super) fn duty(&self) -> Duty<S> {
        self.duty.0.duty.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another number whenever that has changed.
    pub(super) fn version(&self) -> u64 {
        self.duty.0.version.load(Ordering::Acquire)
    }

    /// Changes what it does while it runs.
    pub fn reassign(&self) -> Reassign<S> {
        self.duty.clone()
    }
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
        let never = BreakerPlan { failures: 0, ..BreakerPlan::default() };
        let breaker = Breaker::new("", never);
        let duty = Duty { decoder, retry, concurrency: CONCURRENCY, breaker, service };
        Self { store, endpoint: Arc::new([endpoint.into()]), clock, order: Order::default(), duty: duty.into() }
    }

    /// How many events are delivered at once, at least one.
    #[must_use]
    pub fn concurrency(self, most: usize) -> Self {
        self.with(|duty| duty.concurrency = most.max(1))
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
    pub fn breaker(self, breaker: Breaker) -> Self {
        self.with(|duty| duty.breaker = breaker)
    }

    /// A worker of its own; a [`Reassign`] of before does not reach it.
    fn with(self, change: impl FnOnce(&mut Duty<S>)) -> Self {
        let mut duty = self.duty();
        change(&mut duty);
        Self { duty: duty.into(), ..self }
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
}

impl<S> From<Duty<S>> for Reassign<S> {
    fn from(duty: Duty<S>) -> Self {
        Self(Arc::new(Changing { version: AtomicU64::new(0), duty: Mutex::new(duty) }))
    }
}

impl<S> Duty<S>
where
    S: Service<Once, Response = Reply, Error = Rejection> + Clone + Send + 'static,
    S::Future: Send,
{
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
