//! What is known of one delivery, and how long each of its stages took: for logs, metrics and traces outside of the stack.
//!
//! The rule: nothing in here was chosen by somebody who is not verified, and writing it down takes no lock and formats
//! nothing.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::task::futures::TaskLocalFuture;
use tokio::time::Instant;

use crate::clock::Timestamp;
use crate::store::{EventId, Identity};
use crate::verified::{Covered, Verified};

/// One stage of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// What the head alone shows, before a body is read that would be dear.
    Screen,
    /// The body is read.
    Body,
    /// Credentials, coverage, freshness, keys, digest, signature; the wait for newer keys, too.
    Verify,
    /// The event and its identity are read.
    Decode,
    /// The store claims and appends (queue mode).
    Accept,
    /// The store claims; the wait for a copy in flight, too (inline mode).
    Claim,
    /// The handler or the sink answers (inline mode).
    Dispatch,
    /// The store keeps the answer (inline mode).
    Complete,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 8] = [
        Self::Screen,
        Self::Body,
        Self::Verify,
        Self::Decode,
        Self::Accept,
        Self::Claim,
        Self::Dispatch,
        Self::Complete,
    ];

    /// The word in metrics and traces.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Screen => "screen",
            Self::Body => "body",
            Self::Verify => "verify",
            Self::Decode => "decode",
            Self::Accept => "accept",
            Self::Claim => "claim",
            Self::Dispatch => "dispatch",
            Self::Complete => "complete",
        }
    }
}

/// What is known of one delivery. It is in the extensions of the answer, in an [`Arc`], beside the
/// [`crate::endpoint::Outcome`].
#[derive(Debug)]
pub struct Observed {
    begun: Instant,
    client: Option<IpAddr>,
    took: OnceLock<Duration>,
    spans: [Span; Stage::ALL.len()],
    proof: OnceLock<Proof>,
    identity: OnceLock<Identity>,
    withheld: AtomicBool,
}

/// Nanoseconds from the beginning of the delivery; a stage that was not passed has taken none.
#[derive(Debug, Default)]
struct Span {
    begun: AtomicU64,
    took: AtomicU64,
}

/// What is known once the sender is.
#[derive(Debug)]
struct Proof {
    key_id: Arc<str>,
    request_id: Option<Box<str>>,
    signed_at: Option<Timestamp>,
    received_at: Timestamp,
}

impl Observed {
    /// A delivery begins.
    pub(crate) fn begin(client: Option<IpAddr>) -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            client,
            took: OnceLock::new(),
            spans: Default::default(),
            proof: OnceLock::new(),
            identity: OnceLock::new(),
            withheld: AtomicBool::new(false),
        })
    }

    /// How long the whole took, from the head to the answer.
    pub fn took(&self) -> Duration {
        self.took.get().copied().unwrap_or_default()
    }

    /// When a stage began, from the beginning of the delivery, and how long it took; `None` if it was not passed.
    pub fn stage(&self, stage: Stage) -> Option<(Duration, Duration)> {
        let span = self.spans.get(stage as usize)?;
        let took = span.took.load(Ordering::Relaxed);
        let begun = Duration::from_nanos(span.begun.load(Ordering::Relaxed));
        (took > 0).then(|| (begun, Duration::from_nanos(took)))
    }

    /// Where the connection came from, if the server said so.
    pub fn client(&self) -> Option<IpAddr> {
        self.client
    }

    /// Id of the key that fits; `None` unless the delivery is verified.
    pub fn key_id(&self) -> Option<&str> {
        self.proof.get().map(|proof| &*proof.key_id)
    }

    /// The sender's id of the request; `None` unless the delivery is verified.
    pub fn request_id(&self) -> Option<&str> {
        self.proof.get()?.request_id.as_deref()
    }

    /// The time that the sender signed and when we received it; `None` unless the delivery is verified.
    pub fn signed_at(&self) -> Option<(Timestamp, Timestamp)> {
        let proof = self.proof.get()?;
        Some((proof.signed_at?, proof.received_at))
    }

    /// Id of the event; `None` unless the delivery is verified.
    pub fn event_id(&self) -> Option<EventId> {
        self.identity.get().map(Identity::event_id)
    }

    /// Whether its line is left out of the log, because there are too many refusals for the same reason.
    pub fn is_withheld(&self) -> bool {
        self.withheld.load(Ordering::Relaxed)
    }

    /// Moment of the log's own clock at which it began.
    pub(crate) fn begun(&self) -> Instant {
        self.begun
    }

    pub(crate) fn end(&self) {
        let _ = self.took.set(self.begun.elapsed());
    }

    pub(crate) fn withhold(&self) {
        self.withheld.store(true, Ordering::Relaxed);
    }

    /// The sender is known.
    pub(crate) fn verified(&self, verified: &Verified<Covered>) {
        let provenance = verified.provenance();
        let _ = self.proof.set(Proof {
            key_id: Arc::clone(&provenance.key_id),
            request_id: verified.request_id().map(|id| id.as_str().into()),
            signed_at: provenance.signed_at,
            received_at: provenance.received_at,
        });
    }

    /// The event is known.
    pub(crate) fn identified(&self, identity: Identity) {
        let _ = self.identity.set(identity);
    }

    /// The parts of a stage that is passed twice are added.
    fn passed(&self, stage: Stage, begun: Instant) {
        let Some(span) = self.spans.get(stage as usize) else { return };
        let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        let from = nanos(begun.saturating_duration_since(self.begun));
        if span.took.fetch_add(nanos(begun.elapsed()).max(1), Ordering::Relaxed) == 0 {
            span.begun.store(from, Ordering::Relaxed);
        }
    }

    /// Runs the stack so that its stages find this.
    pub(crate) fn during<F: Future>(self: &Arc<Self>, work: F) -> TaskLocalFuture<Arc<Self>, F> {
        CURRENT.scope(Arc::clone(self), work)
    }
}

