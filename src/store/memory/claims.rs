//! Claims in memory. The rule: an identity whose retention has passed is absent, unless its record still waits.

use std::time::Duration;

use super::Inner;
use super::inbox::Row;
use crate::clock::Timestamp;
use crate::crypto::Sha256;
use crate::store::verdict::{BUSY, CONFLICT, Hold, Taken, Verdict, judge, kept_part};
use crate::store::{Acceptance, Claim, Identity, Lease, Record, State, StoreError, StoredAnswer};
use crate::verified::Verified;

/// A remembered name.
pub(super) enum Claimed {
    /// An identity.
    Identity { fingerprint: Sha256, hold: Hold, fence: u64, position: Option<u64>, retain_until: Timestamp },
    /// A second name of this identity.
    Fence { owner: Identity, retain_until: Timestamp },
}

impl Inner {
    pub(super) fn accept(&mut self, record: &Verified<Record>, now: Timestamp) -> Result<Acceptance, StoreError> {
        match self.judge(record, now) {
            Verdict::Busy => return Err(StoreError::NotStored(BUSY.to_owned())),
            Verdict::Conflict => {
                self.conflicts = self.conflicts.saturating_add(1);
                self.quarantine(record);
                return Ok(Acceptance::Conflict);
            }
            Verdict::Done(_) => {
                self.duplicates = self.duplicates.saturating_add(1);
                self.note_fence(record, now);
                return Ok(Acceptance::Duplicate);
            }
            Verdict::Abandoned(owner) => self.take_from(owner, record.identity),
            Verdict::Free => {}
        }
        let state = if record.problem.is_some() { State::Quarantined } else { State::Ready };
        let Some(position) = self.append(Row::new(record.identity.event_id(), record.clone(), state, None)) else {
            self.duplicates = self.duplicates.saturating_add(1);
            return Ok(Acceptance::Duplicate);
        };
        self.ready |= state == State::Ready;
        self.put(record, Hold::Kept, 0, Some(position));
        self.note_fence(record, now);
        Ok(Acceptance::Accepted)
    }

    pub(super) fn claim(&mut self, record: &Verified<Record>, lease: Duration, now: Timestamp) -> Claim {
        match self.judge(record, now) {
            Verdict::Conflict => {
                self.conflicts = self.conflicts.saturating_add(1);
                self.quarantine(record);
                return Claim::Conflict;
            }
            Verdict::Busy => {
                self.note_fence(record, now);
                return Claim::InFlight;
            }
            Verdict::Done(answer) => {
                self.duplicates = self.duplicates.saturating_add(1);
                self.note_fence(record, now);
                return Claim::Done(answer);
            }
            Verdict::Abandoned(owner) => self.take_from(owner, record.identity),
            Verdict::Free => {}
        }
        let fence = self.next_fence();
        self.put(record, Hold::InFlight { until: now.after(lease) }, fence, None);
        self.note_fence(record, now);
        Claim::Granted(Lease { identity: record.identity, fence })
    }

    pub(super) fn renew(&mut self, held: Lease, end: Timestamp) -> Result<(), StoreError> {
        match self.claims.get_mut(held.identity.as_bytes()) {
            Some(Claimed::Identity { hold: Hold::InFlight { until }, fence, .. }) if *fence == held.fence => {
                *until = end;
                Ok(())
            }
            _ => Err(StoreError::LeaseLost),
        }
    }

    pub(super) fn complete(
        &mut self,
        held: Lease,
        record: &Verified<Record>,
        answer: StoredAnswer,
    ) -> Result<(), StoreError> {
        self.owned(held)?;
        if record.identity != held.identity {
            return Err(StoreError::LeaseLost);
        }
        let state = if record.problem.is_some() { State::Quarantined } else { State::Delivered };
        let position = self.append(Row::new(held.identity.event_id(), record.clone(), state, None));
        self.put(record, Hold::Done(kept_part(answer)), held.fence, position);
        Ok(())
    }

    pub(super) fn release(&mut self, held: Lease) -> Result<(), StoreError> {
        self.owned(held)?;
        self.claims.retain(|name, claimed| match claimed {
            Claimed::Identity { .. } => name != held.identity.as_bytes(),
            Claimed::Fence { owner, .. } => *owner != held.identity,
        });
        Ok(())
    }

