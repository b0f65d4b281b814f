//! The consent as it is now: to read accounts, to pay, or to read insurances. An id and a status make it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::amounts::{AmountAndCurrency, Charge, CurrencyRequest, ExchangeRateInformation};
use super::control::ControlParameters;
use super::forms::{Moment, Permissions};
use super::meta::ConsentId;
use crate::event::words::words;

/// A consent. The members of the three kinds of consent are put together; all but two are optional.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConsentData {
    /// Names the consent.
    pub consent_id: ConsentId,
    /// The consent that this one renews.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_consent_id: Option<ConsentId>,
    /// Where the consent stands.
    pub status: ConsentStatusWord,
    /// Since when; date and time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_update_date_time: Option<Moment>,
    /// When it was made; date and time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_date_time: Option<Moment>,
    /// When it ends; date and time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_date_time: Option<String>,
    /// What may be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
    /// Who took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_by: Option<RevokedBy>,
    /// Whether one person is enough to authorise it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_single_authorization: Option<bool>,
    /// Until when it has to be authorised; date and time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_expiration_date_time: Option<String>,
    /// Whether one or many have to authorise it: `UAEOF.Single`, `UAEOF.Multi`; first version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_authorization_type: Option<String>,
    /// How long it may take to authorise it: `720:00:00`; first version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_expiration_time_window: Option<String>,
    /// Which accounts: `Retail`, `SME`, `Corporate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_type: Option<Vec<String>>,
    /// Which accounts: `CurrentAccount`, `Savings` and more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_sub_type: Option<Vec<String>>,
    /// For whom the third party acts, as received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Map<String, Value>>,
    /// The third party behind the third party, as received.
    #[serde(rename = "SponsoredTPPInformation", skip_serializing_if = "Option::is_none")]
    pub sponsored_tpp_information: Option<Map<String, Value>>,
    /// What the bank takes for a payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charges: Option<Vec<Charge>>,
    /// The rate that the bank uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_rate: Option<ExchangeRateInformation>,
    /// What was asked for, where it is in another currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_request: Option<CurrencyRequest>,
    /// Which payments it allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_parameters: Option<ControlParameters>,
    /// How much of them was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_consumption: Option<PaymentConsumption>,
    /// The payer's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_reference: Option<String>,
    /// The payee's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_reference: Option<String>,
    /// What the payments are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_purpose_code: Option<String>,
    /// What the hub bills for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_finance_billing: Option<ConsentBilling>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How much of a payment consent was used. Rejected payments do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentConsumption {
    /// How many payments there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cumulative_number_of_payments: Option<i64>,
    /// How much was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cumulative_value_of_payments: Option<AmountAndCurrency>,
    /// How many payments there were in this period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cumulative_number_of_payments_in_current_period: Option<i64>,
    /// How much was paid in this period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cumulative_value_of_payments_in_current_period: Option<AmountAndCurrency>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What the hub bills for a consent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConsentBilling {
    /// Whether the customer turns over more than 100 million AED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_large_corporate: Option<bool>,
    /// `Retail`, `SME` or `Corporate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_type: Option<String>,
    /// What the data is for: `AccountAggregation`, `RiskAssessment` and more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// The status of a consent.
    pub enum ConsentStatusWord {
        /// Not yet decided.
        AwaitingAuthorization = "AwaitingAuthorization",
        /// In force.
        Authorized = "Authorized",
        /// Refused at the bank.
        Rejected = "Rejected",
        /// Taken back.
        Revoked = "Revoked",
        /// Past its time.
        Expired = "Expired",
        /// All that it allows was done.
        Consumed = "Consumed",
        /// Not in force until an enquiry is over.
        Suspended = "Suspended",
        /// All its payments were made: the first version's word for `Consumed`.
        Finished = "Finished",
    }
}

words! {
    /// Who took a consent back.
    pub enum RevokedBy {
        /// The bank, unasked.
        Lfi = "LFI",
        /// The third party, unasked.
        Tpp = "TPP",
        /// The user, at the bank.
        LfiForUser = "LFI.InitiatedByUser",
        /// The user, at the third party.
        TppForUser = "TPP.InitiatedByUser",
    }
}
