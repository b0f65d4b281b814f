//! Files that are read again when they change, and what was made of them.
//!
//! The rule: what was made of new files takes the place of the old all at once, or not at all; what is in use with a
//! connection stays with it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;

use super::config::private;
use crate::crypto::{Digest, Hash, Sha256};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two looks at files that changed.
const SHORT_PAUSE: Duration = Duration::from_millis(250);
/// Largest file, in bytes.
const LARGEST: u64 = 1024 * 1024;

type Make<T> = Box<dyn Fn(&[Vec<u8>]) -> Result<T, String> + Send + Sync>;

/// What was made of some files.
pub(super) struct Live<T> {
    /// Label of its metrics, and what logs call it.
    name: &'static str,
    files: Vec<PathBuf>,
    /// The one of them that only its owner may read.
    secret: Option<PathBuf>,
    make: Make<T>,
    current: ArcSwap<T>,
    seen: Mutex<Seen>,
    /// Nobody looks any more: a look that is still under way says nothing.
    over: AtomicBool,
}

#[derive(Debug, Default)]
struct Seen {
    good: Option<Sha256>,
    refused: Option<Sha256>,
    pending: Option<Sha256>,
    failing: bool,
    gone: bool,
}

impl<T: Send + Sync + 'static> Live<T> {
    /// Reads the files for the first time. `make` gets their contents, in their order.
    ///
    /// # Errors
    /// A file cannot be read, others can read the one that is secret, or nothing can be made of them.
    pub(super) fn open(
        name: &'static str,
        files: Vec<PathBuf>,
        secret: Option<PathBuf>,
        make: impl Fn(&[Vec<u8>]) -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Arc<Self>, String> {
        let contents = read(&files, secret.as_deref())?;
        let made = make(&contents)?;
        let seen = Seen { good: Some(digest(&contents)), ..Seen::default() };
        let (make, current) = (Box::new(make), ArcSwap::from_pointee(made));
        Ok(Arc::new(Self { name, files, secret, make, current, seen: Mutex::new(seen), over: AtomicBool::new(false) }))
    }

    /// What is in use.
    pub(super) fn current(&self) -> Arc<T> {
        self.current.load_full()
    }

    /// Looks at the files; a change counts when two looks find the same, so that what is still being written does not.
    fn look(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let contents = match read(&self.files, self.secret.as_deref()) {
            Ok(contents) => contents,
            Err(why) => {
                // A file that is put in the place of another may be gone for a moment.
                if !std::mem::replace(&mut seen.gone, true) {
                    return;
                }
                seen.pending = None;
                drop(self.failed(&mut seen, None, why));
                return;
            }
        };
        seen.gone = false;
        let found = Some(digest(&contents));
        let known = found == seen.good || found == seen.refused;
        if !known && found != seen.pending {
            seen.pending = found;
            return;
        }
        if !known || (found == seen.good && seen.failing) {
            let _ = self.take(&mut seen, &contents);
        }
        seen.pending = None;
    }

    fn take(&self, seen: &mut Seen, contents: &[Vec<u8>]) -> Result<bool, String> {
        let found = Some(digest(contents));
        let changed = found != seen.good;
        if changed {
            match (self.make)(contents) {
                Ok(made) => self.current.store(Arc::new(made)),
                Err(why) => return Err(self.failed(seen, found, why)),
            }
        }
        if changed || seen.failing {
            tracing::info!(code = "tls_changed", files = self.name, changed, "the TLS files are in use as they are");
        }
        *seen = Seen { good: found, ..Seen::default() };
        self.count("changed", changed);
        Ok(changed)
    }

    /// Says it once for each content.
    fn failed(&self, seen: &mut Seen, found: Option<Sha256>, why: String) -> String {
        let is_news = !seen.failing || found != seen.refused;
        seen.failing = true;
        seen.refused = found;
        if is_news {
            let cure = "mend the files; they are read again when they change";
            let files = self.name;
            tracing::error!(code = "tls_not_reloaded", files, because = why, cure, "what was in use stays in use");
        }
        self.count("failed", is_news);
        why
    }

    fn count(&self, result: &'static str, is_news: bool) {
        if self.over.load(Ordering::Acquire) {
            return;
        }
        let stale = if result == "failed" { 1.0 } else { 0.0 };
        metrics::gauge!("countersign_tls_stale", "files" => self.name).set(stale);
        if is_news {
            metrics::counter!("countersign_tls_reloads_total", "files" => self.name, "result" => result).increment(1);
        }
    }

    fn pause(&self) -> Duration {
        let is_pending = self.seen.lock().unwrap_or_else(PoisonError::into_inner).pending.is_some();
        if is_pending { SHORT_PAUSE } else { PAUSE }
    }

    /// Looks at the files until `end` resolves.
    pub(super) async fn run(self: Arc<Self>, end: impl Future<Output = ()> + Send) {
        let stale = metrics::gauge!("countersign_tls_stale", "files" => self.name);
        stale.set(0.0);
        let looking = async {
            loop {
                tokio::time::sleep(self.pause()).await;
                let live = Arc::clone(&self);
                // A disk that hangs holds up no connection.
                let _ = tokio::task::spawn_blocking(move || live.look()).await;
            }
        };
        // Nor does it hold up the end.
        tokio::select! {
            () = end => {}
            () = looking => {}
        }
        self.over.store(true, Ordering::Release);
        stale.set(0.0);
    }
}

