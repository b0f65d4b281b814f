//! The one line in the log for each delivery. The rule: never a body, a signature, a token or a value of a header; ids are
//! cut; accepted deliveries are never left out, and refusals only where there are too many for the same reason.

use std::sync::Arc;

use http::Response;
use tokio::time::Instant;

use super::answer::Outcome;
use super::log_limit::LogLimit;
use crate::error::{Class, Code, Rejection};
use crate::observed::Observed;

/// Longest id in a line, in bytes.
const LONGEST: usize = 128;

/// The lines of one endpoint.
#[derive(Debug)]
pub(crate) struct Lines {
    endpoint: Arc<str>,
    profile: Arc<str>,
    origin: Instant,
    limit: LogLimit,
}

impl Lines {
    pub(crate) fn new(endpoint: Arc<str>, profile: Arc<str>) -> Self {
        Self { endpoint, profile, origin: Instant::now(), limit: LogLimit::default() }
    }

    /// Ends what is observed, and logs the answer. `reflected` is the request's id if it is a UUID.
    pub(crate) fn write<B>(&self, observed: &Observed, reflected: Option<&str>, response: &Response<B>) {
        observed.end();
        let rejection = response.extensions().get::<Rejection>();
        let outcome = response.extensions().get::<Outcome>().copied();
        let mut suppressed = None;
        if let Some(rejection) = rejection {
            let at = observed.begun().saturating_duration_since(self.origin);
            match self.limit.admit(rejection.code(), at) {
                Some(count) => suppressed = (count > 0).then_some(count),
                None => return observed.withhold(),
            }
        }
        let (endpoint, profile) = (&*self.endpoint, &*self.profile);
        let code = rejection.map(|rejection| rejection.code().as_str());
        let detail = rejection.map(Rejection::detail);
        let key_id = observed.key_id().map(cut);
        let request_id = observed.request_id().or(reflected).map(cut);
        let event_id = tracing::enabled!(tracing::Level::ERROR).then(|| observed.event_id()).flatten();
        let event_id = event_id.as_ref().map(|id| id.as_str());
        let client = observed.client().map(tracing::field::display);
        let duration_us = u64::try_from(observed.took().as_micros()).unwrap_or(u64::MAX);
        macro_rules! line {
            ($level:ident, $outcome:literal, $words:literal) => {
                tracing::$level!(
                    endpoint,
                    profile,
                    outcome = $outcome,
                    code,
                    detail,
                    key_id,
                    request_id,
                    event_id,
                    client,
                    duration_us,
                    suppressed,
                    $words
                )
            };
        }
        match (outcome, rejection.map(|rejection| rejection.code().class())) {
            (Some(Outcome::Accepted), _) => line!(info, "accepted", "a delivery was accepted"),
            (Some(Outcome::Duplicate), _) => line!(info, "duplicate", "a copy was recognised"),
            (Some(Outcome::Quarantined), _) => line!(warn, "quarantined", "a delivery was kept for inspection"),
            // Whoever stopped the receiver knows.
            _ if rejection.is_some_and(|rejection| rejection.code() == Code::ShuttingDown) => {
                line!(info, "refused", "a delivery came too late");
            }
            (_, Some(Class::Unavailable | Class::Handler)) => {
                line!(error, "refused", "a delivery could not be taken");
            }
            _ => line!(warn, "refused", "a delivery was refused"),
        }
    }

    /// Tells how many lines were left out since it was last told.
    pub(crate) fn summarise(&self) {
        for (code, suppressed) in self.limit.withheld() {
            let (endpoint, code) = (&*self.endpoint, Code::as_str(code));
            tracing::warn!(endpoint, code, suppressed, "refusals were not logged one by one");
        }
    }
}

/// An endpoint that is gone, as after a reload, has said what it left out.
impl Drop for Lines {
    fn drop(&mut self) {
        self.summarise();
    }
}

fn cut(id: &str) -> &str {
    id.get(..id.floor_char_boundary(LONGEST)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"x".repeat(200)).len(), LONGEST);
        assert_eq!(cut(&"€".repeat(200)).len(), 126);
    }
}
