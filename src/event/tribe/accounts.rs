//! Requests for account data.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::BookingStatus;
use crate::event::identifier::Identifier;

/// `v2_account` and `v2_account_balances`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountQuery {
    /// The account.
    pub account_id: Identifier<255>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_account_transactions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransactionsQuery {
    /// The account.
    pub account_id: Identifier<255>,
    /// Which transactions.
    pub booking_status: BookingStatus,
    /// First day, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_from: Option<String>,
    /// Last day, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_to: Option<String>,
    /// Where the last page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_key: Option<String>,
    /// How many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<i64>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
