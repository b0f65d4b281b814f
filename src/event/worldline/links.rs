//! Where an initiating party goes next: full links, chosen by the sender. None is followed by this crate.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The links of a consent notification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConsentStatusLinks {
    /// Send the user's browser here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<Link>,
    /// Start the authorisation explicitly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_authorisation_for_explicit: Option<Link>,
    /// Post the user's name here, decoupled approach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_identification_for_decoupled: Option<Link>,
    /// Post the user's credentials here, embedded approach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_authorisation_for_embedded: Option<Link>,
    /// Add to the authorisation, embedded approach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub put_authorisation_for_embedded: Option<Link>,
    /// Choose the method of authentication, embedded approach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select_authentication_method: Option<Link>,
    /// Give the one-time password, embedded approach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorize_transaction: Option<Link>,
    /// Ask for the status of the consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub get_consent_status: Option<Link>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The links of a payment notification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StatusResponseLinks {
    /// Send the user's browser here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<Link>,
    /// The bank wants the authorisation started explicitly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_authorisation_for_explicit: Option<Link>,
    /// The user must be identified to start, decoupled approach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_identification_for_decoupled: Option<Link>,
    /// Post the user's credentials here, embedded approach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_authorisation_for_embedded: Option<Link>,
    /// Add to the authorisation, embedded approach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub put_authorisation_for_embedded: Option<Link>,
    /// Choose the method of authentication, embedded approach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select_authentication_method: Option<Link>,
    /// Give the one-time password, embedded approach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorize_transaction: Option<Link>,
    /// Confirm the payment, for banks that want it confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation_required: Option<Link>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Link {
    /// The full URL; 1 to 1024 characters.
    pub href: String,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
