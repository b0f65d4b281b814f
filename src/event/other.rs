//! Debtor tokens, and what a configured profile does not read more closely.

use std::fmt;

use bytes::Bytes;

use super::worldline::DebtorToken;
use super::{Event, EventType};

/// An iDEAL debtor token was issued.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct DebtorTokenEvent {
    /// The payment that it was issued for.
    pub payment_id: String,
    /// The sender's document in full, the token included.
    pub detail: Box<DebtorToken>,
    /// The exact bytes that were signed.
    pub content: Bytes,
}

impl fmt::Debug for DebtorTokenEvent {
    /// Shows neither the token nor the document that it stands in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DebtorTokenEvent").field("payment_id", &self.payment_id).finish_non_exhaustive()
    }
}

/// A verified event of a profile that was written in the configuration, or of a decoder of one's own.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OtherEvent {
    /// Its type, if a profile knows one.
    pub event_type: EventType,
    /// The sender's own word for the type, if it is known where it stands.
    pub provider_type: Option<String>,
    /// Its subject, if it is known where it stands: the id of the payment, the consent or the account.
    pub subject: Option<String>,
    /// The exact bytes that were signed.
    pub content: Bytes,
}

impl OtherEvent {
    /// An event of this type. A decoder of one's own makes it, and then says what else it found in `content`.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use countersign::Event;
    /// use countersign::event::{EventType, OtherEvent};
    /// use countersign::profile::{BodySignature, Decode, Identification, Profile, Undecodable};
    /// use countersign::wire::query::Query;
    ///
    /// /// A sender whose bodies are forms: `event=settled&payment=p-1`.
    /// #[derive(Debug)]
    /// struct Forms;
    ///
    /// impl Decode for Forms {
    ///     fn decode(&self, _action: &str, content: &Bytes) -> Result<Event, Undecodable> {
    ///         let wrong = |_| Undecodable::new("expected a form, but found other bytes");
    ///         let form = Query::parse(std::str::from_utf8(content).map_err(wrong)?)
    ///             .map_err(|error| Undecodable::new(error.to_string()))?;
    ///         let known = match form.value("event") {
    ///             Some("settled") => EventType::PaymentUpdated,
    ///             _ => EventType::Other,
    ///         };
    ///         let mut event = OtherEvent::new(known, content.clone());
    ///         event.provider_type = form.value("event").map(str::to_owned);
    ///         event.subject = form.value("payment").map(str::to_owned);
    ///         Ok(event.into())
    ///     }
    /// }
    ///
    /// let profile = Profile::body_signature(BodySignature::over_body("x-signature"), Identification::header("x-id"))
    ///     .with_decoder(std::sync::Arc::new(Forms));
    /// let event = profile.decode("", &Bytes::from_static(b"event=settled&payment=p-1")).unwrap();
    /// assert_eq!((event.event_type(), event.subject()), (EventType::PaymentUpdated, Some("p-1")));
    /// assert!(profile.decode("", &Bytes::from_static(b"{}")).is_err());
    /// ```
    pub fn new(event_type: EventType, content: Bytes) -> Self {
        Self { event_type, provider_type: None, subject: None, content }
    }
}

impl From<OtherEvent> for Event {
    fn from(event: OtherEvent) -> Self {
        Self::Other(Box::new(event))
    }
}
