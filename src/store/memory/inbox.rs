//! The inbox in memory. The rule: a record that waits is never forgotten.

use std::time::Duration;

use bytes::Bytes;

use super::Inner;
use crate::clock::Timestamp;
use crate::store::{Entry, EventId, Leased, Listing, Record, Shown, State, Stats, StoreError};
use crate::verified::Verified;

/// A kept record.
pub(super) struct Row {
    id: EventId,
    record: Verified<Record>,
    state: State,
    reason: Option<String>,
    attempts: u32,
    fence: u64,
    /// When a worker may take it, while it is ready or leased.
    due: Timestamp,
}

impl Row {
    pub(super) fn new(id: EventId, record: Verified<Record>, state: State, reason: Option<String>) -> Self {
        // A copy: the content is a part of what a connection read at once, and would keep all of that.
        let content = Bytes::copy_from_slice(&record.content);
        let record = record.map(|record| Record { content, ..record });
        Self { id, record, state, reason, attempts: 0, fence: 0, due: Timestamp::default() }
    }

    /// Whether somebody still has to act on it.
    pub(super) fn waits(&self) -> bool {
        matches!(self.state, State::Ready | State::Leased | State::Parked)
    }

    fn is_due(&self, endpoints: &[Box<str>], now: Timestamp) -> bool {
        let provenance = self.record.provenance();
        matches!(self.state, State::Ready | State::Leased)
            && self.due <= now
            && (endpoints.is_empty() || endpoints.iter().any(|name| **name == *provenance.endpoint))
    }

    fn entry(&self) -> Entry {
        let provenance = self.record.provenance();
        Entry {
            id: self.id.clone(),
            request_id: self.record.request_id.as_deref().map(Into::into),
            endpoint: provenance.endpoint.as_ref().into(),
            event_type: self.record.event_type.as_ref().into(),
            subject: self.record.subject.as_deref().map(Into::into),
            state: self.state,
            received_at: provenance.received_at,
            attempts: self.attempts,
            reason: self.reason.clone().or_else(|| self.record.problem.as_deref().map(Into::into)),
        }
    }
}

impl Inner {
    /// Appends a record; `None` if one of this id still waits.
    pub(super) fn append(&mut self, row: Row) -> Option<u64> {
        if let Some(old) = self.positions.get(&row.id) {
            if self.inbox.get(old).is_some_and(Row::waits) {
                return None;
            }
            self.inbox.remove(old);
        }
        self.last_position = self.last_position.saturating_add(1);
        self.positions.insert(row.id.clone(), self.last_position);
        self.inbox.insert(self.last_position, row);
        Some(self.last_position)
    }

    pub(super) fn lease(
        &mut self,
        endpoints: &[Box<str>],
        limit: usize,
        lease: Duration,
        now: Timestamp,
    ) -> Vec<Leased> {
        if !self.inbox.values().any(|row| row.is_due(endpoints, now)) {
            return Vec::new();
        }
        let fence = self.next_fence();
        let due = self.inbox.values_mut().filter(|row| row.is_due(endpoints, now)).take(limit);
        due.map(|row| {
            row.state = State::Leased;
            row.attempts = row.attempts.saturating_add(1);
            row.fence = fence;
            row.due = now.after(lease);
            Leased { id: row.id.clone(), fence, attempt: row.attempts, record: row.record.clone() }
        })
        .collect()
    }

    pub(super) fn acknowledge(&mut self, delivered: &[(EventId, u64)]) -> Result<(), StoreError> {
        let mut lost = !delivered.is_empty();
        for (id, fence) in delivered {
            if let Ok(row) = self.held(id, *fence) {
                row.state = State::Delivered;
                row.reason = None;
                lost = false;
            }
        }
        if lost { Err(StoreError::LeaseLost) } else { Ok(()) }
    }

    pub(super) fn retry_at(
        &mut self,
        id: &EventId,
        fence: u64,
        at: Timestamp,
        reason: String,
    ) -> Result<(), StoreError> {
        let row = self.held(id, fence)?;
        row.state = State::Ready;
        row.due = at;
        row.reason = Some(reason);
        self.ready = true;
        Ok(())
    }

    pub(super) fn give_back(&mut self, held: &[(EventId, u64)], at: Timestamp) -> Result<(), StoreError> {
        let mut lost = !held.is_empty();
        for (id, fence) in held {
            if let Ok(row) = self.held(id, *fence) {
                row.state = State::Ready;
                row.due = at;
                row.attempts = row.attempts.saturating_sub(1);
                lost = false;
            }
        }
        self.ready = true;
        if lost { Err(StoreError::LeaseLost) } else { Ok(()) }
    }

    pub(super) fn park(&mut self, id: &EventId, fence: u64, reason: String) -> Result<(), StoreError> {
        let row = self.held(id, fence)?;
        row.state = State::Parked;
        row.reason = Some(reason);
        Ok(())
    }

    pub(super) fn requeue(&mut self, ids: &[EventId]) -> u64 {
        let mut count: u64 = 0;
        for id in ids {
            let row = self.positions.get(id).and_then(|position| self.inbox.get_mut(position));
            if let Some(row) = row.filter(|row| matches!(row.state, State::Parked | State::Delivered)) {
                row.state = State::Ready;
                row.due = Timestamp::default();
                count = count.saturating_add(1);
            }
        }
        self.ready |= count > 0;
        count
    }

    pub(super) fn prune(&mut self, now: Timestamp) -> u64 {
        let before = self.inbox.len();
        self.inbox.retain(|_, row| row.waits() || row.record.retain_until >= now);
        self.positions.retain(|_, position| self.inbox.contains_key(position));
        self.prune_claims(now);
        u64::try_from(before.saturating_sub(self.inbox.len())).unwrap_or(u64::MAX)
    }

    pub(super) fn list(&self, listing: Listing) -> Vec<(u64, Entry)> {
        let first = listing.after.map_or(0, |after| after.saturating_add(1));
        self.inbox
            .range(first..)
            .filter(|(_, row)| listing.state.is_none_or(|state| row.state == state))
            .take(listing.limit.unwrap_or(usize::MAX))
            .map(|(position, row)| (*position, row.entry()))
            .collect()
    }

    pub(super) fn show(&self, id: &EventId) -> Option<Shown> {
        let row = self.inbox.get(self.positions.get(id)?)?;
        Some(Shown {
            entry: row.entry(),
            provenance: row.record.provenance().clone(),
            content: row.record.content.clone(),
            fingerprint: row.record.fingerprint,
            intact: true,
        })
    }

    pub(super) fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        for row in self.inbox.values() {
            let count = match row.state {
                State::Ready => &mut stats.ready,
                State::Leased => &mut stats.leased,
                State::Delivered => &mut stats.delivered,
                State::Parked => &mut stats.parked,
                State::Quarantined => &mut stats.quarantined,
            };
            *count = count.saturating_add(1);
        }
        let undelivered = |row: &&Row| matches!(row.state, State::Ready | State::Leased);
        stats.oldest_waiting = self.inbox.values().find(undelivered).map(|row| row.record.provenance().received_at);
        stats.identities = self.identities();
        (stats.duplicates, stats.conflicts) = (self.duplicates, self.conflicts);
        stats
    }

    /// A row, if this owner holds it.
    fn held(&mut self, id: &EventId, fence: u64) -> Result<&mut Row, StoreError> {
        let row = self.positions.get(id).and_then(|position| self.inbox.get_mut(position));
        row.filter(|row| row.state == State::Leased && row.fence == fence).ok_or(StoreError::LeaseLost)
    }
}
