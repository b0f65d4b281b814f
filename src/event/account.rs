//! Somebody asks us, the bank, for data.

use bytes::Bytes;

use super::{Money, tribe};
use crate::verified::Unsigned;

/// Somebody asks for account data.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AccountRequestEvent {
    /// The account; `None` where the list of accounts is asked for.
    pub account_id: Option<String>,
    /// The token of the user on whose behalf it is asked: not signed, not stored, and so absent in queue mode.
    pub user_token: Option<Unsigned<Box<str>>>,
    /// The sender's document in full.
    pub detail: Box<tribe::Request>,
    /// The exact bytes that were signed.
    pub content: Bytes,
}

/// Somebody asks whether funds are available.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FundsRequestEvent {
    /// The account, where the sender names one by a single word.
    pub account_id: Option<String>,
    /// How much.
    pub amount: Option<Money>,
    /// The token of the user on whose behalf it is asked: not signed, not stored, and so absent in queue mode.
    pub user_token: Option<Unsigned<Box<str>>>,
    /// The sender's document in full.
    pub detail: Box<tribe::Request>,
    /// The exact bytes that were signed.
    pub content: Bytes,
}
