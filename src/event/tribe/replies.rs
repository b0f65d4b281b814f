//! What a bank answers. [`crate::reply::Reply::json`] takes each of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{BalanceType, PaymentStatus};
use crate::event::Money;

/// `v2_accounts`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountsReply {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_account`, and each of `v2_accounts`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Id of the account.
    pub id: String,
    /// IBAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iban: Option<String>,
    /// ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_account_balances`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BalancesReply {
    /// The balances.
    pub balances: Vec<Balance>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One balance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// Its kind.
    #[serde(rename = "balanceType")]
    pub balance_type: BalanceType,
    /// How much.
    #[serde(rename = "balanceAmount")]
    pub balance_amount: Money,
    /// ISO 8601.
    #[serde(rename = "referenceDate", default, skip_serializing_if = "Option::is_none")]
    pub reference_date: Option<String>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_account_transactions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransactionsReply {
    /// The transactions, in the bank's own form: the public text leaves it open.
    pub transactions: Vec<Value>,
    /// Where this page ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_key: Option<String>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_payment_single`, `v2_payment_bulk` and `v2_payment_direct_single`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentInitiated {
    /// Where it stands.
    pub status: PaymentStatus,
    /// Where the user confirms.
    pub confirmation_url: String,
    /// Id of the payment.
    pub payment_id: String,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_payment_single_status` and `v2_payment_bulk_status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransactionStatus {
    /// Where it stands.
    pub transaction_status: PaymentStatus,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_funds_confirmations`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FundsConfirmation {
    /// Whether there is enough.
    pub funds_available: bool,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
