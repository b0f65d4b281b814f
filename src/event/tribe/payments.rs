//! Requests for payments and for their status, and notifications about them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{PaymentScheme, PaymentStatus};
use crate::event::Money;
use crate::event::identifier::Identifier;

/// `v2_payment_single` and `v2_payment_direct_single`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SinglePayment {
    /// How the money travels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_scheme: Option<PaymentScheme>,
    /// Who pays: a number, or an object with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debtor_account: Option<Value>,
    /// Name of the debtor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debtor_name: Option<String>,
    /// Who receives: a number, or an object with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_account: Option<Value>,
    /// Name of the creditor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_name: Option<String>,
    /// The creditor's bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_bank: Option<Value>,
    /// How much; the published text spells it in camel case.
    #[serde(rename = "instructedAmount", default, skip_serializing_if = "Option::is_none")]
    pub instructed_amount_camel: Option<Money>,
    /// How much, in the spelling of other actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructed_amount: Option<Money>,
    /// Free text.
    #[serde(rename = "remittanceInformationUnstructured", default, skip_serializing_if = "Option::is_none")]
    pub remittance_information_unstructured: Option<String>,
    /// A reference.
    #[serde(rename = "remittanceInformationStructured", default, skip_serializing_if = "Option::is_none")]
    pub remittance_information_structured: Option<Value>,
    /// Address of the creditor.
    #[serde(rename = "creditorAddress", default, skip_serializing_if = "Option::is_none")]
    pub creditor_address: Option<Value>,
    /// Where the user returns. It is never followed by this program.
    pub callback_url: String,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_payment_bulk`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkPayment {
    /// How the money travels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_scheme: Option<PaymentScheme>,
    /// Who pays: a number, or an object with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debtor_account: Option<Value>,
    /// Name of the debtor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debtor_name: Option<String>,
    /// Where the user returns. It is never followed by this program.
    pub callback_url: String,
    /// The totals.
    pub instructed_totals: Value,
    /// The payments.
    pub payments: Vec<Value>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_payment_single_status` and `v2_payment_bulk_status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentStatusQuery {
    /// The payment.
    pub payment_id: Identifier<255>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_payment_status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentStatusNotification {
    /// The payment.
    #[serde(rename = "paymentId")]
    pub payment_id: Identifier<255>,
    /// Where it stands.
    #[serde(rename = "paymentStatus")]
    pub payment_status: PaymentStatus,
    /// The transaction on the account.
    #[serde(rename = "accountTransaction", default, skip_serializing_if = "Option::is_none")]
    pub account_transaction: Option<Value>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_payment_confirmation_link_expire`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkExpireNotification {
    /// The payment.
    #[serde(rename = "paymentId")]
    pub payment_id: Identifier<255>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `v2_funds_confirmations`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FundsQuery {
    /// The account: a number, or an object with one.
    pub account: Value,
    /// How much.
    pub instructed_amount: Money,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
