//! What a user must give to authenticate and to authorise, schema `AuthorisationRequiredData`. Nothing here answers it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::words::words;

/// The data required to authenticate the user and to authorise the transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthorisationRequiredData {
    /// Credentials the user has at the bank and must give values for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psu_credentials: Option<Vec<PsuCredentials>>,
    /// Methods to choose from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sca_methods: Option<Vec<ScaMethods>>,
    /// The method chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen_sca_method: Option<ScaMethods>,
    /// The challenge to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge_data: Option<ScaChallengeData>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Credentials of the user in the bank's system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PsuCredentials {
    /// The product the credentials belong to, for banks that need it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspsp_product_code: Option<String>,
    /// One entry for each value to ask for.
    pub credentials_details: Vec<CredentialDetails>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One value to ask the user for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CredentialDetails {
    /// Whether the value must be hidden while it is typed.
    pub is_secret: bool,
    /// What the bank calls it; `ewl-user-id` or `ewl-password` where the bank gives no name.
    pub credential_id: String,
    /// What to show beside it, in several languages.
    pub label_list: Vec<CredentialLabel>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A label in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CredentialLabel {
    /// The text to show.
    pub label: String,
    /// Its language; by default `EN`.
    pub language: String,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One method of strong customer authentication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScaMethods {
    /// Its kind.
    pub authentication_type: ScaMethodEnum,
    /// Its id, to be sent back when it is chosen; at least 1 character.
    pub authentication_id: String,
    /// Its version; at least 1 character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its name for people; at least 1 character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its description; at least 1 character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// The kind of a method of authentication: where the one-time password comes from.
    pub enum ScaMethodEnum {
        /// A text message.
        SmsOtp = "SmsOTP",
        /// A chip card with a reader.
        ChipOtp = "ChipOTP",
        /// A picture to be photographed.
        PhotoOtp = "PhotoOTP",
        /// A message to an app.
        PushOtp = "PushOTP",
        /// An e-mail.
        SmtpOtp = "SmtpOTP",
    }
}

/// A challenge to the user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScaChallengeData {
    /// Describes the method to the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_information: Option<String>,
    /// The challenge, as a list of strings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Vec<String>>,
    /// An image, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The URL of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_link: Option<String>,
    /// The format of the one-time password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otp_format: Option<String>,
    /// The most characters of the one-time password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otp_max_length: Option<i32>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
