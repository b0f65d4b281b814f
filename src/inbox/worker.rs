//! The worker of one endpoint's inbox: leases records, hands each to its service, and acknowledges, retries or parks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use tower_service::Service;

use crate::clock::Clock;
use crate::decode::Decoder;
use crate::error::{Code, Rejection};
use crate::fail_point::{self, Point};
use crate::once::Once;
use crate::reply::Reply;
use crate::stage::oneshot;
use crate::store::{EventId, Leased, Store, StoreError};

/// How many records are leased at once, at first and by a slow sink: a batch is acknowledged as a whole.
const SMALLEST_BATCH: usize = 1;
/// How many records are leased at once by a fast sink.
const LARGEST_BATCH: usize = 256;
/// A batch that takes longer is followed by a smaller one.
const LONG: Duration = Duration::from_secs(1);
/// How long one delivery may take, whatever the sink's own limit is. Shorter than a lease.
const DEADLINE: Duration = Duration::from_secs(45);
/// How long a lease lasts; a process that dies gives its leases back when the store is opened again.
const LEASE: Duration = Duration::from_secs(60);
/// How long the worker sleeps when nothing changes: retries come due, and operators requeue from another process.
const LOOK: Duration = Duration::from_millis(500);

/// When a record that was not delivered is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPlan {
    /// Delay after the first failure; it doubles with each further one.
    pub first: Duration,
    /// Longest delay.
    pub longest: Duration,
    /// After this many tries a record is parked.
    pub attempts: u32,
}

impl Default for RetryPlan {
    /// 1 s, 2 s, 4 s … 5 min, 20 times: a little over an hour.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(300), attempts: 20 }
    }
}

impl RetryPlan {
    /// The delay after `attempt` failures.
    pub fn delay(&self, attempt: u32) -> Duration {
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1).min(31));
        self.first.saturating_mul(factor).min(self.longest)
    }
}

/// Delivers the records of one endpoint to a service.
#[derive(Debug, Clone)]
pub struct Worker<S> {
    store: Arc<dyn Store>,
    endpoint: Arc<[Box<str>]>,
    clock: Arc<dyn Clock>,
    duty: Reassign<S>,
}

/// What a worker does with a record. It asks anew for each, so that what changes takes effect without another worker.
#[derive(Debug, Clone)]
struct Duty<S> {
    decoder: Arc<Decoder>,
    retry: RetryPlan,
    service: S,
}

/// Gives a running worker another service: what it is delivering is finished by the old one, and nothing is leased twice.
#[derive(Debug)]
pub struct Reassign<S>(Arc<Mutex<Duty<S>>>);

impl<S> Clone for Reassign<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Clone> Reassign<S> {
    /// From the next record on.
    pub fn to(&self, decoder: Arc<Decoder>, retry: RetryPlan, service: S) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Duty { decoder, retry, service };
    }

    fn duty(&self) -> Duty<S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S> Worker<S>
