//! How many refusals are logged one by one. The rule: each reason has a limit of its own, so that a flood of one hides no
//! other, and what is left out is counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::Code;

/// After a burst, one line of a reason in so many nanoseconds.
const EVERY: u64 = 100_000_000;
/// So many lines of a reason may come at once.
const BURST: u64 = 50;

/// One bucket for each reason. It takes no lock.
#[derive(Debug)]
pub(crate) struct LogLimit {
    buckets: Box<[Bucket]>,
}

#[derive(Debug, Default)]
struct Bucket {
    /// When the bucket will be full again, in nanoseconds.
    full_at: AtomicU64,
    withheld: AtomicU64,
}

impl Default for LogLimit {
    fn default() -> Self {
        Self { buckets: Code::ALL.iter().map(|_| Bucket::default()).collect() }
    }
}

impl LogLimit {
    /// Whether a refusal for this reason is logged at `at`, a span from a fixed moment; and how many before it were not.
    pub(crate) fn admit(&self, code: Code, at: Duration) -> Option<u64> {
        let Some(bucket) = self.buckets.get(code as usize) else { return Some(0) };
        let now = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        let latest = now.saturating_add(EVERY.saturating_mul(BURST.saturating_sub(1)));
        let take = |full_at: u64| (full_at <= latest).then(|| full_at.max(now).saturating_add(EVERY));
        match bucket.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Some(bucket.withheld.swap(0, Ordering::Relaxed)),
            Err(_) => {
                bucket.withheld.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }

    /// The reasons of which lines were left out since they were last told of, with their number.
    pub(crate) fn withheld(&self) -> impl Iterator<Item = (Code, u64)> + '_ {
        let counts = self.buckets.iter().map(|bucket| bucket.withheld.swap(0, Ordering::Relaxed));
        Code::ALL.iter().copied().zip(counts).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(limit: &LogLimit, code: Code, times: u64, at: Duration) -> usize {
        (0..times).filter(|_| limit.admit(code, at).is_some()).count()
    }

    #[test]
    fn a_flood_of_one_reason_is_cut_and_hides_no_other() {
        let limit = LogLimit::default();
        let at = Duration::from_secs(1000);
        assert_eq!(admitted(&limit, Code::SignatureMismatch, 10_000, at), 50);
        assert_eq!(admitted(&limit, Code::DigestMismatch, 10, at), 10);
        // Ten lines a second later on.
        let later = |seconds: u64| at + Duration::from_secs(seconds);
        assert_eq!(admitted(&limit, Code::SignatureMismatch, 10_000, later(1)), 10);
        assert_eq!(admitted(&limit, Code::SignatureMismatch, 10_000, later(100)), 50);
    }

    #[test]
    fn what_is_left_out_is_told_once() {
        let limit = LogLimit::default();
        assert_eq!(admitted(&limit, Code::SignatureMismatch, 60, Duration::ZERO), 50);
        assert_eq!(limit.withheld().collect::<Vec<_>>(), [(Code::SignatureMismatch, 10)]);
        assert_eq!(limit.withheld().count(), 0);
        assert_eq!(admitted(&limit, Code::SignatureMismatch, 3, Duration::ZERO), 0);
        assert_eq!(limit.admit(Code::SignatureMismatch, Duration::from_secs(1)), Some(3));
        assert_eq!(limit.admit(Code::SignatureMismatch, Duration::from_secs(1)), Some(0));
    }

    #[test]
    fn every_code_has_its_bucket() {
        for (place, code) in Code::ALL.iter().enumerate() {
            assert_eq!(*code as usize, place, "{code}");
        }
    }
}
