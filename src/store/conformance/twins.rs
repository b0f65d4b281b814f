//! Faults that no case thought of: whatever is asked, in whatever order, both stores say the same.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::runtime::Builder;

use super::{Event, LEASE, Open, RETENTION, START, answer, event};
use crate::clock::{Clock, FixedClock};
use crate::store::{Claim, EventId, Lease, Listing, MemoryStore, Store};

/// One thing that is asked of a store. Numbers choose among what the store gave out before.
#[derive(Debug, Clone)]
enum Step {
    Accept(Choice),
    Claim(Choice),
    Renew(usize),
    Complete(usize),
    Release(usize),
    Lease,
    Acknowledge(usize),
    Retry(usize, u64),
    Park(usize),
    Requeue(usize),
    Discard(usize),
    Prune,
    Wait(u64),
}

#[derive(Debug, Clone)]
struct Choice {
    id: u8,
    fence: Option<bool>,
    other: bool,
    problem: bool,
}

fn choice() -> impl Strategy<Value = Choice> {
    let usual = prop::bool::weighted(0.15);
    (0..3_u8, any::<Option<bool>>(), usual, usual).prop_map(|(id, fence, other, problem)| Choice {
        id,
        fence,
        other,
        problem,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let hours = RETENTION.as_secs() / 3600;
    prop_oneof![
        4 => choice().prop_map(Step::Accept),
        4 => choice().prop_map(Step::Claim),
        1 => (0..4_usize).prop_map(Step::Renew),
        3 => (0..4_usize).prop_map(Step::Complete),
        1 => (0..4_usize).prop_map(Step::Release),
        4 => Just(Step::Lease),
        3 => (0..4_usize).prop_map(Step::Acknowledge),
        1 => (0..4_usize, 0..90_u64).prop_map(|(which, seconds)| Step::Retry(which, seconds)),
        1 => (0..4_usize).prop_map(Step::Park),
        1 => (0..9_usize).prop_map(Step::Requeue),
        1 => (0..9_usize).prop_map(Step::Discard),
        2 => Just(Step::Prune),
        2 => (0..40_u64).prop_map(Step::Wait),
        1 => (hours / 4..hours).prop_map(|hours| Step::Wait(hours * 3600)),
    ]
}

/// A store with what it gave out, the latest first.
struct Twin {
    store: Arc<dyn Store>,
    clock: Arc<FixedClock>,
    claims: Vec<(Lease, Event)>,
    leases: Vec<(EventId, u64)>,
    /// Every fence that was given out, in that order: how large they are is each store's own choice.
    fences: Vec<u64>,
}

impl Twin {
    fn event(&self, choice: &Choice) -> Event {
        let mut event = event(&choice.id.to_string());
        event.fence = choice.fence.map(|first| self.fence(first));
        event.problem = choice.problem.then_some("no such field");
        event.retain_until = self.clock.now().after(RETENTION);
        if choice.other { event.content("other") } else { event }
    }

    /// A fence of this retention. Past it a store may go on knowing one for a while, which is its own choice.
    fn fence(&self, first: bool) -> String {
        let ended = self.clock.now().since(START).as_secs() / RETENTION.as_secs();
        format!("{} {ended}", if first { "first" } else { "second" })
    }

    /// Takes a step and says in words what came of it.
    async fn take(&mut self, step: &Step) -> String {
        match step {
            Step::Accept(choice) => format!("{:?}", self.store.accept(self.event(choice).verified()).await),
            Step::Claim(choice) => {
                let event = self.event(choice);
                let claim = self.store.claim(event.verified(), LEASE).await;
                if let Ok(Claim::Granted(lease)) = claim {
                    self.claims.insert(0, (lease, event));
                    return format!("granted {:?} {}", lease.identity, self.ordinal(lease.fence));
                }
                format!("{claim:?}")
            }
            Step::Renew(which) => match self.claims.get(*which) {
                Some((held, _)) => format!("{:?}", self.store.renew(*held, LEASE).await),
                None => String::new(),
            },
            Step::Complete(which) => match self.claims.get(*which) {
                Some((held, event)) => {
                    format!("{:?}", self.store.complete(*held, event.verified(), answer(200, "done")).await)
                }
                None => String::new(),
            },
            Step::Release(which) => match self.claims.get(*which) {
                Some((held, _)) => format!("{:?}", self.store.release(*held).await),
                None => String::new(),
            },
            // More than there are: which of many retries come first is each store's own choice.
            Step::Lease => {
                let leased = self.store.lease([].into(), 9, LEASE).await.unwrap();
                let said: Vec<_> = leased
                    .iter()
                    .map(|one| (one.id.clone(), self.ordinal(one.fence), one.attempt, one.is_abandoned))
                    .collect();
                leased.into_iter().for_each(|one| self.leases.insert(0, (one.id, one.fence)));
                format!("{said:?}")
            }
            Step::Wait(seconds) => {
                self.clock.set(self.clock.now().after(Duration::from_secs(*seconds)));
                String::new()
            }
            Step::Prune => format!("{:?}", self.store.prune().await.map(|pruned| pruned.records)),
            Step::Acknowledge(which)
            | Step::Retry(which, _)
            | Step::Park(which)
            | Step::Requeue(which)
            | Step::Discard(which) => match self.leases.get(*which).cloned() {
                Some(held) => self.settle(step, held).await,
                None => String::new(),
            },
        }
    }

    /// Which one of all fences this is; a new one has to be the largest.
    fn ordinal(&mut self, fence: u64) -> usize {
        if let Some(at) = self.fences.iter().position(|known| *known == fence) {
            return at;
        }
        assert!(self.fences.iter().all(|known| *known < fence), "{fence} after {:?}", self.fences);
        self.fences.push(fence);
        self.fences.len() - 1
    }

    async fn settle(&self, step: &Step, (id, fence): (EventId, u64)) -> String {
        match step {
            Step::Requeue(_) => format!("{:?}", self.store.requeue(vec![id]).await),
            Step::Discard(_) => format!("{:?}", self.store.discard(vec![id]).await),
            Step::Park(_) => format!("{:?}", self.store.park(id, fence, "given up".into()).await),
            Step::Retry(_, seconds) => {
                let due = self.clock.now().after(Duration::from_secs(*seconds));
                format!("{:?}", self.store.retry_at(id, fence, due, "status 500".into()).await)
            }
            _ => format!("{:?}", self.store.acknowledge(vec![(id, fence)]).await),
        }
    }

    /// Everything an operator sees but the positions, which only have to grow.
    async fn picture(&self) -> String {
        let (list, stats) = (self.store.list(Listing::default()).await.unwrap(), self.store.stats().await);
        assert!(list.is_sorted_by(|(one, _), (next, _)| one < next));
        let entries: Vec<_> = list.into_iter().map(|(_, entry)| entry).collect();
        format!("{entries:?} {stats:?}")
    }
}

/// A twin on a store.
fn twin(store: Arc<dyn Store>, clock: Arc<FixedClock>) -> Twin {
    Twin { store, clock, claims: Vec::new(), leases: Vec::new(), fences: Vec::new() }
}

/// Asks a store and the store in memory the same things, in many orders.
pub(in crate::store) fn agree(open: Open, cases: u32) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let steps = prop::collection::vec(step(), 1..60);
    let outcome = TestRunner::new(config).run(&steps, |steps| {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = open(Arc::new(FixedClock::at(START)));
            let mut tested = twin(bench.store.clone(), bench.clock.clone());
            let clock = Arc::new(FixedClock::at(START));
            let mut memory = twin(Arc::new(MemoryStore::new(clock.clone())), clock);
            for step in &steps {
                let (said, expected) = (tested.take(step).await, memory.take(step).await);
                prop_assert_eq!(said, expected, "{:?}", step);
                prop_assert_eq!(tested.picture().await, memory.picture().await, "{:?}", step);
            }
            Ok(())
        })
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
