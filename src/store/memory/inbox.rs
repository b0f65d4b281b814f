//! The inbox in memory. The rule: a record that waits is never forgotten.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry as Place;
use std::time::Duration;

use bytes::Bytes;

use super::Inner;
use super::due::{Due, Waiting};
use super::spread::Spread;
use crate::clock::Timestamp;
use crate::store::turns::{Room, chosen};
use crate::store::verdict::discarded;
use crate::store::{Entry, EventId, Leased, Listing, Record, Shown, State, Stats, StoreError};
use crate::verified::Verified;

/// What is kept.
#[derive(Default)]
pub(super) struct Inbox {
    /// Boxed, as a tree that grows at its end is half empty.
    rows: BTreeMap<u64, Box<Row>>,
    positions: Spread<EventId, u64>,
    waiting: Waiting,
    /// How many rows stand where.
    counts: Stats,
    last_position: u64,
    last_owner: u64,
    /// Whether this call made a record ready.
    pub(super) ready: bool,
}

/// A kept record.
pub(super) struct Row {
    id: EventId,
    record: Verified<Record>,
    state: State,
    reason: Option<String>,
    attempts: u32,
    fence: u64,
    /// When a worker may take it.
    due: Due,
}

impl Row {
    pub(super) fn new(id: EventId, record: Verified<Record>, state: State, reason: Option<String>) -> Self {
        // A copy: the content is a part of what a connection read at once, and would keep all of that.
        let content = Bytes::copy_from_slice(&record.content);
        let record = record.map(|record| Record { content, ..record });
        Self { id, record, state, reason, attempts: 0, fence: 0, due: Due::Never }
    }

    /// Whether somebody still has to act on it.
    fn waits(&self) -> bool {
        matches!(self.state, State::Ready | State::Leased | State::Parked)
    }

    fn entry(&self) -> Entry {
        let provenance = self.record.provenance();
        Entry {
            id: self.id.clone(),
            request_id: self.record.request_id.as_deref().map(Into::into),
            endpoint: provenance.endpoint.as_ref().into(),
            event_type: self.record.event_type.as_ref().into(),
            subject: self.record.subject.as_deref().map(Into::into),
            key_id: provenance.key_id.as_ref().into(),
            state: self.state,
            received_at: provenance.received_at,
            attempts: self.attempts,
            reason: self.reason.clone().or_else(|| self.record.problem.as_deref().map(Into::into)),
        }
    }
}

impl Inner {
    pub(super) fn prune(&mut self, now: Timestamp) -> u64 {
        let forgotten = self.inbox.prune(now);
        self.prune_names(now);
        forgotten
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            oldest_waiting: self.inbox.oldest_waiting(),
            identities: self.names.identities(),
            duplicates: self.duplicates,
            conflicts: self.conflicts,
            ..self.inbox.counts.clone()
        }
    }
}

impl Inbox {
    /// A number for an owner, larger than every one before.
    pub(super) fn next_owner(&mut self) -> u64 {
        self.last_owner = self.last_owner.saturating_add(1);
        self.last_owner
    }

    /// Whether a record still waits there.
    pub(super) fn waits(&self, position: u64) -> bool {
        self.rows.get(&position).is_some_and(|row| row.waits())
    }

    pub(super) fn has(&self, id: &EventId) -> bool {
        self.positions.contains_key(id)
    }

    /// Forgets a record unless it waits. Answers whether there is none now.
    pub(super) fn forget(&mut self, id: &EventId) -> bool {
        let Place::Occupied(place) = self.positions.entry(id.clone()) else { return true };
        let is_over = self.rows.get(place.get()).is_none_or(|row| !row.waits());
        if is_over && let Some(old) = self.rows.remove(&place.remove()) {
            uncount(&mut self.counts, old.state);
        }
        is_over
    }

    /// Appends a record; `None` if one of this id still waits.
    pub(super) fn append(&mut self, mut row: Row) -> Option<u64> {
        if !self.forget(&row.id) {
            return None;
        }
        self.last_position = self.last_position.saturating_add(1);
        self.positions.insert(row.id.clone(), self.last_position);
        count(&mut self.counts, row.state);
        if row.state == State::Ready {
            self.ready = true;
            row.due = Due::Fresh;
            let endpoint = &row.record.provenance().endpoint;
            self.waiting.change(endpoint, self.last_position, Due::Never, row.due);
        }
        self.rows.insert(self.last_position, Box::new(row));
        Some(self.last_position)
    }

    pub(super) fn lease(
        &mut self,
        endpoints: &[Box<str>],
        limit: usize,
        lease: Duration,
        now: Timestamp,
    ) -> Vec<Leased> {
        let due = self.waiting.due(endpoints, limit, now);
        let is_tried = |position: &u64| self.rows.get(position).is_some_and(|row| row.attempts > 0);
        let due = chosen(due.into_iter().map(|position| (is_tried(&position), position)), limit);
        if due.is_empty() {
            return Vec::new();
        }
        let (fence, until) = (self.next_owner(), Due::From(now.after(lease)));
        let mut room = Room::of(&due);
        let take = |(is_tried, position)| {
            let row = self.rows.get_mut(&position).filter(|_| room.is_left(is_tried))?;
            room.take(is_tried, row.record.content.len());
            row.attempts = row.attempts.saturating_add(1);
            row.fence = fence;
            let is_abandoned = row.state == State::Leased;
            row.stand(position, State::Leased, until, &mut self.waiting, &mut self.counts);
            Some(Leased { id: row.id.clone(), fence, attempt: row.attempts, is_abandoned, record: row.record.clone() })
        };
        due.into_iter().filter_map(take).collect()
    }

