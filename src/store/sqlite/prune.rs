//! Forgetting what is past its retention. The rule: little at a time, as accepting waits meanwhile, and never what
//! somebody still has to act on.

use super::writer::{Answer, Work};

/// Most records, and most names, that one call forgets. A record has a name, and a second one if it has a fence.
const MOST_RECORDS: i64 = 500;
const MOST_NAMES: i64 = 1000;

const RECORDS: &str = "DELETE FROM inbox WHERE position IN (
    SELECT position FROM inbox
    WHERE due IS NULL AND retain_until < ?1 AND state IN ('delivered', 'quarantined')
    ORDER BY retain_until LIMIT ?2)";

const NAMES: &str = "DELETE FROM claim WHERE identity IN (
    SELECT identity FROM claim
    WHERE retain_until < ?1 AND NOT (state = 'in_flight' AND lease_until > ?1) AND NOT EXISTS (
        SELECT 1 FROM inbox WHERE inbox.position = claim.position AND inbox.state IN ('ready', 'leased', 'parked'))
    ORDER BY retain_until LIMIT ?2)";

impl Work<'_> {
    pub(super) fn prune(&self) -> Answer<u64> {
        let now = self.now.millis();
        let records = self.connection.prepare_cached(RECORDS)?.execute([now, MOST_RECORDS])?;
        self.connection.prepare_cached(NAMES)?.execute([now, MOST_NAMES])?;
        Ok(Ok(u64::try_from(records).unwrap_or(u64::MAX)))
    }
}
