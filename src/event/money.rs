//! Money: digits as the sender wrote them, never a float.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A decimal number, kept as its digits: `-?`, at most 18 digits, and at most 18 more behind a point.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal(Box<str>);

impl Decimal {
    /// Reads a number without an exponent.
    ///
    /// # Errors
    /// [`NotDecimal`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotDecimal> {
        let digits = |part: &str| (1..=18).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(whole, rest)| (whole, Some(rest)));
        if digits(whole) && fraction.is_none_or(digits) { Ok(Self(text.into())) } else { Err(NotDecimal) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is no decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotDecimal;

impl fmt::Display for NotDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a decimal number without exponent, but found another text")
    }
}

impl std::error::Error for NotDecimal {}

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
    /// From a string, or from a number whose digits are kept.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            _ => return Err(serde::de::Error::custom(NotDecimal)),
        };
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A rate: like [`Decimal`], but a JSON number where it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rate(pub Decimal);

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number: serde_json::Number = self.0.as_str().parse().map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Decimal::deserialize(deserializer).map(Self)
    }
}

/// An ISO 4217 code: three capital letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Currency(Box<str>);

impl Currency {
    /// The letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Ok(Self(code.into()));
        }
        Err(serde::de::Error::custom("expected a currency of three capital letters, but found another text"))
    }
}

/// A sum of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// How much.
    pub amount: Decimal,
    /// Of what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_every_digit() {
        let money: Money = serde_json::from_str(r#"{"amount":90071992547409931.23,"currency":"EUR"}"#).unwrap();
        assert_eq!(money.amount.as_str(), "90071992547409931.23");
    }

    #[test]
    fn exponents_signs_and_words_are_no_money() {
        for text in ["", "-", ".", "1.", ".5", "1e3", "+1", "1,50", "NaN", "1 ", "--1", "1234567890123456789"] {
            assert_eq!(Decimal::parse(text), Err(NotDecimal), "{text:?}");
        }
        for document in ["1e3", "true", "null", "[]", "\"1e3\""] {
            assert!(serde_json::from_str::<Decimal>(document).is_err(), "{document}");
        }
    }
}