    /// Forgets names past their retention whose record does not wait.
    pub(super) fn prune_claims(&mut self, now: Timestamp) {
        let inbox = &self.inbox;
        let waits = |position: &Option<u64>| position.and_then(|at| inbox.get(&at)).is_some_and(Row::waits);
        let kept = |claimed: &Claimed| match claimed {
            Claimed::Identity { hold, position, retain_until, .. } => {
                *retain_until >= now || waits(position) || matches!(hold, Hold::InFlight { until } if *until > now)
            }
            Claimed::Fence { .. } => true,
        };
        self.claims.retain(|_, claimed| kept(claimed));
        let owners: Vec<[u8; 32]> = self.claims.keys().copied().collect();
        self.claims.retain(|_, claimed| match claimed {
            Claimed::Identity { .. } => true,
            Claimed::Fence { owner, retain_until } => {
                *retain_until >= now || owners.binary_search(owner.as_bytes()).is_ok()
            }
        });
    }

    /// How many identities are remembered, fences left out.
    pub(super) fn identities(&self) -> u64 {
        let identities = self.claims.values().filter(|claimed| matches!(claimed, Claimed::Identity { .. }));
        u64::try_from(identities.count()).unwrap_or(u64::MAX)
    }

    fn judge(&self, record: &Record, now: Timestamp) -> Verdict {
        let identity = self.find(&record.identity, now);
        let fence = record.fence.as_ref().and_then(|fence| self.find_fence(fence, now));
        judge(record, identity, fence, now)
    }

    fn find(&self, identity: &Identity, now: Timestamp) -> Option<Taken> {
        let Some(Claimed::Identity { fingerprint, hold, position, retain_until, .. }) =
            self.claims.get(identity.as_bytes())
        else {
            return None;
        };
        let handled = matches!(hold, Hold::InFlight { until } if *until > now);
        let waits = || position.and_then(|at| self.inbox.get(&at)).is_some_and(Row::waits);
        let remembered = *retain_until >= now || handled || waits();
        remembered.then(|| Taken { owner: *identity, fingerprint: *fingerprint, hold: hold.clone() })
    }

    fn find_fence(&self, fence: &Identity, now: Timestamp) -> Option<Taken> {
        match self.claims.get(fence.as_bytes()) {
            Some(Claimed::Fence { owner, .. }) => self.find(owner, now),
            _ => None,
        }
    }

    /// Remembers the fence of a copy too: the copy was signed anew, and whoever captures it could replay it.
    fn note_fence(&mut self, record: &Record, now: Timestamp) {
        if let Some(fence) = record.fence
            && self.find_fence(&fence, now).is_none()
            && self.find(&record.identity, now).is_some()
        {
            let claimed = Claimed::Fence { owner: record.identity, retain_until: record.retain_until };
            self.claims.insert(*fence.as_bytes(), claimed);
        }
    }

    fn put(&mut self, record: &Record, hold: Hold, fence: u64, position: Option<u64>) {
        let (fingerprint, retain_until) = (record.compared, record.retain_until);
        let claimed = Claimed::Identity { fingerprint, hold, fence, position, retain_until };
        self.claims.insert(*record.identity.as_bytes(), claimed);
    }

    /// Gives an abandoned claim, with its fences, to the identity that takes over.
    fn take_from(&mut self, old: Identity, new: Identity) {
        self.claims.remove(old.as_bytes());
        for claimed in self.claims.values_mut() {
            if let Claimed::Fence { owner, .. } = claimed
                && *owner == old
            {
                *owner = new;
            }
        }
    }

    fn owned(&self, held: Lease) -> Result<(), StoreError> {
        match self.claims.get(held.identity.as_bytes()) {
            Some(Claimed::Identity { hold: Hold::InFlight { .. }, fence, .. }) if *fence == held.fence => Ok(()),
            _ => Err(StoreError::LeaseLost),
        }
    }

    fn quarantine(&mut self, record: &Verified<Record>) {
        let id = record.identity.conflict_id(&record.fingerprint);
        if !self.positions.contains_key(&id) {
            self.append(Row::new(id, record.clone(), State::Quarantined, Some(CONFLICT.to_owned())));
        }
    }
}
