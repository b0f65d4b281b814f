//! The figures of one sink. The rule: every attempt is counted once, also one that nobody waited for to the end.

use metrics::{Counter, Histogram, counter, gauge, histogram};
use tokio::time::Instant;

use crate::error::Rejection;
use crate::inbox::{Breaker, BreakerState};
use crate::reply::Reply;

/// What comes of attempts of one sink.
#[derive(Debug, Clone)]
pub(in crate::server) struct Attempts {
    delivered: Counter,
    refused: Counter,
    failed: Counter,
    abandoned: Counter,
    took: Histogram,
}

/// One attempt.
struct Attempt<'a> {
    attempts: &'a Attempts,
    begun: Instant,
    outcome: &'a Counter,
}

impl Attempts {
    pub(in crate::server) fn of(sink: &str) -> Self {
        let outcome = |outcome: &'static str| counter!("countersign_sink_attempts_total", "sink" => sink.to_owned(), "outcome" => outcome);
        Self {
            delivered: outcome("delivered"),
            refused: outcome("refused"),
            failed: outcome("failed"),
            abandoned: outcome("abandoned"),
            took: histogram!("countersign_sink_duration_seconds", "sink" => sink.to_owned()),
        }
    }

    /// Counts and measures one attempt.
    pub(in crate::server) async fn count(
        &self,
        work: impl Future<Output = Result<Reply, Rejection>>,
    ) -> Result<Reply, Rejection> {
        let mut attempt = Attempt { attempts: self, begun: Instant::now(), outcome: &self.abandoned };
        let result = work.await;
        attempt.outcome = match &result {
            Ok(reply) if reply.status.is_none_or(|status| status.is_success()) => &self.delivered,
            Ok(_) => &self.refused,
            Err(_) => &self.failed,
        };
        result
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.outcome.increment(1);
        self.attempts.took.record(self.begun.elapsed());
    }
}

/// How a breaker stands now.
pub(in crate::server) fn measure_breaker(breaker: &Breaker) {
    set(breaker, Some(breaker.state()));
}

/// The sink is gone: its breaker stands in no way.
pub(in crate::server) fn forget_breaker(breaker: &Breaker) {
    set(breaker, None);
}

fn set(breaker: &Breaker, now: Option<BreakerState>) {
    for state in BreakerState::ALL {
        let gauge = gauge!("countersign_sink_breaker", "sink" => breaker.name().to_owned(), "state" => state.as_str());
        gauge.set(if Some(state) == now { 1.0 } else { 0.0 });
    }
}
