//! The envelope of an event: CloudEvents 1.0, structured JSON, on one line.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Event, Money};
use crate::clock::Timestamp;
use crate::crypto::Sha256;
use crate::verified::Provenance;
use crate::wire::encoding::Encoding;
use crate::wire::json;

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $text:literal;)+) => {
        /// The CloudEvents type of an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum EventType { $($(#[$doc])* $variant,)+ }

        impl EventType {
            /// Every type there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word in the envelope.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

event_types! {
    /// A payment changed.
    PaymentUpdated = "openbanking.payment.updated";
    /// A consent changed.
    ConsentUpdated = "openbanking.consent.updated";
    /// A debtor token was issued.
    DebtorTokenIssued = "openbanking.debtor-token.issued";
    /// A user agreed.
    AuthorizationGranted = "openbanking.authorization.granted";
    /// A user declined, or the bank failed.
    AuthorizationDenied = "openbanking.authorization.denied";
    /// Account data is asked for.
    AccountRequested = "openbanking.account.requested";
    /// A payment is asked for.
    PaymentRequested = "openbanking.payment.requested";
    /// The status of a payment is asked for. A type of its own, so that nobody pays because of a question.
    PaymentStatusRequested = "openbanking.payment-status.requested";
    /// It is asked whether funds are available.
    FundsRequested = "openbanking.funds.requested";
    /// Anything else.
    Other = "openbanking.other";
}

impl FromStr for EventType {
    type Err = UnknownEventType;

    /// Reads `openbanking.payment.updated`, or its middle word alone: `payment`, `consent`, `debtor-token`.
    fn from_str(word: &str) -> Result<Self, UnknownEventType> {
        let middle = |kind: &Self| kind.as_str().split('.').nth(1) == Some(word);
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word || middle(kind)).ok_or(UnknownEventType)
    }
}

/// The word is that of no type of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownEventType;

impl fmt::Display for UnknownEventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an event type such as payment, consent or openbanking.other, but found another word")
    }
}

impl std::error::Error for UnknownEventType {}

/// An event as sinks receive it. The order of the members is the order on the wire.
#[derive(Serialize)]
pub struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: String,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    time: String,
    datacontenttype: &'static str,
    provider: &'a str,
    keyid: &'a str,
    algorithm: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    signedat: Option<String>,
    receivedat: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    requestid: Option<&'a str>,
    fingerprint: String,
    attempt: u32,
    data: Data<'a>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<&'a Money>,
    #[serde(flatten)]
    authorization: Option<Authorization<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Box<RawValue>>,
    #[serde(rename = "detail_base64", skip_serializing_if = "Option::is_none")]
    detail_base64: Option<String>,
}

/// What only a redirect says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authorization<'a> {
    reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
}

