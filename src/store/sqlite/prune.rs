//! Forgetting what is past its retention. The rule: little at a time, as accepting waits meanwhile, and never what
//! somebody still has to act on.

use super::writer::{Answer, Work};
use crate::store::Pruned;

/// Most rows of one kind that one call forgets.
const MOST: i64 = 250;

/// The index is named because the planner would rather read all that was ever delivered, and sort it.
const RECORDS: &str = "DELETE FROM inbox WHERE position IN (
    SELECT position FROM inbox INDEXED BY inbox_retention
    WHERE due IS NULL AND retain_until < ?1 AND state IN ('delivered', 'quarantined')
    ORDER BY retain_until LIMIT ?2)";

const CLAIMS: &str = "DELETE FROM claim WHERE identity IN (
    SELECT identity FROM claim
    WHERE retain_until < ?1 AND NOT (state = 'in_flight' AND lease_until > ?1) AND NOT EXISTS (
        SELECT 1 FROM inbox WHERE inbox.position = claim.position AND inbox.state IN ('ready', 'leased', 'parked'))
    ORDER BY retain_until LIMIT ?2)";

/// A fence goes after its identity, so that it holds as long as the identity does.
const FENCES: &str = "DELETE FROM fence WHERE name IN (
    SELECT name FROM fence
    WHERE retain_until < ?1 AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.identity = fence.identity)
        AND NOT EXISTS (
            SELECT 1 FROM inbox WHERE id = lower(hex(substr(fence.identity, 1, 16))) AND compared IS NOT NULL)
    ORDER BY retain_until LIMIT ?2)";

/// For the test that no question reads more than it has to.
#[cfg(test)]
pub(super) const QUESTIONS: [&str; 3] = [RECORDS, CLAIMS, FENCES];

impl Work<'_> {
    pub(super) fn prune(&self) -> Answer<Pruned> {
        let now = self.now.millis();
        let records = self.connection.prepare_cached(RECORDS)?.execute([now, MOST])?;
        let claims = self.connection.prepare_cached(CLAIMS)?.execute([now, MOST])?;
        let fences = self.connection.prepare_cached(FENCES)?.execute([now, MOST])?;
        let more = [records, claims, fences].iter().any(|gone| i64::try_from(*gone).is_ok_and(|gone| gone >= MOST));
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        Ok(Ok(Pruned { records, more }))
    }
}
