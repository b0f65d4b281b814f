//! So many records a second. The rule: never ahead of the rate by more than one step, also after a pause.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

/// Most records of one step, and of each step without a rate.
const STEP: usize = 500;
/// Steps of a second.
const STEPS: u32 = 10;
/// How late a step may be for the next ones to make up for it.
const LATE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Pace {
    rate: Option<NonZeroU32>,
    due: Instant,
}

impl Pace {
    pub(super) fn new(rate: Option<NonZeroU32>) -> Self {
        Self { rate, due: Instant::now() }
    }

    /// How many records the next step takes.
    pub(super) fn step(&self) -> usize {
        let step = |rate: NonZeroU32| usize::try_from(rate.get().div_ceil(STEPS)).unwrap_or(STEP);
        self.rate.map_or(STEP, step).min(STEP)
    }

    /// When the next step may begin.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// A step with so many records has begun.
    pub(super) fn took(&mut self, count: usize) {
        let Some(rate) = self.rate else { return };
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let time = Duration::from_secs(1).saturating_mul(count).checked_div(rate.get()).unwrap_or_default();
        let now = Instant::now();
        let from = self.due.max(now.checked_sub(LATE).unwrap_or(now));
        self.due = from.checked_add(time).unwrap_or(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_kept_in_small_steps_and_a_pause_is_not_made_up_for() {
        for rate in [1_u32, 7, 50, 2000, 1_000_000] {
            let (mut pace, began) = (Pace::new(NonZeroU32::new(rate)), Instant::now());
            let (mut done, mut first) = (0, 0);
            while began.elapsed() < Duration::from_secs(20) {
                tokio::time::sleep_until(pace.due()).await;
                let most = f64::from(rate) * began.elapsed().as_secs_f64();
                assert!(done as f64 <= most + 0.01, "{rate}: {done} of {most}");
                done += pace.step();
                first = first.max(pace.step());
                pace.took(pace.step());
            }
            assert!(done as f64 >= f64::from(rate) * 20.0, "{rate}: {done}");
            assert!(first <= STEP);
            tokio::time::sleep(Duration::from_secs(60)).await;
            let (again, mut after) = (Instant::now(), 0);
            while again.elapsed() < Duration::from_secs(5) {
                tokio::time::sleep_until(pace.due()).await;
                after += pace.step();
                pace.took(pace.step());
            }
            let most = f64::from(rate) * 5.2 + 2.0 * pace.step() as f64;
            assert!(after as f64 <= most, "{rate}: {after} of {most}, as if there had been no pause");
        }
        let mut free = Pace::new(None);
        free.took(1_000_000);
        assert!(free.due() <= Instant::now());
    }
}
