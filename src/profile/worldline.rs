//! Worldline Open Banking Service, notification API 3.5.0.
//!
//! | fact | value | source |
//! |---|---|---|
//! | signature | draft-cavage-12 in `Signature`, RSA PKCS#1 v1.5 with SHA-256 | implementation guide 1.5, section 8 |
//! | `algorithm` | `rsa-sha256`; `SHA256withRSA` in merchant samples | the same |
//! | covered | `messagecreatedatetime x-request-id digest`; never the path | published notification samples |
//! | key id | SHA-1 of the certificate in hex, upper case in samples, lower case in a client library | guide 1.5 |
//! | bearer | a notification token, static or from OAuth, beside the signature | portal |
//! | unsigned | some acquirers do not sign at all | portal; hence `if-present` |
//! | time | `MessageCreateDateTime`, ISO 8601; retries run 25 minutes and may keep it, hence 30 minutes | assumed |
//! | answer | 204 with `X-Request-ID` and `MessageCreateDateTime` | OpenAPI 3.5.0 |
//! | errors | `{Code, Message}`, deprecated but allowed | OpenAPI 3.5.0 |

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use super::dialect::{Answer, Context, Dialect, Told};
use super::{Decode, Fresh, HttpSignature, Identification, KeyIdMatch, Profile, Route, Scheme, Undecodable};
use crate::crypto::Algorithm;
use crate::event::worldline::{self, ConsentStatusEnum, PaymentStatusEnum, Status};
use crate::event::{
    ConsentDetail, ConsentEvent, ConsentStatus, DebtorTokenEvent, Event, PaymentDetail, PaymentEvent, PaymentStatus,
};
use crate::wire::json;
use crate::wire::time::format_rfc3339;

const COVER: [&str; 3] = ["messagecreatedatetime", "x-request-id", "digest"];
const STATUS: &str = "status";
const DEBTOR_TOKEN: &str = "debtorToken";
/// A try may be the last of 25 minutes of retries, with the first one's time.
const TOLERANCE: Duration = Duration::from_secs(30 * 60);
/// The sender gives a try up after 8 seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const RETRY_HORIZON: Duration = Duration::from_secs(25 * 60);

pub(super) fn profile() -> Profile {
    let mut scheme = HttpSignature::covering(COVER);
    scheme.key_id = KeyIdMatch::Hex;
    scheme.aliases = vec![("SHA256withRSA", Algorithm::Rs256)];
    Profile {
        name: "worldline".into(),
        scheme: Scheme::Http(scheme),
        routes: vec![Route::post("/status", STATUS), Route::post("/debtorToken", DEBTOR_TOKEN)],
        identification: Identification::uuid_header("x-request-id"),
        fresh: Fresh::Header("messagecreatedatetime".into()),
        tolerance: TOLERANCE,
        retry_horizon: RETRY_HORIZON,
        answer_within: ANSWER_WITHIN,
        success: StatusCode::NO_CONTENT,
        content_types: vec!["application/json"],
        wants_api_key: false,
        algorithm: None,
        decoder: Arc::new(Decoder),
        dialect: Arc::new(Errors),
        demo_signer: false,
        tokens_for_others: false,
        unread: None,
    }
}

#[derive(Debug)]
struct Decoder;

impl Decode for Decoder {
    fn decode(&self, action: &str, content: &Bytes) -> Result<Event, Undecodable> {
        let text = json::checked(content)?;
        if action == DEBTOR_TOKEN {
            let detail: worldline::DebtorToken = serde_json::from_str(text)?;
            let payment_id = detail.payment_id.as_str().to_owned();
            let event = DebtorTokenEvent { payment_id, detail: Box::new(detail), content: content.clone() };
            return Ok(Event::DebtorToken(Box::new(event)));
        }
        Ok(match worldline::read_status(text)? {
            Status::Consent(detail) => Event::Consent(Box::new(ConsentEvent {
                consent_id: detail.consent_id.as_str().to_owned(),
                provider_status: detail.consent_status.as_str().to_owned(),
                status: consent_status(&detail.consent_status),
                detail: ConsentDetail::Worldline(detail),
                content: content.clone(),
            })),
            Status::Payment(detail) => Event::Payment(Box::new(PaymentEvent {
                payment_id: detail.common_payment_data.payment_id.as_str().to_owned(),
                consent_id: None,
                provider_status: detail.common_payment_data.payment_status.as_str().to_owned(),
                status: payment_status(&detail.common_payment_data.payment_status),
                detail: PaymentDetail::Worldline(detail),
                content: content.clone(),
            })),
        })
    }
}

fn consent_status(word: &ConsentStatusEnum) -> ConsentStatus {
    match word {
        ConsentStatusEnum::Open | ConsentStatusEnum::Pending => ConsentStatus::Pending,
        ConsentStatusEnum::PartiallyAuthorised => ConsentStatus::PartiallyAuthorised,
        ConsentStatusEnum::Authorised => ConsentStatus::Authorised,
        ConsentStatusEnum::Rejected => ConsentStatus::Rejected,
        ConsentStatusEnum::Revoked | ConsentStatusEnum::RevokedAtTpp => ConsentStatus::Revoked,
        ConsentStatusEnum::Expired | ConsentStatusEnum::TimeoutAtTpp => ConsentStatus::Expired,
        ConsentStatusEnum::Inactive => ConsentStatus::Inactive,
        ConsentStatusEnum::Error => ConsentStatus::Failed,
        _ => ConsentStatus::Unknown,
    }
}

