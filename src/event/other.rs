//! Debtor tokens, and what a configured profile does not read more closely.

use bytes::Bytes;

use super::EventType;
use super::worldline::DebtorToken;

/// An iDEAL debtor token was issued.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DebtorTokenEvent {
    /// The payment that it was issued for.
    pub payment_id: String,
    /// The sender's document in full, the token included.
    pub detail: Box<DebtorToken>,
    /// The exact bytes that were signed.
    pub content: Bytes,
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
