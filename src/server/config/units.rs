//! Spans of time and amounts of bytes, as people write them.

use std::time::Duration;

use super::file::Amount;

/// Reads `250ms`, `60s`, `5m`, `168h` or `7d`.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("expected a span such as 250ms, 60s, 5m, 168h or 7d, but found {text:?}");
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (digits, unit) = text.split_at(split);
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(wrong)
}

/// Reads `262144`, `256KiB` or `1MiB`.
pub(super) fn bytes(amount: &Amount) -> Result<usize, String> {
    let text = match amount {
        Amount::Bytes(bytes) => {
            return usize::try_from(*bytes).map_err(|_| format!("expected fewer than {bytes} bytes"));
        }
        Amount::Text(text) => text,
    };
    let wrong = || format!("expected an amount such as 65536, 256KiB or 1MiB, but found {text:?}");
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let number: usize = digits.parse().map_err(|_| wrong())?;
    let factor: usize = match unit {
        "B" => 1,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_unit_is_no_span() {
        for text in ["", "5", "m", "5 m", "-5m", "1.5h", "99999999999999999999d"] {
            assert!(span(text).is_err(), "{text:?}");
        }
        assert_eq!(span("168h"), Ok(Duration::from_secs(604_800)));
    }

    #[test]
    fn an_amount_needs_a_known_unit() {
        assert!(bytes(&Amount::Text("256KB".to_owned())).is_err());
        assert_eq!(bytes(&Amount::Text("256KiB".to_owned())), Ok(262_144));
    }
}
