//! The inbox in SQLite: from acceptance to delivery. The rule: a record is handed out only after its attempt is counted,
//! and only to one owner at a time.

use std::sync::LazyLock;
use std::time::Duration;

use rusqlite::{CachedStatement, OptionalExtension, Params, params};

use super::number;
use super::row::{self, Stored};
use super::writer::{Answer, Work};
use crate::clock::Timestamp;
use crate::crypto::Sha256;
use crate::store::turns::{Room, chosen};
use crate::store::verdict::DISCARDED;
use crate::store::{EventId, Leased, Record, State, StoreError};
use crate::verified::Verified;

/// The endpoints that have something to deliver, each found by one look into the index.
const ENDPOINTS: &str = "WITH RECURSIVE known (name) AS (
        SELECT min(endpoint) FROM inbox WHERE due IS NOT NULL
        UNION ALL
        SELECT (SELECT min(endpoint) FROM inbox WHERE due IS NOT NULL AND endpoint > name) FROM known
        WHERE name IS NOT NULL)
    SELECT name FROM known WHERE name IS NOT NULL";

/// Records that were not tried yet, and records that are due again. Two questions, as each reads only what it answers.
const FRESH: &str = "SELECT 0, position FROM inbox WHERE endpoint = ?1 AND due = 0 ORDER BY position LIMIT ?2";
const AGAIN: &str = "SELECT attempts > 0, position FROM inbox WHERE endpoint = ?1 AND due > 0 AND due <= ?3
    ORDER BY due, position LIMIT ?2";

/// For the test that no question reads more than it has to.
#[cfg(test)]
pub(super) const QUESTIONS: [&str; 3] = [ENDPOINTS, FRESH, AGAIN];

/// Attempts go on being counted, so that nothing looks new that is not.
pub(super) const REQUEUE: &str =
    "UPDATE inbox SET state = 'ready', due = 1 WHERE position = ?1 AND state IN ('parked', 'delivered')";

pub(super) static DISCARD: LazyLock<String> = LazyLock::new(|| {
    format!(
        "UPDATE inbox SET state = 'quarantined', reason = '{DISCARDED}' || coalesce(': ' || reason, '')
        WHERE position = ?1 AND state = 'parked'"
    )
});

const HELD: &str = "position = ?1 AND fence = ?2 AND state = 'leased'";

