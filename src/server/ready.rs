//! Whether this receiver should get deliveries: `/readyz`, item by item. The rule: it answers within a second, whatever
//! stalls, and says nothing but words of its own and names of the configuration.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::config::{ReadySettings, StoreSettings};
use super::glance::Glance;
use super::keys::Shown;
use crate::clock::{Clock, Timestamp};
use crate::store::{Stats, Store};

/// How old an answer of the store or the disk may be.
const FRESH: Duration = Duration::from_secs(1);

/// What is looked at.
#[derive(Debug)]
pub(super) struct Readiness {
    settings: ReadySettings,
    store: Arc<dyn Store>,
    /// Whether it would take something now.
    probe: Glance<bool>,
    /// What it keeps, which may take long to count, and when it was asked.
    stats: Glance<(Stats, Timestamp)>,
    /// Free bytes, where the store is a file of this machine.
    disk: Option<Glance<Option<u64>>>,
    keys: Arc<[Shown]>,
    stopping: watch::Receiver<bool>,
    clock: Arc<dyn Clock>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Report {
    /// Each item with what is wrong with it.
    items: Vec<(&'static str, Option<&'static str>)>,
    /// Endpoints without a key in force.
    without_keys: Vec<String>,
    /// What the store keeps, and when that was so.
    pub(super) stats: Option<(Stats, Timestamp)>,
    pub(super) free: Option<u64>,
}

impl Readiness {
    pub(super) fn new(
        settings: ReadySettings,
        store: (&StoreSettings, Arc<dyn Store>),
        keys: Arc<[Shown]>,
        stopping: watch::Receiver<bool>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (place, store) = store;
        let probed = Arc::clone(&store);
        let probe = Glance::new(move || {
            let store = Arc::clone(&probed);
            async move { Some(store.probe().await.is_ok()) }
        });
        let (asked, timed) = (Arc::clone(&store), Arc::clone(&clock));
        let stats = Glance::new(move || {
            let (store, at) = (Arc::clone(&asked), timed.now());
            async move { store.stats().await.ok().map(|stats| (stats, at)) }
        });
        let folder = match place {
            StoreSettings::Sqlite(path) => Some(path.parent().map_or_else(PathBuf::new, PathBuf::from)),
            _ => None,
        };
        let disk = folder.map(|folder| {
            let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
            Glance::new(move || {
                let free = free(folder.clone());
                async move { Some(free.await) }
            })
        });
        Self { settings, store, probe, stats, disk, keys, stopping, clock }
    }

    /// Looks at everything that was not looked at within the last second.
    pub(super) async fn report(&self) -> Report {
        self.look(FRESH).await
    }

    /// Looks at everything now.
    pub(super) async fn report_now(&self) -> Report {
        self.look(Duration::ZERO).await
    }

    async fn look(&self, fresh: Duration) -> Report {
        let disk = async {
            match &self.disk {
                Some(disk) => Some(disk.look(fresh).await),
                None => None,
            }
        };
        let (probe, stats, disk) = tokio::join!(self.probe.look(fresh), self.stats.latest(fresh), disk);
        let now = self.clock.now();
        let without_keys: Vec<_> =
            self.keys.iter().filter(|keys| !keys.is_in_force(now)).map(Shown::endpoint).collect();
        let store = match probe {
            _ if self.store.halted().is_some() => Some("halted"),
            Some(true) => None,
            Some(false) => Some("failed"),
            None => Some("stalled"),
        };
        // Figures of a store that is gone would look as if nothing changed there.
        let stats = stats.filter(|_| store.is_none());
        let free = disk.map(Option::flatten);
        let mut items = vec![
            ("store", store),
            ("keys", (!without_keys.is_empty()).then_some("not in force")),
            ("backlog", stats.as_ref().and_then(|(stats, at)| self.backlog(stats, *at))),
            ("running", (*self.stopping.borrow()).then_some("stopping")),
        ];
        if let Some(free) = free {
            let full = |free: u64| (free < self.settings.disk).then_some("full");
            items.push(("disk", free.map_or(Some("unknown"), full)));
        }
        Report { items, without_keys, stats, free: free.flatten() }
    }

    fn backlog(&self, stats: &Stats, now: Timestamp) -> Option<&'static str> {
        let too_many = self.settings.backlog.is_some_and(|most| stats.backlog() > most);
        let oldest = stats.oldest_waiting.map(|at| now.since(at));
        let too_old = self.settings.oldest.zip(oldest).is_some_and(|(most, oldest)| oldest > most);
        match (too_many, too_old) {
            (true, _) => Some("too many"),
            (_, true) => Some("too old"),
            _ => None,
        }
    }
}

impl Report {
    pub(super) fn is_ready(&self) -> bool {
        self.items.iter().all(|(_, wrong)| wrong.is_none())
    }

    /// Each item with whether it is well.
    pub(super) fn items(&self) -> Vec<(&'static str, bool)> {
        self.items.iter().map(|(item, wrong)| (*item, wrong.is_none())).collect()
    }

    pub(super) fn document(&self) -> Value {
        let items = self.items.iter().map(|(item, wrong)| ((*item).to_owned(), json!(wrong.unwrap_or("ok"))));
        let mut document = json!({ "ready": self.is_ready(), "items": items.collect::<serde_json::Map<_, _>>() });
        if let (false, Some(members)) = (self.without_keys.is_empty(), document.as_object_mut()) {
            members.insert("endpointsWithoutKeys".to_owned(), json!(self.without_keys));
        }
        document
    }
}

/// Free bytes of a folder's filesystem, for whoever is not root. A filesystem of the network may stall.
async fn free(folder: PathBuf) -> Option<u64> {
    let asked = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&folder));
    let told = asked.await.ok()?.ok()?;
    Some(told.f_bavail.saturating_mul(told.f_frsize))
}