fn payment_status(word: &PaymentStatusEnum) -> PaymentStatus {
    match word {
        PaymentStatusEnum::Open | PaymentStatusEnum::Pending => PaymentStatus::Pending,
        PaymentStatusEnum::PartiallyAuthorised => PaymentStatus::PartiallyAuthorised,
        PaymentStatusEnum::Authorised => PaymentStatus::Authorised,
        PaymentStatusEnum::SettlementInProcess => PaymentStatus::InProcess,
        PaymentStatusEnum::SettlementCompleted => PaymentStatus::Settled,
        PaymentStatusEnum::ReceivedByCreditorBank | PaymentStatusEnum::ReceivedOnCreditorAccount => {
            PaymentStatus::Received
        }
        PaymentStatusEnum::Cancelled | PaymentStatusEnum::CancelledAtTpp => PaymentStatus::Cancelled,
        PaymentStatusEnum::TimeoutAtTpp | PaymentStatusEnum::Expired => PaymentStatus::Expired,
        PaymentStatusEnum::Error => PaymentStatus::Failed,
        _ => PaymentStatus::Unknown,
    }
}

#[derive(Debug)]
struct Errors;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Error<'a> {
    code: &'a str,
    message: &'a str,
}

impl Dialect for Errors {
    fn refusal(&self, told: Told, _context: Context<'_>) -> Answer {
        let status = told.status();
        Answer::json(status, &Error { code: status.as_str(), message: told.title() })
    }

    fn finish(&self, answer: &mut Answer, context: Context<'_>) {
        if let Some(id) = context.request_id {
            answer.push_header("x-request-id", id);
        }
        answer.push_header("messagecreatedatetime", &format_rfc3339(context.now.millis()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an event says: the sender's word, and ours as a CloudEvent spells it.
    fn said(document: &serde_json::Value) -> (String, &'static str) {
        match Profile::worldline().decode(STATUS, &Bytes::from(document.to_string())).expect("an event") {
            Event::Payment(event) => (event.provider_status, event.status.as_str()),
            Event::Consent(event) => (event.provider_status, event.status.as_str()),
            other => panic!("expected a payment or a consent, but found {other:?}"),
        }
    }

    fn payment(word: &str) -> (String, &'static str) {
        said(&serde_json::json!({ "CommonPaymentData": { "PaymentId": "p-1", "PaymentStatus": word } }))
    }

    fn consent(word: &str) -> (String, &'static str) {
        said(&serde_json::json!({ "ConsentId": "c-1", "ConsentStatus": word }))
    }

    #[test]
    fn every_word_for_a_payment_has_its_status_and_no_other_word_has_one() {
        let expected = [
            ("Open", "pending"),
            ("Authorised", "authorised"),
            ("PartiallyAuthorised", "partially-authorised"),
            ("Pending", "pending"),
            ("SettlementInProcess", "in-process"),
            ("SettlementCompleted", "settled"),
            ("ReceivedByCreditorBank", "received"),
            ("ReceivedOnCreditorAccount", "received"),
            ("Cancelled", "cancelled"),
            ("CancelledAtTPP", "cancelled"),
            ("TimeoutAtTpp", "expired"),
            ("Error", "failed"),
            ("Expired", "expired"),
        ];
        assert_eq!(expected.map(|(word, _)| word), PaymentStatusEnum::WORDS);
        for (word, status) in expected {
            assert_eq!(payment(word), (word.to_owned(), status));
        }
        // Nothing is guessed from a word that is close: nobody ships goods because of one.
        for word in ["settlementcompleted", "SettlementCompleted ", "CancelledAtTpp", "TimeoutAtTPP", "Settled", ""] {
            assert_eq!(payment(word), (word.to_owned(), "unknown"));
        }
    }

    #[test]
    fn every_word_for_a_consent_has_its_status_and_no_other_word_has_one() {
        let expected = [
            ("Open", "pending"),
            ("Pending", "pending"),
            ("Rejected", "rejected"),
            ("Authorised", "authorised"),
            ("Expired", "expired"),
            ("Revoked", "revoked"),
            ("Error", "failed"),
            ("Inactive", "inactive"),
            ("RevokedAtTpp", "revoked"),
            ("TimeoutAtTpp", "expired"),
            ("PartiallyAuthorised", "partially-authorised"),
        ];
        assert_eq!(expected.map(|(word, _)| word), ConsentStatusEnum::WORDS);
        for (word, status) in expected {
            assert_eq!(consent(word), (word.to_owned(), status));
        }
        for word in ["authorised", "Authorized", "RevokedAtTPP", "Valid", ""] {
            assert_eq!(consent(word), (word.to_owned(), "unknown"));
        }
    }
}