    pub(super) fn acknowledge(&mut self, delivered: &[(EventId, u64)]) -> Result<(), StoreError> {
        let mut lost = !delivered.is_empty();
        for (id, fence) in delivered {
            let settled = self.settle(id, *fence, State::Delivered, None, |row| row.reason = None);
            lost &= settled.is_err();
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
        self.settle(id, fence, State::Ready, Some(at), |row| row.reason = Some(reason))
    }

    pub(super) fn give_back(&mut self, held: &[(EventId, u64)], at: Timestamp) -> Result<(), StoreError> {
        let mut lost = !held.is_empty();
        for (id, fence) in held {
            let untried = |row: &mut Row| row.attempts = row.attempts.saturating_sub(1);
            lost &= self.settle(id, *fence, State::Ready, Some(at), untried).is_err();
        }
        if lost { Err(StoreError::LeaseLost) } else { Ok(()) }
    }

    pub(super) fn park(&mut self, id: &EventId, fence: u64, reason: String) -> Result<(), StoreError> {
        self.settle(id, fence, State::Parked, None, |row| row.reason = Some(reason))
    }

    pub(super) fn requeue(&mut self, ids: &[EventId]) -> u64 {
        let mut count: u64 = 0;
        for id in ids {
            let Some(position) = self.positions.get(id) else { continue };
            let row = self.rows.get_mut(position);
            if let Some(row) = row.filter(|row| matches!(row.state, State::Parked | State::Delivered)) {
                let due = row.again(Timestamp::default());
                row.stand(*position, State::Ready, due, &mut self.waiting, &mut self.counts);
                count = count.saturating_add(1);
            }
        }
        self.ready |= count > 0;
        count
    }

    pub(super) fn discard(&mut self, ids: &[EventId]) -> u64 {
        let mut count: u64 = 0;
        for id in ids {
            let Some(position) = self.positions.get(id) else { continue };
            if let Some(row) = self.rows.get_mut(position).filter(|row| row.state == State::Parked) {
                row.reason = Some(discarded(row.reason.as_deref()));
                row.stand(*position, State::Quarantined, Due::Never, &mut self.waiting, &mut self.counts);
                count = count.saturating_add(1);
            }
        }
        count
    }

    fn prune(&mut self, now: Timestamp) -> u64 {
        let before = self.rows.len();
        self.rows.retain(|_, row| {
            let stays = row.waits() || row.record.retain_until >= now;
            if !stays {
                self.positions.remove(&row.id);
                uncount(&mut self.counts, row.state);
            }
            stays
        });
        u64::try_from(before.saturating_sub(self.rows.len())).unwrap_or(u64::MAX)
    }

    pub(super) fn list(&self, listing: Listing) -> Vec<(u64, Entry)> {
        let first = listing.after.map_or(0, |after| after.saturating_add(1));
        self.rows
            .range(first..)
            .filter(|(_, row)| listing.state.is_none_or(|state| row.state == state))
            .take(listing.limit.unwrap_or(usize::MAX))
            .map(|(position, row)| (*position, row.entry()))
            .collect()
    }

    pub(super) fn show(&self, id: &EventId) -> Option<Shown> {
        let row = self.rows.get(self.positions.get(id)?)?;
        Some(Shown {
            entry: row.entry(),
            provenance: row.record.provenance().clone(),
            content: row.record.content.clone(),
            fingerprint: row.record.fingerprint,
            intact: true,
        })
    }

    /// When the first record that waits, or that a worker holds, was received.
    fn oldest_waiting(&self) -> Option<Timestamp> {
        Some(self.rows.get(&self.waiting.first()?)?.record.provenance().received_at)
    }

    /// Ends the lease of a row, if this owner holds it.
    fn settle(
        &mut self,
        id: &EventId,
        fence: u64,
        state: State,
        at: Option<Timestamp>,
        change: impl FnOnce(&mut Row),
    ) -> Result<(), StoreError> {
        let position = *self.positions.get(id).ok_or(StoreError::LeaseLost)?;
        let row = self.rows.get_mut(&position).filter(|row| row.state == State::Leased && row.fence == fence);
        let row = row.ok_or(StoreError::LeaseLost)?;
        change(row);
        let due = at.map_or(Due::Never, |at| row.again(at));
        row.stand(position, state, due, &mut self.waiting, &mut self.counts);
        self.ready |= state == State::Ready;
        Ok(())
    }
}

impl Row {
    /// When it may be taken again: before all time only what nobody tried.
    fn again(&self, at: Timestamp) -> Due {
        match self.attempts {
            0 if at == Timestamp::default() => Due::Fresh,
            0 => Due::From(at),
            _ => Due::From(at.max(Timestamp::from_millis(1))),
        }
    }

    /// Puts it into another state.
    fn stand(&mut self, position: u64, state: State, due: Due, waiting: &mut Waiting, counts: &mut Stats) {
        uncount(counts, self.state);
        count(counts, state);
        waiting.change(&self.record.provenance().endpoint, position, self.due, due);
        (self.state, self.due) = (state, due);
    }
}

fn count(counts: &mut Stats, state: State) {
    let count = of(counts, state);
    *count = count.saturating_add(1);
}

fn uncount(counts: &mut Stats, state: State) {
    let count = of(counts, state);
    *count = count.saturating_sub(1);
}

fn of(counts: &mut Stats, state: State) -> &mut u64 {
    match state {
        State::Ready => &mut counts.ready,
        State::Leased => &mut counts.leased,
        State::Delivered => &mut counts.delivered,
        State::Parked => &mut counts.parked,
        State::Quarantined => &mut counts.quarantined,
    }
}
