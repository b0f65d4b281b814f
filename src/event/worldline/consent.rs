//! The consent notification, schema `ConsentDetailedInformation`. An id and a status make it; all else is optional.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::links::ConsentStatusLinks;
use super::sca::AuthorisationRequiredData;
use crate::event::id::Id;
use crate::event::words::words;

/// `ConsentId`: 1 to 1024 characters.
pub type ConsentId = Id<1024>;

/// A consent and its status: one of the two bodies of `POST /status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConsentDetailedInformation {
    /// Made by the Open Banking Service; names the consent from now on.
    pub consent_id: ConsentId,
    /// Where the consent stands.
    pub consent_status: ConsentStatusEnum,
    /// The account-holding bank; at least 1 character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspsp_id: Option<String>,
    /// What the user must give to authenticate and to authorise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorisation_required_data: Option<AuthorisationRequiredData>,
    /// How the bank handles the permission, in words, where it does not do what was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission_information: Option<String>,
    /// The most accesses in a day; 1 for a one-off access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency_per_day: Option<i64>,
    /// True for recurring access, false for one access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurring_indicator: Option<bool>,
    /// When the consent ends; ISO 8601 date and time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until_date: Option<String>,
    /// The last action; to be read as an ISO date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_action_date: Option<String>,
    /// Start of the period of transactions; ISO 8601 date and time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_from_date_time: Option<String>,
    /// End of the period of transactions; ISO 8601 date and time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_to_date_time: Option<String>,
    /// Where to go next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<ConsentStatusLinks>,
    /// To be shown to the user; 1 to 1024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psu_message: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// The status of a consent. The schema lists the words without explaining them.
    pub enum ConsentStatusEnum {
        /// Made, not yet acted upon.
        Open = "Open",
        /// Being authorised.
        Pending = "Pending",
        /// Refused.
        Rejected = "Rejected",
        /// Given: the account may be read.
        Authorised = "Authorised",
        /// Past its time.
        Expired = "Expired",
        /// Taken back.
        Revoked = "Revoked",
        /// Failed technically.
        Error = "Error",
        /// Not usable at present.
        Inactive = "Inactive",
        /// Taken back at the third party.
        RevokedAtTpp = "RevokedAtTpp",
        /// The third party let the time pass.
        TimeoutAtTpp = "TimeoutAtTpp",
        /// Some of several authorisations are given.
        PartiallyAuthorised = "PartiallyAuthorised",
    }
}
