//! Tribe Open Banking v2: webhooks to a bank, and notifications to a third party.
//!
//! | fact | value | source |
//! |---|---|---|
//! | signature | `X-Signature`: base64 of RSA PKCS#1 v1.5 with SHA-256 | security section |
//! | over | the request content, read as the raw body; the empty body for `v2_accounts` | security section; assumed |
//! | not signed | path, time, `X-Request-Id`: a captured request can come again under another id | follows |
//! | client | `X-Api-Key`, equal to the bank's | security section |
//! | user | `X-Auth-Token`; not for direct payments, not for notifications | security section |
//! | id | `X-Request-Id`, a UUID | security section |
//! | answer | 200, computed at once | published specification |
//! | errors | `{code, title, timestamp, requestId}`; every authentication failure is `WRONG_CREDENTIALS` | error table |
//! | retries | not documented | assumed: 24 hours |

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Serialize;

use super::dialect::{Answer, Context, Dialect, Told};
use super::{BodySignature, Decode, Fresh, Identification, Profile, Route, Scheme, Undecodable};
use crate::event::tribe::{self, PaymentStatus as Word, Request};
use crate::event::{
    AccountRequestEvent, Event, FundsRequestEvent, PaymentDetail, PaymentEvent, PaymentRequestEvent,
    PaymentRequestKind, PaymentStatus,
};
use crate::wire::json;
use crate::wire::time::format_rfc3339;

/// How long the sender waits is not documented; a third party waits behind it.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const USER_TOKEN: &str = "x-auth-token";
const RETRY_HORIZON: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn profile() -> Profile {
    let route = |action: &&str| Route {
        method: Method::POST,
        path: format!("/{action}").into(),
        action: (*action).into(),
        user_token: tribe::needs_user(action).then(|| USER_TOKEN.into()),
        refuse_same_body: tribe::is_notification(action),
    };
    Profile {
        name: "tribe".into(),
        scheme: Scheme::Body(BodySignature::over_body("x-signature")),
        routes: tribe::ACTIONS.iter().map(route).collect(),
        identification: Identification::uuid_header("x-request-id"),
        fresh: Fresh::Off,
        tolerance: Duration::ZERO,
        retry_horizon: RETRY_HORIZON,
        answer_within: ANSWER_WITHIN,
        success: StatusCode::OK,
        content_types: vec!["application/json"],
        wants_api_key: true,
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
        let text = if content.is_empty() { "" } else { json::checked(content)? };
        let request = Request::read(action, text)?;
        let content = content.clone();
        let payment = |kind, payment_id, amount, request| {
            let detail = Box::new(request);
            Event::PaymentRequest(Box::new(PaymentRequestEvent {
                kind,
                payment_id,
                amount,
                user_token: None,
                detail,
                content: content.clone(),
            }))
        };
        Ok(match action {
            "v2_payment_single" => payment(PaymentRequestKind::Single, None, request.amount(), request),
            "v2_payment_direct_single" => payment(PaymentRequestKind::Direct, None, request.amount(), request),
            "v2_payment_bulk" => payment(PaymentRequestKind::Bulk, None, request.amount(), request),
            "v2_payment_single_status" | "v2_payment_bulk_status" => {
                payment(PaymentRequestKind::Status, request.payment_id().map(str::to_owned), None, request)
            }
            "v2_funds_confirmations" => Event::FundsRequest(Box::new(FundsRequestEvent {
                account_id: request.account_id().map(str::to_owned),
                amount: request.amount(),
                user_token: None,
                detail: Box::new(request),
                content,
            })),
            "v2_payment_status" | "v2_payment_confirmation_link_expire" => {
                let word = request.payment_status().cloned();
                Event::Payment(Box::new(PaymentEvent {
                    payment_id: request.payment_id().unwrap_or_default().to_owned(),
                    consent_id: None,
                    provider_status: word
                        .as_ref()
                        .map_or_else(|| "confirmation link expired".to_owned(), ToString::to_string),
                    status: word.as_ref().map_or(PaymentStatus::Expired, payment_status),
                    detail: PaymentDetail::Tribe(Box::new(request)),
                    content,
                }))
            }
            _ => Event::AccountRequest(Box::new(AccountRequestEvent {
                account_id: request.account_id().map(str::to_owned),
                user_token: None,
                detail: Box::new(request),
                content,
            })),
        })
    }
}

