//! Two shapes the public text leaves open: digits as a number or a string, and accounts as an object or a string.
//!
//! Both spellings are read, and the one received is the one written.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Number, Value};

use super::accounts::Account;

/// An account number or a sort code: the published shapes say string in one place and integer in another.
///
/// An integer has lost its leading zeros already; this type does not guess them back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Digits {
    /// Sent as a JSON string.
    Text(String),
    /// Sent as a JSON number.
    Number(Number),
}

/// An account, as an object or as one string (an IBAN).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AccountRef {
    /// The published shape.
    Account(Box<Account>),
    /// One string that names the account.
    Text(String),
}

impl AccountRef {
    /// The IBAN, if that is how the account is named.
    pub fn iban(&self) -> Option<&str> {
        match self {
            Self::Account(account) => account.iban.as_deref(),
            Self::Text(text) => Some(text),
        }
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Number(number) => Ok(Self::Number(number)),
            _ => Err(de::Error::custom("neither a string nor a number of digits")),
        }
    }
}

impl<'de> Deserialize<'de> for AccountRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            object @ Value::Object(_) => {
                Account::deserialize(object).map(|account| Self::Account(Box::new(account))).map_err(de::Error::custom)
            }
            _ => Err(de::Error::custom("an account is neither an object nor a string")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stay_as_they_were_sent() {
        for json in ["\"00123456\"", "601613"] {
            let digits: Digits = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&digits).unwrap(), json);
            assert_eq!(digits.to_string(), json.trim_matches('"'));
        }
        assert!(serde_json::from_str::<Digits>("[1]").is_err());
    }

    #[test]
    fn an_account_is_an_object_or_a_string() {
        for json in ["\"GB29NWBK60161331926819\"", "{\"iban\":\"GB29NWBK60161331926819\",\"added\":1.10}"] {
            let account: AccountRef = serde_json::from_str(json).unwrap();
            assert_eq!(account.iban(), Some("GB29NWBK60161331926819"));
            assert_eq!(serde_json::to_string(&account).unwrap(), json);
        }
        assert!(serde_json::from_str::<AccountRef>("7").is_err());
        assert!(serde_json::from_str::<AccountRef>("{\"currency\":\"eur\"}").is_err());
    }
}
