//! `ConsentDetailedInformation`: a consent changed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{AuthorisationRequiredData, ConsentStatusLinks};
use crate::event::identifier::Identifier;
use crate::event::words::words;

/// The body of `/status` for a consent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsentDetailedInformation {
    /// Id of the consent at the Open Banking Service; 1 to 1024 characters.
    #[serde(rename = "ConsentId")]
    pub consent_id: Identifier<1024>,
    /// Where it stands.
    #[serde(rename = "ConsentStatus")]
    pub consent_status: ConsentStatusEnum,
    /// The bank.
    #[serde(rename = "AspspId", default, skip_serializing_if = "Option::is_none")]
    pub aspsp_id: Option<String>,
    /// What the user still has to do.
    #[serde(rename = "AuthorisationRequiredData", default, skip_serializing_if = "Option::is_none")]
    pub authorisation_required_data: Option<AuthorisationRequiredData>,
    /// How the bank handles the permission.
    #[serde(rename = "PermissionInformation", default, skip_serializing_if = "Option::is_none")]
    pub permission_information: Option<String>,
    /// How often a day it may be used.
    #[serde(rename = "FrequencyPerDay", default, skip_serializing_if = "Option::is_none")]
    pub frequency_per_day: Option<i64>,
    /// Whether it is for recurring access.
    #[serde(rename = "RecurringIndicator", default, skip_serializing_if = "Option::is_none")]
    pub recurring_indicator: Option<bool>,
    /// ISO 8601.
    #[serde(rename = "ValidUntilDate", default, skip_serializing_if = "Option::is_none")]
    pub valid_until_date: Option<String>,
    /// ISO 8601.
    #[serde(rename = "LastActionDate", default, skip_serializing_if = "Option::is_none")]
    pub last_action_date: Option<String>,
    /// ISO 8601.
    #[serde(rename = "TransactionFromDateTime", default, skip_serializing_if = "Option::is_none")]
    pub transaction_from_date_time: Option<String>,
    /// ISO 8601.
    #[serde(rename = "TransactionToDateTime", default, skip_serializing_if = "Option::is_none")]
    pub transaction_to_date_time: Option<String>,
    /// Where to go on.
    #[serde(rename = "Links", default, skip_serializing_if = "Option::is_none")]
    pub links: Option<ConsentStatusLinks>,
    /// Text for the user; at most 1024 characters.
    #[serde(rename = "PsuMessage", default, skip_serializing_if = "Option::is_none")]
    pub psu_message: Option<String>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// Where a consent stands.
    ConsentStatusEnum {
        /// Made.
        Open = "Open",
        /// Waits for the user.
        Pending = "Pending",
        /// Declined.
        Rejected = "Rejected",
        /// In force.
        Authorised = "Authorised",
        /// Over.
        Expired = "Expired",
        /// Withdrawn by the user or the bank.
        Revoked = "Revoked",
        /// Failed.
        Error = "Error",
        /// Not in force.
        Inactive = "Inactive",
        /// Withdrawn by the third party.
        RevokedAtTpp = "RevokedAtTpp",
        /// Nobody decided in time.
        TimeoutAtTpp = "TimeoutAtTpp",
        /// More users have to agree.
        PartiallyAuthorised = "PartiallyAuthorised",
    }
}
