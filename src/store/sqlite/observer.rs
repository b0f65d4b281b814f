//! Looking at a store from outside, beside a running receiver or without one. The rule: short reads and no lock, so that
//! looking never holds accepting up.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::{OpenError, meaning};
use super::row::{COLUMNS, ENTRY_COLUMNS, Fields, Stored};
use super::{inbox, number, places, schema};
use crate::clock::Timestamp;
use crate::store::{Entry, EventId, Listing, Seal, Shown, State, Stats, StoreError};

/// Most rows of one read, and most records of one write.
const PAGE: usize = 500;

/// The record of an id by its position, or, if its id was changed on the disk so that it has none, among the quarantined.
const ONE: &str = "position = ?1 OR (?1 IS NULL AND state = 'quarantined' AND id = ?2)";

/// A store that is looked at.
#[derive(Debug)]
pub struct Observer {
    path: PathBuf,
    connection: Connection,
    seal: Seal,
}

impl Observer {
    /// Opens a file to look at it.
    ///
    /// # Errors
    /// There is no such file, or it is no inbox that this program can read.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        if !path.try_exists().map_err(|error| OpenError::file(path, &error))? {
            return Err(OpenError::Missing(path.into()));
        }
        let connection = schema::reader(path)?;
        let seal = schema::seal(&connection, path)?;
        Ok(Self { path: path.into(), connection, seal })
    }

    /// Records in the order of acceptance, each with its position. It is read in pages, so that other records may
    /// come and go meanwhile.
    ///
    /// # Errors
    /// The file could not be read.
    pub fn list(&self, listing: Listing) -> Result<Vec<(u64, Entry)>, StoreError> {
        let mut entries = Vec::new();
        let limit = listing.limit.unwrap_or(usize::MAX);
        let mut after = listing.after.unwrap_or(0);
        loop {
            let size = PAGE.min(limit.saturating_sub(entries.len()));
            let page = self.page(listing.state, after, size).map_err(|error| unreadable(&error))?;
            let Some(last) = page.last() else { return Ok(entries) };
            after = last.position;
            entries.extend(page.into_iter().filter_map(Fields::numbered));
        }
    }

    fn page(&self, state: Option<State>, after: u64, size: usize) -> rusqlite::Result<Vec<Fields>> {
        let filter = if state.is_some() { "state = ?1" } else { "?1 IS NULL" };
        let sql =
            format!("SELECT {ENTRY_COLUMNS} FROM inbox WHERE {filter} AND position > ?2 ORDER BY position LIMIT ?3");
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let mut page = self.connection.prepare_cached(&sql)?;
        page.query_map(params![state.map(State::as_str), number::to_i64(after), size], Fields::read)?.collect()
    }

    /// One record in full.
    ///
    /// # Errors
    /// The file could not be read.
    pub fn show(&self, id: &EventId) -> Result<Option<Shown>, StoreError> {
        let find = || {
            let positions = places::look_up(&self.connection, std::slice::from_ref(id))?;
            let mut find = self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM inbox WHERE {ONE}"))?;
            find.query_row(params![positions.first(), id.as_str()], Stored::read).optional()
        };
        let stored = find().map_err(|error| unreadable(&error))?;
        Ok(stored.and_then(|stored| stored.show(&self.seal)))
    }

    /// How many records stand where.
    ///
    /// # Errors
    /// The file could not be read.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        self.count().map_err(|error| unreadable(&error))
    }

    fn count(&self) -> rusqlite::Result<Stats> {
        let mut stats = Stats::default();
        let mut by_state = self.connection.prepare_cached("SELECT state, count(*) FROM inbox GROUP BY state")?;
        let mut rows = by_state.query([])?;
        while let Some(row) = rows.next()? {
            let count = count(row, 1)?;
            match row.get_ref(0)?.as_str().unwrap_or_default().parse() {
                Ok(State::Ready) => stats.ready = count,
                Ok(State::Leased) => stats.leased = count,
                Ok(State::Delivered) => stats.delivered = count,
                Ok(State::Parked) => stats.parked = count,
                Ok(State::Quarantined) | Err(_) => stats.quarantined = stats.quarantined.saturating_add(count),
            }
        }
        let names = "SELECT (SELECT count(*) FROM claim) + (SELECT count(*) FROM inbox)
            - (SELECT count(*) FROM inbox WHERE compared IS NULL)";
        stats.identities = self.connection.prepare_cached(names)?.query_row([], |row| count(row, 0))?;
        let oldest = "SELECT received_at FROM inbox
            WHERE position = (SELECT min(position) FROM inbox WHERE due IS NOT NULL)";
        let mut oldest = self.connection.prepare_cached(oldest)?;
        stats.oldest_waiting = oldest.query_row([], |row| row.get(0)).optional()?.map(Timestamp::from_millis);
        let told = "SELECT coalesce(sum(value), 0) FROM meta WHERE name = ?1";
        let mut told = self.connection.prepare_cached(told)?;
        stats.duplicates = told.query_row(["duplicates"], |row| count(row, 0))?;
        stats.conflicts = told.query_row(["conflicts"], |row| count(row, 0))?;
        Ok(stats)
    }

    /// Makes parked and delivered records ready now and answers how many there were. A running receiver finds them
    /// when it next looks.
    ///
    /// # Errors
    /// [`StoreError::NotStored`] if nothing was changed; [`StoreError::Unknown`] if a part may have been.
    pub fn requeue(&self, ids: &[EventId]) -> Result<u64, StoreError> {
        self.decide(inbox::REQUEUE, ids)
    }

    /// Gives parked records up for good and answers how many there were; see [`crate::store::Store::discard`].
    ///
    /// # Errors
    /// As [`Observer::requeue`].
    pub fn discard(&self, ids: &[EventId]) -> Result<u64, StoreError> {
        self.decide(&inbox::DISCARD, ids)
    }

    fn decide(&self, what: &str, ids: &[EventId]) -> Result<u64, StoreError> {
        let mut connection = schema::visitor(&self.path).map_err(|error| StoreError::NotStored(error.to_string()))?;
        // Before the writes, which the receiver waits for. A record stays where it is.
        let positions = places::look_up(&connection, ids).map_err(|error| unreadable(&error))?;
        let mut total: u64 = 0;
        for part in positions.chunks(PAGE) {
            let count = decide(&mut connection, what, part).map_err(|error| match total {
                0 => StoreError::NotStored(meaning(&error)),
                _ => StoreError::Unknown(meaning(&error)),
            })?;
            total = total.saturating_add(count);
        }
        Ok(total)
    }
}

fn decide(connection: &mut Connection, what: &str, positions: &[i64]) -> rusqlite::Result<u64> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let count = inbox::decide(&transaction, what, positions)?;
    transaction.commit()?;
    Ok(count)
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(number::to_u64)
}

fn unreadable(error: &rusqlite::Error) -> StoreError {
    StoreError::NotStored(meaning(error))
}