where
    S: Service<Once, Response = Reply, Error = Rejection> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Delivers what `endpoint` accepted to `service`.
    pub fn new(
        store: Arc<dyn Store>,
        endpoint: &str,
        decoder: Arc<Decoder>,
        clock: Arc<dyn Clock>,
        retry: RetryPlan,
        service: S,
    ) -> Self {
        let duty = Reassign(Arc::new(Mutex::new(Duty { decoder, retry, service })));
        Self { store, endpoint: Arc::new([endpoint.into()]), clock, duty }
    }

    /// Changes what it does while it runs.
    pub fn reassign(&self) -> Reassign<S> {
        self.duty.clone()
    }

    /// Works until `shutdown` resolves; what is being delivered then is finished first.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let stopping = AtomicBool::new(false);
        let stop = async {
            shutdown.await;
            stopping.store(true, Ordering::SeqCst);
        };
        let work = async {
            let mut size = SMALLEST_BATCH;
            while !stopping.load(Ordering::SeqCst) {
                // Before the look: what becomes ready during it is not missed.
                let changed = self.store.changed();
                let start = Instant::now();
                match self.batch(size, &stopping).await {
                    Ok(0) => {
                        tokio::select! { () = changed => {}, () = sleep(LOOK) => {} }
                    }
                    Ok(_) => size = next_size(size, start.elapsed()),
                    Err(error) => {
                        tracing::error!(code = "store_unavailable", %error, "the inbox cannot be read; trying again");
                        sleep(LOOK).await;
                    }
                }
            }
        };
        tokio::join!(stop, work);
    }

    /// One batch. Answers how many records it held.
    ///
    /// # Errors
    /// The store failed; what was delivered may be delivered again.
    pub async fn round(&self) -> Result<usize, StoreError> {
        self.batch(LARGEST_BATCH, &AtomicBool::new(false)).await
    }

    async fn batch(&self, size: usize, stopping: &AtomicBool) -> Result<usize, StoreError> {
        let leased = self.store.lease(Arc::clone(&self.endpoint), size, LEASE).await?;
        let count = leased.len();
        let mut delivered: Vec<(EventId, u64)> = Vec::with_capacity(count);
        for record in leased {
            // What was not tried is ready again when the store is opened the next time.
            if stopping.load(Ordering::SeqCst) {
                break;
            }
            let (id, fence, attempt) = (record.id.clone(), record.fence, record.attempt);
            fail_point::reached(Point::Leased);
            match self.deliver(record).await {
                Ok(_) => {
                    fail_point::reached(Point::SinkDone);
                    delivered.push((id, fence));
                }
                Err(rejection) => {
                    self.settle(&mut delivered).await?;
                    self.failed(id, fence, attempt, &rejection).await?;
                }
            }
        }
        self.settle(&mut delivered).await?;
        Ok(count)
    }

    async fn settle(&self, delivered: &mut Vec<(EventId, u64)>) -> Result<(), StoreError> {
        if delivered.is_empty() {
            return Ok(());
        }
        self.store.acknowledge(std::mem::take(delivered)).await?;
        fail_point::reached(Point::Acknowledged);
        Ok(())
    }

    async fn deliver(&self, leased: Leased) -> Result<Reply, Rejection> {
        let Duty { decoder, service, .. } = self.duty.duty();
        let once = Once::stored(leased.record, &decoder, leased.attempt)?;
        // A task of its own: a handler that panics is a failed try and not the end of the worker.
        let work = tokio::spawn(timeout(DEADLINE, oneshot(service, once)));
        let reply = work.await.map(|reply| {
            reply.unwrap_or_else(|_| {
                Err(Rejection::new(Code::HandlerFailed, "expected an answer within 45 s, but found none"))
            })
        });
        let reply = reply.unwrap_or_else(|_| {
            Err(Rejection::new(Code::HandlerFailed, "expected an answer of the handler, but found a panic"))
        })?;
        match reply.status {
            Some(status) if !status.is_success() => Err(Rejection::new(
                Code::HandlerFailed,
                format!("expected success of the handler, but found status {status}"),
            )),
            _ => Ok(reply),
        }
    }

    async fn failed(&self, id: EventId, fence: u64, attempt: u32, rejection: &Rejection) -> Result<(), StoreError> {
        let reason = rejection.to_string();
        tracing::warn!(code = %rejection.code(), event_id = %id, attempt, reason, "an event was not delivered");
        let retry = self.duty.duty().retry;
        // Attempts are never counted from the beginning again: an operator's retry grants one more round of them.
        let Some(try_of_round) = attempt.checked_rem(retry.attempts).filter(|rest| *rest > 0) else {
            return self.store.park(id, fence, reason).await;
        };
        let at = self.clock.now().after(retry.delay(try_of_round));
        self.store.retry_at(id, fence, at, reason).await
    }
}

/// Larger batches while the sink is fast, smaller ones while it is slow.
fn next_size(size: usize, took: Duration) -> usize {
    let next = if took > LONG { size / 2 } else { size.saturating_mul(2) };
    next.clamp(SMALLEST_BATCH, LARGEST_BATCH)
}
