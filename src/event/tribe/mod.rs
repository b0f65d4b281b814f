//! Documents of Tribe Open Banking v2: what it asks a bank, what a bank answers, and what it tells a third party.
//! Snake and camel case are mixed as the sender mixes them.

mod accounts;
mod payments;
mod replies;
mod words;

pub use accounts::*;
pub use payments::*;
pub use replies::*;
pub use words::*;

use serde_json::Value;

use crate::event::Money;

/// Every action: ten to a bank, two to a third party.
pub const ACTIONS: [&str; 12] = [
    "v2_accounts",
    "v2_account",
    "v2_account_balances",
    "v2_account_transactions",
    "v2_payment_single",
    "v2_payment_single_status",
    "v2_payment_bulk",
    "v2_payment_bulk_status",
    "v2_payment_direct_single",
    "v2_funds_confirmations",
    "v2_payment_status",
    "v2_payment_confirmation_link_expire",
];

/// Whether an action tells a third party something, instead of asking a bank.
pub fn is_notification(action: &str) -> bool {
    matches!(action, "v2_payment_status" | "v2_payment_confirmation_link_expire")
}

/// Whether an action is asked on behalf of a user: all but direct payments (security section) and notifications.
pub fn needs_user(action: &str) -> bool {
    action != "v2_payment_direct_single" && !is_notification(action)
}

/// What an action asks or tells.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// `v2_accounts`, which has no body.
    Accounts,
    /// `v2_account`.
    Account(AccountQuery),
    /// `v2_account_balances`.
    Balances(AccountQuery),
    /// `v2_account_transactions`.
    Transactions(TransactionsQuery),
    /// `v2_payment_single`.
    SinglePayment(SinglePayment),
    /// `v2_payment_direct_single`.
    DirectPayment(SinglePayment),
    /// `v2_payment_bulk`.
    BulkPayment(BulkPayment),
    /// `v2_payment_single_status`.
    SingleStatus(PaymentStatusQuery),
    /// `v2_payment_bulk_status`.
    BulkStatus(PaymentStatusQuery),
    /// `v2_funds_confirmations`.
    Funds(FundsQuery),
    /// `v2_payment_status`.
    PaymentStatus(PaymentStatusNotification),
    /// `v2_payment_confirmation_link_expire`.
    LinkExpired(LinkExpireNotification),
}

impl Request {
    /// Reads the body of an action.
    ///
    /// # Errors
    /// It is not what the action documents.
    pub fn parse(action: &str, body: &[u8]) -> Result<Self, serde_json::Error> {
        use serde_json::from_slice;
        Ok(match action {
            "v2_accounts" => {
                if !body.is_empty() {
                    from_slice::<serde_json::Map<String, Value>>(body)?;
                }
                Self::Accounts
            }
            "v2_account" => Self::Account(from_slice(body)?),
            "v2_account_balances" => Self::Balances(from_slice(body)?),
            "v2_account_transactions" => Self::Transactions(from_slice(body)?),
            "v2_payment_single" => Self::SinglePayment(from_slice(body)?),
            "v2_payment_direct_single" => Self::DirectPayment(from_slice(body)?),
            "v2_payment_bulk" => Self::BulkPayment(from_slice(body)?),
            "v2_payment_single_status" => Self::SingleStatus(from_slice(body)?),
            "v2_payment_bulk_status" => Self::BulkStatus(from_slice(body)?),
            "v2_funds_confirmations" => Self::Funds(from_slice(body)?),
            "v2_payment_status" => Self::PaymentStatus(from_slice(body)?),
            "v2_payment_confirmation_link_expire" => Self::LinkExpired(from_slice(body)?),
            _ => return Err(serde::de::Error::custom("expected an action of Tribe, but found another word")),
        })
    }

    /// The payment that it is about.
    pub fn payment_id(&self) -> Option<String> {
        match self {
            Self::SingleStatus(query) | Self::BulkStatus(query) => Some(query.payment_id.to_string()),
            Self::PaymentStatus(notification) => Some(notification.payment_id.to_string()),
            Self::LinkExpired(notification) => Some(notification.payment_id.to_string()),
            _ => None,
        }
    }

    /// The account that it is about, where one word names it.
    pub fn account_id(&self) -> Option<String> {
        match self {
            Self::Account(query) | Self::Balances(query) => Some(query.account_id.to_string()),
            Self::Transactions(query) => Some(query.account_id.to_string()),
            Self::Funds(query) => query.account.as_str().map(str::to_owned),
            _ => None,
        }
    }

    /// The one sum that it is about.
    pub fn amount(&self) -> Option<Money> {
        match self {
            Self::SinglePayment(payment) | Self::DirectPayment(payment) => {
                payment.instructed_amount_camel.clone().or_else(|| payment.instructed_amount.clone())
            }
            Self::Funds(query) => Some(query.instructed_amount.clone()),
            _ => None,
        }
    }

    /// The status that a notification tells.
    pub fn payment_status(&self) -> Option<PaymentStatus> {
        match self {
            Self::PaymentStatus(notification) => Some(notification.payment_status.clone()),
            _ => None,
        }
    }
}
