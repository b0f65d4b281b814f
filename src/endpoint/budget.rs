//! How many bytes of bodies, and of heads that are not whole, are in memory at once, over all connections. The rule: only
//! what has arrived is counted, and nobody waits for room, or peers that announce much and send nothing would keep the
//! others out; and no address has more than a part of the room for bodies, nor than such a part for heads.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Code, Rejection};

/// Counters of addresses. Two that share one share its part of the room, and which do is nobody's choice.
const COUNTERS: usize = 1024;
/// The part of the room that one address may have, unless it is said.
const PART: usize = 8;

/// Room for bodies; endpoints that get clones of one share it.
#[derive(Debug, Clone)]
pub struct BodyBudget {
    room: Arc<Room>,
    bytes: usize,
    per_address: usize,
}

#[derive(Debug)]
struct Room {
    free: Arc<Semaphore>,
    by_address: Box<[AtomicUsize]>,
    order: RandomState,
}

impl BodyBudget {
    /// Room for so many bytes, of which one address has an eighth.
    pub fn new(bytes: usize) -> Self {
        let bytes = bytes.min(Semaphore::MAX_PERMITS);
        // Those of bodies, then those of heads.
        let by_address = (0..2 * COUNTERS).map(|_| AtomicUsize::new(0)).collect();
        let room = Room { free: Arc::new(Semaphore::new(bytes)), by_address, order: RandomState::new() };
        Self { room: Arc::new(room), bytes, per_address: bytes.checked_div(PART).unwrap_or(0) }
    }

    /// So many bytes of bodies, and as many of heads, for one address, or one /64 of IPv6. Loopback is not counted, where a
    /// proxy is, nor is a request without a [`super::Peer`]. It is set before the budget is shared.
    #[must_use]
    pub fn per_address(mut self, bytes: usize) -> Self {
        self.per_address = bytes;
        self
    }

    /// How many bytes there is room for in all.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many bytes of bodies are in memory now.
    pub fn in_use(&self) -> usize {
        self.bytes.saturating_sub(self.room.free.available_permits())
    }

    /// Whether a body that is announced would fit now. It reserves nothing.
    pub(super) fn admits(&self, announced: u64) -> Result<(), Rejection> {
        if announced > self.room.free.available_permits() as u64 { Err(overloaded()) } else { Ok(()) }
    }

    /// For the heads that come over one connection. They are counted by themselves, or they would take the room of a body
    /// that is larger than its address's part and comes alone.
    #[cfg(feature = "server")]
    pub(crate) fn share_of_heads(&self, peer: Option<IpAddr>) -> Share {
        let mut share = self.share(peer);
        share.counter = share.counter.map(|counter| counter.saturating_add(COUNTERS));
        share
    }

    pub(crate) fn share(&self, peer: Option<IpAddr>) -> Share {
        let counter = peer.map(|peer| peer.to_canonical()).filter(|peer| !peer.is_loopback()).map(|peer| {
            let source = match peer {
                IpAddr::V4(address) => u64::from(address.to_bits()),
                // The network that one customer gets.
                IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
            };
            let hash = self.room.order.hash_one((peer.is_ipv4(), source));
            hash.checked_rem(COUNTERS as u64).unwrap_or(0) as usize
        });
        Share { room: Arc::clone(&self.room), per_address: self.per_address, counter, bytes: 0, taken: None }
    }
}

impl Default for BodyBudget {
    /// 64 MiB.
    fn default() -> Self {
        Self::new(64 * 1024 * 1024)
    }
}

/// What one request has taken; given back when it is answered.
#[derive(Debug)]
pub(crate) struct Share {
    room: Arc<Room>,
    per_address: usize,
    counter: Option<usize>,
    bytes: usize,
    taken: Option<OwnedSemaphorePermit>,
}

#[cfg(feature = "server")]
impl Share {
    /// Gives all of it back.
    pub(crate) fn give_back(&mut self) {
        self.uncount();
        self.taken = None;
    }
}

impl Share {
    /// Takes more. The first bytes of an address always fit, so that a body larger than its part is not refused for ever.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Rejection> {
        let permits = u32::try_from(bytes).map_err(|_| overloaded())?;
        if let Some(counter) = self.counter.and_then(|counter| self.room.by_address.get(counter)) {
            let before = counter.fetch_add(bytes, Ordering::Relaxed);
            self.bytes = self.bytes.saturating_add(bytes);
            let others = before.saturating_sub(self.bytes.saturating_sub(bytes));
            if others > 0 && before.saturating_add(bytes) > self.per_address {
                return Err(overloaded());
            }
        }
        let more = Arc::clone(&self.room.free).try_acquire_many_owned(permits).map_err(|_| overloaded())?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

impl Share {
    fn uncount(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if let Some(counter) = self.counter.and_then(|counter| self.room.by_address.get(counter)) {
            counter.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.uncount();
    }
}

fn overloaded() -> Rejection {
    Rejection::new(Code::Overloaded, "expected room for a body or a head, but found the limit of bytes in flight")
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_a_part_for_heads_and_one_for_bodies() {
        let budget = BodyBudget::new(64 * 1024);
        let (one, other) = (Some(IpAddr::from([192, 0, 2, 1])), Some(IpAddr::from([198, 51, 100, 1])));
        let mut heads: Vec<_> = (0..9).map(|_| budget.share_of_heads(one)).collect();
        let taken: Vec<_> = heads.iter_mut().map(|head| head.take(1024).is_ok()).collect();
        assert_eq!(taken, [true, true, true, true, true, true, true, true, false]);
        let mut body = budget.share(one);
        assert!(body.take(20 * 1024).is_ok(), "the heads are no other body");
        assert!(budget.share_of_heads(other).take(1024).is_ok());
        drop(heads);
        assert!(budget.share_of_heads(one).take(8 * 1024).is_ok());
    }
}
