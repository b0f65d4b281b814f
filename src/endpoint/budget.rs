//! How many bytes of bodies, and of heads that are not whole, are in memory at once, over all connections. The rule: only what has arrived is counted, and
//! nobody waits for room, or peers that announce much and send nothing would keep the others out.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Code, Rejection};

/// Room for bodies; endpoints that get clones of one share it.
#[derive(Debug, Clone)]
pub struct BodyBudget {
    room: Arc<Semaphore>,
}

impl BodyBudget {
    /// Room for so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))) }
    }

    /// Whether a body that is announced would fit now. It reserves nothing.
    pub(super) fn admits(&self, announced: u64) -> Result<(), Rejection> {
        if announced > self.room.available_permits() as u64 { Err(overloaded()) } else { Ok(()) }
    }

    pub(crate) fn share(&self) -> Share {
        Share { room: Arc::clone(&self.room), taken: None }
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
    room: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
}

#[cfg(feature = "server")]
impl Share {
    /// Gives all of it back.
    pub(crate) fn give_back(&mut self) {
        self.taken = None;
    }
}

impl Share {
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Rejection> {
        let bytes = u32::try_from(bytes).map_err(|_| overloaded())?;
        let more = Arc::clone(&self.room).try_acquire_many_owned(bytes).map_err(|_| overloaded())?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

fn overloaded() -> Rejection {
    Rejection::new(Code::Overloaded, "expected room for a body, but found the limit of bytes in flight")
}
