//! What may happen many times a second and is said seldom. The rule: the first time is said at once, and whatever was left out
//! is counted in the next line.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Between two lines.
const PAUSE: Duration = Duration::from_secs(10);

/// One thing that is said seldom.
#[derive(Debug, Default)]
pub(super) struct Seldom(Mutex<(Option<Instant>, u64)>);

impl Seldom {
    /// It happened: if it is to be said now, how many times before this it was not.
    pub(super) fn admit(&self) -> Option<u64> {
        let (said, left_out) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_some_and(|said| said.elapsed() < PAUSE) {
            *left_out = left_out.saturating_add(1);
            return None;
        }
        *said = Some(Instant::now());
        Some(std::mem::take(left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_one_line_in_ten_seconds_which_counts_the_others() {
        let failures = Seldom::default();
        assert_eq!(failures.admit(), Some(0));
        assert!((0..200).all(|_| failures.admit().is_none()));
        tokio::time::advance(PAUSE).await;
        assert_eq!(failures.admit(), Some(200));
        assert_eq!(failures.admit(), None);
        tokio::time::advance(PAUSE).await;
        assert_eq!(failures.admit(), Some(1));
    }
}
