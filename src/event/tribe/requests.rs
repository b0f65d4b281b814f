//! What the sender asks a bank about accounts, statuses and funds. Every request names what it is about.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::digits::AccountRef;
use super::payments::Amount;
use super::words::BookingStatus;
use crate::event::id::{AnyId, Id};

/// `payment_id` on the bank's side: 1 to 255 characters.
pub type PaymentId = Id<255>;

/// `v2_account` and `v2_account_balances`: which account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRequest {
    /// The `resource_id` of the list of accounts.
    pub account_id: AnyId,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_account_transactions`: which transactions of which account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionsRequest {
    /// The `resource_id` of the list of accounts.
    pub account_id: AnyId,
    /// Booked, pending or both.
    pub booking_status: BookingStatus,
    /// The first day, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_from: Option<String>,
    /// The last day, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_to: Option<String>,
    /// Which page, as an earlier reply named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_key: Option<String>,
    /// The most transactions in a reply; 100 if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u64>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_payment_single_status` and `v2_payment_bulk_status`: which payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentStatusRequest {
    /// What the bank called the payment when it was initiated.
    pub payment_id: PaymentId,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_funds_confirmations`: is there this much money? Nothing is reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundsRequest {
    /// The account asked about.
    pub account: AccountRef,
    /// The amount asked about, in the currency of the account.
    #[serde(alias = "instructedAmount")]
    pub instructed_amount: Amount,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