impl fmt::Debug for CloudEvent<'_> {
    /// Shows the envelope and no data: the sender's document holds the codes, tokens and accounts of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudEvent")
            .field("id", &self.id)
            .field("source", &self.source)
            .field("type", &self.r#type)
            .field("receivedat", &self.receivedat)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

impl<'a> CloudEvent<'a> {
    /// Wraps an event.
    ///
    /// `id` is stable over redeliveries; `attempt` counts them from 1, so that a consumer can tell a first delivery
    /// from one that may be a repetition.
    pub fn new(
        id: &'a str,
        event: &'a Event,
        provenance: &'a Provenance,
        request_id: Option<&'a str>,
        fingerprint: &Sha256,
        attempt: u32,
    ) -> Self {
        Self {
            specversion: "1.0",
            id,
            source: format!("/endpoints/{}", provenance.endpoint),
            r#type: event.event_type().as_str(),
            subject: event.subject(),
            time: provenance.signed_at.unwrap_or(provenance.received_at).to_string(),
            datacontenttype: "application/json",
            provider: &provenance.profile,
            keyid: &provenance.key_id,
            algorithm: provenance.algorithm.map_or("bearer", |algorithm| algorithm.name()),
            signedat: provenance.signed_at.map(|at| at.to_string()),
            receivedat: provenance.received_at.to_string(),
            requestid: request_id,
            fingerprint: Encoding::Hex.encode(fingerprint),
            attempt,
            data: Data::of(event, provenance.received_at),
        }
    }

    /// The envelope on one line, without the line's end.
    ///
    /// # Errors
    /// None that an event which was decoded can cause.
    pub fn to_line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl<'a> Data<'a> {
    fn of(event: &'a Event, received_at: Timestamp) -> Self {
        let mut data = Self::default();
        match event {
            Event::Consent(event) => {
                data.consent_id = Some(&event.consent_id);
                data.status = Some(event.status.as_str());
                data.provider_status = Some(&event.provider_status);
            }
            Event::Payment(event) => {
                data.payment_id = Some(&event.payment_id);
                data.consent_id = event.consent_id.as_deref();
                data.status = Some(event.status.as_str());
                data.provider_status = Some(&event.provider_status);
            }
            Event::PaymentRequest(event) => {
                data.payment_id = event.payment_id.as_deref();
                data.request = Some(event.kind.as_str());
                data.amount = event.amount.as_ref();
            }
            Event::DebtorToken(event) => data.payment_id = Some(&event.payment_id),
            Event::Authorization(event) => {
                data.payment_id = event.payment_id.as_deref();
                data.status = Some(event.outcome.as_str());
                data.provider_status = event.provider_status.as_deref();
                data.authorization = Some(Authorization {
                    reference: &event.reference,
                    code: event.code.as_ref().map(|code| code.expose()),
                    code_expires: event.code_lifetime.map(|span| received_at.after(span).to_string()),
                    message: event.message.as_deref(),
                    issuer: event.issuer.as_deref(),
                });
            }
            Event::AccountRequest(event) => data.account_id = event.account_id.as_deref(),
            Event::FundsRequest(event) => {
                data.account_id = event.account_id.as_deref();
                data.amount = event.amount.as_ref();
            }
            Event::Other(event) => data.provider_type = event.provider_type.as_deref(),
        }
        data.detail = detail(event.content());
        if data.detail.is_none() && !event.content().is_empty() {
            data.detail_base64 = Some(Encoding::Base64.encode(event.content()));
        }
        data
    }
}

/// The document as received, without insignificant white space, because an event is one line.
fn detail(content: &[u8]) -> Option<Box<RawValue>> {
    json::check(content).ok()?;
    RawValue::from_string(String::from_utf8(json::compact(content)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::event::{CallbackGrammar, DebtorTokenEvent};
    use crate::wire::query::Query;

    fn shown(event: &Event) -> (String, String) {
        let provenance = Provenance {
            endpoint: "bank".into(),
            profile: "joompay".into(),
            key_id: "k".into(),
            algorithm: None,
            signed_at: None,
            received_at: Timestamp::from_seconds(1_800_000_000),
            covered: [].into(),
        };
        let envelope = CloudEvent::new("id-1", event, &provenance, None, &[0; 32], 1);
        (format!("{envelope:?} {event:?}"), envelope.to_line().unwrap())
    }

    #[test]
    fn a_code_or_token_that_a_sink_gets_is_not_printed_for_debugging() {
        let text = format!("state=AQ{}&code=canary", "A".repeat(74));
        let content = Bytes::from(text.clone());
        let event = CallbackGrammar::OAuth.read(&Query::parse(&text).unwrap(), &content, None).unwrap();
        let (printed, sent) = shown(&Event::Authorization(Box::new(event)));
        assert!(sent.contains("canary") && sent.contains(&Encoding::Base64.encode(&content)), "{sent}");
        assert!(printed.contains("id-1") && !printed.contains("canary"), "{printed}");
        assert!(!printed.contains(&Encoding::Base64.encode(&content)), "{printed}");

        let document = r#"{"PaymentId":"p-1","DebtorToken":"canary","PsuId":"canary","Later":"canary"}"#;
        let detail = Box::new(serde_json::from_str(document).unwrap());
        let content = Bytes::from_static(document.as_bytes());
        let event = DebtorTokenEvent { payment_id: "p-1".to_owned(), detail, content };
        let (printed, sent) = shown(&Event::DebtorToken(Box::new(event)));
        assert!(sent.contains("canary"));
        assert!(printed.contains("p-1") && !printed.contains("canary"), "{printed}");
    }
}
