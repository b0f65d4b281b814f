//! Claims in SQLite. The rule: one thread writes, so what was looked up inside the transaction still holds when it is
//! acted upon.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, params};

use super::error::failing;
use super::writer::{Answer, Work};
use super::{number, row};
use crate::clock::Timestamp;
use crate::fail_point::Point;
use crate::store::verdict::{BUSY, CONFLICT, Hold, Taken, Verdict, judge, kept_part};
use crate::store::{Acceptance, Claim, Identity, Lease, Record, State, StoreError, StoredAnswer};
use crate::verified::Verified;

const CLAIMED: &str = "SELECT compared, state, lease_until, status, content_type, answer, retain_until, position
    FROM claim WHERE identity = ?1";

const KEPT: &str =
    "SELECT compared, retain_until, state FROM inbox WHERE position = ?1 AND id = ?2 AND compared IS NOT NULL";

const PUT: &str = "INSERT OR REPLACE INTO claim (identity, compared, state, fence, lease_until, retain_until)
    VALUES (?1, ?2, 'in_flight', ?3, ?4, ?5)";

/// What lies under an identity.
struct Found {
    /// Whether there is a claim, remembered or not.
    is_claimed: bool,
    taken: Option<Taken>,
}

impl Work<'_> {
    pub(super) fn accept(&self, record: &Verified<Record>, seal: &[u8]) -> Answer<Acceptance> {
        let (verdict, is_claimed) = self.judge(record)?;
        match verdict {
            Verdict::Busy => return Ok(Err(StoreError::NotStored(BUSY.to_owned()))),
            Verdict::Conflict => {
                self.told.conflict();
                self.quarantine(record, seal)?;
                return Ok(Ok(Acceptance::Conflict));
            }
            Verdict::Done(_) => {
                self.told.duplicate();
                self.note_fence(record)?;
                return Ok(Ok(Acceptance::Duplicate));
            }
            Verdict::Abandoned(owner) => self.take_from(owner, record.identity)?,
            Verdict::Free => {}
        }
        let state = if record.problem.is_some() { State::Quarantined } else { State::Ready };
        if self.append(record, seal, state, Some(&record.compared))?.is_none() {
            self.told.duplicate();
            return Ok(Ok(Acceptance::Duplicate));
        }
        failing(Point::SqliteBetween)?;
        if is_claimed {
            self.forget_claim(&record.identity)?;
        }
        self.put_fence(record)?;
        Ok(Ok(Acceptance::Accepted))
    }

    pub(super) fn claim(&self, record: &Verified<Record>, seal: &[u8], lease: Duration) -> Answer<Claim> {
        match self.judge(record)?.0 {
            Verdict::Conflict => {
                self.told.conflict();
                self.quarantine(record, seal)?;
                return Ok(Ok(Claim::Conflict));
            }
            Verdict::Busy => {
                self.note_fence(record)?;
                return Ok(Ok(Claim::InFlight));
            }
            Verdict::Done(answer) => {
                self.told.duplicate();
                self.note_fence(record)?;
                return Ok(Ok(Claim::Done(answer)));
            }
            Verdict::Abandoned(owner) => self.take_from(owner, record.identity)?,
            Verdict::Free => {}
        }
        // An operator could make it ready again beside what takes its identity now.
        self.forget_record(&record.identity.event_id())?;
        let fence = self.next_fence()?;
        self.connection.prepare_cached(PUT)?.execute(params![
            record.identity.as_bytes(),
            record.compared,
            fence,
            self.now.after(lease).millis(),
            record.retain_until.millis()
        ])?;
        self.put_fence(record)?;
        Ok(Ok(Claim::Granted(Lease { identity: record.identity, fence: number::to_u64(fence) })))
    }

    pub(super) fn renew(&self, held: Lease, lease: Duration) -> Answer<()> {
        let renewed = self.connection.prepare_cached(
            "UPDATE claim SET lease_until = ?3 WHERE identity = ?1 AND fence = ?2 AND state = 'in_flight'",
        )?;
        let until = self.now.after(lease).millis();
        self.matched(renewed, params![held.identity.as_bytes(), number::to_i64(held.fence), until])
    }

    pub(super) fn complete(
        &self,
        held: Lease,
        record: &Verified<Record>,
        seal: &[u8],
        answer: &StoredAnswer,
    ) -> Answer<()> {
        if !self.owns(held)? || record.identity != held.identity {
            return Ok(Err(StoreError::LeaseLost));
        }
        let state = if record.problem.is_some() { State::Quarantined } else { State::Delivered };
        let position = self.append(record, seal, state, None)?;
        failing(Point::SqliteBetween)?;
        let answer = kept_part(answer.clone());
        let done = self.connection.prepare_cached(
            "UPDATE claim SET state = 'done', lease_until = NULL, status = ?3, content_type = ?4, answer = ?5,
             position = ?6, retain_until = ?7 WHERE identity = ?1 AND fence = ?2",
        )?;
        self.matched(
            done,
            params![
                held.identity.as_bytes(),
                number::to_i64(held.fence),
                answer.status,
                answer.content_type,
                &*answer.body,
                position,
                record.retain_until.millis()
            ],
        )
    }

    pub(super) fn release(&self, held: Lease) -> Answer<()> {
        if !self.owns(held)? {
            return Ok(Err(StoreError::LeaseLost));
        }
        let name = held.identity.as_bytes();
        self.connection.prepare_cached("DELETE FROM fence WHERE identity = ?1")?.execute([name])?;
        self.forget_claim(&held.identity)?;
        Ok(Ok(()))
    }

    /// A number for an owner, larger than every one before.
    pub(super) fn next_fence(&self) -> rusqlite::Result<i64> {
        self.connection.prepare_cached("UPDATE meta SET value = value + 1 WHERE name = 'fence'")?.execute([])?;
        self.connection.prepare_cached("SELECT value FROM meta WHERE name = 'fence'")?.query_row([], |row| row.get(0))
    }

    /// Decides, and answers whether a claim lies under the record's identity.
    fn judge(&self, record: &Record) -> rusqlite::Result<(Verdict, bool)> {
        let Found { is_claimed, taken } = self.find(&record.identity)?;
        let fence = match &record.fence {
            Some(fence) => self.find_fence(fence)?,
            None => None,
        };
        Ok((judge(record, taken, fence, self.now), is_claimed))
    }

    /// What is remembered of an identity. Past its retention that is nothing, unless its record still waits.
    fn find(&self, identity: &Identity) -> rusqlite::Result<Found> {
        let found = self.find_claim(identity)?;
        let is_claimed = found.is_some();
        match found.flatten() {
            None => Ok(Found { is_claimed, taken: self.find_kept(identity)? }),
            taken => Ok(Found { is_claimed, taken }),
        }
    }

    /// The claim of an identity; within it nothing, if it is not remembered any more.
    fn find_claim(&self, identity: &Identity) -> rusqlite::Result<Option<Option<Taken>>> {
        let mut find = self.connection.prepare_cached(CLAIMED)?;
        let found = find
            .query_row([identity.as_bytes()], |row| {
                let taken = Taken { owner: *identity, fingerprint: row.get(0)?, hold: hold(row)? };
                Ok((taken, Timestamp::from_millis(row.get(6)?), row.get::<_, Option<i64>>(7)?))
            })
            .optional()?;
        let Some((taken, retain_until, position)) = found else { return Ok(None) };
        let handled = matches!(taken.hold, Hold::InFlight { until } if until > self.now);
        let remembered = retain_until >= self.now || handled || self.waits(position)?;
        Ok(Some(remembered.then_some(taken)))
    }

    fn find_kept(&self, identity: &Identity) -> rusqlite::Result<Option<Taken>> {
        let id = identity.event_id();
        let Some(position) = self.place(&id)? else { return Ok(None) };
        let mut find = self.connection.prepare_cached(KEPT)?;
        let found = find.query_row(params![position, id.as_str()], |row| {
            let taken = Taken { owner: *identity, fingerprint: row.get(0)?, hold: Hold::Kept };
            let waits = matches!(row.get_ref(2)?.as_str().unwrap_or_default(), "ready" | "leased" | "parked");
            Ok((waits || Timestamp::from_millis(row.get(1)?) >= self.now).then_some(taken))
        });
        found.optional().map(Option::flatten)
    }

    fn find_fence(&self, fence: &Identity) -> rusqlite::Result<Option<Taken>> {
        let mut find = self.connection.prepare_cached("SELECT identity FROM fence WHERE name = ?1")?;
        match find.query_row([fence.as_bytes()], |row| row.get(0)).optional()? {
            Some(identity) => Ok(self.find(&Identity::from_bytes(identity))?.taken),
            None => Ok(None),
        }
    }

    fn waits(&self, position: Option<i64>) -> rusqlite::Result<bool> {
        let Some(position) = position else { return Ok(false) };
        let sql = "SELECT 1 FROM inbox WHERE position = ?1 AND state IN ('ready', 'leased', 'parked')";
        self.connection.prepare_cached(sql)?.exists([position])
    }

    fn forget_claim(&self, identity: &Identity) -> rusqlite::Result<()> {
        let sql = "DELETE FROM claim WHERE identity = ?1";
        self.connection.prepare_cached(sql)?.execute([identity.as_bytes()]).map(drop)
    }

    /// Remembers the fence of a copy too: the copy was signed anew, and whoever captures it could replay it.
    fn note_fence(&self, record: &Record) -> rusqlite::Result<()> {
        let Some(fence) = &record.fence else { return Ok(()) };
        // A copy that was recognised by its fence has an identity that is not taken, and leaves no trace.
        if self.find_fence(fence)?.is_some() || self.find(&record.identity)?.taken.is_none() {
            return Ok(());
        }
        self.put_fence(record)
    }

    /// Points the fence at the identity, which is taken.
    fn put_fence(&self, record: &Record) -> rusqlite::Result<()> {
        let Some(fence) = &record.fence else { return Ok(()) };
        let sql = "INSERT OR REPLACE INTO fence (name, identity, retain_until) VALUES (?1, ?2, ?3)";
        let values = params![fence.as_bytes(), record.identity.as_bytes(), record.retain_until.millis()];
        self.connection.prepare_cached(sql)?.execute(values).map(drop)
    }

    /// Gives an abandoned claim, with its fences, to the identity that takes over.
    fn take_from(&self, old: Identity, new: Identity) -> rusqlite::Result<()> {
        if old == new {
            return Ok(());
        }
        let names = params![old.as_bytes(), new.as_bytes()];
        self.connection.prepare_cached("UPDATE fence SET identity = ?2 WHERE identity = ?1")?.execute(names)?;
        self.forget_claim(&old)
    }

    fn owns(&self, held: Lease) -> rusqlite::Result<bool> {
        let sql = "SELECT 1 FROM claim WHERE identity = ?1 AND fence = ?2 AND state = 'in_flight'";
        let values = params![held.identity.as_bytes(), number::to_i64(held.fence)];
        self.connection.prepare_cached(sql)?.exists(values)
    }

    /// Keeps other content under a taken identity for inspection, once per content.
    fn quarantine(&self, record: &Verified<Record>, seal: &[u8]) -> rusqlite::Result<()> {
        let id = record.identity.conflict_id(&record.fingerprint);
        if let Some(position) = self.place(&id)? {
            if self.is_over(position, &id)?.is_some() {
                return Ok(());
            }
            self.forget_place(&id, position)?;
        }
        let row = row::New { id: &id, record, seal, state: State::Quarantined, reason: Some(CONFLICT), compared: None };
        self.put(&row).map(drop)
    }
}

/// Reads what an identity is taken by. A state that is none of ours reads as kept, which gives no second effect.
fn hold(row: &Row<'_>) -> rusqlite::Result<Hold> {
    Ok(match row.get_ref(1)?.as_str().unwrap_or_default() {
        "in_flight" => Hold::InFlight { until: Timestamp::from_millis(row.get::<_, Option<i64>>(2)?.unwrap_or(0)) },
        "done" => Hold::Done(StoredAnswer {
            status: row.get(3)?,
            content_type: row.get(4)?,
            body: row.get::<_, Vec<u8>>(5)?.into(),
        }),
        _ => Hold::Kept,
    })
}
