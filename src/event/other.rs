//! Debtor tokens, and what a configured profile does not read more closely.

use std::fmt;

use bytes::Bytes;

use super::EventType;
use super::worldline::DebtorToken;

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

/// A verified event of a profile that was written in the configuration.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OtherEvent {
    /// Its type, if the configuration maps one.
    pub event_type: EventType,
    /// The sender's own word for the type, if the configuration says where it stands.
    pub provider_type: Option<String>,
    /// Its subject, if the configuration says where it stands.
    pub subject: Option<String>,
    /// The exact bytes that were signed.
    pub content: Bytes,
}