impl<T> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("name", &self.name).field("files", &self.files).finish_non_exhaustive()
    }
}

fn read(files: &[PathBuf], secret: Option<&Path>) -> Result<Vec<Vec<u8>>, String> {
    if let Some(secret) = secret {
        private(secret).map_err(|why| format!("{}: {why}", secret.display()))?;
    }
    files.iter().map(|file| bytes(file)).collect()
}

fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    let named = |error: std::io::Error| format!("expected a file at {}, but found {error}", file.display());
    if std::fs::metadata(file).map_err(named)?.len() > LARGEST {
        return Err(format!("expected a file of at most 1 MiB at {}, but found a larger one", file.display()));
    }
    std::fs::read(file).map_err(named)
}

/// Of all of them, each with its length, so that no byte moves from one to the next unseen.
fn digest(contents: &[Vec<u8>]) -> Sha256 {
    let lengths: Vec<[u8; 8]> = contents.iter().map(|content| (content.len() as u64).to_be_bytes()).collect();
    let pieces: Vec<&[u8]> =
        lengths.iter().zip(contents).flat_map(|(length, content)| [length.as_slice(), content.as_slice()]).collect();
    Digest::of(Hash::Sha256, &pieces).sha256().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(contents: &[Vec<u8>]) -> Result<String, String> {
        let text = String::from_utf8_lossy(&contents.concat()).into_owned();
        if text.contains("broken") { Err(text) } else { Ok(text) }
    }

    #[test]
    fn a_change_counts_when_two_looks_find_it_and_a_broken_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        let write = |text: &str| std::fs::write(&file, text).unwrap();
        write("one");
        let live = Live::open("test", vec![file.clone()], None, text).unwrap();
        write("two");
        live.look();
        assert_eq!(*live.current(), "one");
        live.look();
        assert_eq!(*live.current(), "two");
        write("broken");
        (0..3).for_each(|_| live.look());
        assert_eq!((live.current().as_str(), live.seen.lock().unwrap().failing), ("two", true));
        write("two");
        (0..2).for_each(|_| live.look());
        assert!(!live.seen.lock().unwrap().failing);
        std::fs::remove_file(&file).unwrap();
        (0..2).for_each(|_| live.look());
        assert_eq!((live.current().as_str(), live.seen.lock().unwrap().failing), ("two", true));
        write("three");
        (0..2).for_each(|_| live.look());
        assert_eq!(*live.current(), "three");
    }

    #[tokio::test]
    async fn a_look_that_hangs_holds_up_no_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, "one").unwrap();
        let live = Live::open("test", vec![file.clone()], None, text).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(Arc::clone(&live).run(async move { drop(ended.await) }));
        // Opened when somebody reads, who waits for what never comes.
        let path = file.clone();
        let held = tokio::task::spawn_blocking(move || std::fs::File::options().write(true).open(path).unwrap());
        let held = held.await.unwrap();
        drop(end);
        tokio::time::timeout(Duration::from_secs(10), running).await.expect("an end").unwrap();
        drop(held);
    }
}
