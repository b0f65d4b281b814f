//! Where the record of an id lies. The rule: every id in the file is found, and the ids of one commit are written together:
//! ids are digests, so an index that took each at once would write a page for each. They wait in the order of their coming,
//! in memory and as a row a commit, and are sorted into the index by the thousand, when many share a page. A place may
//! outlive its record, and hides nothing then: it goes when ids beside it are sorted in.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::EventId;

/// Ids that wait before they are sorted in. As many again may be on their way. The project's own tests, those that kill
/// it among them, have few.
const WAITING: usize = if SMALL { 4 } else { 262_144 };

/// Ids that are sorted in with one commit, at least; and how many times what came with it.
const SLICE: usize = if SMALL { 1 } else { 64 };
const PACE: usize = 2;

/// Rows of what is sorted in that go with one commit.
const ROWS: i64 = if SMALL { 3 } else { 64 };

const SMALL: bool = cfg!(any(test, all(feature = "fail-points", debug_assertions)));

/// An id takes so many bytes of a row of `arrival`, and its position so many behind it.
const ID: usize = 16;
const POSITION: usize = 8;

const ARRIVED: &str = "SELECT ids FROM arrival ORDER BY number";
const SORTED: &str = "SELECT position FROM place WHERE id = ?1";

/// The first record that may be forgotten: before it, whatever has no record was.
const FIRST: &str = "SELECT min(coalesce((SELECT min(position) FROM inbox WHERE state = 'delivered'), ?1),
    coalesce((SELECT min(position) FROM inbox WHERE state = 'quarantined'), ?1))";
const STALE: &str = "DELETE FROM place WHERE id >= ?1 AND id < ?2 AND position < ?3
    AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.position = place.position)";

/// For the test that no question reads more than it has to.
#[cfg(test)]
pub(super) const QUESTIONS: [&str; 3] = [SORTED, FIRST, STALE];

/// The writer's own index: what waits, by id.
#[derive(Debug, Default)]
pub(super) struct Places {
    waiting: BTreeMap<u128, i64>,
    sorting: BTreeMap<u128, i64>,
    /// What is in `sorting` came by a commit of this number or an earlier one.
    sorting_until: i64,
    /// What came by a commit of this number or an earlier one is sorted in, and its rows go by and by.
    sorted_until: Option<i64>,
    /// Ids below it are sorted in.
    from: u128,
    /// Whether records were forgotten since the sorting began, and before it: then places are looked for that outlived them.
    forgot: bool,
    tidying: bool,
    /// Of the transaction: the ids that came, the first that is not sorted in by it, whether no row was left to delete, and
    /// what to take back if it fails.
    came: Vec<(u128, i64)>,
    next: Option<Next>,
    none_left: bool,
    undo: Vec<(u128, Option<i64>)>,
    last_number: i64,
}

/// How far a transaction has sorted.
#[derive(Debug, Clone, Copy)]
enum Next {
    From(u128),
    Done,
}

impl Places {
    /// Reads what was not sorted in when the process before ended.
    pub(super) fn open(connection: &Connection) -> rusqlite::Result<Self> {
        let waiting = arrived(connection, |_| true)?;
        let last_number = waiting.values().copied().max().unwrap_or(0);
        Ok(Self { waiting, last_number, forgot: true, ..Self::default() })
    }

    /// The position of the record with this id, or of one that was forgotten.
    pub(super) fn find(&self, connection: &Connection, id: &EventId) -> rusqlite::Result<Option<i64>> {
        let key = id.number();
        match self.waiting.get(&key).or_else(|| self.sorting.get(&key)) {
            Some(position) => Ok(Some(*position)),
            None => sorted(connection, key),
        }
    }

    /// Notes where a record was put. Its id has no other any more.
    pub(super) fn put(&mut self, id: &EventId, position: i64) {
        let key = id.number();
        let before = self.waiting.insert(key, position);
        self.undo.push((key, before));
        self.came.push((key, position));
    }

    /// Notes that records were deleted.
    pub(super) const fn forget(&mut self) {
        self.forgot = true;
    }

