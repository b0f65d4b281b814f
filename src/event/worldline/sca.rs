//! What a user has to do to authorise.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::words::words;

/// What authentication and authorisation need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuthorisationRequiredData {
    /// Credentials that the user has at the bank.
    #[serde(rename = "PsuCredentials", default, skip_serializing_if = "Option::is_none")]
    pub psu_credentials: Option<Vec<PsuCredentials>>,
    /// Methods to choose from.
    #[serde(rename = "ScaMethods", default, skip_serializing_if = "Option::is_none")]
    pub sca_methods: Option<Vec<ScaMethods>>,
    /// The method that was chosen.
    #[serde(rename = "ChosenScaMethod", default, skip_serializing_if = "Option::is_none")]
    pub chosen_sca_method: Option<ScaMethods>,
    /// The challenge.
    #[serde(rename = "ChallengeData", default, skip_serializing_if = "Option::is_none")]
    pub challenge_data: Option<ScaChallengeData>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Credentials of the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PsuCredentials {
    /// The product that they are for.
    #[serde(rename = "AspspProductCode", default, skip_serializing_if = "Option::is_none")]
    pub aspsp_product_code: Option<String>,
    /// One entry for each.
    #[serde(rename = "CredentialsDetails")]
    pub credentials_details: Vec<CredentialDetails>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One credential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CredentialDetails {
    /// Whether it must not be shown.
    #[serde(rename = "IsSecret")]
    pub is_secret: bool,
    /// Its id at the bank.
    #[serde(rename = "CredentialId")]
    pub credential_id: String,
    /// What to show, by language.
    #[serde(rename = "LabelList")]
    pub label_list: Vec<CredentialLabel>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A label in one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CredentialLabel {
    /// The text.
    #[serde(rename = "Label")]
    pub label: String,
    /// The language.
    #[serde(rename = "Language")]
    pub language: String,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A method of strong customer authentication.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaMethods {
    /// Its kind.
    #[serde(rename = "AuthenticationType")]
    pub authentication_type: ScaMethodEnum,
    /// Its id.
    #[serde(rename = "AuthenticationId")]
    pub authentication_id: String,
    /// Its version.
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its name for people.
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its description.
    #[serde(rename = "Explanation", default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// A kind of authentication.
    ScaMethodEnum {
        /// A code by SMS.
        SmsOtp = "SmsOTP",
        /// A code of a card.
        ChipOtp = "ChipOTP",
        /// A code of a picture.
        PhotoOtp = "PhotoOTP",
        /// A push message.
        PushOtp = "PushOTP",
        /// A code by mail.
        SmtpOtp = "SmtpOTP",
    }
}

/// A challenge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaChallengeData {
    /// Text for the user.
    #[serde(rename = "AdditionalInformation", default, skip_serializing_if = "Option::is_none")]
    pub additional_information: Option<String>,
    /// The challenge as texts.
    #[serde(rename = "Data", default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Vec<String>>,
    /// A picture in base64.
    #[serde(rename = "Image", default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Address of a picture.
    #[serde(rename = "ImageLink", default, skip_serializing_if = "Option::is_none")]
    pub image_link: Option<String>,
    /// Form of the code.
    #[serde(rename = "OtpFormat", default, skip_serializing_if = "Option::is_none")]
    pub otp_format: Option<String>,
    /// Longest code.
    #[serde(rename = "OtpMaxLength", default, skip_serializing_if = "Option::is_none")]
    pub otp_max_length: Option<i32>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
