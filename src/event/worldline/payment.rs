//! `PaymentDetailedInformation`: a payment changed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{AmountRelatedDetails, AuthorisationRequiredData, DebtorInformationResponse, StatusResponseLinks};
use crate::event::Decimal;
use crate::event::identifier::Identifier;
use crate::event::words::words;

/// The body of `/status` for a payment. The schema demands nothing; without `CommonPaymentData` it would be an event
/// about no payment, so that is demanded here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentDetailedInformation {
    /// The payment method.
    #[serde(rename = "PaymentProductUsed", default, skip_serializing_if = "Option::is_none")]
    pub payment_product_used: Option<PaymentProductEnum>,
    /// Id, status and everything else.
    #[serde(rename = "CommonPaymentData")]
    pub common_payment_data: CommonPaymentDataResponse,
    /// Where to go on.
    #[serde(rename = "Links", default, skip_serializing_if = "Option::is_none")]
    pub links: Option<StatusResponseLinks>,
    /// Whether to show a waiting screen although there is a redirect.
    #[serde(rename = "UseWaitingScreen", default, skip_serializing_if = "Option::is_none")]
    pub use_waiting_screen: Option<bool>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What all payment methods have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommonPaymentDataResponse {
    /// When it expires, ISO 8601 in UTC.
    #[serde(rename = "ExpiryDateTimestamp", default, skip_serializing_if = "Option::is_none")]
    pub expiry_date_timestamp: Option<String>,
    /// What the bank guarantees.
    #[serde(rename = "GuaranteedAmount", default, skip_serializing_if = "Option::is_none")]
    pub guaranteed_amount: Option<Decimal>,
    /// Where it stands.
    #[serde(rename = "PaymentStatus")]
    pub payment_status: PaymentStatusEnum,
    /// Id at the Open Banking Service; 1 to 35 characters.
    #[serde(rename = "PaymentId")]
    pub payment_id: Identifier<35>,
    /// Id at the bank; at most 35 characters.
    #[serde(rename = "AspspPaymentId", default, skip_serializing_if = "Option::is_none")]
    pub aspsp_payment_id: Option<String>,
    /// The bank; at most 35 characters.
    #[serde(rename = "AspspId", default, skip_serializing_if = "Option::is_none")]
    pub aspsp_id: Option<String>,
    /// Our own reference; at most 36 characters.
    #[serde(rename = "InitiatingPartyReferenceId", default, skip_serializing_if = "Option::is_none")]
    pub initiating_party_reference_id: Option<String>,
    /// Whether there is enough money.
    #[serde(rename = "FundsAvailable", default, skip_serializing_if = "Option::is_none")]
    pub funds_available: Option<bool>,
    /// Who pays.
    #[serde(rename = "DebtorInformation", default, skip_serializing_if = "Option::is_none")]
    pub debtor_information: Option<DebtorInformationResponse>,
    /// Fees and estimates.
    #[serde(rename = "AmountRelatedDetails", default, skip_serializing_if = "Option::is_none")]
    pub amount_related_details: Option<AmountRelatedDetails>,
    /// What the user still has to do.
    #[serde(rename = "AuthorisationRequiredData", default, skip_serializing_if = "Option::is_none")]
    pub authorisation_required_data: Option<AuthorisationRequiredData>,
    /// Text for the user; at most 1024 characters.
    #[serde(rename = "PsuMessage", default, skip_serializing_if = "Option::is_none")]
    pub psu_message: Option<String>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// Where a payment stands.
    PaymentStatusEnum {
        /// Made.
        Open = "Open",
        /// The user agreed.
        Authorised = "Authorised",
        /// More users have to agree.
        PartiallyAuthorised = "PartiallyAuthorised",
        /// Waits.
        Pending = "Pending",
        /// On its way.
        SettlementInProcess = "SettlementInProcess",
        /// Settled.
        SettlementCompleted = "SettlementCompleted",
        /// With the creditor's bank.
        ReceivedByCreditorBank = "ReceivedByCreditorBank",
        /// On the creditor's account.
        ReceivedOnCreditorAccount = "ReceivedOnCreditorAccount",
        /// Withdrawn.
        Cancelled = "Cancelled",
        /// Withdrawn by the third party.
        CancelledAtTPP = "CancelledAtTPP",
        /// Nobody decided in time.
        TimeoutAtTpp = "TimeoutAtTpp",
        /// Failed.
        Error = "Error",
        /// Over.
        Expired = "Expired",
    }
}

words! {
    /// A payment method.
    PaymentProductEnum {
        /// SEPA credit transfer.
        Sct = "PSD2-SCT",
        /// SEPA instant credit transfer.
        SctInst = "PSD2-SCT-Inst",
        /// TARGET2.
        Target2 = "PSD2-Target2",
        /// Domestic.
        Domestic = "PSD2-Domestic",
        /// Domestic, instant.
        DomesticInst = "PSD2-Domestic-Inst",
        /// iDEAL.
        Ideal = "IDEAL",
    }
}
