//! Amounts, charges and rates of exchange. An amount is a JSON string with two decimals; a JSON number is refused.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use crate::event::money::{Currency, Decimal, Money, as_number};
use crate::event::words::words;

/// The most digits before the point.
const MOST_DIGITS: usize = 16;

/// `^\d{1,16}\.\d{2}$`, as a JSON string: what all amounts of this sender are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Amount(Decimal);

impl Amount {
    /// The digits as received.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The amount as the other senders have it.
    pub fn decimal(&self) -> &Decimal {
        &self.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let fits = text.split_once('.').is_some_and(|(whole, cents)| {
            let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            (1..=MOST_DIGITS).contains(&whole.len()) && cents.len() == 2 && digits(whole) && digits(cents)
        });
        if !fits {
            return Err(de::Error::custom("expected 1 to 16 digits, a point and 2 digits, but found another amount"));
        }
        Decimal::try_from(text).map(Self).map_err(de::Error::custom)
    }
}

/// An amount and its currency, both required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AmountAndCurrency {
    /// How much.
    pub amount: Amount,
    /// Of what; `AED` in all that stays in the country.
    pub currency: Currency,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl AmountAndCurrency {
    /// The amount and its currency, without the rest.
    pub fn money(&self) -> Money {
        Money { amount: self.amount.0.clone(), currency: Some(self.currency) }
    }
}

/// What a bank takes for a payment, schema `AECharges`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Charge {
    /// Who bears it.
    pub charge_bearer: ChargeBearer,
    /// What it is for.
    pub r#type: ChargeType,
    /// How much it is.
    pub amount: AmountAndCurrency,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The rate of a currency exchange and the contract behind it, schema `AEExchangeRateInformation`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExchangeRateInformation {
    /// The currency in which the rate is expressed: `GBP` in "1 GBP = x".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_currency: Option<Currency>,
    /// The factor of the conversion. A JSON number on the wire; every digit is kept.
    #[serde(default, serialize_with = "as_number", skip_serializing_if = "Option::is_none")]
    pub exchange_rate: Option<Decimal>,
    /// How the rate was fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_type: Option<RateType>,
    /// The exchange contract; 1 to 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract_identification: Option<String>,
    /// When the rate ends; only the bank says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_date_time: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What was agreed about a payment in another currency, schema `AECurrencyRequest`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CurrencyRequest {
    /// How urgent it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction_priority: Option<InstructionPriority>,
    /// What it is for; 1 to 140 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_purpose: Option<String>,
    /// Who bears the charges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge_bearer: Option<ChargeBearer>,
    /// The currency that arrives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_of_transfer: Option<Currency>,
    /// Where the creditor's account is; two letters, ISO 3166.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_country_code: Option<String>,
    /// The rate that was asked for; the bank's own stands in `ExchangeRate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_rate_information: Option<ExchangeRateInformation>,
    /// The quote that the payment uses; 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fx_quote_id: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// Who bears a charge.
    pub enum ChargeBearer {
        /// Who is paid.
        BorneByCreditor = "BorneByCreditor",
        /// Who pays.
        BorneByDebtor = "BorneByDebtor",
        /// Both.
        Shared = "Shared",
    }
}

words! {
    /// What a charge is for.
    pub enum ChargeType {
        /// Value added tax.
        Vat = "VAT",
        /// The bank's fee.
        Fees = "Fees",
    }
}

words! {
    /// How a rate of exchange was fixed.
    pub enum RateType {
        /// The rate that was used.
        Actual = "Actual",
        /// The rate the parties agreed upon.
        Agreed = "Agreed",
        /// A rate that binds nobody.
        Indicative = "Indicative",
    }
}

words! {
    /// How urgent an instruction is.
    pub enum InstructionPriority {
        /// In its turn.
        Normal = "Normal",
        /// Before others.
        Urgent = "Urgent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_text_with_two_decimals_and_nothing_else() {
        let amount = |json: &str| serde_json::from_str::<Amount>(json);
        for json in ["\"0.00\"", "\"100.00\"", "\"9999999999999999.99\"", "\"007.50\""] {
            assert_eq!(serde_json::to_string(&amount(json).unwrap()).unwrap(), json);
        }
        for json in ["100.00", "100", "null", "\"100\"", "\"100.0\"", "\"100.000\"", "\"-1.00\"", "\"1e2.00\""] {
            assert!(amount(json).is_err(), "{json}");
        }
        for json in
            ["\".00\"", "\"+1.00\"", "\"1,00\"", "\" 1.00\"", "\"1.2.3\"", "\"10000000000000000.00\"", "\"١.00\""]
        {
            assert!(amount(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_amount_without_its_currency_is_refused() {
        for json in [r#"{"Amount":"1.00"}"#, r#"{"Currency":"AED"}"#, r#"{"Amount":"1.00","Currency":"aed"}"#] {
            assert!(serde_json::from_str::<AmountAndCurrency>(json).is_err(), "{json}");
        }
        let sum: AmountAndCurrency = serde_json::from_str(r#"{"Amount":"1.00","Currency":"AED"}"#).unwrap();
        assert_eq!(sum.money().to_string(), "1.00 AED");
    }

    #[test]
    fn a_rate_of_exchange_keeps_its_digits_and_stays_a_number() {
        let json = r#"{"UnitCurrency":"GBP","ExchangeRate":4.672500000000000010,"RateType":"Guessed"}"#;
        let rate: ExchangeRateInformation = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&rate).unwrap(), json);
    }
}
