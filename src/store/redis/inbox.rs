//! The inbox in Redis: from acceptance to delivery. The rule: a record is handed out only after its attempt is counted,
//! and only to one owner at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::{Script, Value};

use super::nodes::all;
use super::packed::Stored;
use super::partition::Partition;
use super::reply::{bytes, count, members, number, text};
use super::{RedisStore, script};
use crate::clock::Timestamp;
use crate::store::turns::chosen;
use crate::store::{EventId, LARGEST_LEASE, Leased, Pruned, StoreError};

/// Most things of one kind that one script forgets.
const MOST: u64 = 500;
/// How often pruning goes on in one partition, so that it ends.
const ROUNDS: usize = 20;

impl RedisStore {
    /// Hands records out. One partition is one step; of several, those are asked first that have the oldest.
    pub(super) async fn lease_records(
        &self,
        endpoints: &[Box<str>],
        limit: usize,
        lease: Duration,
    ) -> Result<Vec<Leased>, StoreError> {
        let mut wanted: BTreeMap<Partition, Vec<&str>> = BTreeMap::new();
        for endpoint in endpoints {
            wanted.entry(Partition::of(endpoint)).or_default().push(endpoint);
        }
        if endpoints.is_empty() {
            wanted = all().map(|partition| (partition, Vec::new())).collect();
        }
        let mut leased: Vec<(u64, Leased)> = Vec::new();
        let gathered = self.gather(&wanted, limit, lease, &mut leased).await;
        // What was handed out is delivered, whatever became of the rest: nobody else has it until its lease ends.
        if leased.is_empty() {
            gathered?;
        }
        leased.sort_by_key(|(position, _)| *position);
        Ok(leased.into_iter().map(|(_, one)| one).collect())
    }

    async fn gather(
        &self,
        wanted: &BTreeMap<Partition, Vec<&str>>,
        limit: usize,
        lease: Duration,
        leased: &mut Vec<(u64, Leased)>,
    ) -> Result<(), StoreError> {
        let mut bytes: usize = 0;
        while leased.len() < limit && bytes < LARGEST_LEASE {
            let missing = limit.saturating_sub(leased.len());
            let shares = match wanted.first_key_value() {
                Some((partition, _)) if wanted.len() == 1 => BTreeMap::from([(*partition, missing)]),
                _ => self.shares(wanted, missing).await?,
            };
            let mut taken: usize = 0;
            for (partition, share) in shares {
                let endpoints = wanted.get(&partition).map(Vec::as_slice).unwrap_or_default();
                let rows = self.take(partition, endpoints, share, lease).await?;
                taken = taken.saturating_add(rows.len());
                for row in rows {
                    let opened = self.opened(partition, row).await;
                    bytes = bytes.saturating_add(opened.as_ref().map_or(0, |(_, one)| one.record.content.len()));
                    leased.extend(opened);
                }
            }
            // Another worker may have been faster, and what was damaged is no longer due: there may be more behind.
            if taken == 0 || (wanted.len() == 1 && !leased.is_empty()) {
                break;
            }
        }
        Ok(())
    }

    /// How many of the records that are due and go first lie in which partition.
    async fn shares(
        &self,
        wanted: &BTreeMap<Partition, Vec<&str>>,
        limit: usize,
    ) -> Result<BTreeMap<Partition, usize>, StoreError> {
        let mut due: Vec<(bool, (u64, Partition))> = Vec::new();
        let mut failed = None;
        for (partition, endpoints) in wanted {
            let mut call = self.calls.call(&script::PEEK, *partition);
            call.arg(limit).arg(endpoints);
            let rows = match self.calls.run(*partition, &call).await {
                Ok(rows) => rows,
                // A server that is gone keeps nobody from what the others have.
                Err(error) => {
                    failed = Some(error);
                    continue;
                }
            };
            for row in members(rows) {
                let mut row = members(row).into_iter();
                let is_tried = number(&mut row) > 0;
                due.push((is_tried, (partition.outward(number(&mut row)), *partition)));
            }
        }
        if let Some(error) = failed.filter(|_| due.is_empty()) {
            return Err(error);
        }
        let mut shares = BTreeMap::new();
        for (_, (_, partition)) in chosen(due, limit) {
            let share: &mut usize = shares.entry(partition).or_default();
            *share = share.saturating_add(1);
        }
        Ok(shares)
    }

    async fn take(
        &self,
        partition: Partition,
        endpoints: &[&str],
        limit: usize,
        lease: Duration,
    ) -> Result<Vec<Value>, StoreError> {
        let mut call = self.calls.call(&script::TAKE, partition);
        let until = self.calls.clock.now().after(lease).millis();
        call.arg(self.calls.plan.mark()).arg(limit).arg(until).arg(endpoints);
        // Nobody waits for copies: without enough of them nothing would be delivered, and each try would be counted.
        Ok(members(self.calls.run_sealed(partition, &call).await?))
    }

