//! A record as one value: a line for the scripts, a line of JSON for people, the content. The rule: reading never fails on
//! damage; what was damaged shows in the seal, or is no line.

use serde::{Deserialize, Serialize};

use super::reply::{bytes, number, text};
use crate::clock::Timestamp;
use crate::store::{Entry, EventId, Identity, Record, Seal, Shown, State};
use crate::verified::{Provenance, Verified};
use crate::wire::encoding::Encoding;

/// About how long a header is, in bytes.
const HEADER: usize = 768;

/// Everything about a record that never changes, except its content: readable JSON, for operators with `redis-cli`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Header {
    endpoint: String,
    profile: String,
    action: String,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<String>,
    covered: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_at: Option<i64>,
    received_at: i64,
    identity: String,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    seal: String,
}

impl Header {
    fn of(record: &Verified<Record>, seal: &Seal) -> Self {
        let provenance = record.provenance();
        Self {
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
            seal: Encoding::Hex.encode(&seal.seal(record, provenance)),
        }
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
            key_id: self.key_id,
            state: state.parse().unwrap_or(State::Quarantined),
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            reason: Some(reason).filter(|reason| !reason.is_empty()).or(self.problem),
        }
    }

    fn seal(&self) -> [u8; 32] {
        hash(&self.seal)
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

/// A record as it is kept. Its first line is what `shared.lua` reads.
pub(super) fn packed(record: &Verified<Record>, seal: &Seal) -> Vec<u8> {
    let line = format!("{} {}\n", record.retain_until.millis(), Encoding::Hex.encode(&record.compared));
    let mut packed = Vec::with_capacity(line.len().saturating_add(record.content.len()).saturating_add(HEADER));
    packed.extend_from_slice(line.as_bytes());
    // Texts and numbers always have a form in JSON, which has no ends of lines.
    let _ = serde_json::to_writer(&mut packed, &Header::of(record, seal));
    packed.push(b'\n');
    packed.extend_from_slice(&record.content);
    packed
}

/// A record that nobody has vouched for yet.
pub(super) struct Stored {
    header: Header,
    content: Vec<u8>,
    /// Of the first line, if that is one.
    retain_until: Option<Timestamp>,
}

impl Stored {
    /// Reads what [`packed`] made.
    pub(super) fn read(mut packed: Vec<u8>) -> Self {
        let mut lines = packed.splitn(3, |byte| *byte == b'\n');
        let retain_until = retained(lines.next().unwrap_or_default());
        let header = Header::read(lines.next().unwrap_or_default());
        let content = lines.next().map_or(0, <[u8]>::len);
        let content = packed.split_off(packed.len().saturating_sub(content));
        Self { header, content, retain_until }
    }

    /// The record, if it is what was accepted.
    pub(super) fn open(self, id: &EventId, seal: &Seal) -> Option<Verified<Record>> {
        let record = self.header.record(self.content, self.retain_until?);
        // The id is not under the seal, but it follows from what is.
        if record.identity.event_id() != *id {
            return None;
        }
        seal.open(record, self.header.provenance(), &self.header.seal()).ok()
    }

    /// The record for an operator, who is told whether it is what was accepted.
    pub(super) fn show(self, id: EventId, state: &str, attempts: u64, reason: String, seal: &Seal) -> Shown {
        let record = self.header.record(self.content, self.retain_until.unwrap_or_default());
        let provenance = self.header.provenance();
        let own = [record.identity.event_id(), record.identity.conflict_id(&record.fingerprint)];
        let opened = seal.open(record.clone(), provenance.clone(), &self.header.seal());
        Shown {
            intact: self.retain_until.is_some() && own.contains(&id) && opened.is_ok(),
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

/// Until when a record is kept, by its first line; nothing if the scripts cannot read it either.
fn retained(line: &[u8]) -> Option<Timestamp> {
    let (millis, compared) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    Encoding::Hex.decode(compared, 32).ok().filter(|hash| hash.len() == 32)?;
    millis.parse().ok().map(Timestamp::from_millis)
}

fn hash(hex: &str) -> [u8; 32] {
    Encoding::Hex.decode(hex, 32).ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}
