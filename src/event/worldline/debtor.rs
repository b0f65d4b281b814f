//! Who pays, schema `DebtorInformationResponse`. Personal data: nothing here is needed to tell one event from another.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::money::Currency;
use crate::event::words::words;

/// All that is known of the debtor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DebtorInformationResponse {
    /// At most 140 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The BIC of the bank of the account, 8 or 11 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The account that pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<DebtorAccount>,
    /// How to reach the debtor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_details: Option<DebtorContactDetailsResponse>,
    /// Where to send the goods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<AddressData>,
    /// Where to send the bill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<AddressData>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The account to be debited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DebtorAccount {
    /// How the identification is to be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme_name: Option<IdentificationTypeEnum>,
    /// Names the account without doubt.
    pub identification: String,
    /// A second name of the account; Open Banking UK only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary_identification: Option<String>,
    /// Three letters `A`-`Z`, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// The kind of an account number.
    pub enum IdentificationTypeEnum {
        /// International bank account number.
        Iban = "IBAN",
        /// British sort code and account number.
        SortCodeAccountNumber = "SortCodeAccountNumber",
    }
}

/// How to reach the debtor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DebtorContactDetailsResponse {
    /// First name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// E.164: `+` and 2 to 15 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// E-mail address; at least 1 character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A postal address. Every member has at least 1 character.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddressData {
    /// First name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// Postal code without spaces, such as `1234AB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_code: Option<String>,
    /// House number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building_number: Option<String>,
    /// Addition to the house number, such as `2B`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<String>,
    /// Street.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_name: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub town_name: Option<String>,
    /// ISO 3166 code; for iDEAL payments the name of the country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Part of the country; at most 35 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_sub_division: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
