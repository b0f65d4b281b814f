//! Typed events: what a delivery says, once it is proved who said it. Plain data; nothing here verifies or stores.
//!
//! Every event has the sender's own identifiers and status word, a status in our words, the sender's document in full
//! ([`cbuae`], [`tribe`], [`worldline`]) and the exact bytes that were signed. Unknown members and unknown words pass through.

mod account;
mod authorization;
pub mod cbuae;
mod cloud;
mod consent;
pub mod id;
mod money;
mod other;
mod payment;
#[doc(hidden)]
pub mod samples;
pub mod tribe;
mod words;
pub mod worldline;

use bytes::Bytes;

use crate::verified::Unsigned;

pub use account::{AccountRequestEvent, FundsRequestEvent};
pub use authorization::{
    AuthorizationCode, AuthorizationError, AuthorizationEvent, AuthorizationOutcome, CallbackGrammar,
};
pub use cloud::{CloudEvent, EventType, UnknownEventType};
pub use consent::{ConsentDetail, ConsentEvent, ConsentStatus};
pub use money::{Currency, Decimal, Money, MoneyError};
pub use other::{DebtorTokenEvent, OtherEvent};
pub use payment::{PaymentDetail, PaymentEvent, PaymentRequestEvent, PaymentRequestKind, PaymentStatus};

/// What a sender says happened, or asks for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A consent changed.
    Consent(Box<ConsentEvent>),
    /// A payment changed.
    Payment(Box<PaymentEvent>),
    /// Somebody asks for a payment, or for the status of one.
    PaymentRequest(Box<PaymentRequestEvent>),
    /// An iDEAL debtor token was issued.
    DebtorToken(Box<DebtorTokenEvent>),
    /// A user came back from the bank's login.
    Authorization(Box<AuthorizationEvent>),
    /// Somebody asks for account data.
    AccountRequest(Box<AccountRequestEvent>),
    /// Somebody asks whether funds are available.
    FundsRequest(Box<FundsRequestEvent>),
    /// Anything that a configured profile does not read more closely.
    Other(Box<OtherEvent>),
}

impl Event {
    /// The exact bytes that were signed.
    pub fn content(&self) -> &Bytes {
        match self {
            Self::Consent(event) => &event.content,
            Self::Payment(event) => &event.content,
            Self::PaymentRequest(event) => &event.content,
            Self::DebtorToken(event) => &event.content,
            Self::Authorization(event) => &event.content,
            Self::AccountRequest(event) => &event.content,
            Self::FundsRequest(event) => &event.content,
            Self::Other(event) => &event.content,
        }
    }

    /// The token of the user on whose behalf something is asked: not signed and never stored.
    pub fn user_token(&self) -> Option<&Unsigned<Box<str>>> {
        match self {
            Self::PaymentRequest(event) => event.user_token.as_ref(),
            Self::AccountRequest(event) => event.user_token.as_ref(),
            Self::FundsRequest(event) => event.user_token.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn set_user_token(&mut self, token: Option<Unsigned<Box<str>>>) {
        match self {
            Self::PaymentRequest(event) => event.user_token = token,
            Self::AccountRequest(event) => event.user_token = token,
            Self::FundsRequest(event) => event.user_token = token,
            _ => {}
        }
    }

    /// Its CloudEvents type.
    pub fn event_type(&self) -> EventType {
        match self {
            Self::Consent(_) => EventType::ConsentUpdated,
            Self::Payment(_) => EventType::PaymentUpdated,
            Self::PaymentRequest(event) => match event.kind {
                PaymentRequestKind::Status => EventType::PaymentStatusRequested,
                _ => EventType::PaymentRequested,
            },
            Self::DebtorToken(_) => EventType::DebtorTokenIssued,
            Self::Authorization(event) => match event.outcome {
                AuthorizationOutcome::Granted => EventType::AuthorizationGranted,
                AuthorizationOutcome::Denied => EventType::AuthorizationDenied,
            },
            Self::AccountRequest(_) => EventType::AccountRequested,
            Self::FundsRequest(_) => EventType::FundsRequested,
            Self::Other(event) => event.event_type,
        }
    }

    /// Its CloudEvents subject: the id of the payment, the consent or the account.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Consent(event) => Some(&event.consent_id),
            Self::Payment(event) => Some(&event.payment_id),
            Self::PaymentRequest(event) => event.payment_id.as_deref(),
            Self::DebtorToken(event) => Some(&event.payment_id),
            Self::Authorization(event) => Some(event.payment_id.as_deref().unwrap_or(&event.reference)),
            Self::AccountRequest(event) => event.account_id.as_deref(),
            Self::FundsRequest(event) => event.account_id.as_deref(),
            Self::Other(event) => event.subject.as_deref(),
        }
    }
}
