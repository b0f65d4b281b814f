//! A payment changed, or is asked for.

use bytes::Bytes;

use super::Money;
use super::cbuae::PaymentMessage;
use super::tribe;
use super::worldline::PaymentDetailedInformation;
use crate::verified::Unsigned;

/// A payment changed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PaymentEvent {
    /// The sender's id of the payment.
    pub payment_id: String,
    /// The consent that the payment uses, where the sender names it.
    pub consent_id: Option<String>,
    /// The sender's own word for its status; for what became of it, where the sender gives no status.
    pub provider_status: String,
    /// The status in our words.
    pub status: PaymentStatus,
    /// The sender's document in full.
    pub detail: PaymentDetail,
    /// The exact bytes that were signed.
    pub content: Bytes,
}

/// The document of a payment event.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PaymentDetail {
    /// Worldline, `/status`.
    Worldline(Box<PaymentDetailedInformation>),
    /// Tribe, `v2_payment_status` and `v2_payment_confirmation_link_expire`.
    Tribe(Box<tribe::Request>),
    /// UAE Open Finance, the claim `message`.
    Cbuae(Box<PaymentMessage>),
}

/// Where a payment stands, whatever its sender calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PaymentStatus {
    /// Known to the bank; nothing decided.
    Pending,
    /// Some, but not all, of those who have to agree did.
    PartiallyAuthorised,
    /// The user agreed, or the bank's checks passed; no money has moved.
    Authorised,
    /// On its way.
    InProcess,
    /// Settled on the debtor's side. The creditor may not have it yet.
    Settled,
    /// On the creditor's account, or with the creditor's bank.
    Received,
    /// The bank said no.
    Rejected,
    /// Withdrawn.
    Cancelled,
    /// Nobody decided in time.
    Expired,
    /// It failed.
    Failed,
    /// The sender's word is not one we know; see `provider_status`.
    Unknown,
}

impl PaymentStatus {
    /// The word in a CloudEvent's `data.status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::PartiallyAuthorised => "partially-authorised",
            Self::Authorised => "authorised",
            Self::InProcess => "in-process",
            Self::Settled => "settled",
            Self::Received => "received",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// Somebody asks us, the bank, for a payment or for the status of one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PaymentRequestEvent {
    /// What is asked for.
    pub kind: PaymentRequestKind,
    /// The payment whose status is asked for.
    pub payment_id: Option<String>,
    /// How much, if one sum is asked for.
    pub amount: Option<Money>,
    /// The token of the user on whose behalf it is asked: not signed, not stored, and so absent in queue mode.
    pub user_token: Option<Unsigned<Box<str>>>,
    /// The sender's document in full.
    pub detail: Box<tribe::Request>,
    /// The exact bytes that were signed.
    pub content: Bytes,
}

/// What a payment request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PaymentRequestKind {
    /// One payment, which the user confirms.
    Single,
    /// Many payments, which the user confirms once.
    Bulk,
    /// One payment without a user.
    Direct,
    /// The status of a payment; no money moves.
    Status,
}

impl PaymentRequestKind {
    /// The word in a CloudEvent's `data.request`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Bulk => "bulk",
            Self::Direct => "direct",
            Self::Status => "status",
        }
    }
}
