//! From verified claims to an event. Which kind of event it is, the document alone decides, and never the path.

use bytes::Bytes;

use super::super::{Decode, Undecodable};
use crate::event::cbuae::{self, ConsentMessage, ConsentStatusWord, Notice, PaymentMessage, PaymentStatusWord};
use crate::event::{
    ConsentDetail, ConsentEvent, ConsentStatus, Event, EventType, OtherEvent, PaymentDetail, PaymentEvent,
    PaymentStatus,
};
use crate::wire::jose::JoseObject;
use crate::wire::json;

/// Reads the claims of the inner token.
#[derive(Debug)]
pub(super) struct Decoder;

impl Decode for Decoder {
    fn decode(&self, _action: &str, content: &Bytes) -> Result<Event, Undecodable> {
        json::check(content)?;
        let content = content.clone();
        Ok(match cbuae::parse(&content)? {
            Notice::Payment { id, message } => payment(id.to_string(), message, content),
            Notice::Consent { id, message } => consent(id.to_string(), message, content),
            Notice::Other { resource, id, message } => Event::Other(Box::new(OtherEvent {
                event_type: EventType::Other,
                provider_type: Some(format!("{}/{}", message.meta.event_type, resource.as_str())),
                subject: Some(id),
                content,
            })),
        })
    }

    /// The claims beside `message` are those of one delivery.
    fn lasting<'c>(&self, content: &'c [u8]) -> &'c [u8] {
        let message = JoseObject::parse(content).ok().and_then(|claims| claims.get(super::MESSAGE));
        message.map_or(content, str::as_bytes)
    }
}

/// A resource that is gone has no status: then the word for what became of it takes its place, and nothing is guessed.
fn payment(payment_id: String, message: Box<PaymentMessage>, content: Bytes) -> Event {
    let word = message.data.as_ref().map(|data| &data.status);
    Event::Payment(Box::new(PaymentEvent {
        payment_id,
        consent_id: message.meta.consent_id.as_ref().map(ToString::to_string),
        provider_status: word.map_or(message.meta.event_type.as_str(), PaymentStatusWord::as_str).to_owned(),
        status: word.map_or(PaymentStatus::Unknown, payment_status),
        detail: PaymentDetail::Cbuae(message),
        content,
    }))
}

fn consent(consent_id: String, message: Box<ConsentMessage>, content: Bytes) -> Event {
    let word = message.data.as_ref().map(|data| &data.status);
    Event::Consent(Box::new(ConsentEvent {
        consent_id,
        provider_status: word.map_or(message.meta.event_type.as_str(), ConsentStatusWord::as_str).to_owned(),
        status: word.map_or(ConsentStatus::Unknown, consent_status),
        detail: ConsentDetail::Cbuae(message),
        content,
    }))
}

fn payment_status(word: &PaymentStatusWord) -> PaymentStatus {
    match word {
        PaymentStatusWord::Pending => PaymentStatus::Pending,
        // Accepted, and not posted to the creditor's account. No document of the sender says whose bank accepted it, and
        // ISO 20022 has a word, BLCK, for one that never will be posted: so it is on its way, as for every other sender.
        PaymentStatusWord::AcceptedWithoutPosting => PaymentStatus::InProcess,
        PaymentStatusWord::AcceptedSettlementCompleted => PaymentStatus::Settled,
        PaymentStatusWord::AcceptedCreditSettlementCompleted => PaymentStatus::Received,
        PaymentStatusWord::Rejected => PaymentStatus::Rejected,
        PaymentStatusWord::Unknown(_) => PaymentStatus::Unknown,
    }
}

fn consent_status(word: &ConsentStatusWord) -> ConsentStatus {
    match word {
        ConsentStatusWord::AwaitingAuthorization => ConsentStatus::Pending,
        ConsentStatusWord::Authorized => ConsentStatus::Authorised,
        ConsentStatusWord::Rejected => ConsentStatus::Rejected,
        ConsentStatusWord::Revoked => ConsentStatus::Revoked,
        ConsentStatusWord::Expired => ConsentStatus::Expired,
        ConsentStatusWord::Consumed | ConsentStatusWord::Finished => ConsentStatus::Consumed,
        ConsentStatusWord::Suspended => ConsentStatus::Suspended,
        ConsentStatusWord::Unknown(_) => ConsentStatus::Unknown,
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
