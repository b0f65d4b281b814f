//! Profiles that are written in the configuration: an engine's settings, and an event of type `openbanking.other`
//! unless a map says more.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use super::{Decode, Fresh, Identification, JsonPointer, Plain, Profile, Route, Scheme, Undecodable};
use crate::event::{Event, EventType, OtherEvent};
use crate::wire::json;

/// The longest retry schedule among the senders that document one is two weeks; most stay below a week.
const RETRY_HORIZON: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Among the senders that document it, most wait 5 to 10 seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

pub(super) fn profile(name: &str, scheme: Scheme, identification: Identification, fresh: Fresh) -> Profile {
    Profile {
        name: name.into(),
        scheme,
        routes: vec![Route::root()],
        identification,
        fresh,
        tolerance: Duration::ZERO,
        retry_horizon: RETRY_HORIZON,
        answer_within: ANSWER_WITHIN,
        success: StatusCode::OK,
        content_types: Vec::new(),
        wants_api_key: false,
        algorithm: None,
        decoder: Arc::new(OtherDecoder::default()),
        dialect: Arc::new(Plain),
        demo_signer: false,
        tokens_for_others: false,
        unread: None,
    }
}

/// Reads a document as [`Event::Other`].
#[derive(Debug, Clone, Default)]
pub struct OtherDecoder {
    /// How the sender's word for the type becomes ours.
    pub types: Option<TypeMap>,
    /// Where the id of the payment or consent stands.
    pub subject: Option<JsonPointer>,
}

/// How the sender's word for a type becomes ours.
#[derive(Debug, Clone)]
pub struct TypeMap {
    /// Where the word stands.
    pub pointer: JsonPointer,
    /// Words and what they mean; every other word is [`EventType::Other`].
    pub words: Vec<(String, EventType)>,
}

impl Decode for OtherDecoder {
    /// A document that is no strict JSON is refused; a body of another kind has to be configured as such by a decoder
    /// of one's own.
    fn decode(&self, _action: &str, content: &Bytes) -> Result<Event, Undecodable> {
        json::check(content)?;
        let mut event = OtherEvent::new(EventType::Other, content.clone());
        if self.types.is_some() || self.subject.is_some() {
            let document: serde_json::Value = serde_json::from_slice(content)?;
            event.subject = self.subject.as_ref().and_then(|pointer| pointer.word(&document));
            event.provider_type = self.types.as_ref().and_then(|map| map.pointer.word(&document));
        }
        if let (Some(map), Some(word)) = (&self.types, &event.provider_type)
            && let Some((_, known)) = map.words.iter().find(|(known, _)| known == word)
        {
            event.event_type = *known;
        }
        Ok(event.into())
    }
}
