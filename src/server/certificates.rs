//! Our own certificates, before they end: that of the listener, and those by which we come to sinks and to the store.
//!
//! The rule: it is said early and often enough that somebody renews them; a certificate that cannot be read is nobody's news
//! here, as TLS itself says what it makes of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::config::{Config, SinkKind, StoreSettings};
use super::live::Live;
use super::standing;
use super::tls::Listening;
use crate::clock::Timestamp;
use crate::rotation::{Days, Severity, severity};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Between two reports of what ends soon.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The certificates of one configuration.
#[derive(Debug, Clone)]
pub(super) struct Certificates {
    listener: Option<Arc<Live<Listening>>>,
    others: Arc<[OwnCertificate]>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCertificate {
    /// Whose files it is in: `listener`, `store`, or the name of a sink.
    pub files: String,
    /// Its last moment.
    pub not_after: Timestamp,
}

impl Certificates {
    pub(super) fn of(config: &Config, listener: Option<&Arc<Live<Listening>>>) -> Self {
        let own = |files: String, ends: Option<Timestamp>| ends.map(|not_after| OwnCertificate { files, not_after });
        let store = match &config.store {
            StoreSettings::Redis(redis) => own("store".to_owned(), redis.0.certificate_ends()),
            StoreSettings::Sqlite(_) | StoreSettings::Memory => None,
        };
        let sinks = config.sinks.iter().filter_map(|sink| {
            let ends = match &sink.kind {
                SinkKind::Http(http) => http.certificate_ends,
                SinkKind::Redis(redis) => redis.address.certificate_ends(),
                SinkKind::Stdout | SinkKind::File(_) | SinkKind::None => None,
            };
            own(format!("sink {}", sink.name), ends)
        });
        Self { listener: listener.cloned(), others: store.into_iter().chain(sinks).collect() }
    }

    /// All of them, as they are now.
    pub(super) fn all(&self) -> Vec<OwnCertificate> {
        let listener = self.listener.as_ref().and_then(|live| live.current().not_after);
        let listener = listener.map(|not_after| OwnCertificate { files: "listener".to_owned(), not_after });
        listener.into_iter().chain(self.others.iter().cloned()).collect()
    }

    /// Sets the gauges.
    pub(super) fn measure(&self, now: Timestamp) {
        for one in self.all() {
            let left = one.not_after.since(now).as_secs_f64();
            metrics::gauge!("countersign_tls_expire_seconds", "files" => one.files).set(left);
        }
    }

    /// They are no longer in use: nothing of them is to be worried about.
    pub(super) fn forget(&self) {
        for one in self.all() {
            metrics::gauge!("countersign_tls_expire_seconds", "files" => one.files).set(f64::INFINITY);
        }
    }
}

impl OwnCertificate {
    /// How much of a hurry it is to renew it.
    pub fn severity(&self, now: Timestamp) -> Option<Severity> {
        severity(self.not_after.since(now))
    }

    /// Whether nobody who checks it takes it any more.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.not_after < now
    }

    /// The same in words.
    pub fn words(&self, now: Timestamp) -> String {
        let (files, at) = (&self.files, self.not_after);
        match (self.has_ended(now), self.severity(now)) {
            (true, _) => format!("our certificate ({files}) has ended, at {at}; renew it"),
            (false, None) => format!("{files}, until {at}"),
            (false, Some(_)) => format!("our certificate ({files}) ends in {}, at {at}; renew it", Days(at.since(now))),
        }
    }
}

/// Says each day, and whenever another one is in use, what ends soon.
pub(super) async fn watch(standing: standing::Place, mut closing: watch::Receiver<bool>) {
    let mut said: Option<(Timestamp, Vec<OwnCertificate>)> = None;
    loop {
        {
            let standing = standing.load();
            let (found, now) = (standing.certificates.all(), standing.clock.now());
            if said.as_ref().is_none_or(|(at, before)| now.since(*at) >= DAY || *before != found) {
                found.iter().for_each(|one| report(one, now));
                said = Some((now, found));
            }
        }
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

fn report(one: &OwnCertificate, now: Timestamp) {
    let (files, words) = (&one.files, one.words(now));
    match one.severity(now) {
        None => {}
        Some(_) if one.has_ended(now) => {
            tracing::error!(code = "certificate_ended", files, "{words}");
        }
        Some(Severity::Error) => tracing::error!(code = "certificate_expiring", files, "{words}"),
        Some(Severity::Warning) => tracing::warn!(code = "certificate_expiring", files, "{words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_soon_is_a_warning_then_an_error_and_at_last_it_has_ended() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let said = |left: i64| {
            let one = OwnCertificate {
                files: "listener".to_owned(),
                not_after: Timestamp::from_seconds(1_800_000_000 + left),
            };
            (one.severity(now), one.has_ended(now), one.words(now).split(',').next().unwrap().to_owned())
        };
        let day = 24 * 60 * 60;
        let (warning, error) = (Some(Severity::Warning), Some(Severity::Error));
        assert_eq!(said(30 * day + 1), (None, false, "listener".to_owned()));
        assert_eq!(said(30 * day), (warning, false, "our certificate (listener) ends in 30 days".to_owned()));
        assert_eq!(said(3 * day + 1), (warning, false, "our certificate (listener) ends in 3 days".to_owned()));
        assert_eq!(said(3 * day), (error, false, "our certificate (listener) ends in 3 days".to_owned()));
        assert_eq!(said(3600), (error, false, "our certificate (listener) ends in 1 hours".to_owned()));
        assert_eq!(
            said(0),
            (error, false, "our certificate (listener) ends in 0 hours".to_owned()),
            "its last moment is one of it"
        );
        assert_eq!(said(-1), (error, true, "our certificate (listener) has ended".to_owned()));
    }
}
