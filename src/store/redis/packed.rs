//! A record as the fields of a hash. The rule: reading never fails on damage; what was damaged shows in the seal.

use serde::{Deserialize, Serialize};

use super::reply::{bytes, number, text};
use crate::clock::Timestamp;
use crate::store::{Entry, EventId, Identity, Record, Seal, Shown, State};
use crate::verified::{Provenance, Verified};
use crate::wire::encoding::Encoding;

/// Everything about a record that never changes, except its content: readable JSON, for operators with `redis-cli`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Header {
    endpoint: String,
    profile: String,
    action: String,
    r#type: String,
    subject: Option<String>,
    request_id: Option<String>,
    key_id: String,
    algorithm: Option<String>,
    covered: Vec<String>,
    signed_at: Option<i64>,
    received_at: i64,
    identity: String,
    fingerprint: String,
    problem: Option<String>,
}

impl Header {
    pub(super) fn of(record: &Verified<Record>) -> Vec<u8> {
        let provenance = record.provenance();
        let header = Self {
            endpoint: provenance.endpoint.to_string(),
            profile: provenance.profile.to_string(),
            action: record.action.to_string(),
            r#type: record.event_type.to_string(),
            subject: record.subject.as_deref().map(Into::into),
            request_id: record.request_id.as_deref().map(Into::into),
            key_id: provenance.key_id.to_string(),
            algorithm: provenance.algorithm.map(|algorithm| algorithm.name().to_owned()),
            covered: provenance.covered.iter().map(ToString::to_string).collect(),
            signed_at: provenance.signed_at.map(Timestamp::millis),
            received_at: provenance.received_at.millis(),
            identity: Encoding::Hex.encode(record.identity.as_bytes()),
            fingerprint: Encoding::Hex.encode(&record.fingerprint),
            problem: record.problem.as_deref().map(Into::into),
        };
        // Texts and numbers always have a form in JSON.
        serde_json::to_vec(&header).unwrap_or_default()
    }

    pub(super) fn read(text: &[u8]) -> Self {
        serde_json::from_slice(text).unwrap_or_default()
    }

    pub(super) fn received_at(&self) -> Timestamp {
        Timestamp::from_millis(self.received_at)
    }

    /// What the list shows.
    pub(super) fn entry(self, id: EventId, state: &str, attempts: u64, reason: String) -> Entry {
        Entry {
            id,
            received_at: self.received_at(),
            request_id: self.request_id,
            endpoint: self.endpoint,
            event_type: self.r#type,
            subject: self.subject,
            state: state.parse().unwrap_or(State::Quarantined),
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            reason: Some(reason).filter(|reason| !reason.is_empty()).or(self.problem),
        }
    }

    fn provenance(&self) -> Provenance {
        Provenance {
            endpoint: self.endpoint.as_str().into(),
            profile: self.profile.as_str().into(),
            key_id: self.key_id.as_str().into(),
            algorithm: self.algorithm.as_deref().and_then(|name| name.parse().ok()),
            signed_at: self.signed_at.map(Timestamp::from_millis),
            received_at: self.received_at(),
            covered: self.covered.iter().map(|name| name.as_str().into()).collect(),
        }
    }

    fn record(&self, content: Vec<u8>, retain_until: Timestamp) -> Record {
        let fingerprint = hash(&self.fingerprint);
        Record {
            identity: Identity::from_bytes(hash(&self.identity)),
            fence: None,
            fingerprint,
            compared: fingerprint,
            action: self.action.as_str().into(),
            event_type: self.r#type.as_str().into(),
            subject: self.subject.as_deref().map(Into::into),
            request_id: self.request_id.as_deref().map(Into::into),
            content: content.into(),
            problem: self.problem.as_deref().map(Into::into),
            retain_until,
        }
    }
}

/// A record that nobody has vouched for yet.
pub(super) struct Stored {
    header: Header,
    content: Vec<u8>,
    seal: Vec<u8>,
    retain_until: Timestamp,
}

impl Stored {
    /// Reads header, content, seal and retention.
    pub(super) fn read(members: &mut impl Iterator<Item = redis::Value>) -> Self {
        let header = Header::read(&bytes(members));
        Self::with(header, members)
    }

    /// Reads content, seal and retention.
    pub(super) fn with(header: Header, members: &mut impl Iterator<Item = redis::Value>) -> Self {
        let (content, seal) = (bytes(members), bytes(members));
        let retain_until = text(members).parse().map(Timestamp::from_millis).unwrap_or_default();
        Self { header, content, seal, retain_until }
    }

    /// The record, if it is what was accepted.
    pub(super) fn open(self, id: &EventId, seal: &Seal) -> Option<Verified<Record>> {
        let record = self.header.record(self.content, self.retain_until);
        // The id is not under the seal, but it follows from what is.
        if record.identity.event_id() != *id {
            return None;
        }
        seal.open(record, self.header.provenance(), &self.seal).ok()
    }

    /// The record for an operator, who is told whether it is what was accepted.
    pub(super) fn show(self, id: EventId, state: &str, attempts: u64, reason: String, seal: &Seal) -> Shown {
        let record = self.header.record(self.content, self.retain_until);
        let provenance = self.header.provenance();
        let own = [record.identity.event_id(), record.identity.conflict_id(&record.fingerprint)];
        let opened = seal.open(record.clone(), provenance.clone(), &self.seal);
        Shown {
            intact: own.contains(&id) && opened.is_ok(),
            entry: self.header.entry(id, state, attempts, reason),
            provenance,
            content: record.content,
            fingerprint: record.fingerprint,
        }
    }
}

/// Reads what `list.lua` answers for one record: its position in the partition and its entry, if it is one.
pub(super) fn listed(row: redis::Value) -> (u64, Option<Entry>) {
    let mut row = super::reply::members(row).into_iter();
    let (position, id) = (number(&mut row), EventId::parse(&text(&mut row)));
    let (state, attempts) = (text(&mut row), number(&mut row));
    let (header, reason) = (bytes(&mut row), text(&mut row));
    let entry = id.filter(|_| !state.is_empty());
    (position, entry.map(|id| Header::read(&header).entry(id, &state, attempts, reason)))
}

fn hash(hex: &str) -> [u8; 32] {
    Encoding::Hex.decode(hex, 32).ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}
