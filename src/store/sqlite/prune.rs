//! Forgetting what is past its retention. The rule: little at a time, as accepting waits meanwhile, and never what
//! somebody still has to act on.

use rusqlite::{Row, params};

use super::writer::{Answer, Work};
use crate::store::{EventId, Identity, Pruned};

/// Most rows of one kind that one call forgets.
const MOST: i64 = 250;

/// The index is named because the planner would rather read all that was ever delivered, and sort it.
const RECORDS: &str = "SELECT position, id FROM inbox INDEXED BY inbox_retention
    WHERE due IS NULL AND retain_until < ?1 AND state IN ('delivered', 'quarantined')
    ORDER BY retain_until LIMIT ?2";

const CLAIMS: &str = "DELETE FROM claim WHERE identity IN (
    SELECT identity FROM claim
    WHERE retain_until < ?1 AND NOT (state = 'in_flight' AND lease_until > ?1) AND NOT EXISTS (
        SELECT 1 FROM inbox WHERE inbox.position = claim.position AND inbox.state IN ('ready', 'leased', 'parked'))
    ORDER BY retain_until LIMIT ?2)";

/// A fence goes after its identity, so that it holds as long as the identity does.
const FENCES: &str = "SELECT name, identity FROM fence
    WHERE retain_until < ?1 AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.identity = fence.identity)
    ORDER BY retain_until";

/// For the test that no question reads more than it has to.
#[cfg(test)]
pub(super) const QUESTIONS: [&str; 3] = [RECORDS, CLAIMS, FENCES];

impl Work<'_> {
    pub(super) fn prune(&self) -> Answer<Pruned> {
        let now = self.now.millis();
        let records = self.prune_records(now)?;
        let claims = self.connection.prepare_cached(CLAIMS)?.execute([now, MOST])?;
        let fences = self.prune_fences(now)?;
        let more = [records, claims, fences].iter().any(|gone| i64::try_from(*gone).is_ok_and(|gone| gone >= MOST));
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        Ok(Ok(Pruned { records, more }))
    }

    fn prune_records(&self, now: i64) -> rusqlite::Result<usize> {
        let mut find = self.connection.prepare_cached(RECORDS)?;
        let id = |row: &Row<'_>| row.get_ref(1).ok().and_then(|id| EventId::parse(id.as_str().ok()?));
        let old = find.query_map([now, MOST], |row| Ok((row.get(0)?, id(row))))?;
        let old: Vec<(i64, Option<EventId>)> = old.collect::<Result<_, _>>()?;
        let mut delete = self.connection.prepare_cached("DELETE FROM inbox WHERE position = ?1")?;
        for (position, id) in &old {
            delete.execute([position])?;
            // The place of an id that was changed on the disk is forgotten when that id comes again.
            if let Some(id) = id {
                self.forget_place(id, *position)?;
            }
        }
        Ok(old.len())
    }

    fn prune_fences(&self, now: i64) -> rusqlite::Result<usize> {
        let mut find = self.connection.prepare_cached(FENCES)?;
        let mut rows = find.query([now])?;
        let mut old: Vec<Vec<u8>> = Vec::new();
        while let Some(row) = rows.next()? {
            // What was changed on the disk is nobody's name.
            let identity = row.get_ref(1)?.as_blob().ok().and_then(|bytes| bytes.try_into().ok());
            if !identity.map_or(Ok(false), |bytes| self.is_kept(&Identity::from_bytes(bytes)))? {
                old.push(row.get_ref(0)?.as_blob().unwrap_or_default().to_vec());
            }
            if i64::try_from(old.len()).is_ok_and(|count| count >= MOST) {
                break;
            }
        }
        let mut delete = self.connection.prepare_cached("DELETE FROM fence WHERE name = ?1")?;
        for name in &old {
            delete.execute([name])?;
        }
        Ok(old.len())
    }

    /// Whether a record has taken this identity.
    fn is_kept(&self, identity: &Identity) -> rusqlite::Result<bool> {
        let id = identity.event_id();
        let Some(position) = self.place(&id)? else { return Ok(false) };
        let sql = "SELECT 1 FROM inbox WHERE position = ?1 AND id = ?2 AND compared IS NOT NULL";
        self.connection.prepare_cached(sql)?.exists(params![position, id.as_str()])
    }
}