fn payment_status(word: &Word) -> PaymentStatus {
    match word {
        Word::Rcvd | Word::Pdng | Word::Actc => PaymentStatus::Pending,
        Word::Patc | Word::Part => PaymentStatus::PartiallyAuthorised,
        Word::Accp | Word::Acfc | Word::Acwc => PaymentStatus::Authorised,
        // ACWP: accepted, and not posted to the creditor's account. ISO 20022 has a word, BLCK, for one that never will be.
        Word::Acsp | Word::Acwp => PaymentStatus::InProcess,
        Word::Acsc => PaymentStatus::Settled,
        Word::Accc => PaymentStatus::Received,
        Word::Rjct => PaymentStatus::Rejected,
        Word::Canc => PaymentStatus::Cancelled,
        _ => PaymentStatus::Unknown,
    }
}

#[derive(Debug)]
struct Errors;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Error<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    timestamp: String,
    title: &'a str,
}

impl Dialect for Errors {
    fn refusal(&self, told: Told, context: Context<'_>) -> Answer {
        let (code, status) = match told {
            Told::NotAuthenticated => ("WRONG_CREDENTIALS", told.status()),
            Told::RequestId => ("REQUEST_ID_NOT_UUID", StatusCode::UNAUTHORIZED),
            Told::Malformed | Told::Timeout | Told::Expectation | Told::HeadTooLarge | Told::Coding | Told::Version => {
                ("HEADERS_ERROR", told.status())
            }
            Told::NotFound | Told::Method => ("API_ACTION_DOES_NOT_EXIST", told.status()),
            Told::TooLarge | Told::ContentType | Told::Undecodable => ("FORMAT_ERROR", told.status()),
            Told::Conflict => ("PARAMETER_NOT_CONSISTENT", told.status()),
            Told::TooMany => ("SERVICE_BLOCKED", told.status()),
            Told::Upstream => ("ASPSP_UNKNOWN_ERROR", StatusCode::BAD_GATEWAY),
            Told::Unavailable | Told::Failed => ("INTERNAL_SERVER_ERROR", told.status()),
        };
        let title = if told == Told::Upstream { "Request to ASPSP failed" } else { told.title() };
        // 25 characters, as the table of the error document says.
        let now = format_rfc3339(context.now.millis());
        let timestamp = format!("{}+00:00", now.get(..19).unwrap_or_default());
        let request_id = context.request_id.filter(|_| told != Told::NotAuthenticated);
        Answer::json(status, &Error { code, request_id, timestamp, title })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(action: &str, document: &serde_json::Value) -> (String, &'static str) {
        match Profile::tribe().decode(action, &Bytes::from(document.to_string())).expect("an event") {
            Event::Payment(event) => (event.provider_status, event.status.as_str()),
            other => panic!("expected a payment, but found {other:?}"),
        }
    }

    fn payment(word: &str) -> (String, &'static str) {
        said("v2_payment_status", &serde_json::json!({ "paymentId": "p-1", "paymentStatus": word }))
    }

    #[test]
    fn every_word_for_a_payment_has_its_status_and_no_other_word_has_one() {
        let expected = [
            ("ACCC", "received"),
            ("ACCP", "authorised"),
            ("ACSC", "settled"),
            ("ACSP", "in-process"),
            ("ACTC", "pending"),
            ("ACWC", "authorised"),
            ("ACWP", "in-process"),
            ("RCVD", "pending"),
            ("PDNG", "pending"),
            ("RJCT", "rejected"),
            ("CANC", "cancelled"),
            ("ACFC", "authorised"),
            ("PATC", "partially-authorised"),
            ("PART", "partially-authorised"),
        ];
        assert_eq!(expected.map(|(word, _)| word), Word::WORDS);
        for (word, status) in expected {
            assert_eq!(payment(word), (word.to_owned(), status));
        }
        // Nothing is guessed from a word that is close: nobody ships goods because of one.
        for word in ["acsc", "ACSC ", "ACCT", "BLCK", "AcceptedSettlementCompleted"] {
            assert_eq!(payment(word), (word.to_owned(), "unknown"));
        }
    }

    #[test]
    fn a_confirmation_link_that_ended_is_an_expired_payment() {
        let document = serde_json::json!({ "paymentId": "p-1" });
        let expected = ("confirmation link expired".to_owned(), "expired");
        assert_eq!(said("v2_payment_confirmation_link_expire", &document), expected);
    }
}
