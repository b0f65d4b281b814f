//! What a store keeps of an event, and what it says about it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;

use super::{EventId, Identity};
use crate::clock::Timestamp;
use crate::crypto::Sha256;
use crate::verified::{Provenance, Verified};

/// One event on its way into a store.
#[derive(Clone)]
pub struct Record {
    /// Name that every copy of the event shares.
    pub identity: Identity,
    /// A second name that must not have been seen either, for senders whose id is not signed: a record whose fence is
    /// taken is a duplicate. It is taken as long as its identity is; a store may know it longer where that identity is taken
    /// anew.
    pub fence: Option<Identity>,
    /// SHA-256 of the verified content; of a redirect, of its state, which alone is proved.
    pub fingerprint: Sha256,
    /// What copies are compared by: the fingerprint, and what is not signed but changes the answer. The same identity
    /// with another value is a conflict. It is looked at when an identity is claimed, and not kept with the content.
    pub compared: Sha256,
    /// The profile's name for the route, needed to decode the content again.
    pub action: Arc<str>,
    /// CloudEvents type.
    pub event_type: Box<str>,
    /// CloudEvents subject: the payment or consent id.
    pub subject: Option<Box<str>>,
    /// The sender's id of the request.
    pub request_id: Option<Box<str>>,
    /// The verified content, byte for byte.
    pub content: Bytes,
    /// Why the content could not be decoded. Such a record is quarantined: kept for inspection, never delivered.
    pub problem: Option<Box<str>>,
    /// How long the store has to remember the identity, at least.
    pub retain_until: Timestamp,
}

impl fmt::Debug for Record {
    /// Shows no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("identity", &self.identity)
            .field("event_type", &self.event_type)
            .field("content_bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Waits to be delivered.
    Ready,
    /// Is being delivered.
    Leased,
    /// Its sink acknowledged it.
    Delivered,
    /// Was tried as often as allowed; waits for `inbox retry`.
    Parked,
    /// Kept for inspection: in conflict with another record, or not as the sender documents.
    Quarantined,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Ready, Self::Leased, Self::Delivered, Self::Parked, Self::Quarantined];

    /// The word that `inbox list` prints.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Leased => "leased",
            Self::Delivered => "delivered",
            Self::Parked => "parked",
            Self::Quarantined => "quarantined",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(word: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.as_str() == word).ok_or(UnknownState)
    }
}

/// The word is that of no state of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownState;

impl fmt::Display for UnknownState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected ready, leased, delivered, parked or quarantined, but found another word")
    }
}

impl std::error::Error for UnknownState {}

/// A record that a worker holds until the lease ends, with the proof that it is what was accepted.
#[derive(Debug)]
pub struct Leased {
    /// Id of the event.
    pub id: EventId,
    /// Which owner holds it; a later owner has a larger one.
    pub fence: u64,
    /// How often delivery was tried, this try included. It was made durable before the record was handed out.
    pub attempt: u32,
    /// Whether the try before this one ended without a word: its worker died of it, was ended, or lost its lease.
    pub is_abandoned: bool,
    /// The record, re-verified against its seal.
    pub record: Verified<Record>,
}

/// What operators see of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Id of the event.
    pub id: EventId,
    /// The sender's id of the request.
    pub request_id: Option<String>,
    /// Name of the endpoint.
    pub endpoint: String,
    /// CloudEvents type.
    pub event_type: String,
    /// CloudEvents subject.
    pub subject: Option<String>,
    /// Id of the key that vouched for it.
    pub key_id: String,
    /// Where it stands.
    pub state: State,
    /// When it was received.
    pub received_at: Timestamp,
    /// How often delivery was tried.
    pub attempts: u32,
    /// Why the last try failed, or why it is quarantined.
    pub reason: Option<String>,
}

/// A record in full, for `inbox show`.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What the list shows.
    pub entry: Entry,
    /// How we know that it comes from its sender.
    pub provenance: Provenance,
    /// The verified content.
    pub content: Bytes,
    /// SHA-256 of the verified content.
    pub fingerprint: Sha256,
    /// Whether content and columns still are what was accepted.
    pub intact: bool,
}

/// How many records stand where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Records that wait.
    pub ready: u64,
    /// Records that are being delivered.
    pub leased: u64,
    /// Records that were acknowledged.
    pub delivered: u64,
    /// Records that were given up.
    pub parked: u64,
    /// Records kept for inspection.
    pub quarantined: u64,
    /// Identities that are remembered.
    pub identities: u64,
    /// When the oldest record that waits was received.
    pub oldest_waiting: Option<Timestamp>,
    /// How often a copy was answered as one since the store was made.
    pub duplicates: u64,
    /// How often other content came under a taken identity since the store was made.
    pub conflicts: u64,
}

impl Stats {
    /// Records that were acknowledged to a sender and not yet by a sink, nor given up.
    pub fn backlog(&self) -> u64 {
        self.ready.saturating_add(self.leased)
    }
}
