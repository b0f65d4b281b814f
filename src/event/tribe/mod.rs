//! Requests of Tribe Open Banking, version 2, to banks and third parties. The action decides the type, never the body.
//!
//! Members the published text does not name are kept in `other`, words it does not list in `Unknown`, and dates stay
//! strings in the sender's spelling. A member whose value is `null` counts as absent.

mod about;
mod accounts;
mod digits;
mod notices;
mod payments;
mod replies;
mod requests;
mod words;

use serde::{Deserialize, Serialize, de};

pub use self::accounts::{Account, Balance, Transaction, TransactionAmount, Transactions};
pub use self::digits::{AccountRef, Digits};
pub use self::notices::{
    LinkExpiredNotice, NoticeAccount, NoticeAmount, NoticeRemittance, NoticeTransaction, PaymentStatusNotice,
};
pub use self::payments::{Address, Amount, BulkItem, BulkPayment, CreditorBank, SinglePayment, StructuredRemittance};
pub use self::replies::{
    AccountReply, AccountsReply, BalancesReply, FundsConfirmation, PaymentInitiated, TransactionStatus,
    TransactionsReply, TribeError,
};
pub use self::requests::{AccountRequest, FundsRequest, PaymentId, PaymentStatusRequest, TransactionsRequest};
pub use self::words::{BalanceType, BookingStatus, ErrorCode, PaymentScheme, PaymentStatus, Scope};

/// Every action: ten that ask a bank, then two that tell a third party.
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

/// Whether the action only tells something: it is answered 200, and nobody waits for data.
pub fn is_notification(action: &str) -> bool {
    matches!(action, "v2_payment_status" | "v2_payment_confirmation_link_expire")
}

/// Whether `X-Auth-Token` must be there: the action uses the data of a user and is not a direct payment.
///
/// False for a word that is no action; [`Request::parse`] refuses those.
pub fn needs_user(action: &str) -> bool {
    ACTIONS.contains(&action) && !is_notification(action) && action != "v2_payment_direct_single"
}

/// A request, by its action. Serializes to its body; the empty body of `v2_accounts` to `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Request {
    /// `v2_accounts`: the accounts of the user. It has no body.
    Accounts,
    /// `v2_account`: one account.
    Account(AccountRequest),
    /// `v2_account_balances`: the balances of one account.
    AccountBalances(AccountRequest),
    /// `v2_account_transactions`: the transactions of one account.
    AccountTransactions(TransactionsRequest),
    /// `v2_payment_single`: initiate a payment.
    PaymentSingle(Box<SinglePayment>),
    /// `v2_payment_single_status`: the status of a payment.
    PaymentSingleStatus(PaymentStatusRequest),
    /// `v2_payment_bulk`: initiate several payments.
    PaymentBulk(Box<BulkPayment>),
    /// `v2_payment_bulk_status`: the status of several payments.
    PaymentBulkStatus(PaymentStatusRequest),
    /// `v2_payment_direct_single`: initiate a payment without a user's token.
    PaymentDirectSingle(Box<SinglePayment>),
    /// `v2_funds_confirmations`: is there enough money?
    FundsConfirmations(Box<FundsRequest>),
    /// `v2_payment_status`, to a third party: a payment changed its status.
    PaymentStatus(Box<PaymentStatusNotice>),
    /// `v2_payment_confirmation_link_expire`, to a third party: a link expired.
    PaymentConfirmationLinkExpire(LinkExpiredNotice),
}

/// The body of `v2_accounts`, if there is one: an object without members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Request {
    /// Reads the body of a request to `action`, one of [`ACTIONS`].
    ///
    /// # Errors
    ///
    /// The action is not one of them, the body is not JSON, or it lacks a required member.
    /// The body of `v2_accounts` must be empty or `{}`.
    pub fn parse(action: &str, body: &[u8]) -> Result<Self, serde_json::Error> {
        match std::str::from_utf8(body) {
            Ok(text) => Self::read(action, text),
            // The reader says where it is not text.
            Err(_) => match serde_json::from_slice::<de::IgnoredAny>(body) {
                Ok(_) => Err(de::Error::custom("not UTF-8")),
                Err(error) => Err(error),
            },
        }
    }

    /// [`Request::parse`] of what is known to be text.
    pub(crate) fn read(action: &str, text: &str) -> Result<Self, serde_json::Error> {
        match action {
            "v2_accounts" if text.as_bytes().trim_ascii().is_empty() => Ok(Self::Accounts),
            "v2_accounts" => serde_json::from_str(text).map(|Nothing {}| Self::Accounts),
            "v2_account" => serde_json::from_str(text).map(Self::Account),
            "v2_account_balances" => serde_json::from_str(text).map(Self::AccountBalances),
            "v2_account_transactions" => serde_json::from_str(text).map(Self::AccountTransactions),
            "v2_payment_single" => serde_json::from_str(text).map(Self::PaymentSingle),
            "v2_payment_single_status" => serde_json::from_str(text).map(Self::PaymentSingleStatus),
            "v2_payment_bulk" => serde_json::from_str(text).map(Self::PaymentBulk),
            "v2_payment_bulk_status" => serde_json::from_str(text).map(Self::PaymentBulkStatus),
            "v2_payment_direct_single" => serde_json::from_str(text).map(Self::PaymentDirectSingle),
            "v2_funds_confirmations" => serde_json::from_str(text).map(Self::FundsConfirmations),
            "v2_payment_status" => serde_json::from_str(text).map(Self::PaymentStatus),
            "v2_payment_confirmation_link_expire" => {
                serde_json::from_str(text).map(Self::PaymentConfirmationLinkExpire)
            }
            _ => Err(de::Error::custom("no such action")),
        }
    }

    /// The action, one of [`ACTIONS`].
    pub fn action(&self) -> &'static str {
        match self {
            Self::Accounts => "v2_accounts",
            Self::Account(_) => "v2_account",
            Self::AccountBalances(_) => "v2_account_balances",
            Self::AccountTransactions(_) => "v2_account_transactions",
            Self::PaymentSingle(_) => "v2_payment_single",
            Self::PaymentSingleStatus(_) => "v2_payment_single_status",
            Self::PaymentBulk(_) => "v2_payment_bulk",
            Self::PaymentBulkStatus(_) => "v2_payment_bulk_status",
            Self::PaymentDirectSingle(_) => "v2_payment_direct_single",
            Self::FundsConfirmations(_) => "v2_funds_confirmations",
            Self::PaymentStatus(_) => "v2_payment_status",
            Self::PaymentConfirmationLinkExpire(_) => "v2_payment_confirmation_link_expire",
        }
    }
}

#[cfg(test)]
mod tests;
