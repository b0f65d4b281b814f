//! What a request is about, in one word each: for subjects, statuses and sums. Nothing is computed.

use super::{PaymentStatus, Request};
use crate::event::Money;

impl Request {
    /// The payment that it is about.
    pub fn payment_id(&self) -> Option<&str> {
        match self {
            Self::PaymentSingleStatus(request) | Self::PaymentBulkStatus(request) => Some(&request.payment_id),
            Self::PaymentStatus(notice) => Some(&notice.payment_id),
            Self::PaymentConfirmationLinkExpire(notice) => Some(&notice.payment_id),
            _ => None,
        }
    }

    /// The account that it is about, where one word names it.
    pub fn account_id(&self) -> Option<&str> {
        match self {
            Self::Account(request) | Self::AccountBalances(request) => Some(&request.account_id),
            Self::AccountTransactions(request) => Some(&request.account_id),
            Self::FundsConfirmations(request) => request.account.iban(),
            _ => None,
        }
    }

    /// The one sum that it is about.
    pub fn amount(&self) -> Option<Money> {
        match self {
            Self::PaymentSingle(payment) | Self::PaymentDirectSingle(payment) => {
                payment.instructed_amount.as_ref().map(|amount| amount.money())
            }
            Self::PaymentBulk(payment) => Some(payment.instructed_totals.money()),
            Self::FundsConfirmations(request) => Some(request.instructed_amount.money()),
            _ => None,
        }
    }

    /// The status that a notification tells.
    pub fn payment_status(&self) -> Option<&PaymentStatus> {
        match self {
            Self::PaymentStatus(notice) => Some(&notice.payment_status),
            _ => None,
        }
    }
}
