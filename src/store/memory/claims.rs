//! Claims in memory. The rule: an identity whose retention has passed is absent, unless its record still waits.

use std::collections::hash_map::Entry;
use std::time::Duration;

use super::Inner;
use super::inbox::{Inbox, Row};
use super::spread::Spread;
use crate::clock::Timestamp;
use crate::crypto::Sha256;
use crate::store::verdict::{BUSY, CONFLICT, Hold, Taken, Verdict, judge, kept_part};
use crate::store::{Acceptance, Claim, Identity, Lease, Record, State, StoreError, StoredAnswer};
use crate::verified::Verified;

/// The names that are remembered.
#[derive(Default)]
pub(super) struct Names {
    claims: Spread<Identity, Claimed>,
    /// Second names.
    fences: Spread<Identity, Fence>,
    /// The second names of an identity, so that nobody has to look for them. One that was given away may still be there.
    fences_of: Spread<Identity, Vec<Identity>>,
}

/// An identity that is taken.
struct Claimed {
    fingerprint: Sha256,
    hold: Hold,
    owner: u64,
    position: Option<u64>,
    retain_until: Timestamp,
}

/// Whose second name it is.
struct Fence {
    of: Identity,
    retain_until: Timestamp,
}

impl Claimed {
    fn of(record: &Record, hold: Hold, owner: u64, position: Option<u64>) -> Self {
        Self { fingerprint: record.compared, hold, owner, position, retain_until: record.retain_until }
    }

    fn is_remembered(&self, inbox: &Inbox, now: Timestamp) -> bool {
        self.retain_until >= now
            || matches!(self.hold, Hold::InFlight { until } if until > now)
            || self.position.is_some_and(|at| inbox.waits(at))
    }

    fn is_held_by(&self, owner: u64) -> bool {
        self.owner == owner && matches!(self.hold, Hold::InFlight { .. })
    }

    /// What is remembered of it.
    fn taken(&self, identity: Identity, inbox: &Inbox, now: Timestamp) -> Option<Taken> {
        let remembered = self.is_remembered(inbox, now);
        remembered.then(|| Taken { owner: identity, fingerprint: self.fingerprint, hold: self.hold.clone() })
    }
}

/// What is remembered of the identity that was looked up.
fn known(place: &Entry<'_, Identity, Claimed>, inbox: &Inbox, now: Timestamp) -> Option<Taken> {
    match place {
        Entry::Occupied(claimed) => claimed.get().taken(*place.key(), inbox, now),
        Entry::Vacant(_) => None,
    }
}

impl Inner {
    pub(super) fn accept(&mut self, record: Verified<Record>, now: Timestamp) -> Result<Acceptance, StoreError> {
        let by_fence = self.names.find_fence(record.fence.as_ref(), &self.inbox, now);
        let is_new = by_fence.is_none();
        // The name is looked up once, for the decision and for what follows from it.
        let place = self.names.claims.entry(record.identity);
        let known = known(&place, &self.inbox, now);
        let is_known = known.is_some();
        let abandoned = match judge(&record, known, by_fence, now) {
            Verdict::Busy => return Err(StoreError::NotStored(BUSY.to_owned())),
            Verdict::Conflict => {
                self.quarantine(record);
                return Ok(Acceptance::Conflict);
            }
            Verdict::Done(_) => {
                self.duplicates = self.duplicates.saturating_add(1);
                self.names.note_fence(&record, is_new && is_known);
                return Ok(Acceptance::Duplicate);
            }
            Verdict::Abandoned(owner) => Some(owner),
            Verdict::Free => None,
        };
        let (identity, fence, retain_until) = (record.identity, record.fence, record.retain_until);
        let mut claimed = Claimed::of(&record, Hold::Kept, 0, None);
        let state = if record.problem.is_some() { State::Quarantined } else { State::Ready };
        claimed.position = self.inbox.append(Row::new(identity.event_id(), record, state, None));
        if claimed.position.is_none() {
            self.duplicates = self.duplicates.saturating_add(1);
            return Ok(Acceptance::Duplicate);
        }
        place.insert_entry(claimed);
        self.names.follow(identity, abandoned);
        self.names.point(fence.filter(|_| is_new), identity, retain_until);
        Ok(Acceptance::Accepted)
    }

