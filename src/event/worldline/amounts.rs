//! Fees, rates and estimates.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::money::Rate;
use crate::event::words::words;
use crate::event::{Currency, Decimal};

/// Fees and estimates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AmountRelatedDetails {
    /// Fees of the bank.
    #[serde(rename = "TransactionFees", default, skip_serializing_if = "Option::is_none")]
    pub transaction_fees: Option<Fee>,
    /// The exchange rate.
    #[serde(rename = "ExchangeRateInformation", default, skip_serializing_if = "Option::is_none")]
    pub exchange_rate_information: Option<ExchangeRateInformationResponse>,
    /// Fee of the conversion.
    #[serde(rename = "CurrencyConversionFee", default, skip_serializing_if = "Option::is_none")]
    pub currency_conversion_fee: Option<Fee>,
    /// Estimated total.
    #[serde(rename = "EstimatedTotalAmount", default, skip_serializing_if = "Option::is_none")]
    pub estimated_total_amount: Option<Estimate>,
    /// Estimated settlement between the banks.
    #[serde(rename = "EstimatedInterbankSettlementAmount", default, skip_serializing_if = "Option::is_none")]
    pub estimated_interbank_settlement_amount: Option<Estimate>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `TransactionFees` or `CurrencyConversionFee`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fee {
    /// Of what.
    #[serde(rename = "Currency", default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// How much.
    #[serde(rename = "Amount", default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `EstimatedTotalAmount` or `EstimatedInterbankSettlementAmount`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Of what.
    #[serde(rename = "Currency")]
    pub currency: Currency,
    /// How much.
    #[serde(rename = "Amount")]
    pub amount: Decimal,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A currency exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExchangeRateInformationResponse {
    /// In 1 GBP = x CUR, this is GBP.
    #[serde(rename = "UnitCurrency", default, skip_serializing_if = "Option::is_none")]
    pub unit_currency: Option<Currency>,
    /// The rate, a JSON number on the wire.
    #[serde(rename = "ExchangeRate", default, skip_serializing_if = "Option::is_none")]
    pub exchange_rate: Option<Rate>,
    /// How the rate came about.
    #[serde(rename = "RateType", default, skip_serializing_if = "Option::is_none")]
    pub rate_type: Option<RateType>,
    /// The contract; at most 256 characters.
    #[serde(rename = "ContractIdentification", default, skip_serializing_if = "Option::is_none")]
    pub contract_identification: Option<String>,
    /// ISO 8601.
    #[serde(rename = "ExpirationDateTime", default, skip_serializing_if = "Option::is_none")]
    pub expiration_date_time: Option<String>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// How a rate came about.
    RateType {
        /// At the time of the exchange.
        Spot = "Spot",
        /// At the time of the sale.
        Sale = "Sale",
        /// By contract.
        Agreed = "Agreed",
    }
}
