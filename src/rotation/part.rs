//! One source with the keys that it brought last.
//!
//! The rule: what it brought stays until it brings something better; each new trouble is said once.

use std::time::Duration;

#[cfg(feature = "jwks")]
use super::outcome::Outcome;
use super::outcome::{Counts, NoKeys, Trouble};
use super::source::{self, Origin, Source};
use super::watch::{Look, Watch};
use crate::clock::Timestamp;
use crate::crypto::Sha256;
use crate::keys::{Key, KeyError};

/// After a fetch that failed, the next one comes after this span at the latest.
#[cfg(feature = "jwks")]
const SOON: Duration = Duration::from_secs(60);
/// After one that failed while there are no keys yet.
#[cfg(feature = "jwks")]
const SOONER: Duration = Duration::from_secs(5);

/// When an address is asked for the first time.
#[derive(Debug, Clone, Copy)]
pub(super) enum First {
    /// Now, and again until this span is over, or once if it is nothing.
    #[cfg_attr(not(feature = "jwks"), allow(dead_code, reason = "files are there or not"))]
    Within(Duration),
    /// By whoever keeps the keys; until then there are none.
    #[cfg(feature = "server")]
    Later,
}

#[derive(Debug)]
pub(super) struct Part {
    pub(super) source: Source,
    pub(super) keys: Vec<Key>,
    pub(super) confirmed: Option<Timestamp>,
    pub(super) trouble: Option<Trouble>,
    pub(super) fetching: bool,
    body: Option<Sha256>,
    watch: Watch,
    #[cfg(feature = "jwks")]
    tried: Timestamp,
}

impl Part {
    /// Reads a source for the first time.
    pub(super) async fn open(source: Source, now: Timestamp, when: First, counts: &Counts) -> Result<Self, NoKeys> {
        let mut part = Self {
            keys: Vec::new(),
            confirmed: None,
            trouble: None,
            fetching: false,
            body: None,
            watch: Watch::default(),
            #[cfg(feature = "jwks")]
            tried: now,
            source,
        };
        let name = part.source.name();
        let refused = |error: KeyError| NoKeys::Refused(format!("{name}: {error}"));
        match &part.source.origin {
            Origin::Fixed(keys) => part.keys = part.source.reading.adjust(keys.clone()).map_err(refused)?,
            Origin::File(path) => {
                // Away from the threads that answer, as every later look: a disk of the network may take its time.
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || source::bytes(&path)).await;
                let ended = |_| KeyError::expected("a file that is read", "the runtime ending");
                let content = read.map_err(ended).and_then(|content| content).map_err(refused)?;
                part.keys = part.read(&content).map_err(refused)?;
                part.watch = Watch::of(&content);
                part.confirmed = Some(now);
            }
            #[cfg(all(feature = "jwks", feature = "server"))]
            Origin::Address(_) if matches!(when, First::Later) => part.tried = Timestamp::default(),
            #[cfg(feature = "jwks")]
            Origin::Address(address) => {
                let patience = match when {
                    First::Within(patience) => patience,
                    #[cfg(feature = "server")]
                    First::Later => Duration::ZERO,
                };
                let unavailable = |error: String| NoKeys::Unavailable(format!("no keys from {name}: {error}"));
                let body =
                    first(address, patience, counts).await.map_err(|trouble| unavailable(trouble.to_string()))?;
                let read = part.read(&body);
                counts.count(if read.is_ok() { Outcome::Changed } else { Outcome::Refused });
                part.keys = read.map_err(|error| unavailable(Trouble::new(Outcome::Refused, error).to_string()))?;
                part.body = Some(crate::crypto::Digest::sha256_of(&body));
                part.confirmed = Some(now);
            }
        }
        let _ = (when, counts);
        Ok(part)
    }

    /// The keys in what the source holds.
    pub(super) fn read(&self, content: &[u8]) -> Result<Vec<Key>, KeyError> {
        let reading = &self.source.reading;
        if !self.source.is_remote() {
            return reading.keys(content);
        }
        let keys = reading.adjust(crate::keys::jwk::read_set(reading.backend, content, reading.algorithm)?)?;
        if keys.iter().any(Key::is_symmetric) {
            return Err(KeyError::expected("public keys", "a shared secret, which everybody can fetch"));
        }
        Ok(keys)
    }

    /// Looks at the file, if the source is one, away from the threads that answer.
    pub(super) async fn look(&mut self, now: Timestamp) -> Option<Result<Look, Trouble>> {
        let Origin::File(path) = &self.source.origin else { return None };
        let (path, mut watch) = (path.clone(), self.watch.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let look = watch.look(&path, now);
            (watch, look)
        });
        let (watch, look) = looked.await.ok()?;
        self.watch = watch;
        Some(look)
    }

    /// Whether a file changed, and the next look shows whether it is whole.
    pub(super) fn is_pending(&self) -> bool {
        self.watch.is_pending()
    }

    /// Whether a fetched content is the one in use; if not, it is remembered with [`Part::taken`].
    #[cfg(feature = "jwks")]
    pub(super) fn is_in_use(&self, body: &[u8]) -> bool {
        self.body == Some(crate::crypto::Digest::sha256_of(body))
    }

    /// Other keys of this source are in use now.
    pub(super) fn taken(&mut self, keys: Vec<Key>, content: &[u8]) {
        self.keys = keys;
        self.body = Some(crate::crypto::Digest::sha256_of(content));
        self.watch.taken();
    }

    pub(super) fn examine_again(&mut self) {
        self.watch.examine_again();
    }

    /// The source was seen to hold what is in use. Whether that is news.
    pub(super) fn confirm(&mut self, now: Timestamp) -> bool {
        self.confirmed = Some(now);
        self.trouble.take().is_some()
    }

    /// The source is in trouble. Whether that is news.
    pub(super) fn fail(&mut self, trouble: Trouble) -> bool {
        let news = self.trouble.as_ref() != Some(&trouble);
        self.trouble = Some(trouble);
        news
    }

    /// Until when the keys may be used, if that is limited.
    pub(super) fn good_until(&self) -> Option<Timestamp> {
        match &self.source.origin {
            Origin::Fixed(_) | Origin::File(_) => None,
            #[cfg(feature = "jwks")]
            Origin::Address(address) => {
                // What never came was never good.
                Some(self.confirmed.map_or_else(Timestamp::default, |confirmed| confirmed.after(address.max_stale)))
            }
        }
    }
}

