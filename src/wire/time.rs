//! Times as senders write them: RFC 3339, IMF-fixdate and Unix seconds.
//!
//! The rule: a time says its own offset, lies between the years 1970 and 9999 in UTC, and has the
//! form of one of the three standards to the letter; nothing is guessed.

use std::time::{Duration, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::error::GrammarError;
use super::token::is_digits;

/// 9999-12-31T23:59:59.999Z in Unix milliseconds.
const MAX_MS: i64 = 253_402_300_799_999;
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
const FORM: &str = "YYYY-MM-DDTHH:MM:SS";

/// Reads a time in any of the three forms; Unix milliseconds, fractions of one cut off.
///
/// # Errors
///
/// When the text has none of the forms.
pub fn parse(text: &str) -> Result<i64, GrammarError> {
    if is_digits(text) {
        parse_unix_seconds(text)
    } else if text.starts_with(|first: char| first.is_ascii_digit()) {
        parse_rfc3339(text)
    } else {
        parse_imf_fixdate(text)
    }
}

/// Reads an RFC 3339 `date-time` (section 5.6): with `Z` or an offset, with at most nine digits of
/// a second; Unix milliseconds.
///
/// # Errors
///
/// When the text has another form, is no date of the calendar, or names a leap second, which Unix
/// time cannot tell from the second before.
pub fn parse_rfc3339(text: &str) -> Result<i64, GrammarError> {
    let refused = || GrammarError::expected("an RFC 3339 time with an offset", "another text");
    let (clock, rest) = text
        .split_at_checked(FORM.len())
        .filter(|(clock, _)| has_form(clock) && !clock.ends_with("60"))
        .ok_or_else(refused)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        None => ("", rest),
        Some(rest) => {
            let end = rest.find(|digit: char| !digit.is_ascii_digit()).ok_or_else(refused)?;
            rest.split_at_checked(end).filter(|(fraction, _)| (1..=9).contains(&fraction.len())).ok_or_else(refused)?
        }
    };
    let local: DateTime = clock.parse().map_err(|_| refused())?;
    let offset = offset_seconds(zone).ok_or_else(refused)?;
    let digits = fraction.bytes().chain(*b"000").take(3).map(|digit| i64::from(digit & 0x0f));
    let millis = digits.fold(0_i64, |millis, digit| millis.saturating_mul(10).saturating_add(digit));
    local
        .duration_since(EPOCH)
        .as_secs()
        .checked_sub(offset)
        .and_then(|seconds| seconds.checked_mul(1000))
        .and_then(|ms| ms.checked_add(millis))
        .ok_or_else(refused)
        .and_then(in_range)
}

/// Reads an `IMF-fixdate` (RFC 9110, section 5.6.7), "Sun, 06 Nov 1994 08:49:37 GMT"; Unix
/// milliseconds.
///
/// # Errors
///
/// When the text has another form, the obsolete ones of the same section included, or the day of
/// the week is not that of the date.
pub fn parse_imf_fixdate(text: &str) -> Result<i64, GrammarError> {
    // The reader also takes the obsolete forms; what it would not write itself is none of ours.
    httpdate::parse_http_date(text)
        .ok()
        .filter(|time| httpdate::fmt_http_date(*time) == text)
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .ok_or_else(|| GrammarError::expected("a date like Sun, 06 Nov 1994 08:49:37 GMT", "another text"))
        .and_then(in_range)
}

/// Reads Unix seconds, 1 to 12 digits; Unix milliseconds.
///
/// # Errors
///
/// When there is anything but digits, or the year is after 9999.
pub fn parse_unix_seconds(text: &str) -> Result<i64, GrammarError> {
    Some(text)
        .filter(|text| is_digits(text) && text.len() <= 12)
        .and_then(|text| text.parse::<i64>().ok())
        .and_then(|seconds| seconds.checked_mul(1000))
        .ok_or_else(|| GrammarError::expected("1 to 12 digits of Unix seconds", "another text"))
        .and_then(in_range)
}

/// Writes Unix milliseconds as RFC 3339 in UTC with three digits of a second:
/// "2020-09-25T08:15:00.856Z".
///
/// What lies outside the years 1970 to 9999 is written as the nearest end of them.
pub fn format_rfc3339(ms: i64) -> String {
    let since = SignedDuration::from_millis(ms.clamp(0, MAX_MS));
    let time = EPOCH.checked_add(since).unwrap_or(EPOCH);
    let mut text = String::with_capacity(FORM.len().saturating_add(".856Z".len()));
    for (before, number, scale) in [
        ("", i32::from(time.year()), 1000),
        ("-", time.month().into(), 10),
        ("-", time.day().into(), 10),
        ("T", time.hour().into(), 10),
        (":", time.minute().into(), 10),
        (":", time.second().into(), 10),
        (".", time.millisecond().into(), 100),
    ] {
        text.push_str(before);
        push_digits(&mut text, number.unsigned_abs(), scale);
    }
    text.push('Z');
    text
}

/// Appends the digits of `number` from that of `scale`, a power of ten, to that of one.
fn push_digits(text: &mut String, number: u32, mut scale: u32) {
    while let Some(digits) = number.checked_div(scale) {
        text.push(char::from_digit(digits % 10, 10).unwrap_or('0'));
        scale /= 10;
    }
}

/// Writes Unix milliseconds as `IMF-fixdate`, fractions of a second cut off.
///
/// What lies outside the years 1970 to 9999 is written as the nearest end of them.
pub fn format_imf_fixdate(ms: i64) -> String {
    let since = u64::try_from(ms.clamp(0, MAX_MS)).unwrap_or(0);
    let time = UNIX_EPOCH.checked_add(Duration::from_millis(since));
    httpdate::fmt_http_date(time.unwrap_or(UNIX_EPOCH))
}

fn in_range(ms: i64) -> Result<i64, GrammarError> {
    if (0..=MAX_MS).contains(&ms) {
        return Ok(ms);
    }
    Err(GrammarError::expected("a time in the years 1970 to 9999", "one outside them"))
}

/// The shape alone: the calendar library reads more forms than RFC 3339 has.
fn has_form(clock: &str) -> bool {
    clock.len() == FORM.len()
        && clock.bytes().zip(FORM.bytes()).all(|(found, form)| match form {
            b'-' | b':' => found == form,
            b'T' => found.eq_ignore_ascii_case(&b'T'),
            _ => found.is_ascii_digit(),
        })
}

fn offset_seconds(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, digits) = match zone.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, zone.strip_prefix('+')?),
    };
    let (hours, minutes) = digits.split_once(':')?;
    let two = |text: &str, max: i64| {
        Some(text)
            .filter(|text| is_digits(text) && text.len() == 2)
            .and_then(|text| text.parse::<i64>().ok())
            .filter(|value| *value <= max)
    };
    two(hours, 23)?.checked_mul(60)?.checked_add(two(minutes, 59)?)?.checked_mul(60)?.checked_mul(sign)
}

#[cfg(test)]
#[path = "time_tests.rs"]
mod tests;
