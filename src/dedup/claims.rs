//! A claim on an event, from asking for it to giving an answer. The rule: whoever is granted a claim completes it with a
//! final answer or gives it back, whatever becomes of the handler in between.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::{InlineTimes, unavailable};
use crate::error::{Code, Rejection};
use crate::fail_point::{self, Point};
use crate::observed::{self, Stage};
use crate::store::{Claim, Lease, Record, Store, StoreError, StoredAnswer, failing};
use crate::verified::Verified;

/// How often a waiting copy looks whether the first one is done.
const LOOK: Duration = Duration::from_millis(50);

/// Claims in one store.
#[derive(Debug, Clone)]
pub(crate) struct Claims {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) times: InlineTimes,
}

impl Claims {
    /// Claims, waiting a little for a first copy that is being handled.
    pub(crate) async fn claim(&self, record: &Verified<Record>) -> Result<Claim, Rejection> {
        let start = Instant::now();
        loop {
            failing(Point::BeforeClaim, StoreError::NotStored).map_err(|e| unavailable(&e))?;
            let claim = self.store.claim(record.clone(), self.times.lease()).await.map_err(|e| unavailable(&e))?;
            if claim != Claim::InFlight || start.elapsed() >= self.times.wait {
                return Ok(claim);
            }
            sleep(LOOK).await;
        }
    }

    /// What a copy is told that has waited long enough.
    pub(crate) fn in_flight(&self) -> Rejection {
        let found = "expected the first copy to be done, but found it in flight";
        Rejection::new(Code::EventInFlight, found).with_retry_after(self.times.wait)
    }

    /// Runs the handler under its deadline, renewing the lease every third of it. What `lasting` makes of its answer is
    /// kept for copies; with nothing to keep, the sender's retry is handled anew.
    pub(crate) async fn run<T>(
        &self,
        held: Lease,
        record: Verified<Record>,
        handler: impl Future<Output = Result<T, Rejection>> + Send,
        lasting: impl FnOnce(&T) -> Option<StoredAnswer> + Send,
    ) -> Result<T, Rejection> {
        fail_point::reached(Point::Claimed);
        let guard = ReleaseOnPanic { store: &self.store, held: Some(held) };
        let lease = self.times.lease();
        let third = lease.checked_div(3).unwrap_or(lease);
        let renewing = async {
            loop {
                sleep(third).await;
                if self.store.renew(held, lease).await == Err(StoreError::LeaseLost) {
                    return;
                }
            }
        };
        let answer = tokio::select! {
            answer = timeout(self.times.deadline, handler) => answer.unwrap_or_else(|_| {
                Err(Rejection::new(Code::HandlerFailed, "expected an answer within the deadline, but found none"))
            }),
            () = renewing => Err(unavailable(&StoreError::LeaseLost)),
        };
        guard.disarm();
        if let Some(stored) = answer.as_ref().ok().and_then(lasting) {
            failing(Point::Answered, StoreError::NotStored).map_err(|e| unavailable(&e))?;
            let completing = pin!(self.store.complete(held, record, stored));
            observed::timed(Stage::Complete, completing).await.map_err(|e| unavailable(&e))?;
            fail_point::reached(Point::Completed);
        } else if let Err(error) = self.store.release(held).await {
            tracing::warn!(code = "release_failed", %error, "the claim ends with its lease");
        }
        answer
    }
}

/// Gives a claim back when the handler panics, so that the sender's retry need not wait for the lease to end.
struct ReleaseOnPanic<'a> {
    store: &'a Arc<dyn Store>,
    held: Option<Lease>,
}

impl ReleaseOnPanic<'_> {
    fn disarm(mut self) {
        self.held = None;
    }
}

impl Drop for ReleaseOnPanic<'_> {
    fn drop(&mut self) {
        let (Some(held), Ok(runtime)) = (self.held, tokio::runtime::Handle::try_current()) else { return };
        let store = Arc::clone(self.store);
        runtime.spawn(async move { store.release(held).await });
    }
}
