//! A record as a row of the inbox. The rule: reading never fails on damage; what was damaged shows in the seal.

use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use super::number;
use crate::clock::Timestamp;
use crate::crypto::Sha256;
use crate::store::{Entry, EventId, Identity, Record, Seal, Shown, State};
use crate::verified::{Provenance, Verified};

/// Columns of a whole record, in the order of [`Stored::read`].
pub(super) const COLUMNS: &str = "id, request_id, endpoint, type, subject, state, received_at, attempts, reason, problem,
    position, key_id, identity, fingerprint, profile, action, algorithm, covered, signed_at, content, seal, retain_until";

/// Columns of what the list shows: the first of [`COLUMNS`].
pub(super) const ENTRY_COLUMNS: &str =
    "id, request_id, endpoint, type, subject, state, received_at, attempts, reason, problem, position, key_id";

const INSERT: &str =
    "INSERT INTO inbox (id, identity, fingerprint, endpoint, profile, action, type, subject, request_id,
    key_id, algorithm, covered, signed_at, received_at, content, problem, seal, state, reason, due, retain_until, compared)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";

/// A row to be.
pub(super) struct New<'a> {
    pub(super) id: &'a EventId,
    pub(super) record: &'a Verified<Record>,
    pub(super) seal: &'a [u8],
    pub(super) state: State,
    pub(super) reason: Option<&'a str>,
    /// What copies are compared by, if the record is what takes its identity.
    pub(super) compared: Option<&'a Sha256>,
}

impl New<'_> {
    /// Inserts it and answers its position.
    pub(super) fn insert(&self, connection: &Connection) -> rusqlite::Result<i64> {
        let Self { id, record, seal, state, reason, compared } = *self;
        let provenance = record.provenance();
        let due = (state == State::Ready).then_some(0);
        let values = params![
            id.as_str(),
            record.identity.as_bytes(),
            record.fingerprint,
            provenance.endpoint,
            provenance.profile,
            record.action,
            record.event_type,
            record.subject,
            record.request_id,
            provenance.key_id,
            provenance.algorithm.map(|algorithm| algorithm.name()),
            provenance.covered.join("\n"),
            provenance.signed_at.map(Timestamp::millis),
            provenance.received_at.millis(),
            &*record.content,
            record.problem,
            seal,
            state.as_str(),
            reason,
            due,
            record.retain_until.millis(),
            compared,
        ];
        // Not by RETURNING, for which SQLite makes and drops a table at each insert.
        connection.prepare_cached(INSERT)?.execute(values)?;
        Ok(connection.last_insert_rowid())
    }
}

/// A row that nobody has vouched for yet.
pub(super) struct Stored {
    id: Option<EventId>,
    entry: Fields,
    record: Record,
    provenance: Provenance,
    seal: Vec<u8>,
}

impl Stored {
    /// Reads [`COLUMNS`].
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let entry = Fields::read(row)?;
        let record = Record {
            identity: Identity::from_bytes(hash(row, 12)?),
            fence: None,
            fingerprint: hash(row, 13)?,
            compared: hash(row, 13)?,
            action: text(row, 15)?.unwrap_or_default().into(),
            event_type: entry.event_type.as_str().into(),
            subject: entry.subject.as_deref().map(Into::into),
            request_id: entry.request_id.as_deref().map(Into::into),
            content: bytes(row, 19)?.into(),
            problem: entry.problem.as_deref().map(Into::into),
            retain_until: Timestamp::from_millis(integer(row, 21)?.unwrap_or(0)),
        };
        let provenance = Provenance {
            endpoint: entry.endpoint.as_str().into(),
            profile: text(row, 14)?.unwrap_or_default().into(),
            key_id: entry.key_id.as_str().into(),
            algorithm: text(row, 16)?.and_then(|name| name.parse().ok()),
            signed_at: integer(row, 18)?.map(Timestamp::from_millis),
            received_at: entry.received_at,
            covered: text(row, 17)?
                .filter(|lines| !lines.is_empty())
                .map_or_else(|| Arc::from([]), |lines| lines.split('\n').map(Into::into).collect()),
        };
        Ok(Self { id: EventId::parse(&entry.id), entry, record, provenance, seal: bytes(row, 20)? })
    }

    /// Where it stands.
    pub(super) fn state(&self) -> State {
        self.entry.state
    }

    /// The record, if it is what was accepted: with its id, its attempts and its proof.
    pub(super) fn open(self, seal: &Seal) -> Option<(EventId, u32, Verified<Record>)> {
        // The id is not under the seal, but it follows from what is.
        let id = self.id.filter(|id| *id == self.record.identity.event_id())?;
        let record = seal.open(self.record, self.provenance, &self.seal).ok()?;
        Some((id, self.entry.attempts, record))
    }

    /// The record for an operator, who is told whether it is what was accepted.
    pub(super) fn show(self, seal: &Seal) -> Option<Shown> {
        let id = self.id?;
        let own = [self.record.identity.event_id(), self.record.identity.conflict_id(&self.record.fingerprint)];
        let opened = seal.open(self.record.clone(), self.provenance.clone(), &self.seal);
        Some(Shown {
            intact: own.contains(&id) && opened.is_ok(),
            entry: self.entry.entry(id),
            provenance: self.provenance,
            content: self.record.content,
            fingerprint: self.record.fingerprint,
        })
    }
}

/// What the list shows, as stored.
pub(super) struct Fields {
    id: String,
    request_id: Option<String>,
    endpoint: String,
    event_type: String,
    subject: Option<String>,
    state: State,
    received_at: Timestamp,
    attempts: u32,
    reason: Option<String>,
    problem: Option<String>,
    key_id: String,
    pub(super) position: u64,
}

impl Fields {
    /// Reads [`ENTRY_COLUMNS`].
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: text(row, 0)?.unwrap_or_default(),
            request_id: text(row, 1)?,
            endpoint: text(row, 2)?.unwrap_or_default(),
            event_type: text(row, 3)?.unwrap_or_default(),
            subject: text(row, 4)?,
            state: text(row, 5)?.and_then(|word| word.parse().ok()).unwrap_or(State::Quarantined),
            received_at: Timestamp::from_millis(integer(row, 6)?.unwrap_or(0)),
            attempts: integer(row, 7)?.and_then(|count| u32::try_from(count).ok()).unwrap_or(u32::MAX),
            reason: text(row, 8)?,
            problem: text(row, 9)?,
            position: number::to_u64(integer(row, 10)?.unwrap_or(0)),
            key_id: text(row, 11)?.unwrap_or_default(),
        })
    }

    /// The entry; `None` if its id is none.
    pub(super) fn numbered(self) -> Option<(u64, Entry)> {
        let id = EventId::parse(&self.id)?;
        Some((self.position, self.entry(id)))
    }

    fn entry(self, id: EventId) -> Entry {
        Entry {
            id,
            request_id: self.request_id,
            endpoint: self.endpoint,
            event_type: self.event_type,
            subject: self.subject,
            key_id: self.key_id,
            state: self.state,
            received_at: self.received_at,
            attempts: self.attempts,
            reason: self.reason.or(self.problem),
        }
    }
}

/// Text, with marks in the place of what is none.
fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    })
}

fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(row.get_ref(column)?.as_blob().unwrap_or_default().to_vec())
}

fn hash(row: &Row<'_>, column: usize) -> rusqlite::Result<[u8; 32]> {
    Ok(row.get_ref(column)?.as_blob().ok().and_then(|blob| blob.try_into().ok()).unwrap_or_default())
}

fn integer(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<i64>> {
    Ok(row.get_ref(column)?.as_i64().ok())
}
