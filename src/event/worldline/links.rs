//! Where to go on.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::identifier::Identifier;

/// Links of a consent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsentStatusLinks {
    /// Send the user there.
    #[serde(rename = "RedirectUrl", default, skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<Link>,
    /// Start an explicit authorisation.
    #[serde(rename = "PostAuthorisationForExplicit", default, skip_serializing_if = "Option::is_none")]
    pub post_authorisation_for_explicit: Option<Link>,
    /// Post the user's name.
    #[serde(rename = "PostIdentificationForDecoupled", default, skip_serializing_if = "Option::is_none")]
    pub post_identification_for_decoupled: Option<Link>,
    /// Post the credentials.
    #[serde(rename = "PostAuthorisationForEmbedded", default, skip_serializing_if = "Option::is_none")]
    pub post_authorisation_for_embedded: Option<Link>,
    /// Complete the credentials.
    #[serde(rename = "PutAuthorisationForEmbedded", default, skip_serializing_if = "Option::is_none")]
    pub put_authorisation_for_embedded: Option<Link>,
    /// Choose a method.
    #[serde(rename = "SelectAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub select_authentication_method: Option<Link>,
    /// Post the one-time password.
    #[serde(rename = "AuthorizeTransaction", default, skip_serializing_if = "Option::is_none")]
    pub authorize_transaction: Option<Link>,
    /// Ask for the status.
    #[serde(rename = "GetConsentStatus", default, skip_serializing_if = "Option::is_none")]
    pub get_consent_status: Option<Link>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Links of a payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusResponseLinks {
    /// Send the user there.
    #[serde(rename = "RedirectUrl", default, skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<Link>,
    /// Start an explicit authorisation.
    #[serde(rename = "PostAuthorisationForExplicit", default, skip_serializing_if = "Option::is_none")]
    pub post_authorisation_for_explicit: Option<Link>,
    /// Post the user's name.
    #[serde(rename = "PostIdentificationForDecoupled", default, skip_serializing_if = "Option::is_none")]
    pub post_identification_for_decoupled: Option<Link>,
    /// Post the credentials.
    #[serde(rename = "PostAuthorisationForEmbedded", default, skip_serializing_if = "Option::is_none")]
    pub post_authorisation_for_embedded: Option<Link>,
    /// Complete the credentials.
    #[serde(rename = "PutAuthorisationForEmbedded", default, skip_serializing_if = "Option::is_none")]
    pub put_authorisation_for_embedded: Option<Link>,
    /// Choose a method.
    #[serde(rename = "SelectAuthenticationMethod", default, skip_serializing_if = "Option::is_none")]
    pub select_authentication_method: Option<Link>,
    /// Post the one-time password.
    #[serde(rename = "AuthorizeTransaction", default, skip_serializing_if = "Option::is_none")]
    pub authorize_transaction: Option<Link>,
    /// Confirm the payment.
    #[serde(rename = "ConfirmationRequired", default, skip_serializing_if = "Option::is_none")]
    pub confirmation_required: Option<Link>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// The address; 1 to 1024 characters. It is never followed by this program.
    #[serde(rename = "Href")]
    pub href: Identifier<1024>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
