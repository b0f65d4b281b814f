//! The work of a worker: what is leased, under way and settled at the same time. The rule: one event that is slow, fails or
//! panics holds up nothing but itself, and no store is asked for one event where many can be asked for together.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};
use tower_service::Service;

use super::breaker::{Admission, Breaker, BreakerState, Probe};
use super::recall::{Recalled, recall};
use super::settlement::Settlement;
use super::untried::{RETRY, distrusted, used_up};
use super::waiting::{Held, Order, Waiting};
use super::worker::{Duty, Worker};
use crate::error::{Code, Rejection};
use crate::fail_point::{self, Point};
use crate::once::Once;
use crate::reply::Reply;
use crate::store::{EventId, LARGEST_LEASE, Leased, State, StoreError};

/// How long a lease lasts: longer than waiting to begin and a try. A process that dies gives its leases back when the
/// store is opened again.
const LEASE: Duration = Duration::from_secs(60);
/// How long the worker sleeps when nothing changes: retries come due, and operators requeue from another process.
const LOOK: Duration = Duration::from_millis(500);
/// Most records that are leased ahead of what is under way, by a fast sink.
const FARTHEST: usize = 1024;
/// A record that waited longer than this to begin says that fewer should be leased ahead.
const LONG: Duration = Duration::from_secs(1);
/// How long an event that failed before this process began is waited for at a time.
const UNKNOWN: Duration = Duration::from_secs(5);
/// How often the store is told again of what was delivered while the worker stops.
const LAST_TRIES: u32 = 3;

type Job<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type Landed = Result<(Id, Result<Reply, Rejection>), JoinError>;

/// What is asked of the store, with what it is asked beside.
struct Haul {
    leased: Result<Vec<Leased>, StoreError>,
    /// Before the store was asked: its leases last no longer than from then on.
    since: Instant,
    probe: Option<Probe>,
    asked: usize,
    /// Events that were overdue and that nobody will deliver.
    gone: Vec<(Box<str>, EventId)>,
}

/// A try that is under way.
struct Ticket {
    id: EventId,
    fence: u64,
    attempt: u32,
    endpoint: Arc<str>,
    subject: Option<Box<str>>,
    /// Of the sink that was tried, which may not be that of the next try.
    breaker: Breaker,
    _probe: Option<Probe>,
}

/// The work of one worker.
pub(super) struct Rounds<'a, S> {
    worker: &'a Worker<S>,
    pub(super) duty: Duty<S>,
    version: u64,
    pub(super) waiting: Waiting,
    flying: JoinSet<Result<Reply, Rejection>>,
    tickets: HashMap<Id, Ticket>,
    pub(super) settlement: Settlement,
    /// How many records are leased ahead of what is under way.
    ahead: usize,
    shrunk: Instant,
}

