//! The payment notification, schema `PaymentDetailedInformation`. Without an id and a status it is no event.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::amounts::AmountRelatedDetails;
use super::debtor::DebtorInformationResponse;
use super::links::StatusResponseLinks;
use super::sca::AuthorisationRequiredData;
use crate::event::id::Id;
use crate::event::money::Decimal;
use crate::event::words::words;

/// `PaymentId`: 1 to 35 characters.
pub type PaymentId = Id<35>;

/// A payment and its status: one of the two bodies of `POST /status`.
///
/// The schema requires no member here. `CommonPaymentData` is required all the same: it holds the id and the status,
/// and without them nothing can be done with the notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentDetailedInformation {
    /// How the payment is made. The schema's default is `PSD2-SCT`; absence is left visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_product_used: Option<PaymentProductEnum>,
    /// The payment itself.
    pub common_payment_data: CommonPaymentDataResponse,
    /// Where to go next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<StatusResponseLinks>,
    /// True: show a waiting screen with a button to `RedirectUrl` instead of redirecting at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_waiting_screen: Option<bool>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What is known of a payment, schema `CommonPaymentDataResponse`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CommonPaymentDataResponse {
    /// When the operation expires; ISO date and time in UTC, `YYYY-MM-DDThh:mm:ss.sssZ`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry_date_timestamp: Option<String>,
    /// What the bank guarantees to the merchant, if the request had a least and a greatest amount.
    /// At most 13 digits before the point and 5 after (`^\d{1,13}\.\d{1,5}$`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guaranteed_amount: Option<Decimal>,
    /// Where the payment stands.
    pub payment_status: PaymentStatusEnum,
    /// Made by the Open Banking Service; names the payment from now on.
    pub payment_id: PaymentId,
    /// The bank's own id of the payment; 1 to 35 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspsp_payment_id: Option<String>,
    /// The bank the user chose; 1 to 35 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspsp_id: Option<String>,
    /// The merchant's own reference, never shown to the user; 1 to 36 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiating_party_reference_id: Option<String>,
    /// Whether there is enough money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub funds_available: Option<bool>,
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_information: Option<Box<DebtorInformationResponse>>,
    /// Fees, rates and estimated totals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_related_details: Option<Box<AmountRelatedDetails>>,
    /// What the user must give to authenticate and to authorise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorisation_required_data: Option<Box<AuthorisationRequiredData>>,
    /// To be shown to the user; 1 to 1024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psu_message: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// The status of a payment. The schema lists the words without explaining them.
    pub enum PaymentStatusEnum {
        /// Made, not yet acted upon.
        Open = "Open",
        /// The user agreed.
        Authorised = "Authorised",
        /// Some of several authorisations are given.
        PartiallyAuthorised = "PartiallyAuthorised",
        /// Being worked on.
        Pending = "Pending",
        /// Accepted for execution.
        SettlementInProcess = "SettlementInProcess",
        /// Executed on the debtor's side.
        SettlementCompleted = "SettlementCompleted",
        /// Arrived at the creditor's bank.
        ReceivedByCreditorBank = "ReceivedByCreditorBank",
        /// Booked on the creditor's account.
        ReceivedOnCreditorAccount = "ReceivedOnCreditorAccount",
        /// Called off.
        Cancelled = "Cancelled",
        /// Called off at the third party. `TPP` is in capitals here, unlike in `TimeoutAtTpp`.
        CancelledAtTpp = "CancelledAtTPP",
        /// The third party let the time pass.
        TimeoutAtTpp = "TimeoutAtTpp",
        /// Failed technically.
        Error = "Error",
        /// Past its time.
        Expired = "Expired",
    }
}

words! {
    /// The payment method, in generic terms.
    pub enum PaymentProductEnum {
        /// SEPA credit transfer.
        Psd2Sct = "PSD2-SCT",
        /// SEPA instant credit transfer.
        Psd2SctInst = "PSD2-SCT-Inst",
        /// Through TARGET2.
        Psd2Target2 = "PSD2-Target2",
        /// A domestic scheme.
        Psd2Domestic = "PSD2-Domestic",
        /// A domestic instant scheme.
        Psd2DomesticInst = "PSD2-Domestic-Inst",
        /// iDEAL.
        Ideal = "IDEAL",
    }
}
