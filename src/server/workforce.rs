//! Those who work behind the endpoints: workers, which deliver, and keepers of keys. The rule: an endpoint never has two
//! workers. Who goes on gets another task, who comes back waits until the one before has left, and who falls begins anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::sink::Sink;
use crate::inbox::{Order, Reassign, Worker};
use crate::rotation::Rotation;

/// How long somebody rests after a fault of ours: the same event may bring the same fault.
const REST: Duration = Duration::from_secs(1);

/// What a worker does, and in which order, which only another worker changes.
pub(super) struct Task {
    pub(super) worker: Worker<Sink>,
    pub(super) order: Order,
}

/// Who keeps the keys of an endpoint.
pub(super) enum Keep {
    /// Who kept them before.
    On,
    /// Somebody new.
    From(Box<Rotation>),
}

/// What somebody works at.
enum Work {
    Deliver(Worker<Sink>),
    Keep(Box<Rotation>),
}

impl Work {
    async fn until(&mut self, leave: impl Future<Output = ()> + Send) {
        match self {
            // What was under way is due again when its lease ends, as after a process that was killed.
            Self::Deliver(worker) => worker.clone().run(leave).await,
            Self::Keep(rotation) => rotation.keep(leave).await,
        }
    }
}

/// Somebody who works until told to leave.
struct Hand {
    leave: watch::Sender<bool>,
    /// Closed when they have left.
    there: watch::Receiver<()>,
}

/// Everybody who works.
pub(super) struct Workforce {
    hands: JoinSet<()>,
    closing: watch::Receiver<bool>,
    workers: BTreeMap<Arc<str>, (Hand, Reassign<Sink>, Order)>,
    keepers: BTreeMap<Arc<str>, Hand>,
    leaving: BTreeMap<Arc<str>, watch::Receiver<()>>,
}

impl Workforce {
    pub(super) fn new(closing: watch::Receiver<bool>) -> Self {
        Self {
            hands: JoinSet::new(),
            closing,
            workers: BTreeMap::new(),
            keepers: BTreeMap::new(),
            leaving: BTreeMap::new(),
        }
    }

    /// Resolves when the receiver stops, or before if `other` does.
    pub(super) fn closed_or(
        &self,
        other: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let mut closing = self.closing.clone();
        async move {
            tokio::select! {
                // A sender that is gone says the same.
                _ = closing.wait_for(|closing| *closing) => {}
                () = other => {}
            }
        }
    }

    /// Does something beside, until it ends by itself or is told by `closing`.
    pub(super) fn beside(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.hands.spawn(work);
    }

    /// These keepers, and no others.
    pub(super) fn keep(&mut self, keepers: Vec<(Arc<str>, Keep)>) {
        while self.hands.try_join_next().is_some() {}
        let mut before = std::mem::take(&mut self.keepers);
        for (name, keep) in keepers {
            let hand = match keep {
                Keep::On => before.remove(&name),
                Keep::From(rotation) => Some(self.hire(Arc::clone(&name), None, Work::Keep(rotation))),
            };
            self.keepers.extend(hand.map(|hand| (name, hand)));
        }
        // Who is not named leaves: nobody holds the other end any more.
        drop(before);
    }

    /// These workers, and no others.
    pub(super) fn work(&mut self, tasks: Vec<(Arc<str>, Task)>) {
        let mut before = std::mem::take(&mut self.workers);
        self.leaving.retain(|_, there| there.has_changed().is_ok());
        for (name, Task { worker, order }) in tasks {
            let hand = match before.remove(&name) {
                Some((hand, reassign, known)) if known == order => {
                    reassign.to(&worker);
                    (hand, reassign, order)
                }
                other => {
                    if let Some((hand, ..)) = other {
                        self.dismiss(Arc::clone(&name), hand);
                    }
                    let (reassign, predecessor) = (worker.reassign(), self.leaving.remove(&name));
                    (self.hire(Arc::clone(&name), predecessor, Work::Deliver(worker)), reassign, order)
                }
            };
            self.workers.insert(name, hand);
        }
        for (name, (hand, ..)) in before {
            self.dismiss(name, hand);
        }
    }

    fn dismiss(&mut self, name: Arc<str>, hand: Hand) {
        // Nobody is there to be told if it has ended.
        let _ = hand.leave.send(true);
        self.leaving.insert(name, hand.there);
    }

    fn hire(&mut self, endpoint: Arc<str>, predecessor: Option<watch::Receiver<()>>, mut work: Work) -> Hand {
        let (leave, mut left) = watch::channel(false);
        let (here, there) = watch::channel(());
        let mut closing = self.closing.clone();
        self.hands.spawn(async move {
            if let Some(mut predecessor) = predecessor {
                while predecessor.changed().await.is_ok() {}
            }
            let mut told = async || {
                tokio::select! {
                    // A sender that is gone says the same.
                    _ = closing.wait_for(|closing| *closing) => {}
                    _ = left.wait_for(|left| *left) => {}
                }
            };
            while is_panic(work.until(Box::pin(told()))).await {
                let cure = "report what stands above this line; if it does not end, start the receiver again";
                tracing::error!(
                    code = "hand_panicked",
                    %endpoint,
                    cure,
                    "who delivers for an endpoint, or keeps its keys, begins anew in {REST:?}"
                );
                tokio::select! { () = told() => break, () = tokio::time::sleep(REST) => {} }
            }
            drop(here);
        });
        Hand { leave, there }
    }

    /// Waits until everybody has left, which `closing` asks them to.
    pub(super) async fn left(&mut self) {
        while self.hands.join_next().await.is_some() {}
    }

    /// The endpoints whose workers are still at it.
    pub(super) fn busy(&self) -> Vec<&str> {
        let still = |there: &watch::Receiver<()>| there.has_changed().is_ok();
        let workers = self.workers.iter().filter(|(_, (hand, ..))| still(&hand.there)).map(|(name, _)| &**name);
        workers.chain(self.leaving.iter().filter(|(_, there)| still(there)).map(|(name, _)| &**name)).collect()
    }
}

/// Whether somebody's work ended in a fault of ours. Nobody else would tell: what is kept would wait, and senders hear 2xx.
async fn is_panic(work: impl Future<Output = ()>) -> bool {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|context| {
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.map_or(Poll::Ready(true), |polled| polled.map(|()| false))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_that_panics_is_told_from_one_that_left() {
        assert!(!is_panic(async { tokio::task::yield_now().await }).await);
        let fault = async {
            tokio::task::yield_now().await;
            panic!("a fault of ours");
        };
        assert!(is_panic(fault).await);
    }
}
