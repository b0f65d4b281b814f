//! A message may name a key that the sender has published since the keys were read: the sources are asked, within the
//! ring's bounds, and the message is verified once more.

use std::time::Duration;

use super::Verifier;
use crate::clock::Timestamp;
use crate::error::{Code, Rejection};
use crate::keys::{Renewal, StaleKeys};

impl Verifier {
    /// Makes `attempt`, and makes it once more if it did not know the key and newer keys came.
    pub(crate) async fn renewing<T, F>(&self, at: Timestamp, attempt: impl Fn() -> F) -> Result<T, Rejection>
    where
        F: Future<Output = Result<T, Rejection>>,
    {
        let seen = self.seen();
        match (attempt().await, seen) {
            (Err(unknown), Some(seen)) if unknown.code() == Code::KeyUnknown => {
                self.renewed(seen, at, unknown, attempt).await
            }
            (other, _) => other,
        }
    }

    /// The number of the keys in force, if newer ones can be asked for; to be read before they are used.
    pub(super) fn seen(&self) -> Option<u64> {
        self.keys.as_ref().filter(|ring| ring.is_kept()).map(|ring| ring.version())
    }

    /// Makes `attempt` once more if newer keys came than those of number `seen`, which did not know the key.
    pub(super) async fn renewed<T, F>(
        &self,
        seen: u64,
        at: Timestamp,
        unknown: Rejection,
        attempt: impl Fn() -> F,
    ) -> Result<T, Rejection>
    where
        F: Future<Output = Result<T, Rejection>>,
    {
        let Some(ring) = &self.keys else { return Err(unknown) };
        match ring.renewed(seen, at).await {
            Renewal::Renewed => attempt().await,
            // Within the minute nobody can say whether the sender has published this key since: its retry is the queue. It has
            // a code of its own, as anybody can bring it about, and nobody is to be woken for it.
            Renewal::NotNow if ring.is_remote() => Err(Rejection::new(
                Code::KeyUnconfirmed,
                "expected a key that is known, but found another id, and the sender's address was asked within the last minute",
            )
            .with_retry_after(Duration::from_secs(60))),
            Renewal::NotNow => Err(unknown),
            Renewal::Unavailable => Err(Rejection::new(
                Code::KeysUnavailable,
                "expected the sender's newest keys in time, but found that reading them takes too long",
            )),
        }
    }
}

/// Fails closed: whoever revoked a key must not depend on a source that cannot be reached.
pub(super) fn stale(keys: StaleKeys) -> Rejection {
    Rejection::new(Code::KeysUnavailable, keys.to_string()).with_retry_after(Duration::from_secs(60))
}
