//! How many private keys work at once.
//!
//! The rule: a decryption costs as much as fifteen verifications and anybody can ask for one, so it waits for a place
//! of which there are few, off the threads that serve everybody else; and who waits too long is told to come again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Code, Rejection};

/// How long a delivery waits for its place.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Deliveries that wait at once; more are told to come again without waiting.
const LONGEST_QUEUE: usize = 256;

/// Places for decryptions, shared by everything that decrypts with the same processors.
#[derive(Debug, Clone)]
pub struct DecryptionPermits {
    places: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl DecryptionPermits {
    /// This many at once, at least one, and no more than there can be.
    pub fn new(at_once: usize) -> Self {
        let at_once = at_once.clamp(1, Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(at_once)), queue: Arc::new(Semaphore::new(LONGEST_QUEUE)) }
    }

    /// The same places with a queue of its own, so that a flood of one endpoint leaves the others' place in the line.
    #[must_use]
    pub fn for_another_endpoint(&self) -> Self {
        Self { places: Arc::clone(&self.places), queue: Arc::new(Semaphore::new(LONGEST_QUEUE)) }
    }

    pub(super) async fn acquire(&self) -> Result<OwnedSemaphorePermit, Rejection> {
        let busy = || Rejection::new(Code::DecryptionBusy, "expected a place to decrypt, but found all of them taken");
        let _queued = self.queue.try_acquire().map_err(|_| busy())?;
        match tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }
}

impl Default for DecryptionPermits {
    /// Half of the processors, so that the other half verifies and answers.
    fn default() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from) / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_places_than_there_can_be_are_no_panic() {
        assert_eq!(DecryptionPermits::new(usize::MAX).places.available_permits(), Semaphore::MAX_PERMITS);
        assert_eq!(DecryptionPermits::new(0).places.available_permits(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_waits_a_bounded_time_in_a_bounded_queue() {
        let permits = DecryptionPermits::new(1);
        let held = permits.acquire().await.unwrap();
        let waiting: Vec<_> = (0..LONGEST_QUEUE)
            .map(|_| {
                let permits = permits.clone();
                tokio::spawn(async move { permits.acquire().await.map(drop) })
            })
            .collect();
        while permits.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let start = tokio::time::Instant::now();
        assert_eq!(permits.acquire().await.unwrap_err().code(), Code::DecryptionBusy);
        assert_eq!(start.elapsed(), Duration::ZERO);
        for one in waiting {
            assert_eq!(one.await.unwrap().unwrap_err().code(), Code::DecryptionBusy);
        }
        assert_eq!(start.elapsed(), LONGEST_WAIT);
        drop(held);
        assert!(permits.acquire().await.is_ok());
    }
}
