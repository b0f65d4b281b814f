//! Whether a signed time is recent. A time that the signature does not cover is never asked.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::error::{Code, Rejection};
use crate::wire::time;

/// How far ahead of ours a sender's clock may be.
pub(super) const AHEAD: Duration = Duration::from_secs(60);

/// Reads a signed time and compares it with the clock.
pub(super) fn check(
    text: Option<&str>,
    name: &str,
    now: Timestamp,
    tolerance: Duration,
) -> Result<Timestamp, Rejection> {
    let text = text.ok_or_else(|| {
        Rejection::new(Code::TimestampMissing, format!("expected a signed time in {name}, but found none"))
    })?;
    let millis =
        time::parse(text).map_err(|error| Rejection::new(Code::TimestampMalformed, format!("{name}: {error}")))?;
    within(Timestamp::from_millis(millis), name, now, tolerance)
}

/// Compares a signed time with the clock; both ends of the window are inside.
pub(super) fn within(at: Timestamp, name: &str, now: Timestamp, tolerance: Duration) -> Result<Timestamp, Rejection> {
    if at.since(now) > AHEAD {
        let ahead = at.since(now).as_secs();
        return Err(Rejection::new(
            Code::TimestampFuture,
            format!("expected a time at most 60 s ahead in {name}, but found one {ahead} s ahead"),
        ));
    }
    if now.since(at) > tolerance {
        let (age, limit) = (now.since(at).as_secs(), tolerance.as_secs());
        return Err(Rejection::new(
            Code::TimestampStale,
            format!("expected a time at most {limit} s old in {name}, but found one {age} s old"),
        ));
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const TOLERANCE: Duration = Duration::from_secs(300);

    fn code(seconds: i64) -> Option<Code> {
        let text = (1_800_000_000 + seconds).to_string();
        check(Some(&text), "date", NOW, TOLERANCE).err().map(|rejection| rejection.code())
    }

    #[test]
    fn the_window_is_closed_at_both_ends() {
        assert_eq!(code(0), None);
        assert_eq!(code(-300), None);
        assert_eq!(code(-301), Some(Code::TimestampStale));
        assert_eq!(code(60), None);
        assert_eq!(code(61), Some(Code::TimestampFuture));
    }

    #[test]
    fn a_missing_or_unreadable_time_is_refused() {
        assert_eq!(check(None, "date", NOW, TOLERANCE).unwrap_err().code(), Code::TimestampMissing);
        for text in ["", "yesterday", "1e9", "+1800000000", "2027-01-15T08:00:00"] {
            assert_eq!(
                check(Some(text), "date", NOW, TOLERANCE).unwrap_err().code(),
                Code::TimestampMalformed,
                "{text}"
            );
        }
    }
}