#[cfg(feature = "jwks")]
impl Part {
    /// The address, if it is to be fetched now.
    pub(super) fn due(&mut self, now: Timestamp, wanted: bool) -> Option<std::sync::Arc<super::Address>> {
        let Origin::Address(address) = &self.source.origin else { return None };
        let pace = match (&self.trouble, self.confirmed) {
            (Some(_), None) => SOONER,
            (Some(_), Some(_)) => address.refresh.min(SOON),
            (None, _) => address.refresh,
        };
        // A clock that was set back must not put fetches off.
        let rested = now.since(self.tried).max(self.tried.since(now)) >= pace;
        if self.fetching || !(wanted || rested) {
            return None;
        }
        self.fetching = true;
        self.tried = now;
        Some(std::sync::Arc::clone(address))
    }
}

/// The first body of an address, within `patience`, or of one try if that is nothing.
#[cfg(feature = "jwks")]
async fn first(address: &super::Address, patience: Duration, counts: &Counts) -> Result<bytes::Bytes, Trouble> {
    const PAUSE: Duration = Duration::from_secs(1);
    let begun = tokio::time::Instant::now();
    loop {
        let trouble = match super::fetch::fetch(address).await {
            Ok(body) => return Ok(body),
            Err(trouble) => trouble,
        };
        counts.count(trouble.outcome);
        // A try that begins late may take long: none begins that would end too late.
        if !trouble.outcome.may_pass() || begun.elapsed().saturating_add(PAUSE.saturating_mul(6)) > patience {
            return Err(trouble);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::rotation::Reading;

    /// On one thread, which everybody else needs too.
    #[tokio::test]
    async fn a_disk_that_takes_its_time_holds_up_nobody_who_is_answered_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.pem");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let key = include_bytes!("../../keys/tribe/signing.pub.pem");
        let (written, pipe) = (Arc::new(AtomicBool::new(false)), path.clone());
        let before = Arc::clone(&written);
        let disk = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(1));
            before.store(true, Ordering::SeqCst);
            std::fs::write(pipe, key).unwrap();
        });
        let source = Source::file(path, Reading::default());
        let counts = Counts::default();
        let mut opening = std::pin::pin!(Part::open(
            source,
            Timestamp::from_seconds(1_800_000_000),
            First::Within(Duration::ZERO),
            &counts
        ));
        let waited = tokio::time::timeout(Duration::from_millis(10), opening.as_mut()).await;
        assert!(waited.is_err() && !written.load(Ordering::SeqCst));
        assert_eq!(opening.await.unwrap().keys.len(), 1);
        disk.join().unwrap();
    }
}