impl<'a, S> Rounds<'a, S>
where
    S: Service<Once, Response = Reply, Error = Rejection> + Clone + Send + 'static,
    S::Future: Send,
{
    pub(super) fn new(worker: &'a Worker<S>) -> Self {
        Self {
            worker,
            version: worker.version(),
            duty: worker.duty(),
            waiting: Waiting::new(worker.order),
            flying: JoinSet::new(),
            tickets: HashMap::new(),
            settlement: Settlement::default(),
            ahead: 0,
            shrunk: Instant::now(),
        }
    }

    /// Works until `shutdown` resolves and what is under way then is settled.
    pub(super) async fn run(mut self, shutdown: impl Future<Output = ()> + Send) {
        let store = Arc::clone(&self.worker.store);
        let mut shutdown = pin!(shutdown);
        let (mut stopping, mut tries) = (false, 0_u32);
        let mut leasing: Option<Job<'_, Haul>> = None;
        let mut settling: Option<Job<'_, Result<(), (Settlement, StoreError)>>> = None;
        let mut pause: Option<Job<'_, ()>> = None;
        let mut changed: Option<Job<'_, ()>> = None;
        if self.worker.order == Order::Subject {
            tokio::select! { () = &mut shutdown => return, () = self.recall() => {} }
        }
        loop {
            if self.version != self.worker.version() {
                (self.version, self.duty) = (self.worker.version(), self.worker.duty());
            }
            if stopping {
                self.waiting.give_back_all(&mut self.settlement);
            } else {
                self.begin();
                if leasing.is_none() && pause.is_none() {
                    match self.lease() {
                        Ok(Some(haul)) => {
                            // Before the look: what becomes ready during it is not missed.
                            changed = Some(store.changed());
                            leasing = Some(haul);
                        }
                        // What waits too long goes back meanwhile.
                        Ok(None) if self.flying.is_empty() || self.waiting.is_full() => {
                            pause = Some(Box::pin(sleep(LOOK)))
                        }
                        Ok(None) => {}
                        // Another worker of the sink, or what was under way, may close it before.
                        Err(until) => {
                            pause = Some(Box::pin(async move {
                                tokio::select! { () = sleep_until(until) => {}, () = sleep(LOOK) => {} }
                            }))
                        }
                    }
                }
            }
            if settling.is_none() && !self.settlement.is_empty() {
                let settlement = std::mem::take(&mut self.settlement);
                settling = Some(Box::pin(settlement.apply(Arc::clone(&store))));
            }
            if stopping && self.flying.is_empty() && settling.is_none() && leasing.is_none() {
                return;
            }
            tokio::select! {
                () = &mut shutdown, if !stopping => stopping = true,
                landed = self.flying.join_next_with_id(), if !self.flying.is_empty() => {
                    landed.into_iter().for_each(|landed| self.land(landed));
                    while let Some(landed) = self.flying.try_join_next_with_id() {
                        self.land(landed);
                    }
                }
                told = done(&mut settling) => {
                    settling = None;
                    if let Err((left, error)) = told {
                        tries = tries.saturating_add(u32::from(stopping));
                        tracing::error!(code = "store_unavailable", %error, "the store does not hear what was delivered; trying again");
                        if tries < LAST_TRIES {
                            let store = Arc::clone(&store);
                            settling = Some(Box::pin(async move {
                                sleep(LOOK).await;
                                left.apply(store).await
                            }));
                        }
                    }
                }
                haul = done(&mut leasing) => {
                    leasing = None;
                    let changed = changed.take();
                    match self.take(haul) {
                        Ok(true) => {}
                        Ok(false) => pause = Some(Box::pin(async move {
                            tokio::select! { () = waited(changed) => {}, () = sleep(LOOK) => {} }
                        })),
                        Err(error) => {
                            tracing::error!(code = "store_unavailable", %error, "the inbox cannot be read; trying again");
                            pause = Some(Box::pin(sleep(LOOK)));
                        }
                    }
                }
                () = done(&mut pause) => pause = None,
            }
        }
    }

    /// One batch, to its end.
    pub(super) async fn once(mut self) -> Result<usize, StoreError> {
        let worker = self.worker;
        let since = Instant::now();
        let leased = worker.store.lease(Arc::clone(&worker.endpoint), FARTHEST, LEASE).await?;
        let count = leased.len();
        let now = worker.clock.now();
        for record in leased {
            if let Some(record) = self.unless(used_up, record) {
                self.waiting.take(Held { leased: record, since, probe: None }, now, &mut self.settlement);
            }
        }
        loop {
            self.begin();
            let Some(landed) = self.flying.join_next_with_id().await else { break };
            self.land(landed);
        }
        self.waiting.give_back_all(&mut self.settlement);
        self.settlement.apply(Arc::clone(&worker.store)).await.map_err(|(_, error)| error)?;
        Ok(count)
    }

    /// Begins whatever may begin.
    fn begin(&mut self) {
        self.waiting.give_back_old(&mut self.settlement);
        let closed = self.duty.breaker.state() == BreakerState::Closed;
        if !closed && self.waiting.is_without_probe() {
            self.waiting.give_back_all(&mut self.settlement);
        }
        while self.flying.len() < self.duty.concurrency {
            let Some(Held { leased, since, probe }) = self.waiting.next() else { break };
            let Some(leased) = self.unless(distrusted, leased) else { continue };
            if since.elapsed() > LONG && self.shrunk.elapsed() > LONG && self.worker.order == Order::None {
                self.ahead /= 2;
                self.shrunk = Instant::now();
            }
            let (id, fence, attempt) = (leased.id.clone(), leased.fence, leased.attempt);
            let (endpoint, subject) = (Arc::clone(&leased.record.provenance().endpoint), leased.record.subject.clone());
            fail_point::reached(Point::Leased);
            // A task of its own: a handler that panics is a failed try and not the end of the worker.
            let breaker = self.duty.breaker.clone();
            let flight = self.flying.spawn(self.duty.deliver(leased));
            self.tickets.insert(flight.id(), Ticket { id, fence, attempt, endpoint, subject, breaker, _probe: probe });
        }
    }

    /// Asks for more records, if there is room and the breaker lets them through; else says until when not.
    fn lease(&self) -> Result<Option<Job<'a, Haul>>, Instant> {
        let (worker, waiting) = (self.worker, self.waiting.ready());
        let room = self.duty.concurrency.saturating_sub(self.flying.len()).saturating_add(self.ahead);
        // In larger bites, as each is a step of the store.
        // What waits for another of its subject takes no room, but does not grow without an end.
        if room <= waiting || waiting > self.ahead / 2 || self.waiting.is_full() {
            return Ok(None);
        }
        let (asked, probe) = match self.duty.breaker.admit() {
            // At least two: of one alone, what was tried before would have no share.
            Admission::All => (room.saturating_sub(waiting).max(2), None),
            Admission::One(probe) => (1, Some(probe)),
            Admission::None(until) => return Err(until),
        };
        let (store, endpoint) = (Arc::clone(&worker.store), Arc::clone(&worker.endpoint));
        let overdue = self.waiting.overdue(worker.clock.now());
        Ok(Some(Box::pin(async move {
            let since = Instant::now();
            let leased = store.lease(endpoint, asked, LEASE).await;
            let mut gone = Vec::new();
            for (subject, id) in overdue {
                let shown = store.show(id.clone()).await;
                let waits = |state| matches!(state, State::Ready | State::Leased);
                if shown.is_ok_and(|shown| shown.is_none_or(|shown| !waits(shown.entry.state))) {
                    gone.push((subject, id));
                }
            }
            Haul { leased, since, probe, asked, gone }
        })))
    }

    /// Takes what was leased. Answers whether there may be more.
    fn take(&mut self, haul: Haul) -> Result<bool, StoreError> {
        let Haul { leased, since, mut probe, asked, gone } = haul;
        gone.iter().for_each(|(subject, id)| self.waiting.finished(Some(subject), id));
        // What took too long comes in smaller bites.
        let leased = leased.inspect_err(|_| self.ahead = 0)?;
        let (count, probing, now) = (leased.len(), probe.is_some(), self.worker.clock.now());
        let bytes = leased.iter().fold(0_usize, |sum, one| sum.saturating_add(one.record.content.len()));
        let is_whole = count >= asked || bytes >= LARGEST_LEASE / 2;
        if count >= asked && !probing && self.waiting.len() == 0 {
            let least = self.duty.concurrency.min(FARTHEST);
            self.ahead = self.ahead.saturating_mul(2).clamp(least, FARTHEST);
        }
        for record in leased {
            if let Some(record) = self.unless(used_up, record) {
                self.waiting.take(Held { leased: record, since, probe: probe.take() }, now, &mut self.settlement);
            }
        }
        Ok(is_whole && !probing)
    }

    /// A try has ended.
    fn land(&mut self, landed: Landed) {
        let (flight, result) = match landed {
            Ok((flight, result)) => (flight, result),
            Err(error) => {
                let found = "expected an answer of the handler, but found a panic";
                (error.id(), Err(Rejection::new(Code::HandlerFailed, found)))
            }
        };
        let Some(ticket) = self.tickets.remove(&flight) else { return };
        let (breaker, subject) = (&ticket.breaker, ticket.subject.as_deref());
        let rejection = match result {
            Ok(reply) => match reply.status.filter(|status| !status.is_success()) {
                None => {
                    fail_point::reached(Point::SinkDone);
                    breaker.answered();
                    self.waiting.finished(subject, &ticket.id);
                    return self.settlement.delivered((ticket.id, ticket.fence));
                }
                Some(status) => {
                    let fails = status.is_server_error() || status.as_u16() == 429;
                    let code = if fails { Code::SinkUnavailable } else { Code::HandlerFailed };
                    let found = format!("expected success of the handler, but found status {}", status.as_u16());
                    if !fails {
                        breaker.answered();
                    }
                    let rejection = Rejection::new(code, found);
                    reply.retry_after.map_or(rejection.clone(), |delay| rejection.with_retry_after(delay))
                }
            },
            Err(rejection) => rejection,
        };
        if rejection.code() == Code::SinkUnavailable {
            breaker.failed(rejection.retry_after(), rejection.detail());
        }
        self.failed(ticket, &rejection);
    }

    fn failed(&mut self, ticket: Ticket, rejection: &Rejection) {
        let Ticket { id, fence, attempt, endpoint, subject, .. } = ticket;
        let (code, reason, plan) = (rejection.code(), rejection.to_string(), self.duty.retry);
        // Attempts are never counted from the beginning again: an operator's retry grants one more round of them.
        let again = attempt
            .checked_rem(plan.attempts)
            .filter(|rest| *rest > 0)
            .map(|of_round| self.worker.clock.now().after(plan.delay_of(&id, of_round, rejection.retry_after())));
        match again {
            Some(at) => {
                tracing::warn!(%code, %endpoint, event_id = %id, attempt, reason, "an event was not delivered");
                self.waiting.failed(subject.as_deref(), at, &mut self.settlement);
            }
            None => {
                let because = code.as_str();
                tracing::error!(code = "parked", because, %endpoint, event_id = %id, attempt, reason, cure = RETRY, "an event has used up its tries");
                self.waiting.finished(subject.as_deref(), &id);
            }
        }
        self.settlement.failed((id, fence), again, reason);
    }

    /// Learns which events wait, so that no younger one of their subjects goes before them.
    async fn recall(&mut self) {
        let recalled = recall(self.worker).await;
        let until = self.worker.clock.now().after(UNKNOWN);
        for Recalled { subject, id, is_tried, .. } in recalled {
            self.waiting.know(subject, id, is_tried.then_some(until));
        }
    }
}

/// The end of a job, or never where there is none.
async fn done<T>(job: &mut Option<Job<'_, T>>) -> T {
    match job {
        Some(job) => job.await,
        None => std::future::pending().await,
    }
}

async fn waited(job: Option<Job<'_, ()>>) {
    match job {
        Some(job) => job.await,
        None => std::future::pending().await,
    }
}
