//! Claims in Redis. The rule: one script decides and acts, so what it looked up still holds when it acts upon it; it
//! checks first, appends second and claims last.

use std::time::Duration;

use redis::ScriptInvocation;

use super::batch::Offer;
use super::packed::packed;
use super::partition::Partition;
use super::reply::{bytes, count, members, number, text};
use super::{RedisStore, script};
use crate::crypto::random;
use crate::fail_point::{self, Point};
use crate::store::verdict::kept_part;
use crate::store::{Acceptance, Claim, Identity, Lease, Record, StoreError, StoredAnswer};
use crate::verified::Verified;
use crate::wire::encoding::Encoding;

impl RedisStore {
    pub(super) async fn accept_record(&self, record: &Verified<Record>) -> Result<Acceptance, StoreError> {
        let offer = self.offer(record);
        self.batches.accept(&self.calls, &record.provenance().endpoint, offer).await
    }

    pub(super) async fn claim_record(&self, record: &Verified<Record>, lease: Duration) -> Result<Claim, StoreError> {
        let partition = Partition::of(&record.provenance().endpoint);
        let mut token = [0; 12];
        random(&mut token).map_err(|error| StoreError::NotStored(error.to_string()))?;
        let mut call = self.calls.call(&script::CLAIM, partition);
        self.offered(&mut call, record);
        call.arg(self.calls.clock.now().after(lease).millis()).arg(Encoding::Hex.encode(&token));
        fail_point::reached(Point::RedisSend);
        let mut said = members(self.calls.keep_sealed(partition, &call).await?).into_iter();
        fail_point::reached(Point::RedisAnswered);
        Ok(match text(&mut said).as_str() {
            "granted" => {
                let fence = partition.outward(number(&mut said));
                Claim::Granted(Lease { identity: record.identity, fence })
            }
            "in_flight" => Claim::InFlight,
            "conflict" => Claim::Conflict,
            "done" => {
                let status = u16::try_from(number(&mut said)).unwrap_or(0);
                let (content_type, body) = (text(&mut said).into(), bytes(&mut said).into());
                Claim::Done(StoredAnswer { status, content_type, body })
            }
            _ => return Err(strange()),
        })
    }

    pub(super) async fn renew_claim(&self, held: Lease, lease: Duration) -> Result<(), StoreError> {
        let (partition, fence) = Partition::inward(held.fence);
        let mut call = self.calls.call(&script::RENEW, partition);
        call.arg(name(&held.identity)).arg(fence);
        call.arg(self.calls.clock.now().after(lease).millis());
        self.matched(partition, &call).await
    }

    pub(super) async fn complete_claim(
        &self,
        held: Lease,
        record: &Verified<Record>,
        answer: StoredAnswer,
    ) -> Result<(), StoreError> {
        let (partition, fence) = Partition::inward(held.fence);
        if record.identity != held.identity || partition != Partition::of(&record.provenance().endpoint) {
            return Err(StoreError::LeaseLost);
        }
        let answer = kept_part(answer);
        let mut call = self.calls.call(&script::COMPLETE, partition);
        self.offered(&mut call, record);
        call.arg(fence).arg(answer.status).arg(&*answer.content_type).arg(&*answer.body);
        fail_point::reached(Point::RedisSend);
        let completed = self.calls.keep_sealed(partition, &call).await.map(|said| count(&said));
        let completed = completed.and_then(owned);
        fail_point::reached(Point::RedisAnswered);
        completed
    }

    pub(super) async fn release_claim(&self, held: Lease) -> Result<(), StoreError> {
        let (partition, fence) = Partition::inward(held.fence);
        let mut call = self.calls.call(&script::RELEASE, partition);
        call.arg(name(&held.identity)).arg(fence);
        self.matched(partition, &call).await
    }

    /// Runs a script that answers how many things the caller held.
    async fn matched(&self, partition: Partition, call: &ScriptInvocation<'_>) -> Result<(), StoreError> {
        owned(count(&self.calls.keep(partition, call).await?))
    }

    /// Endpoint, mark and record, as arguments.
    fn offered(&self, call: &mut ScriptInvocation<'_>, record: &Verified<Record>) {
        call.arg(&*record.provenance().endpoint).arg(self.calls.plan.mark());
        for part in self.offer(record) {
            call.arg(part);
        }
    }

    /// A record on its way into a script: its id, what the scripts rarely ask, and itself. Sealing it is the caller's work,
    /// not the server's.
    fn offer(&self, record: &Verified<Record>) -> Offer {
        let conflict = record.identity.conflict_id(&record.fingerprint);
        let fence = record.fence.as_ref().map(|fence| Encoding::Hex.encode(fence.as_bytes())).unwrap_or_default();
        let problem = record.problem.as_deref().unwrap_or_default();
        [
            name(&record.identity).into_bytes(),
            format!("{conflict} {fence} {problem}").into_bytes(),
            packed(record, &self.seal),
        ]
    }
}

/// What the number of things means that a caller held.
fn owned(count: u64) -> Result<(), StoreError> {
    if count == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
}

/// The name under which everything about an identity is kept.
fn name(identity: &Identity) -> String {
    identity.event_id().to_string()
}

/// An answer that no script of ours gives.
pub(super) fn strange() -> StoreError {
    StoreError::Unknown("an answer of Redis that no script gives".to_owned())
}
