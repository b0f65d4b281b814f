//! Records that are leased and not begun. The rule: where the order of a subject counts, a record begins only when every
//! earlier one of its subject is delivered or parked; other subjects never wait for it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::breaker::Probe;
use super::settlement::Settlement;
use crate::clock::Timestamp;
use crate::store::{EventId, LARGEST_LEASE, Leased};

/// How long a record may wait to begin: a try may take a deadline longer, and has to end before the lease does.
const LONGEST: Duration = Duration::from_secs(10);
/// How long a record waits at least for one that is not here.
const SOON: Duration = Duration::from_millis(100);
/// How long a record waits at most for a turn of its subject.
const LONG: Duration = Duration::from_secs(60);
/// How many records of one subject wait here, the next of it: one that is slow leaves room for others.
const MOST_OF_ONE: usize = 256;
/// The same in bytes.
const LARGEST_OF_ONE: usize = LARGEST_LEASE / 8;
/// Most records that wait to begin, for whatever reason.
const MOST: usize = 2048;
/// How many events that should have come are looked for at once.
const MOST_LOOKS: usize = 16;

/// In which order events are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// None: many at once, each on its own.
    #[default]
    None,
    /// The events of one subject one after the other, in the order in which they were accepted. One that fails holds back
    /// its own subject only, until it is delivered or parked. It holds for one worker: receivers that share a store do not
    /// keep it among each other.
    Subject,
}

/// What is leased and not begun.
pub(super) struct Waiting {
    order: Order,
    records: VecDeque<Held>,
    subjects: HashMap<Box<str>, Subject>,
}

/// A record that waits.
pub(super) struct Held {
    pub(super) leased: Leased,
    /// From when its lease counts.
    pub(super) since: Instant,
    pub(super) probe: Option<Probe>,
}

/// What is known of a subject that has unfinished events.
#[derive(Debug, Default)]
struct Subject {
    /// In the order of acceptance.
    unfinished: VecDeque<EventId>,
    /// When the first one is due again, if it has failed.
    until: Timestamp,
    busy: bool,
    /// Whether something went back because the first one is not here.
    blocks: bool,
}

fn bytes_of<'h>(records: impl Iterator<Item = &'h Held>) -> usize {
    records.fold(0, |sum, held| sum.saturating_add(held.leased.record.content.len()))
}