tokio::task_local! {
    /// The delivery that this task works on. Stages differ in what they hand on, so it does not travel in their types.
    static CURRENT: Arc<Observed>;
}

/// Takes the time of a stage: two looks at the clock. The work is pinned where it is made, so that no future holds it twice.
pub(crate) async fn timed<F: Future>(stage: Stage, work: Pin<&mut F>) -> F::Output {
    let begun = Instant::now();
    let output = work.await;
    note(|observed| observed.passed(stage, begun));
    output
}

/// The same of a stage that waits for nothing.
pub(crate) fn timed_at_once<T>(stage: Stage, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let output = work();
    note(|observed| observed.passed(stage, begun));
    output
}

/// Writes something down, if anybody observes.
pub(crate) fn note(write: impl FnOnce(&Observed)) {
    // Without an endpoint around, as in a stack that is composed by hand, there is nothing to write to.
    let _ = CURRENT.try_with(|observed| write(observed));
}

/// Takes what is observed along into another task.
pub(crate) fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let current = CURRENT.try_with(Arc::clone).ok();
    async move {
        match current {
            Some(current) => CURRENT.scope(current, work).await,
            None => work.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn stages_are_timed_also_in_another_task_and_parts_of_one_are_added() {
        let observed = Observed::begin(None);
        let pause = |millis| tokio::time::sleep(Duration::from_millis(millis));
        let work = async {
            timed(Stage::Claim, pin!(pause(5))).await;
            tokio::spawn(carried(async move { timed(Stage::Dispatch, pin!(pause(30))).await })).await.unwrap();
            timed(Stage::Claim, pin!(pause(7))).await;
        };
        observed.during(work).await;
        observed.end();
        let millis = |stage| observed.stage(stage).map(|(begun, took)| (begun.as_millis(), took.as_millis()));
        assert_eq!(millis(Stage::Claim), Some((0, 12)));
        assert_eq!(millis(Stage::Dispatch), Some((5, 30)));
        assert_eq!(millis(Stage::Verify), None);
        assert_eq!(observed.took().as_millis(), 42);
    }

    #[tokio::test]
    async fn without_an_endpoint_around_stages_work_and_nothing_is_written() {
        assert_eq!(timed(Stage::Verify, pin!(async { 7 })).await, 7);
        assert_eq!(timed_at_once(Stage::Decode, || 8), 8);
        assert_eq!(carried(async { 9 }).await, 9);
    }
}
