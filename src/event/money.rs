//! Amounts of money and rates of exchange. Every digit is kept as the sender wrote it; nothing is ever a float.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Number, Value};

/// The most digits before the decimal point, and the most after it.
const MOST_DIGITS: usize = 18;

/// A decimal number in the sender's own spelling: `-?\d{1,18}(\.\d{1,18})?`.
///
/// Read from a JSON string or from a JSON number without exponent; written as a JSON string.
/// Equality is equality of the spelling: `1.0` and `1.00` differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal(String);

/// A currency: three letters `A`-`Z`, the form of an ISO 4217 code. Whether ISO assigned the code is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// An amount and, where the sender says it, its currency.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// How much, in units of the currency (not in cents).
    pub amount: Decimal,
    /// Of what; none where the sender's document leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// Why a text is no [`Decimal`] or no [`Currency`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyError {
    /// It is not 1 to 18 digits, with at most a sign before and a point and 1 to 18 digits after.
    NotDecimal,
    /// It is not three letters `A`-`Z`.
    NotCurrency,
}

impl Decimal {
    /// The number as the sender wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn check(text: &str) -> Result<(), MoneyError> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (unsigned, None),
        };
        if digits(whole) && fraction.is_none_or(digits) { Ok(()) } else { Err(MoneyError::NotDecimal) }
    }
}

fn digits(text: &str) -> bool {
    (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl TryFrom<&str> for Decimal {
    type Error = MoneyError;

    fn try_from(text: &str) -> Result<Self, MoneyError> {
        Self::check(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Decimal {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        Self::check(&text)?;
        Ok(Self(text))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `Number` holds the literal itself, so the digits survive; an exponent fails the grammar below.
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return Err(de::Error::custom(MoneyError::NotDecimal)),
        };
        Self::try_from(text).map_err(de::Error::custom)
    }
}

/// Writes a decimal as a JSON number, for members whose schema says `number`; as a string if JSON has no such number.
pub(crate) fn as_number<S: Serializer>(decimal: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    match decimal.as_ref().map(|decimal| (decimal, decimal.0.parse::<Number>())) {
        None => serializer.serialize_none(),
        // JSON forbids `007`, and a number that would be respelled is better kept as text.
        Some((decimal, Ok(number))) if number.to_string() == decimal.0 => number.serialize(serializer),
        Some((decimal, _)) => decimal.serialize(serializer),
    }
}

impl Currency {
    /// The three letters.
    pub fn as_str(&self) -> &str {
        // Three ASCII letters are UTF-8; the fallback is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl TryFrom<&str> for Currency {
    type Error = MoneyError;

    fn try_from(text: &str) -> Result<Self, MoneyError> {
        let letters: [u8; 3] = text.as_bytes().try_into().map_err(|_| MoneyError::NotCurrency)?;
        if letters.iter().all(u8::is_ascii_uppercase) { Ok(Self(letters)) } else { Err(MoneyError::NotCurrency) }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?.as_str()).map_err(de::Error::custom)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.currency {
            Some(currency) => write!(f, "{} {currency}", self.amount),
            None => self.amount.fmt(f),
        }
    }
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotDecimal => {
                "expected a decimal number of at most 18 digits before and 18 after the point, but found something else"
            }
            Self::NotCurrency => "expected a currency of three upper-case letters, but found something else",
        })
    }
}

impl std::error::Error for MoneyError {}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    struct Bill {
        total: Decimal,
        #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_number")]
        rate: Option<Decimal>,
        #[serde(flatten)]
        other: Map<String, Value>,
    }

    #[test]
    fn a_number_keeps_its_digits_in_a_typed_and_in_an_unknown_member() {
        let json = r#"{"total":90071992547409931.23,"rate":0.10,"tip":90071992547409931.23,"deep":[{"n":1.10}]}"#;
        let bill: Bill = serde_json::from_str(json).unwrap();
        assert_eq!(bill.total.as_str(), "90071992547409931.23");
        assert_eq!(bill.other["tip"].to_string(), "90071992547409931.23");
        let again = serde_json::to_string(&bill).unwrap();
        assert!(again.contains(r#""total":"90071992547409931.23""#), "{again}");
        assert!(again.contains(r#""rate":0.10"#) && again.contains(r#""tip":90071992547409931.23"#), "{again}");
        assert!(again.contains(r#"[{"n":1.10}]"#), "{again}");
        let through_value: Bill = serde_json::from_value(serde_json::from_str(json).unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&through_value).unwrap(), again);
    }

    #[test]
    fn what_is_refused_says_what_was_expected_and_what_was_found() {
        for error in [MoneyError::NotDecimal, MoneyError::NotCurrency] {
            assert!(
                error.to_string().starts_with("expected ") && error.to_string().contains(", but found "),
                "{error}"
            );
        }
    }

    #[test]
    fn an_amount_with_an_exponent_is_refused() {
        for json in ["1e5", "1E5", "1.5e-3", "\"1e5\"", "12e0", "1e400"] {
            assert!(serde_json::from_str::<Decimal>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn what_is_not_a_decimal_is_refused() {
        let long = "1".repeat(19);
        let fraction = format!("0.{long}");
        for text in ["", "-", ".", "1.", ".5", "+1", "--1", "1,5", " 1", "1 ", "1.2.3", "NaN", "١", &long, &fraction] {
            assert_eq!(Decimal::try_from(text), Err(MoneyError::NotDecimal), "{text:?}");
        }
        for json in ["null", "true", "[1]", "{\"amount\":1}"] {
            assert!(serde_json::from_str::<Decimal>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn the_spelling_of_a_decimal_is_kept() {
        for text in ["0", "-0", "007.50", "-12.340", "999999999999999999.999999999999999999"] {
            assert_eq!(Decimal::try_from(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_rate_json_cannot_spell_as_a_number_is_written_as_text() {
        let bill: Bill = serde_json::from_value(json!({"total": "1", "rate": "007.5"})).unwrap();
        assert_eq!(serde_json::to_value(&bill).unwrap(), json!({"total": "1", "rate": "007.5"}));
    }

    #[test]
    fn what_is_not_three_upper_case_letters_is_no_currency() {
        assert_eq!(Currency::try_from("EUR").unwrap().as_str(), "EUR");
        for text in ["", "EU", "EURO", "eur", "E1R", "€", "ÄU"] {
            assert_eq!(Currency::try_from(text), Err(MoneyError::NotCurrency), "{text:?}");
        }
    }

    #[test]
    fn money_without_currency_is_still_money() {
        let money: Money = serde_json::from_str(r#"{"amount":"1.50"}"#).unwrap();
        assert_eq!((money.to_string(), money.currency), ("1.50".into(), None));
        let money: Money = serde_json::from_str(r#"{"amount":1.50,"currency":"EUR"}"#).unwrap();
        assert_eq!(money.to_string(), "1.50 EUR");
    }
}
