//! What the sender tells a third party: camel case throughout. The receiver answers 200 and has nothing to add.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::digits::Digits;
use super::words::PaymentStatus;
use crate::event::id::AnyId;
use crate::event::money::{Currency, Decimal};

/// `v2_payment_status`: a payment changed its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentStatusNotice {
    /// The payment; not empty.
    pub payment_id: AnyId,
    /// Its status now.
    pub payment_status: PaymentStatus,
    /// The transaction, if there is one already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_transaction: Option<NoticeTransaction>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_payment_confirmation_link_expire`: the link by which the user confirms is no longer good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkExpiredNotice {
    /// The payment; not empty.
    pub payment_id: AnyId,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The transaction of a payment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeTransaction {
    /// The id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// Who receives; at most 70 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_name: Option<String>,
    /// Where it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_account: Option<NoticeAccount>,
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_name: Option<String>,
    /// Where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_account: Option<NoticeAccount>,
    /// What it is for; at most 140 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remittance_information_unstructured: Option<String>,
    /// What it is for, as a reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remittance_information_structured: Option<NoticeRemittance>,
    /// How much, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_amount: Option<NoticeAmount>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeAccount {
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
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What a payment is for, as a reference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeRemittance {
    /// The reference; at most 35 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Its type; at most 35 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_type: Option<String>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The amount of a transaction and its dates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeAmount {
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
