//! What a handler answers, before it is HTTP.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use crate::error::{Code, Rejection};
use crate::event::AuthorizationOutcome;
use crate::store::StoredAnswer;

/// The answer to an accepted delivery. Without a status, the profile's success status is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    pub(crate) status: Option<StatusCode>,
    pub(crate) content_type: Box<str>,
    pub(crate) body: Bytes,
    pub(crate) duplicate: bool,
    pub(crate) quarantined: bool,
    /// What a person decided who waits for this answer in a browser.
    pub(crate) outcome: Option<AuthorizationOutcome>,
    pub(crate) retry_after: Option<Duration>,
}

impl Reply {
    /// The profile's success status and no body.
    pub fn accepted() -> Self {
        Self::default()
    }

    /// The profile's success status and a JSON document, such as Tribe's typed replies.
    ///
    /// # Errors
    /// The value cannot be written as JSON.
    pub fn json(document: &impl Serialize) -> Result<Self, serde_json::Error> {
        let body = Bytes::from(serde_json::to_vec(document)?);
        Ok(Self { content_type: "application/json".into(), body, ..Self::default() })
    }

    /// Another status than the profile's.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// Another body, with its content type.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.content_type = content_type.into();
        self.body = body.into();
        self
    }

    /// Asks a worker to come back after `delay` with an event that is not taken now: beside status 429 or 503. The sender of
    /// an inline delivery is not told.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Whether it ends the event: success, or a refusal that speaks about the request itself. Every other answer (a gateway's
    /// 401, 404 or 429, a redirect, 5xx) is passed on, and the sender's retry is handled anew.
    pub(crate) fn is_final(&self) -> bool {
        self.status.is_none_or(|status| {
            status.is_success()
                || matches!(status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY)
        })
    }

    /// Why it counts as a failure of the handler, though it is passed on: the event has not had its effect.
    pub(crate) fn failure(&self) -> Option<Rejection> {
        let status = self.status.filter(|status| status.is_client_error() || status.is_server_error())?;
        let found = || format!("expected a final answer of the handler, but found status {}", status.as_u16());
        (!self.is_final()).then(|| Rejection::new(Code::HandlerFailed, found()))
    }

    /// The status, if it is not the profile's.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Whether this answers a copy of something that was handled before.
    pub fn is_duplicate(&self) -> bool {
        self.duplicate
    }

    pub(crate) fn duplicate() -> Self {
        Self { duplicate: true, ..Self::default() }
    }

    /// Success for something that was kept for inspection and goes to nobody.
    pub(crate) fn quarantined() -> Self {
        Self { quarantined: true, ..Self::default() }
    }

    /// The answer to a browser that came back.
    pub(crate) fn for_a_person(self, outcome: AuthorizationOutcome) -> Self {
        Self { outcome: Some(outcome), ..self }
    }

    pub(crate) fn again(stored: StoredAnswer) -> Self {
        Self {
            status: StatusCode::from_u16(stored.status).ok(),
            content_type: stored.content_type,
            body: stored.body,
            duplicate: true,
            quarantined: false,
            outcome: None,
            retry_after: None,
        }
    }

    /// Zero stands for the profile's status.
    pub(crate) fn to_stored(&self) -> StoredAnswer {
        StoredAnswer {
            status: self.status.map_or(0, |status| status.as_u16()),
            content_type: self.content_type.clone(),
            body: self.body.clone(),
        }
    }
}