    /// Opens the seal of a record that was taken, or quarantines the record.
    async fn opened(&self, partition: Partition, row: Value) -> Option<(u64, Leased)> {
        let mut row = members(row).into_iter();
        let position = partition.outward(number(&mut row));
        let name = text(&mut row);
        let (fence, attempt) = (number(&mut row), number(&mut row));
        let is_abandoned = number(&mut row) > 0;
        let stored = Stored::read(bytes(&mut row));
        let opened = EventId::parse(&name).and_then(|id| stored.open(&id, &self.seal).map(|record| (id, record)));
        let Some((id, record)) = opened else {
            tracing::error!(code = "seal_broken", position, "the seal of a stored record is broken; it is quarantined");
            let held = [(name, fence)];
            let put = self.settle(partition, "quarantined", Timestamp::default(), "seal broken", &held).await;
            if let Err(error) = put {
                // It comes again when its lease ends.
                tracing::warn!(code = "store_unavailable", %error, position, "a damaged record is not in quarantine yet");
            }
            return None;
        };
        let attempt = u32::try_from(attempt).unwrap_or(u32::MAX);
        Some((position, Leased { id, fence: partition.outward(fence), attempt, is_abandoned, record }))
    }

    /// Ends the leases of many records.
    pub(super) async fn settle_all(
        &self,
        records: Vec<(EventId, u64)>,
        state: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut lost = !records.is_empty();
        let mut parts: BTreeMap<Partition, Vec<(String, u64)>> = BTreeMap::new();
        for (id, fence) in records {
            let (partition, fence) = Partition::inward(fence);
            parts.entry(partition).or_default().push((id.to_string(), fence));
        }
        for (partition, held) in parts {
            lost &= self.settle(partition, state, at, "", &held).await? == 0;
        }
        if lost { Err(StoreError::LeaseLost) } else { Ok(()) }
    }

    /// Ends the lease of one record.
    pub(super) async fn settle_one(
        &self,
        (id, fence): (EventId, u64),
        state: &str,
        at: Timestamp,
        reason: &str,
    ) -> Result<(), StoreError> {
        let (partition, fence) = Partition::inward(fence);
        match self.settle(partition, state, at, reason, &[(id.to_string(), fence)]).await? {
            0 => Err(StoreError::LeaseLost),
            _ => Ok(()),
        }
    }

    async fn settle(
        &self,
        partition: Partition,
        state: &str,
        at: Timestamp,
        reason: &str,
        held: &[(String, u64)],
    ) -> Result<u64, StoreError> {
        let mut call = self.calls.call(&script::SETTLE, partition);
        call.arg(state).arg(at.millis()).arg(reason);
        for (id, fence) in held {
            call.arg(id).arg(*fence);
        }
        // Nobody waits for copies, as in `take`: what a failover takes back is delivered again, under the same id.
        let settled = count(&self.calls.run(partition, &call).await?);
        if matches!(state, "ready" | "returned") && settled > 0 {
            self.calls.ready.notify_waiters();
        }
        Ok(settled)
    }

    /// Does what an operator decided, by a script that takes ids behind its other arguments and answers how many fitted. An id
    /// does not say in which partition its record is.
    pub(super) async fn decide(&self, what: &Script, more: &[&str], ids: &[EventId]) -> Result<u64, StoreError> {
        let mut total: u64 = 0;
        for partition in all() {
            for part in ids.chunks(500) {
                let mut call = self.calls.call(what, partition);
                call.arg(more);
                for id in part {
                    call.arg(id.as_str());
                }
                total = total.saturating_add(count(&self.calls.keep(partition, &call).await?));
            }
        }
        Ok(total)
    }

    /// Whether each server that has a part of the store would take a record, and copies of it where those are demanded. Their
    /// disks are not waited for: that may take a second each.
    pub(super) async fn probe_all(&self) -> Result<(), StoreError> {
        let wait = self.calls.wait;
        for partition in self.calls.nodes.apart() {
            let call = self.calls.call(&script::PROBE, partition);
            match wait.fsync {
                true => self.calls.run(partition, &call).await?,
                false => self.calls.keep(partition, &call).await?,
            };
        }
        let short = self.calls.nodes.seen().into_iter().find(|seen| seen.replicas < u32::from(wait.replicas));
        match short.filter(|_| wait.fsync) {
            Some(seen) => Err(StoreError::NotStored(format!("{} replicas of {}", seen.replicas, wait.replicas))),
            None => Ok(()),
        }
    }

    pub(super) async fn prune_all(&self) -> Result<Pruned, StoreError> {
        let mut total = Pruned::default();
        for partition in all() {
            let mut more = true;
            for _ in 0..ROUNDS {
                let mut call = self.calls.call(&script::PRUNE, partition);
                let mut row = members(self.calls.run(partition, call.arg(MOST)).await?).into_iter();
                total.records = total.records.saturating_add(number(&mut row));
                more = number(&mut row) > 0;
                if !more {
                    break;
                }
            }
            total.more |= more;
        }
        Ok(total)
    }
}
