//! Fees, rates and estimated totals, schema `AmountRelatedDetails`. The digits are the sender's: nothing is computed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::money::{Currency, Decimal, Money, as_number};
use crate::event::words::words;

/// Fees and estimated amounts of a payment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AmountRelatedDetails {
    /// What the bank takes for the transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_fees: Option<TransactionFees>,
    /// Rate and contract of a currency exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_rate_information: Option<ExchangeRateInformationResponse>,
    /// What the bank takes for converting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_conversion_fee: Option<CurrencyConversionFee>,
    /// What the debtor will pay in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_total_amount: Option<EstimatedTotalAmount>,
    /// What the banks will settle between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_interbank_settlement_amount: Option<EstimatedInterbankSettlementAmount>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The rate of a currency exchange and the contract behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExchangeRateInformationResponse {
    /// The currency in which the rate is expressed: `GBP` in "1 GBP = x".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_currency: Option<Currency>,
    /// The factor of the conversion; 0.7 means 70 %. A JSON number on the wire.
    #[serde(default, serialize_with = "as_number", skip_serializing_if = "Option::is_none")]
    pub exchange_rate: Option<Decimal>,
    /// How the rate was fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_type: Option<RateType>,
    /// The exchange contract between creditor and bank; 1 to 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract_identification: Option<String>,
    /// When the rate ends; ISO 8601 date and time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_date_time: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// How a rate of exchange was fixed.
    pub enum RateType {
        /// The spot rate.
        Spot = "Spot",
        /// The market rate at the time of the sale.
        Sale = "Sale",
        /// The rate the parties agreed upon.
        Agreed = "Agreed",
    }
}

/// The bank's fees for a transaction. Unlike the other amounts, no member is required.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransactionFees {
    /// Three letters `A`-`Z`, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// At most 13 digits before the point and 5 after (`^\d{1,13}\.\d{1,5}$`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An amount in a currency, both required: the shape of three schemas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CurrencyAmount {
    /// Three letters `A`-`Z`, ISO 4217.
    pub currency: Currency,
    /// At most 13 digits before the point and 5 after (`^\d{1,13}\.\d{1,5}$`).
    pub amount: Decimal,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl CurrencyAmount {
    /// The amount and its currency, without the rest.
    pub fn money(&self) -> Money {
        Money { amount: self.amount.clone(), currency: Some(self.currency) }
    }
}

/// Schema `EstimatedTotalAmount`.
pub type EstimatedTotalAmount = CurrencyAmount;
/// Schema `EstimatedInterbankSettlementAmount`.
pub type EstimatedInterbankSettlementAmount = CurrencyAmount;
/// Schema `CurrencyConversionFee`.
pub type CurrencyConversionFee = CurrencyAmount;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_exchange_keeps_its_digits_and_stays_a_number() {
        let json = r#"{"UnitCurrency":"GBP","ExchangeRate":1.083400000000000010,"RateType":"Forward"}"#;
        let rate: ExchangeRateInformationResponse = serde_json::from_str(json).unwrap();
        assert_eq!(rate.exchange_rate, Decimal::try_from("1.083400000000000010").ok());
        assert_eq!(serde_json::to_string(&rate).unwrap(), json);
    }

    #[test]
    fn an_estimate_without_currency_is_refused_and_a_fee_without_is_not() {
        assert!(serde_json::from_str::<EstimatedTotalAmount>(r#"{"Amount":"1.00"}"#).is_err());
        assert!(serde_json::from_str::<TransactionFees>(r#"{"Amount":"1.00"}"#).is_ok());
    }

    #[test]
    fn an_amount_with_an_exponent_is_refused() {
        for amount in ["1e3", "\"1e3\""] {
            let json = format!(r#"{{"Currency":"EUR","Amount":{amount}}}"#);
            assert!(serde_json::from_str::<CurrencyAmount>(&json).is_err(), "{json}");
        }
    }
}