impl Waiting {
    pub(super) fn new(order: Order) -> Self {
        Self { order, records: VecDeque::new(), subjects: HashMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether no more is to be leased. Where the order of a subject counts there is room beside what waits for its turn.
    pub(super) fn is_full(&self) -> bool {
        let most = match self.order {
            Order::None => LARGEST_LEASE,
            Order::Subject => LARGEST_LEASE.saturating_mul(8),
        };
        self.records.len() >= MOST || bytes_of(self.records.iter()) >= most
    }

    pub(super) fn is_without_probe(&self) -> bool {
        self.records.iter().all(|held| held.probe.is_none())
    }

    /// An event that waited before this worker began, and until when if it has failed; from the oldest to the youngest.
    pub(super) fn know(&mut self, subject: Box<str>, id: EventId, until: Option<Timestamp>) {
        let known = self.subjects.entry(subject).or_default();
        known.unfinished.push_back(id);
        known.until = until.unwrap_or(known.until);
    }

    /// Takes what was leased. What has to wait for an event that failed goes back until that one is due, and what many of
    /// its subject are before until about its turn.
    pub(super) fn take(&mut self, held: Held, now: Timestamp, settlement: &mut Settlement) {
        let leased = &held.leased;
        if let Some(subject) = self.subject_of(leased) {
            let known = self.subjects.entry(subject).or_default();
            let place = known.unfinished.iter().position(|id| *id == leased.id).unwrap_or(known.unfinished.len());
            if place == known.unfinished.len() {
                known.unfinished.push_back(leased.id.clone());
            }
            let first = known.unfinished.front();
            let is_here = known.busy || self.records.iter().any(|held| Some(&held.leased.id) == first);
            // What it waits for may be on its way back into the store.
            if first != Some(&leased.id) && !is_here {
                if !std::mem::replace(&mut known.blocks, true) {
                    known.until = known.until.max(now);
                }
                settlement.give_back((held.leased.id, held.leased.fence), known.until.max(now.after(SOON)));
                return;
            }
            // By its own place and not by how many are here: else later ones would take the room of those whose turn it is.
            let same = self.records.iter().filter(|held| held.leased.record.subject == leased.record.subject);
            let is_much = place > 0 && bytes_of(same) >= LARGEST_OF_ONE;
            if place >= MOST_OF_ONE || is_much {
                // Large ones come one by one, so that they are not read over and over.
                let rounds = if is_much { place } else { place / MOST_OF_ONE };
                let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
                let turn = now.after(SOON.saturating_mul(rounds).min(LONG));
                settlement.give_back((held.leased.id, held.leased.fence), turn);
                return;
            }
        }
        self.records.push_back(held);
    }

    /// The next record that may begin.
    pub(super) fn next(&mut self) -> Option<Held> {
        if self.order == Order::None {
            return self.records.pop_front();
        }
        let at = self.records.iter().position(|held| self.may_begin(held))?;
        let held = self.records.remove(at)?;
        if let Some(known) = self.subject_of(&held.leased).and_then(|subject| self.subjects.get_mut(&subject)) {
            known.busy = true;
        }
        Some(held)
    }

    /// How many records may begin now.
    pub(super) fn ready(&self) -> usize {
        match self.order {
            Order::None => self.records.len(),
            Order::Subject => self.records.iter().filter(|held| self.may_begin(held)).count(),
        }
    }

    fn may_begin(&self, held: &Held) -> bool {
        let known = held.leased.record.subject.as_ref().and_then(|subject| self.subjects.get(subject));
        known.is_none_or(|known| !known.busy && known.unfinished.front() == Some(&held.leased.id))
    }

    /// An event is delivered or parked: the next of its subject may begin.
    pub(super) fn finished(&mut self, subject: Option<&str>, id: &EventId) {
        let Some((subject, known)) = subject.and_then(|name| self.subjects.get_mut(name).map(|known| (name, known)))
        else {
            return;
        };
        if known.unfinished.front() == Some(id) {
            (known.busy, known.blocks) = (false, false);
            known.until = Timestamp::default();
            known.unfinished.pop_front();
        } else {
            known.unfinished.retain(|other| other != id);
        }
        if known.unfinished.is_empty() {
            self.subjects.remove(subject);
        }
    }

    /// An event has failed: those behind it wait until it is due again.
    pub(super) fn failed(&mut self, subject: Option<&str>, until: Timestamp, settlement: &mut Settlement) {
        let Some((subject, known)) = subject.and_then(|name| self.subjects.get_mut(name).map(|known| (name, known)))
        else {
            return;
        };
        (known.busy, known.until) = (false, until);
        self.records.retain(|held| {
            let stays = held.leased.record.subject.as_deref() != Some(subject);
            if !stays {
                settlement.give_back((held.leased.id.clone(), held.leased.fence), until);
            }
            stays
        });
    }

    /// Gives back what has waited too long to begin.
    pub(super) fn give_back_old(&mut self, settlement: &mut Settlement) {
        while self.records.front().is_some_and(|held| held.since.elapsed() > LONGEST) {
            if let Some(held) = self.records.pop_front() {
                settlement.give_back((held.leased.id, held.leased.fence), Timestamp::default());
            }
        }
    }

    /// Gives everything back.
    pub(super) fn give_back_all(&mut self, settlement: &mut Settlement) {
        for held in self.records.drain(..) {
            settlement.give_back((held.leased.id, held.leased.fence), Timestamp::default());
        }
    }

    /// Events that hold back their subject and should have come long ago: something else may have become of them.
    pub(super) fn overdue(&self, now: Timestamp) -> Vec<(Box<str>, EventId)> {
        let long_ago = now.before(LONGEST);
        let overdue = self.subjects.iter().filter(|(_, known)| known.blocks && !known.busy && known.until < long_ago);
        overdue
            .filter_map(|(subject, known)| {
                let first = known.unfinished.front()?;
                let here = self.records.iter().any(|held| held.leased.id == *first);
                (!here).then(|| (subject.clone(), first.clone()))
            })
            .take(MOST_LOOKS)
            .collect()
    }

    fn subject_of(&self, leased: &Leased) -> Option<Box<str>> {
        (self.order == Order::Subject).then(|| leased.record.subject.clone()).flatten()
    }
}
