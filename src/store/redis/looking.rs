//! What operators see. The rule: short reads, so that looking never holds accepting up.

use std::collections::VecDeque;

use super::nodes::all;
use super::packed::{Header, Stored, listed};
use super::partition::{PARTITIONS, Partition};
use super::reply::{bytes, members, number, text};
use super::{RedisStore, script};
use crate::store::{Entry, EventId, Listing, Shown, State, Stats, StoreError};

/// Most records of one partition that one script answers.
const PAGE: usize = 200;

/// What was read of one partition and not handed on yet.
struct Pages {
    partition: Partition,
    after: u64,
    rows: VecDeque<(u64, Option<Entry>)>,
    ended: bool,
}

impl RedisStore {
    /// How many positions lie in so much time, by the clock of a server: one each microsecond and partition.
    #[cfg(feature = "server")]
    pub(crate) fn positions_of(span: std::time::Duration) -> u64 {
        u64::try_from(span.as_micros()).unwrap_or(u64::MAX).saturating_mul(u64::from(PARTITIONS))
    }

    /// Reads all partitions in pages and merges them by position. Endpoints that share a partition may share a position
    /// too, and so may an unreadable record and one that came with it: no page ends between such two, as the next one begins
    /// behind it.
    pub(super) async fn list_records(&self, listing: Listing) -> Result<Vec<(u64, Entry)>, StoreError> {
        let limit = listing.limit.unwrap_or(usize::MAX);
        let after = listing.after.unwrap_or(0);
        let mut parts: Vec<Pages> = all()
            .map(|partition| Pages {
                partition,
                after: partition.behind(after),
                rows: VecDeque::new(),
                ended: limit == 0,
            })
            .collect();
        let mut entries: Vec<(u64, Entry)> = Vec::new();
        loop {
            for part in parts.iter_mut().filter(|part| part.rows.is_empty() && !part.ended) {
                self.fill(part, listing.state, limit.min(PAGE)).await?;
            }
            let first = parts.iter_mut().filter_map(|part| {
                let (position, _) = part.rows.front()?;
                Some((part.partition.outward(*position), part))
            });
            let Some((position, part)) = first.min_by_key(|(position, _)| *position) else { break };
            if entries.len() >= limit && entries.last().is_none_or(|(last, _)| *last != position) {
                break;
            }
            if let Some((_, Some(entry))) = part.rows.pop_front() {
                entries.push((position, entry));
            }
        }
        Ok(entries)
    }

    async fn fill(&self, part: &mut Pages, state: Option<State>, size: usize) -> Result<(), StoreError> {
        let mut call = self.calls.call(&script::LIST, part.partition);
        call.arg(state.map_or("", State::as_str)).arg(part.after).arg(size);
        let rows: VecDeque<_> = members(self.calls.run(part.partition, &call).await?).into_iter().map(listed).collect();
        part.ended = rows.len() < size;
        part.after = rows.back().map_or(part.after, |(position, _)| *position);
        part.rows = rows;
        Ok(())
    }

    /// An id does not say in which partition its record is.
    pub(super) async fn show_record(&self, id: &EventId) -> Result<Option<Shown>, StoreError> {
        for partition in all() {
            let mut call = self.calls.call(&script::SHOW, partition);
            let found = members(self.calls.run(partition, call.arg(id.as_str())).await?);
            let mut row = found.into_iter();
            let state = text(&mut row);
            if state.is_empty() {
                continue;
            }
            let (attempts, reason) = (number(&mut row), text(&mut row));
            let stored = Stored::read(bytes(&mut row));
            return Ok(Some(stored.show(id.clone(), &state, attempts, reason, &self.seal)));
        }
        Ok(None)
    }

    pub(super) async fn count_records(&self) -> Result<Stats, StoreError> {
        let mut stats = Stats::default();
        let mut first: Option<u64> = None;
        for partition in (0..PARTITIONS).map(Partition::numbered) {
            let call = self.calls.call(&script::STATS, partition);
            let mut row = members(self.calls.run(partition, &call).await?).into_iter();
            for total in [
                &mut stats.ready,
                &mut stats.leased,
                &mut stats.delivered,
                &mut stats.parked,
                &mut stats.quarantined,
                &mut stats.identities,
                &mut stats.duplicates,
                &mut stats.conflicts,
            ] {
                *total = total.saturating_add(number(&mut row));
            }
            let position = partition.outward(number(&mut row));
            let waiting = Header::read(&bytes(&mut row));
            if position >= u64::from(PARTITIONS) && first.is_none_or(|first| position < first) {
                first = Some(position);
                stats.oldest_waiting = Some(waiting.received_at());
            }
        }
        Ok(stats)
    }
}
