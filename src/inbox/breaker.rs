//! The circuit breaker of one sink. The rule: while it is open nothing is leased for the sink, so that no event loses a try
//! to an outage, and one event at a time finds out whether the outage is over.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::retry::spread;

/// How long an open breaker that another worker is probing is left alone.
const LOOK: Duration = Duration::from_millis(100);

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPlan {
    /// Failures of the sink one after the other until it opens; 0 is never.
    pub failures: u32,
    /// How long it is open at first; this doubles with each probe that fails.
    pub first: Duration,
    /// Longest time that it is open, also where the sink asks for more.
    pub longest: Duration,
}

impl Default for BreakerPlan {
    /// Five failures; 1 s, 2 s, 4 s … 1 min.
    fn default() -> Self {
        Self { failures: 5, first: Duration::from_secs(1), longest: Duration::from_secs(60) }
    }
}

/// How a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Everything goes through.
    Closed,
    /// Nothing goes through.
    Open,
    /// One event finds out.
    HalfOpen,
}

impl BreakerState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// The word in metrics and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// The breaker of one sink, which all of its workers share.
#[derive(Clone)]
pub struct Breaker(Arc<Inner>);

struct Inner {
    name: Box<str>,
    plan: BreakerPlan,
    /// Different in each process, so that many receivers do not probe at the same moment.
    seed: [u8; 8],
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { rounds: u32, until: Instant },
    Probing { rounds: u32 },
}

/// What may be leased.
pub(super) enum Admission {
    /// Anything.
    All,
    /// One record, to find out.
    One(Probe),
    /// Nothing before this moment.
    None(Instant),
}

/// The right to try one event. Given up without an outcome, another one may try.
pub(super) struct Probe(Breaker);

impl Drop for Probe {
    fn drop(&mut self) {
        let mut state = self.0.state_now();
        if let State::Probing { rounds } = *state {
            *state = State::Open { rounds, until: Instant::now() };
        }
    }
}

impl Breaker {
    /// A closed one; `name` is the sink's, for the log.
    pub fn new(name: &str, plan: BreakerPlan) -> Self {
        let mut seed = [0; 8];
        // Without randomness receivers may probe together, which is no harm that ends anything.
        let _ = crate::crypto::random(&mut seed);
        Self(Arc::new(Inner { name: name.into(), plan, seed, state: Mutex::new(State::Closed { failures: 0 }) }))
    }

    /// The sink's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// How it stands.
    pub fn state(&self) -> BreakerState {
        match *self.state_now() {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::Probing { .. } => BreakerState::HalfOpen,
        }
    }

    pub(super) fn admit(&self) -> Admission {
        let mut state = self.state_now();
        match *state {
            State::Closed { .. } => Admission::All,
            State::Open { until, .. } if until > Instant::now() => Admission::None(until),
            State::Open { rounds, .. } => {
                *state = State::Probing { rounds };
                Admission::One(Probe(self.clone()))
            }
            State::Probing { .. } => Admission::None(later(LOOK)),
        }
    }

    /// The sink answered.
    pub(super) fn answered(&self) {
        let before = std::mem::replace(&mut *self.state_now(), State::Closed { failures: 0 });
        if !matches!(before, State::Closed { .. }) {
            tracing::info!(code = "breaker_closed", sink = self.name(), "the sink answers again");
        }
    }

    /// The sink failed as a whole, and may have said for how long.
    pub(super) fn failed(&self, asked: Option<Duration>, why: &str) {
        let mut state = self.state_now();
        let rounds = match *state {
            State::Closed { failures } => {
                let failures = failures.saturating_add(1);
                if self.0.plan.failures == 0 || failures < self.0.plan.failures {
                    *state = State::Closed { failures };
                    return;
                }
                0
            }
            State::Probing { rounds } => rounds.saturating_add(1),
            // What was under way when it opened.
            State::Open { .. } => return,
        };
        let pause = self.pause(rounds, asked);
        *state = State::Open { rounds, until: later(pause) };
        drop(state);
        if rounds == 0 {
            let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            tracing::error!(
                code = "breaker_open",
                sink = self.name(),
                pause_ms,
                reason = why,
                "the sink fails; nothing is sent but one event now and then"
            );
        }
    }

    /// Between half of the time that is due and all of it.
    fn pause(&self, rounds: u32, asked: Option<Duration>) -> Duration {
        let plan = &self.0.plan;
        let whole = plan.first.saturating_mul(2_u32.saturating_pow(rounds.min(31))).min(plan.longest);
        let half = whole.mul_f64(0.5);
        let spread = spread(half, &[&self.0.seed, &rounds.to_be_bytes()]);
        half.saturating_add(spread).max(asked.unwrap_or_default().min(plan.longest))
    }

    fn state_now(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("sink", &self.name()).field("state", &self.state()).finish()
    }
}

fn later(span: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(span).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new("core", BreakerPlan { failures: 3, ..BreakerPlan::default() })
    }

    fn open(breaker: &Breaker) {
        (0..3).for_each(|_| breaker.failed(None, "down"));
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_with_an_answer_between_them_do_not_open_it() {
        let breaker = breaker();
        for _ in 0..10 {
            breaker.failed(None, "down");
            breaker.failed(None, "down");
            breaker.answered();
        }
        assert!(matches!(breaker.admit(), Admission::All));
        Breaker::new("never", BreakerPlan { failures: 0, ..BreakerPlan::default() }).failed(None, "down");
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_one_lets_one_event_find_out_and_no_second() {
        let breaker = breaker();
        open(&breaker);
        let Admission::None(until) = breaker.admit() else { panic!("it is open") };
        tokio::time::sleep_until(until).await;
        let Admission::One(probe) = breaker.admit() else { panic!("somebody has to find out") };
        assert!(matches!(breaker.admit(), Admission::None(_)), "one at a time");
        drop(probe);
        let Admission::One(_probe) = breaker.admit() else { panic!("the first one found nothing to try") };
        breaker.answered();
        assert!(matches!(breaker.admit(), Admission::All));
    }

    #[tokio::test(start_paused = true)]
    async fn each_failed_probe_waits_longer_up_to_a_minute_and_as_long_as_the_sink_asks() {
        let breaker = breaker();
        open(&breaker);
        let mut pauses = Vec::new();
        for _ in 0..10 {
            let Admission::None(until) = breaker.admit() else { panic!("it is open") };
            pauses.push(until - Instant::now());
            tokio::time::sleep_until(until).await;
            let Admission::One(_probe) = breaker.admit() else { panic!("a probe is due") };
            breaker.failed(None, "down");
        }
        assert!(pauses[0] <= Duration::from_secs(1) && pauses[0] >= Duration::from_millis(500), "{pauses:?}");
        assert!(pauses[..6].is_sorted(), "until the longest is reached: {pauses:?}");
        assert!(pauses[9] <= Duration::from_secs(60) && pauses[9] >= Duration::from_secs(30), "{pauses:?}");
        assert_eq!(breaker.pause(0, Some(Duration::from_secs(17))), Duration::from_secs(17));
        assert_eq!(breaker.pause(0, Some(Duration::from_secs(7000))), Duration::from_secs(60));
    }
}
