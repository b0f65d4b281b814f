//! Requests to initiate payments. Snake and camel case are mixed as published; a camel name is read in snake case too.
//!
//! A member sent in both spellings is refused: two amounts are one too many.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::digits::AccountRef;
use super::words::PaymentScheme;
use crate::event::id::AnyId;
use crate::event::money::{Currency, Decimal, Money};

/// A payment to initiate: `v2_payment_single` and `v2_payment_direct_single`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinglePayment {
    /// How it is to be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_scheme: Option<PaymentScheme>,
    /// Where the money comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_account: Option<AccountRef>,
    /// Who pays; at most 70 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_name: Option<String>,
    /// Where the money goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_account: Option<AccountRef>,
    /// Who receives; at most 70 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_name: Option<String>,
    /// The bank that receives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_bank: Option<CreditorBank>,
    /// How much. Optional here: the published text requires `instructed_amount` and defines `instructedAmount`.
    #[serde(rename = "instructedAmount", alias = "instructed_amount", skip_serializing_if = "Option::is_none")]
    pub instructed_amount: Option<Amount>,
    /// What it is for; at most 140 characters.
    #[serde(
        rename = "remittanceInformationUnstructured",
        alias = "remittance_information_unstructured",
        skip_serializing_if = "Option::is_none"
    )]
    pub remittance_information_unstructured: Option<String>,
    /// What it is for, as a reference.
    #[serde(
        rename = "remittanceInformationStructured",
        alias = "remittance_information_structured",
        skip_serializing_if = "Option::is_none"
    )]
    pub remittance_information_structured: Option<StructuredRemittance>,
    /// Where the receiver lives.
    #[serde(rename = "creditorAddress", alias = "creditor_address", skip_serializing_if = "Option::is_none")]
    pub creditor_address: Option<Address>,
    /// Where the browser returns after the user confirmed; not empty.
    pub callback_url: AnyId,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Payments to initiate together: `v2_payment_bulk`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkPayment {
    /// How they are to be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_scheme: Option<PaymentScheme>,
    /// Where the money comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_account: Option<AccountRef>,
    /// Who pays; at most 70 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_name: Option<String>,
    /// The sum of all, as the sender says it; it is not added up here.
    pub instructed_totals: Amount,
    /// The payments; at most 1000.
    pub payments: Vec<BulkItem>,
    /// Where the browser returns after the user confirmed; not empty.
    pub callback_url: AnyId,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One payment of a bulk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkItem {
    /// Where the money goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_account: Option<AccountRef>,
    /// Who receives; at most 70 characters. Camel case on the wire, unlike in a single payment.
    #[serde(rename = "creditorName", alias = "creditor_name", skip_serializing_if = "Option::is_none")]
    pub creditor_name: Option<String>,
    /// How much. Optional here: the published text requires `instructed_amount` and defines `instructedAmount`.
    #[serde(rename = "instructedAmount", alias = "instructed_amount", skip_serializing_if = "Option::is_none")]
    pub instructed_amount: Option<Amount>,
    /// What it is for; at most 140 characters.
    #[serde(
        rename = "remittanceInformationUnstructured",
        alias = "remittance_information_unstructured",
        skip_serializing_if = "Option::is_none"
    )]
    pub remittance_information_unstructured: Option<String>,
    /// What it is for, as a reference.
    #[serde(
        rename = "remittanceInformationStructured",
        alias = "remittance_information_structured",
        skip_serializing_if = "Option::is_none"
    )]
    pub remittance_information_structured: Option<StructuredRemittance>,
    /// Where the receiver lives.
    #[serde(rename = "creditorAddress", alias = "creditor_address", skip_serializing_if = "Option::is_none")]
    pub creditor_address: Option<Address>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An amount in a currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// How much; the separator is a dot.
    pub amount: Decimal,
    /// Three letters `A`-`Z`, ISO 4217.
    pub currency: Currency,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Amount {
    /// The amount and its currency, without the rest.
    pub fn money(&self) -> Money {
        Money { amount: self.amount.clone(), currency: Some(self.currency) }
    }
}

/// The bank that receives. Name and country are required by the published text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditorBank {
    /// The name of the institution.
    pub name: String,
    /// Its business identifier code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bic: Option<String>,
    /// ISO 3166-1, two letters.
    pub country: String,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Street; at most 70 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_name: Option<String>,
    /// House number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building_number: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub town_name: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166-1, two letters.
    pub country: String,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What a payment is for, as a reference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StructuredRemittance {
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
