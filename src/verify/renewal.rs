//! A message may name a key that the sender has published since the keys were read: the sources are asked, within the
//! ring's bounds, and the message is verified once more.

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
        let Some(ring) = self.keys.as_ref().filter(|ring| ring.is_kept()) else { return attempt().await };
        let seen = ring.version();
        let unknown = match attempt().await {
            Err(rejection) if rejection.code() == Code::KeyUnknown => rejection,
            other => return other,
        };
        match ring.renewed(seen, at).await {
            Renewal::Renewed => attempt().await,
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
    Rejection::new(Code::KeysUnavailable, keys.to_string()).with_retry_after(std::time::Duration::from_secs(60))
}
