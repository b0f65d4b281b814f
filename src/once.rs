//! A verified event that is claimed: whoever holds a [`Once`] is the only one who handles this event now.

use std::sync::Arc;

use crate::crypto::{Digest, Sha256};
use crate::decode::{Decoder, Receipt};
use crate::error::{Code, Rejection};
use crate::event::{CloudEvent, Event};
use crate::profile::Undecodable;
use crate::store::{EventId, Record};
use crate::verified::Verified;

/// What is told of the content. A record of a redirect is named by its state alone, which is all that is proved.
fn of_content(record: &Record, event: &Event) -> Sha256 {
    match event {
        Event::Authorization(event) => Digest::sha256_of(&event.content),
        _ => record.fingerprint,
    }
}

/// A verified event, to be handled once.
#[derive(Debug, Clone)]
pub struct Once {
    pub(crate) event: Verified<Event>,
    pub(crate) id: EventId,
    pub(crate) attempt: u32,
    pub(crate) request_id: Option<Box<str>>,
    pub(crate) fingerprint: Sha256,
    pub(crate) action: Arc<str>,
}

impl Once {
    /// What a store keeps of a receipt, and what a handler gets of it.
    pub(crate) fn first(receipt: Verified<Receipt>) -> (Verified<Record>, Result<Self, Undecodable>) {
        let (record, event) = receipt.fork(|receipt| (receipt.record, receipt.event));
        let once = event.try_map(|event| event).map(|event| Self {
            fingerprint: of_content(&record, &event),
            event,
            id: record.identity.event_id(),
            attempt: 1,
            request_id: record.request_id.clone(),
            action: Arc::clone(&record.action),
        });
        (record, once)
    }

    /// A stored record, decoded again.
    ///
    /// # Errors
    /// The profile no longer reads what it once did.
    pub(crate) fn stored(record: Verified<Record>, decoder: &Decoder, attempt: u32) -> Result<Self, Rejection> {
        let (id, request_id) = (record.identity.event_id(), record.request_id.clone());
        let action = Arc::clone(&record.action);
        let (record, again) = record.fork(|record| {
            let event = decoder.again(&record);
            (record, event)
        });
        let event = again
            .try_map(|event| event)
            .map_err(|problem| Rejection::new(Code::PayloadUndecodable, problem.to_string()))?;
        let fingerprint = of_content(&record, &event);
        Ok(Self { event, id, attempt, request_id, fingerprint, action })
    }

    /// The event.
    pub fn event(&self) -> &Verified<Event> {
        &self.event
    }

    /// Takes the event out.
    pub fn into_event(self) -> Verified<Event> {
        self.event
    }

    /// The id, the same for every copy and every redelivery.
    pub fn id(&self) -> &EventId {
        &self.id
    }

    /// The profile's name for the route that it came by, such as Tribe's `v2_accounts`.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The sender's id of the request, if it has one.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// SHA-256 of the verified content.
    pub fn fingerprint(&self) -> &Sha256 {
        &self.fingerprint
    }

    /// Which try this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The envelope that sinks receive.
    pub fn cloud_event(&self) -> CloudEvent<'_> {
        CloudEvent::new(
            self.id.as_str(),
            &self.event,
            self.event.provenance(),
            self.request_id.as_deref(),
            &self.fingerprint,
            self.attempt,
        )
    }
}