    /// Writes, at the end of a transaction, what came in it, and sorts a part of what waits longest.
    pub(super) fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if let Some((_, last)) = self.came.last() {
            let sql = "INSERT INTO arrival (number, ids) VALUES (?1, ?2)";
            connection.prepare_cached(sql)?.execute(params![last, row_of(&self.came)])?;
        }
        self.delete_sorted(connection)?;
        self.sort(connection)
    }

    fn sort(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if self.sorting.is_empty() {
            return Ok(());
        }
        let most = SLICE.max(self.came.len().saturating_mul(PACE));
        let next = self.sorting.keys().nth(most).copied();
        let mut put = connection.prepare_cached("INSERT OR REPLACE INTO place (id, position) VALUES (?1, ?2)")?;
        for (key, position) in self.sorting.iter().take(most) {
            put.execute(params![key.to_be_bytes(), position])?;
        }
        if self.tidying {
            let first: i64 = connection.prepare_cached(FIRST)?.query_row([i64::MAX], |row| row.get(0))?;
            // Behind every id.
            let end = next.map_or_else(|| vec![u8::MAX; ID + 1], |key| key.to_be_bytes().into());
            connection.prepare_cached(STALE)?.execute(params![self.from.to_be_bytes(), end, first])?;
        }
        self.next = Some(next.map_or(Next::Done, Next::From));
        Ok(())
    }

    /// Deletes rows of what is sorted in: all of them at once are thousands. The oldest go first, so that of two rows of an id
    /// that came again it is never the newer one that is missing.
    fn delete_sorted(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let Some(until) = self.sorted_until else { return Ok(()) };
        let sql = "DELETE FROM arrival WHERE number IN
            (SELECT number FROM arrival WHERE number <= ?1 ORDER BY number LIMIT ?2)";
        let deleted = connection.prepare_cached(sql)?.execute(params![until, ROWS])?;
        self.none_left = i64::try_from(deleted).is_ok_and(|deleted| deleted < ROWS);
        Ok(())
    }

    /// The transaction is committed.
    pub(super) fn keep(&mut self) {
        self.undo.clear();
        if let Some((_, last)) = self.came.last() {
            self.last_number = *last;
        }
        self.came.clear();
        if std::mem::take(&mut self.none_left) {
            self.sorted_until = None;
        }
        match self.next.take() {
            Some(Next::From(key)) => {
                self.sorting = self.sorting.split_off(&key);
                self.from = key;
            }
            Some(Next::Done) => {
                self.sorting.clear();
                self.sorted_until = Some(self.sorting_until);
            }
            None => {}
        }
        if self.sorting.is_empty() && self.waiting.len() >= WAITING {
            self.sorting = std::mem::take(&mut self.waiting);
            self.sorting_until = self.last_number;
            self.from = 0;
            self.tidying = std::mem::take(&mut self.forgot);
        }
    }

    /// The transaction is taken back.
    pub(super) fn take_back(&mut self) {
        (self.next, self.none_left, self.came) = (None, false, Vec::new());
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(position) => self.waiting.insert(key, position),
                None => self.waiting.remove(&key),
            };
        }
    }
}

/// The positions of these ids, asked by somebody else than the writer; those that have one. What waits is asked first, since
/// between two reads an id may only come to be sorted.
pub(super) fn look_up(connection: &Connection, ids: &[EventId]) -> rusqlite::Result<Vec<i64>> {
    let asked: BTreeSet<u128> = ids.iter().map(EventId::number).collect();
    let waiting = arrived(connection, |key| asked.contains(&key))?;
    let found = asked.into_iter().map(|key| match waiting.get(&key) {
        Some(position) => Ok(Some(*position)),
        None => sorted(connection, key),
    });
    found.filter_map(Result::transpose).collect()
}

fn sorted(connection: &Connection, key: u128) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached(SORTED)?.query_row([key.to_be_bytes()], |row| row.get(0)).optional()
}

/// What waits, of the ids that somebody wants to know of.
fn arrived(connection: &Connection, wanted: impl Fn(u128) -> bool) -> rusqlite::Result<BTreeMap<u128, i64>> {
    let mut places = BTreeMap::new();
    let mut arrived = connection.prepare_cached(ARRIVED)?;
    let mut rows = arrived.query([])?;
    while let Some(row) = rows.next()? {
        places.extend(places_of(row.get_ref(0)?.as_blob().unwrap_or_default()).filter(|(key, _)| wanted(*key)));
    }
    Ok(places)
}

fn row_of(places: &[(u128, i64)]) -> Vec<u8> {
    places.iter().flat_map(|(key, position)| key.to_be_bytes().into_iter().chain(position.to_be_bytes())).collect()
}

fn places_of(ids: &[u8]) -> impl Iterator<Item = (u128, i64)> {
    ids.chunks_exact(ID.saturating_add(POSITION)).filter_map(|place| {
        let (key, position) = place.split_first_chunk::<ID>()?;
        Some((u128::from_be_bytes(*key), i64::from_be_bytes(position.try_into().ok()?)))
    })
}
