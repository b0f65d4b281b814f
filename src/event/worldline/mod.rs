//! Documents of the Worldline Open Banking notification service, API version 3.5.0. Names and shapes are the schema's.
//!
//! Members the schema does not name are kept in `other`, words it does not list in `Unknown`, and dates stay strings
//! in the sender's spelling. A member whose value is `null` counts as absent.

mod amounts;
mod consent;
mod debtor;
mod debtor_token;
mod links;
mod payment;
mod sca;

use serde::{Deserialize, Serialize, de};
use serde_json::{Map, Value};

pub use self::amounts::{
    AmountRelatedDetails, CurrencyAmount, CurrencyConversionFee, EstimatedInterbankSettlementAmount,
    EstimatedTotalAmount, ExchangeRateInformationResponse, RateType, TransactionFees,
};
pub use self::consent::{ConsentDetailedInformation, ConsentId, ConsentStatusEnum};
pub use self::debtor::{
    AddressData, DebtorAccount, DebtorContactDetailsResponse, DebtorInformationResponse, IdentificationTypeEnum,
};
pub use self::debtor_token::DebtorToken;
pub use self::links::{ConsentStatusLinks, Link, StatusResponseLinks};
pub use self::payment::{
    CommonPaymentDataResponse, PaymentDetailedInformation, PaymentId, PaymentProductEnum, PaymentStatusEnum,
};
pub use self::sca::{
    AuthorisationRequiredData, CredentialDetails, CredentialLabel, PsuCredentials, ScaChallengeData, ScaMethodEnum,
    ScaMethods,
};

/// The body of `POST /status`: the `oneOf` of a consent and a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Status {
    /// A consent changed its status.
    Consent(Box<ConsentDetailedInformation>),
    /// A payment changed its status.
    Payment(Box<PaymentDetailedInformation>),
}

impl Status {
    /// `ConsentId` or `PaymentId`: what the notification is about.
    pub fn id(&self) -> &str {
        match self {
            Self::Consent(consent) => consent.consent_id.as_str(),
            Self::Payment(payment) => payment.common_payment_data.payment_id.as_str(),
        }
    }

    /// `ConsentStatus` or `PaymentStatus`, as the wire spells it.
    pub fn status(&self) -> &str {
        match self {
            Self::Consent(consent) => consent.consent_status.as_str(),
            Self::Payment(payment) => payment.common_payment_data.payment_status.as_str(),
        }
    }
}

/// The members that tell a consent from a payment.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Shape {
    consent_id: Option<de::IgnoredAny>,
    common_payment_data: Option<de::IgnoredAny>,
}

/// Reads the body of `POST /status`.
///
/// `ConsentId` at the top level makes it a consent, `CommonPaymentData` a payment.
///
/// # Errors
///
/// The body is not JSON, has both of these members or neither, or lacks a required member.
pub fn parse_status(body: &[u8]) -> Result<Status, serde_json::Error> {
    match std::str::from_utf8(body) {
        Ok(text) => read_status(text),
        // The reader says where it is not text.
        Err(_) => looked_at(body),
    }
}

/// [`parse_status`] of what is known to be text.
pub(crate) fn read_status(text: &str) -> Result<Status, serde_json::Error> {
    // Nearly all notifications are of payments. What reads as one and has no other member of the choice needs no look
    // at its shape first; about everything else the look decides.
    if text.contains("\"CommonPaymentData\"")
        && let Ok(payment) = serde_json::from_str::<PaymentDetailedInformation>(text)
        && !payment.other.contains_key("ConsentId")
    {
        return Ok(Status::Payment(Box::new(payment)));
    }
    looked_at(text.as_bytes())
}

/// Tells a consent from a payment first.
fn looked_at(body: &[u8]) -> Result<Status, serde_json::Error> {
    let shape: Shape = serde_json::from_slice(body)?;
    match (shape.consent_id, shape.common_payment_data) {
        (Some(_), None) => serde_json::from_slice(body).map(|consent| Status::Consent(Box::new(consent))),
        (None, Some(_)) => serde_json::from_slice(body).map(|payment| Status::Payment(Box::new(payment))),
        (Some(_), Some(_)) => Err(de::Error::custom("both ConsentId and CommonPaymentData")),
        (None, None) => Err(de::Error::custom("neither ConsentId nor CommonPaymentData")),
    }
}

