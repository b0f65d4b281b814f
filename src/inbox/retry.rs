//! When a record that was not delivered is tried again. The rule: delays differ from event to event, so that what failed
//! together does not come back together, and the same event waits equally long wherever it is asked.

use std::time::Duration;

use crate::crypto::{Digest, Hash};
use crate::store::EventId;

/// When a record that was not delivered is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPlan {
    /// Longest delay after the first failure; it doubles with each further one.
    pub first: Duration,
    /// Longest delay of all, also of one that a sink asks for.
    pub longest: Duration,
    /// After this many tries a record is parked.
    pub attempts: u32,
}

impl Default for RetryPlan {
    /// Up to 1 s, 2 s, 4 s … 5 min, 20 times: about half an hour on average, an hour at most.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(300), attempts: 20 }
    }
}

impl RetryPlan {
    /// The longest delay after `attempt` failures.
    pub fn delay(&self, attempt: u32) -> Duration {
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1).min(31));
        self.first.saturating_mul(factor).min(self.longest)
    }

    /// The delay of one event after `attempt` failures: anything up to [`RetryPlan::delay`], spread evenly over events and
    /// attempts ("full jitter"). What the sink asked for is waited for, up to `longest`.
    pub fn delay_of(&self, id: &EventId, attempt: u32, asked: Option<Duration>) -> Duration {
        let spread = spread(self.delay(attempt), &[id.as_str().as_bytes(), &attempt.to_be_bytes()]);
        spread.max(asked.unwrap_or_default().min(self.longest))
    }
}

/// A part of `whole`, from nothing to all of it, that follows from `seed` alone.
pub(super) fn spread(whole: Duration, seed: &[&[u8]]) -> Duration {
    let digest = Digest::of(Hash::Sha256, seed).sha256().unwrap_or_default();
    let bytes = digest.first_chunk::<4>().copied().unwrap_or_default();
    let part = f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX);
    whole.mul_f64(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> EventId {
        EventId::parse(&format!("{number:032x}")).unwrap()
    }

    #[test]
    fn what_fails_together_does_not_come_back_together() {
        let plan = RetryPlan::default();
        let delays: Vec<_> = (0..1000).map(|number| plan.delay_of(&id(number), 9, None)).collect();
        let whole = plan.delay(9);
        let each_tenth = (0..10).map(|tenth| {
            let (from, to) = (whole * tenth / 10, whole * (tenth + 1) / 10);
            delays.iter().filter(|delay| (from..to).contains(*delay)).count()
        });
        for count in each_tenth {
            assert!((50..200).contains(&count), "{count} of 1000 in one tenth of the time");
        }
        assert_eq!(delays[7], plan.delay_of(&id(7), 9, None), "the same event, the same delay");
        assert_ne!(delays[7], plan.delay_of(&id(7), 10, None));
    }

    #[test]
    fn what_a_sink_asks_for_is_waited_for_and_bounded() {
        let plan = RetryPlan::default();
        let asked = |seconds| plan.delay_of(&id(1), 1, Some(Duration::from_secs(seconds)));
        assert_eq!(asked(120), Duration::from_secs(120));
        assert_eq!(asked(u64::MAX), plan.longest);
        assert!(asked(0) <= plan.first);
    }
}
