//! SQLite's integers are signed. The rule: a number out of range becomes the nearest one, which no row has.

/// For SQLite.
pub(super) fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// From SQLite.
pub(super) fn to_u64(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
