//! The payment as it is now. An id and a status make it; without them nothing can be done with the notice.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::amounts::{AmountAndCurrency, Charge, CurrencyRequest, ExchangeRateInformation};
use super::forms::{Moment, RejectReasons};
use super::meta::ConsentId;
use crate::event::id::Id;
use crate::event::words::words;

/// `PaymentId`: 1 to 40 characters, assigned by the bank.
pub type PaymentId = Id<40>;

/// A payment. Version 2.1 requires more than an id and a status; the versions before it require nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentData {
    /// Names the payment.
    pub payment_id: PaymentId,
    /// The consent that it uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_id: Option<ConsentId>,
    /// The id that the payment rails gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_transaction_id: Option<String>,
    /// Where the payment stands.
    pub status: PaymentStatusWord,
    /// Since when; date and time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_update_date_time: Option<Moment>,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject_reason_code: Option<RejectReasons>,
    /// When it was made; date and time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_date_time: Option<Moment>,
    /// What the bank takes for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charges: Option<Vec<Charge>>,
    /// The rate that the bank used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_rate: Option<ExchangeRateInformation>,
    /// What was asked for, where it is in another currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_request: Option<CurrencyRequest>,
    /// How much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction: Option<Instruction>,
    /// What it is for: three letters of the AANI list, four in the first version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_purpose_code: Option<String>,
    /// The payer's note; 1 to 35 characters in version 2, more in versions before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_reference: Option<String>,
    /// What the hub bills for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_finance_billing: Option<PaymentBilling>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What the bank was told to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Instruction {
    /// How much.
    pub amount: AmountAndCurrency,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What the hub bills for a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentBilling {
    /// The kind of payment.
    pub r#type: PaymentBillingType,
    /// The merchant; 8 to 20 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_id: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// The status of a payment.
    pub enum PaymentStatusWord {
        /// Being worked on.
        Pending = "Pending",
        /// Settled on the payer's account.
        AcceptedSettlementCompleted = "AcceptedSettlementCompleted",
        /// Credited to the payee's account.
        AcceptedCreditSettlementCompleted = "AcceptedCreditSettlementCompleted",
        /// Accepted, and not posted to the payee's account.
        AcceptedWithoutPosting = "AcceptedWithoutPosting",
        /// Rejected.
        Rejected = "Rejected",
    }
}

words! {
    /// The kind of payment that is billed.
    pub enum PaymentBillingType {
        /// A merchant collects.
        Collection = "Collection",
        /// A merchant collects a large sum.
        LargeValueCollection = "LargeValueCollection",
        /// From person to person, sent.
        PushP2P = "PushP2P",
        /// From person to person, asked for.
        PullP2P = "PullP2P",
        /// Between accounts of one person.
        Me2Me = "Me2Me",
    }
}
