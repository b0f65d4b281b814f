//! Where the record of an id lies. The rule: every id in the file is found, and the ids of one commit are written together:
//! ids are digests, so an index that took each at once would write a page for each. They wait in the order of their coming,
//! in memory and as a row a commit, and are sorted into the index by the thousand, when many share a page.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::EventId;

/// Ids that wait before they are sorted in. As many again may be on their way. The project's own tests, those that kill
/// it among them, have few.
const WAITING: usize = if SMALL { 4 } else { 262_144 };

/// Ids that are sorted in with one commit, at least, as a process that ends in between begins again; and how many times what
/// came with it.
const SLICE: usize = if SMALL { 1 } else { 256 };
const PACE: usize = 2;

/// Rows of what is sorted in that go with one commit.
const ROWS: i64 = if SMALL { 3 } else { 64 };

const SMALL: bool = cfg!(any(test, all(feature = "fail-points", debug_assertions)));

/// An id takes so many bytes of a row of `arrival`, and its position so many behind it.
const ID: usize = 16;
const POSITION: usize = 8;

const ARRIVED: &str = "SELECT ids FROM arrival ORDER BY number";
const SORTED: &str = "SELECT position FROM place WHERE id = ?1";

/// The writer's own index: what waits, by id.
#[derive(Debug, Default)]
pub(super) struct Places {
    waiting: BTreeMap<u128, i64>,
    sorting: BTreeMap<u128, i64>,
    /// What is in `sorting` came by a commit of this number or an earlier one.
    sorting_until: i64,
    /// What came by a commit of this number or an earlier one is sorted in, and its rows go by and by.
    sorted_until: Option<i64>,
    /// Of the transaction: the ids that came, the first that is not sorted in by it, whether no row was left to delete, and
    /// what to take back if it fails.
    came: Vec<(u128, i64)>,
    next: Option<Next>,
    none_left: bool,
    undo: Vec<(Map, u128, Option<i64>)>,
    last_number: i64,
}

/// How far a transaction has sorted.
#[derive(Debug, Clone, Copy)]
enum Next {
    From(u128),
    Done,
}

#[derive(Debug, Clone, Copy)]
enum Map {
    Waiting,
    Sorting,
}

impl Places {
    /// Reads what the process before had not sorted in, and what it had and whose rows it had not deleted yet.
    pub(super) fn open(connection: &Connection) -> rusqlite::Result<Self> {
        let waiting = arrived(connection, |_| true)?;
        let last_number = waiting.values().copied().max().unwrap_or(0);
        Ok(Self { waiting, last_number, ..Self::default() })
    }

    /// The position of the record with this id.
    pub(super) fn find(&self, connection: &Connection, id: &EventId) -> rusqlite::Result<Option<i64>> {
        let key = id.number();
        match self.waiting.get(&key).or_else(|| self.sorting.get(&key)) {
            Some(position) => Ok(Some(*position)),
            None => sorted(connection, key),
        }
    }

    /// Notes where a record was put. Its id has no other.
    pub(super) fn put(&mut self, id: &EventId, position: i64) {
        let key = id.number();
        let before = self.waiting.insert(key, position);
        self.undo.push((Map::Waiting, key, before));
        self.came.push((key, position));
    }

    /// Forgets a record that is deleted.
    pub(super) fn forget(&mut self, connection: &Connection, id: &EventId, position: i64) -> rusqlite::Result<()> {
        let key = id.number();
        for (map, name) in [(&mut self.waiting, Map::Waiting), (&mut self.sorting, Map::Sorting)] {
            if map.get(&key) == Some(&position) {
                self.undo.push((name, key, map.remove(&key)));
            }
        }
        self.came.retain(|one| *one != (key, position));
        forget_arrival(connection, key, position)?;
        let sql = "DELETE FROM place WHERE id = ?1 AND position = ?2";
        connection.prepare_cached(sql)?.execute(params![key.to_be_bytes(), position]).map(drop)
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
        let mut rest = self.sorting.iter();
        let mut put = connection.prepare_cached("INSERT OR REPLACE INTO place (id, position) VALUES (?1, ?2)")?;
        for (key, position) in rest.by_ref().take(most) {
            put.execute(params![key.to_be_bytes(), position])?;
        }
        self.next = Some(rest.next().map_or(Next::Done, |(key, _)| Next::From(*key)));
        Ok(())
    }

    /// Deletes rows of what is sorted in: all of them at once are thousands.
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
            Some(Next::From(key)) => self.sorting = self.sorting.split_off(&key),
            Some(Next::Done) => {
                self.sorting.clear();
                self.sorted_until = Some(self.sorting_until);
            }
            None => {}
        }
        if self.sorting.is_empty() && self.waiting.len() >= WAITING {
            self.sorting = std::mem::take(&mut self.waiting);
            self.sorting_until = self.last_number;
        }
    }

    /// The transaction is taken back.
    pub(super) fn take_back(&mut self) {
        (self.next, self.none_left, self.came) = (None, false, Vec::new());
        while let Some((map, key, before)) = self.undo.pop() {
            let map = match map {
                Map::Waiting => &mut self.waiting,
                Map::Sorting => &mut self.sorting,
            };
            match before {
                Some(position) => map.insert(key, position),
                None => map.remove(&key),
            };
        }
    }
}

/// The positions of these ids, asked by somebody else than the writer; those that have one. Few wait, and all that waits has
/// to be read for them. An id may be sorted in between two reads, so that the index is asked again behind.
pub(super) fn look_up(connection: &Connection, ids: &[EventId]) -> rusqlite::Result<Vec<i64>> {
    let mut rest: BTreeSet<u128> = ids.iter().map(EventId::number).collect();
    let mut found = BTreeMap::new();
    for waiting in [false, true, false] {
        if rest.is_empty() {
            break;
        }
        if waiting {
            found.extend(arrived(connection, |key| rest.contains(&key))?);
        } else {
            for key in &rest {
                found.extend(sorted(connection, *key)?.map(|position| (*key, position)));
            }
        }
        rest.retain(|key| !found.contains_key(key));
    }
    Ok(found.into_values().collect())
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

/// Takes one id out of the row that it came with, if it is still there.
fn forget_arrival(connection: &Connection, key: u128, position: i64) -> rusqlite::Result<()> {
    let sql = "SELECT number, ids FROM arrival WHERE number >= ?1 ORDER BY number LIMIT 1";
    let row = connection.prepare_cached(sql)?.query_row([position], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((number, ids)) = row else { return Ok(()) };
    let (number, ids): (i64, Vec<u8>) = (number, ids);
    let mut places: Vec<_> = places_of(&ids).collect();
    let before = places.len();
    places.retain(|place| *place != (key, position));
    if places.is_empty() {
        connection.prepare_cached("DELETE FROM arrival WHERE number = ?1")?.execute([number])?;
    } else if places.len() < before {
        let sql = "UPDATE arrival SET ids = ?2 WHERE number = ?1";
        connection.prepare_cached(sql)?.execute(params![number, row_of(&places)])?;
    }
    Ok(())
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
