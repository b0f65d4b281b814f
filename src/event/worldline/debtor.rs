//! Who pays.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::Currency;
use crate::event::words::words;

/// Who pays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DebtorInformationResponse {
    /// Name; at most 140 characters.
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// BIC.
    #[serde(rename = "Agent", default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The account.
    #[serde(rename = "Account", default, skip_serializing_if = "Option::is_none")]
    pub account: Option<DebtorAccount>,
    /// How to reach them.
    #[serde(rename = "ContactDetails", default, skip_serializing_if = "Option::is_none")]
    pub contact_details: Option<DebtorContactDetailsResponse>,
    /// Where to send goods.
    #[serde(rename = "ShippingAddress", default, skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<AddressData>,
    /// Where to send the bill.
    #[serde(rename = "BillingAddress", default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<AddressData>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The account of the debtor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DebtorAccount {
    /// Kind of the number.
    #[serde(rename = "SchemeName", default, skip_serializing_if = "Option::is_none")]
    pub scheme_name: Option<IdentificationTypeEnum>,
    /// The number.
    #[serde(rename = "Identification")]
    pub identification: String,
    /// A second number (UK).
    #[serde(rename = "SecondaryIdentification", default, skip_serializing_if = "Option::is_none")]
    pub secondary_identification: Option<String>,
    /// Its currency.
    #[serde(rename = "Currency", default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// Kind of an account number.
    IdentificationTypeEnum {
        /// IBAN.
        Iban = "IBAN",
        /// Sort code and account number.
        SortCodeAccountNumber = "SortCodeAccountNumber",
    }
}

/// How to reach the debtor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DebtorContactDetailsResponse {
    /// First name.
    #[serde(rename = "FirstName", default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(rename = "LastName", default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// E.164.
    #[serde(rename = "PhoneNumber", default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Address.
    #[serde(rename = "Email", default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AddressData {
    /// First name.
    #[serde(rename = "FirstName", default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(rename = "LastName", default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Company.
    #[serde(rename = "CompanyName", default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// Postal code.
    #[serde(rename = "PostCode", default, skip_serializing_if = "Option::is_none")]
    pub post_code: Option<String>,
    /// House number.
    #[serde(rename = "BuildingNumber", default, skip_serializing_if = "Option::is_none")]
    pub building_number: Option<String>,
    /// Addition to the house number.
    #[serde(rename = "Floor", default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<String>,
    /// Street.
    #[serde(rename = "StreetName", default, skip_serializing_if = "Option::is_none")]
    pub street_name: Option<String>,
    /// Town.
    #[serde(rename = "TownName", default, skip_serializing_if = "Option::is_none")]
    pub town_name: Option<String>,
    /// ISO 3166 code; for iDEAL the name.
    #[serde(rename = "Country", default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Region; at most 35 characters.
    #[serde(rename = "CountrySubDivision", default, skip_serializing_if = "Option::is_none")]
    pub country_sub_division: Option<String>,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