    pub(super) fn claim(&mut self, record: Verified<Record>, lease: Duration, now: Timestamp) -> Claim {
        let by_fence = self.names.find_fence(record.fence.as_ref(), &self.inbox, now);
        let is_new = by_fence.is_none();
        let place = self.names.claims.entry(record.identity);
        let known = known(&place, &self.inbox, now);
        let is_known = known.is_some();
        let abandoned = match judge(&record, known, by_fence, now) {
            Verdict::Conflict => {
                self.quarantine(record);
                return Claim::Conflict;
            }
            Verdict::Busy => {
                self.names.note_fence(&record, is_new && is_known);
                return Claim::InFlight;
            }
            Verdict::Done(answer) => {
                self.duplicates = self.duplicates.saturating_add(1);
                self.names.note_fence(&record, is_new && is_known);
                return Claim::Done(answer);
            }
            Verdict::Abandoned(owner) => Some(owner),
            Verdict::Free => None,
        };
        let held = Lease { identity: record.identity, fence: self.inbox.next_owner() };
        place.insert_entry(Claimed::of(&record, Hold::InFlight { until: now.after(lease) }, held.fence, None));
        // An operator could make it ready again beside what takes its identity now.
        self.inbox.forget(&held.identity.event_id());
        self.names.follow(held.identity, abandoned);
        self.names.point(record.fence.filter(|_| is_new), held.identity, record.retain_until);
        Claim::Granted(held)
    }

    pub(super) fn complete(
        &mut self,
        held: Lease,
        record: Verified<Record>,
        answer: StoredAnswer,
    ) -> Result<(), StoreError> {
        let claimed = self.names.held(held)?;
        if record.identity != held.identity {
            return Err(StoreError::LeaseLost);
        }
        *claimed = Claimed::of(&record, Hold::Done(kept_part(answer)), held.fence, None);
        let state = if record.problem.is_some() { State::Quarantined } else { State::Delivered };
        claimed.position = self.inbox.append(Row::new(held.identity.event_id(), record, state, None));
        Ok(())
    }

    /// Forgets names past their retention whose record does not wait.
    pub(super) fn prune_names(&mut self, now: Timestamp) {
        let (names, inbox) = (&mut self.names, &self.inbox);
        names.claims.retain(|_, claimed| claimed.is_remembered(inbox, now));
        names.fences.retain(|_, fence| fence.retain_until >= now || names.claims.contains_key(&fence.of));
        names.fences_of.retain(|identity, fences| {
            fences.retain(|name| names.fences.get(name).is_some_and(|fence| fence.of == *identity));
            !fences.is_empty()
        });
    }

    fn quarantine(&mut self, record: Verified<Record>) {
        self.conflicts = self.conflicts.saturating_add(1);
        let id = record.identity.conflict_id(&record.fingerprint);
        if !self.inbox.has(&id) {
            self.inbox.append(Row::new(id, record, State::Quarantined, Some(CONFLICT.to_owned())));
        }
    }
}

impl Names {
    /// How many identities are remembered, fences left out.
    pub(super) fn identities(&self) -> u64 {
        u64::try_from(self.claims.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn renew(&mut self, held: Lease, end: Timestamp) -> Result<(), StoreError> {
        self.held(held)?.hold = Hold::InFlight { until: end };
        Ok(())
    }

    pub(super) fn release(&mut self, held: Lease) -> Result<(), StoreError> {
        self.held(held)?;
        self.claims.remove(&held.identity);
        for name in self.fences_of.remove(&held.identity).unwrap_or_default() {
            if self.fences.get(&name).is_some_and(|fence| fence.of == held.identity) {
                self.fences.remove(&name);
            }
        }
        Ok(())
    }

    /// What one owner holds.
    fn held(&mut self, held: Lease) -> Result<&mut Claimed, StoreError> {
        let claimed = self.claims.get_mut(&held.identity);
        claimed.filter(|claimed| claimed.is_held_by(held.fence)).ok_or(StoreError::LeaseLost)
    }

    fn find_fence(&self, fence: Option<&Identity>, inbox: &Inbox, now: Timestamp) -> Option<Taken> {
        let of = self.fences.get(fence?)?.of;
        self.claims.get(&of)?.taken(of, inbox, now)
    }

    /// Remembers the fence of a copy too: the copy was signed anew, and whoever captures it could replay it.
    fn note_fence(&mut self, record: &Record, is_to_be: bool) {
        self.point(record.fence.filter(|_| is_to_be), record.identity, record.retain_until);
    }

    fn point(&mut self, fence: Option<Identity>, of: Identity, retain_until: Timestamp) {
        let Some(name) = fence else { return };
        let before = self.fences.insert(name, Fence { of, retain_until });
        if before.is_none_or(|before| before.of != of) {
            self.fences_of.entry(of).or_default().push(name);
        }
    }

    /// Gives the fences of an abandoned claim to the identity that takes over.
    fn follow(&mut self, new: Identity, abandoned: Option<Identity>) {
        let Some(old) = abandoned.filter(|old| *old != new) else { return };
        self.claims.remove(&old);
        for name in self.fences_of.remove(&old).unwrap_or_default() {
            if let Some(fence) = self.fences.get_mut(&name).filter(|fence| fence.of == old) {
                fence.of = new;
                self.fences_of.entry(new).or_default().push(name);
            }
        }
    }
}
