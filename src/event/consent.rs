//! A consent changed.

use bytes::Bytes;

use super::cbuae::ConsentMessage;
use super::worldline::ConsentDetailedInformation;

/// A consent changed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ConsentEvent {
    /// The sender's id of the consent.
    pub consent_id: String,
    /// The sender's own word for its status; for what became of it, where the sender gives no status.
    pub provider_status: String,
    /// The status in our words.
    pub status: ConsentStatus,
    /// The sender's document in full.
    pub detail: ConsentDetail,
    /// The exact bytes that were signed.
    pub content: Bytes,
}

/// The document of a consent event.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ConsentDetail {
    /// Worldline, `/status`.
    Worldline(Box<ConsentDetailedInformation>),
    /// UAE Open Finance, the claim `message`.
    Cbuae(Box<ConsentMessage>),
}

/// Where a consent stands, whatever its sender calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConsentStatus {
    /// The user has not decided.
    Pending,
    /// Some, but not all, of those who have to agree did.
    PartiallyAuthorised,
    /// In force.
    Authorised,
    /// Not in force until an enquiry is over.
    Suspended,
    /// All that it allows was done.
    Consumed,
    /// The user or the bank said no.
    Rejected,
    /// Withdrawn.
    Revoked,
    /// Over.
    Expired,
    /// Not in force for now.
    Inactive,
    /// It failed.
    Failed,
    /// The sender's word is not one we know; see `provider_status`.
    Unknown,
}

impl ConsentStatus {
    /// The word in a CloudEvent's `data.status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::PartiallyAuthorised => "partially-authorised",
            Self::Authorised => "authorised",
            Self::Suspended => "suspended",
            Self::Consumed => "consumed",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Inactive => "inactive",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}