/// The schema `Error`: what the receiver may answer. Deprecated by the schema; "no error response is required".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorReply {
    /// One to three digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// 1 to 140 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// More of the same, of any length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// Where to read more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> String {
        parse_status(body.as_bytes()).expect_err(body).to_string()
    }

    #[test]
    fn the_two_examples_of_the_schema_are_read() {
        let consent = parse_status(
            br#"{"ConsentId":"string","ConsentStatus":"Open","Links":{"RedirectUrl":{"Href":"https://example.org"}}}"#,
        )
        .unwrap();
        assert!(matches!(&consent, Status::Consent(c) if c.consent_status == ConsentStatusEnum::Open));
        let payment = parse_status(
            br#"{"CommonPaymentData":{"PaymentId":"string","PaymentStatus":"Open"},"Links":{"ConfirmationRequired":{"Href":"https://example.org"}}}"#,
        )
        .unwrap();
        assert!(matches!(&payment, Status::Payment(p) if p.links.is_some()));
        assert_eq!((payment.id(), payment.status()), ("string", "Open"));
    }

    #[test]
    fn both_a_consent_and_a_payment_is_refused() {
        let both =
            r#"{"ConsentId":"c","ConsentStatus":"Open","CommonPaymentData":{"PaymentId":"p","PaymentStatus":"Open"}}"#;
        assert!(refusal(both).starts_with("both"));
        // Where only the last of two counts, the first is gone.
        let hidden =
            r#"{"ConsentId":"c","ConsentId":null,"CommonPaymentData":{"PaymentId":"p","PaymentStatus":"Open"}}"#;
        assert!(refusal(hidden).contains("duplicate"));
    }

    #[test]
    fn a_consent_that_is_null_is_none() {
        let body = br#"{"ConsentId":null,"CommonPaymentData":{"PaymentId":"p","PaymentStatus":"Open"}}"#;
        assert_eq!(parse_status(body).unwrap().id(), "p");
    }

    #[test]
    fn neither_a_consent_nor_a_payment_is_refused() {
        for body in ["{}", r#"{"ConsentStatus":"Open"}"#, r#"{"PaymentId":"p","PaymentStatus":"Open"}"#] {
            assert!(refusal(body).starts_with("neither"), "{body}");
        }
        assert!(refusal(r#"{"ConsentId":null,"CommonPaymentData":null}"#).starts_with("neither"));
    }

    #[test]
    fn a_missing_id_or_status_is_refused() {
        assert!(refusal(r#"{"ConsentId":"c"}"#).contains("ConsentStatus"));
        assert!(refusal(r#"{"CommonPaymentData":{"PaymentStatus":"Open"}}"#).contains("PaymentId"));
        assert!(refusal(r#"{"CommonPaymentData":{"PaymentId":"p"}}"#).contains("PaymentStatus"));
    }

    #[test]
    fn an_empty_or_over_long_id_is_refused() {
        let consent = |id: &str| format!(r#"{{"ConsentId":"{id}","ConsentStatus":"Open"}}"#);
        let payment = |id: &str| format!(r#"{{"CommonPaymentData":{{"PaymentId":"{id}","PaymentStatus":"Open"}}}}"#);
        assert!(refusal(&consent("")).contains("empty"));
        assert!(refusal(&payment("")).contains("empty"));
        assert!(refusal(&consent(&"c".repeat(1025))).contains("at most 1024 characters"));
        assert!(refusal(&payment(&"p".repeat(36))).contains("at most 35 characters"));
        assert!(parse_status(consent(&"c".repeat(1024)).as_bytes()).is_ok());
        assert!(parse_status(payment(&"p".repeat(35)).as_bytes()).is_ok());
    }

    #[test]
    fn an_id_given_twice_is_refused() {
        assert!(refusal(r#"{"ConsentId":"a","ConsentId":"b","ConsentStatus":"Open"}"#).contains("duplicate"));
        assert!(
            refusal(r#"{"CommonPaymentData":{"PaymentId":"a","PaymentId":"b","PaymentStatus":"Open"}}"#)
                .contains("duplicate")
        );
    }

    #[test]
    fn an_unknown_status_word_passes_through() {
        let status = parse_status(br#"{"ConsentId":"c","ConsentStatus":"Frozen"}"#).unwrap();
        assert_eq!(status.status(), "Frozen");
        assert_eq!(serde_json::to_string(&status).unwrap(), r#"{"ConsentId":"c","ConsentStatus":"Frozen"}"#);
    }

    #[test]
    fn what_is_not_one_json_object_is_refused() {
        for body in ["", "null", "[]", "\"ConsentId\"", "{\"ConsentId\":\"c\",\"ConsentStatus\":\"Open\"} {}"] {
            assert!(parse_status(body.as_bytes()).is_err(), "{body}");
        }
        assert!(parse_status(b"{\"ConsentId\":\"\xff\",\"ConsentStatus\":\"Open\"}").is_err());
    }

    #[test]
    fn every_member_of_an_error_is_optional() {
        let reply = ErrorReply { code: Some("400".into()), ..ErrorReply::default() };
        assert_eq!(serde_json::to_string(&reply).unwrap(), r#"{"Code":"400"}"#);
        assert_eq!(serde_json::from_str::<ErrorReply>("{}").unwrap(), ErrorReply::default());
    }
}
