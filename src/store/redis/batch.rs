//! Accepting many records by one call. The rule: what came in while the calls before were on their way goes with the next
//! one, and nobody waits for company.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::calls::Calls;
use super::partition::Partition;
use super::reply::{members, word};
use super::script;
use crate::fail_point::{self, Point};
use crate::store::verdict::BUSY;
use crate::store::{Acceptance, StoreError};

/// Most records of one call: the server does nothing else meanwhile.
pub(super) const MOST: usize = 64;
/// Most bytes of one call, unless it is one record alone.
const LARGEST: usize = 512 * 1024;
/// How much longer than a call one record may take: a call that has no answer says so itself, a little earlier.
const LATER: Duration = Duration::from_millis(250);
/// Most calls of one endpoint that are on their way. With two of them the server has work while an answer travels.
const CALLS: usize = 2;

/// The arguments by which `claiming.lua` knows a record.
pub(super) type Offer = [Vec<u8>; 3];

type Outcome = Result<Acceptance, StoreError>;

struct Waiting {
    offer: Offer,
    caller: oneshot::Sender<Outcome>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    calls: usize,
}

/// What waits to be accepted, by endpoint.
#[derive(Default)]
pub(super) struct Batches(Mutex<BTreeMap<Arc<str>, Queue>>);

impl Batches {
    /// Has a record accepted. The work goes on if the caller goes away, as others may be in the same call.
    pub(super) async fn accept(self: &Arc<Self>, calls: &Arc<Calls>, endpoint: &Arc<str>, offer: Offer) -> Outcome {
        let (caller, outcome) = oneshot::channel();
        if self.push(endpoint, Waiting { offer, caller }) {
            tokio::spawn(run(Arc::clone(self), Arc::clone(calls), Arc::clone(endpoint)));
        }
        let unknown = |why: &str| Err(StoreError::Unknown(why.to_owned()));
        match timeout(calls.wait.bound().saturating_add(LATER), outcome).await {
            Ok(outcome) => outcome.unwrap_or_else(|_| unknown("a call of Redis that ended without one")),
            // Whoever waits behind calls that have no answer waits no longer than they do.
            Err(_) => unknown("no answer of Redis in time"),
        }
    }

    /// Adds a record; whether a further call is to begin for it.
    fn push(&self, endpoint: &Arc<str>, record: Waiting) -> bool {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.entry(Arc::clone(endpoint)).or_default();
        queue.waiting.push(record);
        let begins = queue.calls < CALLS;
        queue.calls = queue.calls.saturating_add(usize::from(begins));
        begins
    }

    /// The records of the next call, without those that nobody waits for any more; nothing ends the call's turn.
    fn next(&self, endpoint: &Arc<str>) -> Vec<Waiting> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = queues.get_mut(endpoint) else { return Vec::new() };
        queue.waiting.retain(|record| !record.caller.is_closed());
        let mut bytes: usize = 0;
        let fitting = queue.waiting.iter().take(MOST).take_while(|record| {
            let alone = bytes == 0;
            bytes = record.offer.iter().fold(bytes, |sum, part| sum.saturating_add(part.len()));
            alone || bytes <= LARGEST
        });
        let count = fitting.count();
        if count == 0 {
            queue.calls = queue.calls.saturating_sub(1);
        }
        queue.waiting.drain(..count).collect()
    }
}

/// Gives a turn back that ends by a panic, so that none is ever missing.
struct Turn<'a> {
    batches: &'a Batches,
    endpoint: &'a Arc<str>,
    ended: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let mut queues = self.batches.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(queue) = queues.get_mut(self.endpoint) {
                queue.calls = queue.calls.saturating_sub(1);
            }
        }
    }
}

async fn run(batches: Arc<Batches>, calls: Arc<Calls>, endpoint: Arc<str>) {
    let partition = Partition::of(&endpoint);
    let mut turn = Turn { batches: &batches, endpoint: &endpoint, ended: false };
    loop {
        let batch = batches.next(&endpoint);
        if batch.is_empty() {
            turn.ended = true;
            return;
        }
        let mut call = calls.call(&script::ACCEPT, partition);
        call.arg(&*endpoint).arg(calls.plan.mark());
        let mut callers = Vec::with_capacity(batch.len());
        for Waiting { offer, caller } in batch {
            for part in &offer {
                call.arg(part);
            }
            callers.push(caller);
        }
        fail_point::reached(Point::RedisSend);
        let said = calls.keep_sealed(partition, &call).await.map(members);
        fail_point::reached(Point::RedisAnswered);
        let failed = said.as_ref().err().cloned();
        let mut words = said.unwrap_or_default().into_iter();
        let mut is_ready = false;
        for caller in callers {
            let outcome = failed.clone().map_or_else(|| read(words.next().map(word).as_deref()), Err);
            is_ready |= outcome == Ok(Acceptance::Accepted);
            // A caller that no longer waits finds out by its sender's retry.
            let _ = caller.send(outcome);
        }
        if is_ready {
            calls.ready.notify_waiters();
        }
    }
}

fn read(said: Option<&str>) -> Outcome {
    match said {
        Some("ready" | "quarantined") => Ok(Acceptance::Accepted),
        Some("duplicate") => Ok(Acceptance::Duplicate),
        Some("conflict") => Ok(Acceptance::Conflict),
        Some("busy") => Err(StoreError::NotStored(BUSY.to_owned())),
        _ => Err(super::claims::strange()),
    }
}