impl Work<'_> {
    /// Appends a record; `None` if one of this id still waits.
    /// `compared` is there if the record is what takes its identity.
    pub(super) fn append(
        &self,
        record: &Verified<Record>,
        seal: &[u8],
        state: State,
        compared: Option<&Sha256>,
    ) -> rusqlite::Result<Option<i64>> {
        let id = &record.identity.event_id();
        if !self.forget_record(id)? {
            return Ok(None);
        }
        let position = self.put(&row::New { id, record, seal, state, reason: None, compared })?;
        if state == State::Ready {
            self.ready.set(true);
        }
        Ok(Some(position))
    }

    /// Forgets the record of an identity that is free: it is past its retention and only not pruned yet. Answers whether there
    /// is none now: what waits stays.
    pub(super) fn forget_record(&self, id: &EventId) -> rusqlite::Result<bool> {
        let Some(position) = self.place(id)? else { return Ok(true) };
        match self.is_over(position, id)? {
            Some(false) => return Ok(false),
            Some(true) => {
                self.connection.prepare_cached("DELETE FROM inbox WHERE position = ?1")?.execute([position])?;
            }
            None => {}
        }
        self.forget_place(id, position)?;
        Ok(true)
    }

    /// Whether nobody has to act on the record with this id any more; `None` if it is not where it was put, which only a
    /// hand on the file or damage can bring about.
    pub(super) fn is_over(&self, position: i64, id: &EventId) -> rusqlite::Result<Option<bool>> {
        let sql = "SELECT state IN ('delivered', 'quarantined') FROM inbox WHERE position = ?1 AND id = ?2";
        let mut find = self.connection.prepare_cached(sql)?;
        find.query_row(params![position, id.as_str()], |row| row.get(0)).optional()
    }

    pub(super) fn lease(&self, endpoints: &[Box<str>], limit: usize, lease: Duration) -> Answer<Vec<Leased>> {
        let until = self.now.after(lease).millis();
        loop {
            let due = self.due(endpoints, limit)?;
            if due.is_empty() {
                return Ok(Ok(Vec::new()));
            }
            let fence = self.next_fence()?;
            let mut leased: Vec<Leased> = Vec::with_capacity(due.len());
            let mut room = Room::of(&due);
            for (is_tried, position) in due {
                if room.is_left(is_tried) {
                    let taken = self.take(position, fence, until)?;
                    room.take(is_tried, taken.as_ref().map_or(0, |one| one.record.content.len()));
                    leased.extend(taken);
                }
            }
            // If every record was damaged there may be good ones behind them. The damaged ones are no longer due.
            if !leased.is_empty() {
                return Ok(Ok(leased));
            }
        }
    }

    /// Positions that are handed out, in the order of acceptance, each with whether it was tried.
    fn due(&self, endpoints: &[Box<str>], limit: usize) -> rusqlite::Result<Vec<(bool, i64)>> {
        let waiting: Vec<Box<str>>;
        let endpoints = if endpoints.is_empty() {
            let mut known = self.connection.prepare_cached(ENDPOINTS)?;
            waiting = known.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            &waiting
        } else {
            endpoints
        };
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut due: Vec<(bool, i64)> = Vec::new();
        for endpoint in endpoints {
            let mut fresh = self.connection.prepare_cached(FRESH)?;
            for found in fresh.query_map(params![endpoint, most], |row| Ok((row.get(0)?, row.get(1)?)))? {
                due.push(found?);
            }
            let mut again = self.connection.prepare_cached(AGAIN)?;
            let values = params![endpoint, most, self.now.millis()];
            for found in again.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))? {
                due.push(found?);
            }
        }
        Ok(chosen(due, limit))
    }

    /// Takes one record, or quarantines it if it is not what was accepted.
    fn take(&self, position: i64, fence: i64, until: i64) -> rusqlite::Result<Option<Leased>> {
        let sql = format!("SELECT {} FROM inbox WHERE position = ?1", row::COLUMNS);
        let stored = self.connection.prepare_cached(&sql)?.query_row([position], Stored::read)?;
        let is_abandoned = stored.state() == State::Leased;
        let sql =
            "UPDATE inbox SET state = 'leased', attempts = attempts + 1, fence = ?2, due = ?3 WHERE position = ?1";
        self.connection.prepare_cached(sql)?.execute(params![position, fence, until])?;
        let Some((id, attempts, record)) = stored.open(self.seal) else {
            tracing::error!(code = "seal_broken", position, "the seal of a stored record is broken; it is quarantined");
            let sql = "UPDATE inbox SET state = 'quarantined', due = NULL, reason = 'seal broken' WHERE position = ?1";
            self.connection.prepare_cached(sql)?.execute([position])?;
            return Ok(None);
        };
        let (fence, attempt) = (number::to_u64(fence), attempts.saturating_add(1));
        Ok(Some(Leased { id, fence, attempt, is_abandoned, record }))
    }

    pub(super) fn acknowledge(&self, delivered: &[(EventId, u64)]) -> Answer<()> {
        let sql = format!("UPDATE inbox SET state = 'delivered', due = NULL, reason = NULL WHERE {HELD}");
        let mut acknowledge = self.connection.prepare_cached(&sql)?;
        let mut lost = !delivered.is_empty();
        for (id, fence) in delivered {
            lost &= acknowledge.execute(params![self.place(id)?, number::to_i64(*fence)])? == 0;
        }
        Ok(if lost { Err(StoreError::LeaseLost) } else { Ok(()) })
    }

    pub(super) fn retry_at(&self, id: &EventId, fence: u64, at: Timestamp, reason: &str) -> Answer<()> {
        let sql = format!("UPDATE inbox SET state = 'ready', due = ?3, reason = ?4 WHERE {HELD}");
        let retry = self.connection.prepare_cached(&sql)?;
        self.ready.set(true);
        self.matched(retry, params![self.place(id)?, number::to_i64(fence), at.millis().max(1), reason])
    }

    pub(super) fn give_back(&self, held: &[(EventId, u64)], at: Timestamp) -> Answer<()> {
        let sql = format!(
            "UPDATE inbox SET state = 'ready', due = iif(attempts > 1, max(?3, 1), ?3),
            attempts = max(attempts - 1, 0) WHERE {HELD}"
        );
        let mut give_back = self.connection.prepare_cached(&sql)?;
        let mut lost = !held.is_empty();
        for (id, fence) in held {
            lost &= give_back.execute(params![self.place(id)?, number::to_i64(*fence), at.millis().max(0)])? == 0;
        }
        self.ready.set(true);
        Ok(if lost { Err(StoreError::LeaseLost) } else { Ok(()) })
    }

    pub(super) fn park(&self, id: &EventId, fence: u64, reason: &str) -> Answer<()> {
        let sql = format!("UPDATE inbox SET state = 'parked', due = NULL, reason = ?3 WHERE {HELD}");
        let park = self.connection.prepare_cached(&sql)?;
        self.matched(park, params![self.place(id)?, number::to_i64(fence), reason])
    }

    pub(super) fn requeue(&self, ids: &[EventId]) -> Answer<u64> {
        let count = self.decided(REQUEUE, ids)?;
        self.ready.set(self.ready.get() || count > 0);
        Ok(Ok(count))
    }

    pub(super) fn discard(&self, ids: &[EventId]) -> Answer<u64> {
        self.decided(&DISCARD, ids).map(Ok)
    }

    fn decided(&self, what: &str, ids: &[EventId]) -> rusqlite::Result<u64> {
        let found = ids.iter().map(|id| self.place(id)).filter_map(Result::transpose);
        decide(self.connection, what, &found.collect::<Result<Vec<_>, _>>()?)
    }

    /// Runs an update of what one owner holds.
    pub(super) fn matched(&self, mut update: CachedStatement<'_>, values: impl Params) -> Answer<()> {
        Ok(if update.execute(values)? == 0 { Err(StoreError::LeaseLost) } else { Ok(()) })
    }
}

/// Does what an operator decided, [`REQUEUE`] or [`DISCARD`], where it can be done.
pub(super) fn decide(connection: &rusqlite::Connection, what: &str, positions: &[i64]) -> rusqlite::Result<u64> {
    let mut decide = connection.prepare_cached(what)?;
    let mut count: u64 = 0;
    for position in positions {
        let changed = decide.execute([position])?;
        count = count.saturating_add(u64::try_from(changed).unwrap_or(u64::MAX));
    }
    Ok(count)
}
