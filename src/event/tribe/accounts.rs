//! Accounts, their balances and their transactions, as banks answer them. Nothing is looked up and nothing is computed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::digits::Digits;
use super::payments::{Amount, StructuredRemittance};
use super::words::{BalanceType, PaymentScheme};
use crate::event::money::{Currency, Decimal};

/// An account. Which identifiers it has depends on the country and on the scheme.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What later requests call `account_id`; one for each currency of an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// At most 34 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iban: Option<String>,
    /// The bank's local identifier; at most 30 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bban: Option<String>,
    /// United Kingdom: 8 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_number: Option<Digits>,
    /// United Kingdom: 6 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_code: Option<Digits>,
    /// Three letters `A`-`Z`, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The name of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The schemes it can pay by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_schemes: Option<Vec<PaymentScheme>>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One balance of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// How much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance_amount: Option<Amount>,
    /// Of which kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance_type: Option<BalanceType>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The transactions asked for, by state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transactions {
    /// On the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booked: Option<Vec<Transaction>>,
    /// Still to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<Vec<Transaction>>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One transaction on an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The bank's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// Who receives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_name: Option<String>,
    /// Where it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_account: Option<Account>,
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_name: Option<String>,
    /// Where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_account: Option<Account>,
    /// What it is for; at most 140 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remittance_information_unstructured: Option<String>,
    /// What it is for, as a reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remittance_information_structured: Option<StructuredRemittance>,
    /// How much, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_amount: Option<TransactionAmount>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The amount of a transaction and its dates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionAmount {
    /// How much; the separator is a dot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Three letters `A`-`Z`, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// When the money becomes available, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_date: Option<String>,
    /// When it is posted, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booking_date: Option<String>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
