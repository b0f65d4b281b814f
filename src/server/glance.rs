//! Asking something that may stall. The rule: it is asked once at a time, nobody waits longer than [`PATIENCE`] for it, and
//! an answer may be a little old; what takes long by itself is asked seldom.

use std::pin::Pin;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// How long an answer is waited for.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

/// What takes longer than this rests before it is asked again, for so many times as long as it took.
const SLOW: Duration = Duration::from_millis(100);
const REST: u32 = 20;

type Question<T> = Pin<Box<dyn Future<Output = Option<T>> + Send>>;

/// Something that is asked now and then.
pub(super) struct Glance<T> {
    ask: Box<dyn Fn() -> Question<T> + Send + Sync>,
    state: Mutex<State<T>>,
}

struct State<T> {
    /// The last answer, and when it was given up or came.
    seen: Option<(Instant, Option<T>)>,
    /// A question that was not answered yet: a stalled thing is not asked again and again.
    asking: Option<(Instant, JoinHandle<Option<T>>)>,
    /// The last answer that came, and when it is to be asked again.
    known: Option<T>,
    rested: Option<Instant>,
}

impl<T: Clone + Send + 'static> Glance<T> {
    pub(super) fn new<F>(ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<T>> + Send + 'static,
    {
        let state = Mutex::new(State { seen: None, asking: None, known: None, rested: None });
        Self { ask: Box::new(move || Box::pin(ask())), state }
    }

    /// What it says, or said at most `fresh` ago; `None` if it does not answer in time.
    pub(super) async fn look(&self, fresh: Duration) -> Option<T> {
        let came = Instant::now();
        let mut state = self.state.lock().await;
        if let Some((at, answer)) = &state.seen
            && came.saturating_duration_since(*at) <= fresh
            && (!fresh.is_zero() || *at >= came)
        {
            return answer.clone();
        }
        let answer = state.ask(&self.ask).await;
        state.seen = Some((Instant::now(), answer.clone()));
        answer
    }

    /// The last answer that came, however old it is while the next one is waited for; `None` if none ever came. What takes
    /// long is asked so seldom that it takes little of the machine.
    pub(super) async fn latest(&self, fresh: Duration) -> Option<T> {
        let came = Instant::now();
        let mut state = self.state.lock().await;
        let is_fresh = state
            .seen
            .as_ref()
            .is_some_and(|(at, _)| came.saturating_duration_since(*at) <= fresh && (!fresh.is_zero() || *at >= came));
        if !is_fresh && state.rested.is_none_or(|rested| came >= rested) {
            let answer = state.ask(&self.ask).await;
            state.seen = Some((Instant::now(), answer));
        }
        state.known.clone()
    }
}

impl<T: Clone + Send + 'static> State<T> {
    /// Asks, or waits on for what was asked before.
    async fn ask(&mut self, ask: &(dyn Fn() -> Question<T> + Send + Sync)) -> Option<T> {
        let (began, mut asking) = self.asking.take().unwrap_or_else(|| (Instant::now(), tokio::spawn(ask())));
        match timeout(PATIENCE, &mut asking).await {
            Ok(joined) => {
                let took = began.elapsed();
                // It broke: the same as no answer, and a reason to ask again soon.
                self.known = joined.ok().flatten();
                let rests = took > SLOW && self.known.is_some();
                let rest = if rests { took.saturating_mul(REST) } else { Duration::ZERO };
                self.rested = Instant::now().checked_add(rest);
                self.known.clone()
            }
            Err(_) => {
                self.asking = Some((began, asking));
                None
            }
        }
    }
}

impl<T> std::fmt::Debug for Glance<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Glance")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn what_stalls_is_asked_once_and_nobody_waits_long_for_it() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let glance = Glance::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<Option<()>>()
        });
        let begun = Instant::now();
        for _ in 0..4 {
            let looks = (0..25).map(|_| glance.look(SECOND));
            assert!(futures(looks).await.iter().all(Option::is_none));
            tokio::time::advance(SECOND * 2).await;
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert!(begun.elapsed() <= PATIENCE * 4 + SECOND * 9, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_long_is_asked_seldom_and_its_last_answer_stands_meanwhile() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let glance = Glance::new(move || {
            let number = count.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::time::sleep(SECOND * 3).await;
                Some(number)
            }
        });
        let begun = Instant::now();
        while glance.latest(SECOND).await.is_none() {
            tokio::time::advance(SECOND).await;
        }
        // An hour of a question a second.
        while begun.elapsed() < SECOND * 3600 {
            let before = Instant::now();
            assert!(glance.latest(SECOND).await.is_some());
            assert!(before.elapsed() <= PATIENCE);
            tokio::time::advance(SECOND).await;
        }
        let asked = asked.load(Ordering::SeqCst);
        assert!((30..=60).contains(&asked), "{asked} times");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_used_again_for_as_long_as_it_is_fresh() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let glance = Glance::new(move || std::future::ready(Some(count.fetch_add(1, Ordering::SeqCst))));
        assert_eq!(glance.look(SECOND).await, Some(0));
        tokio::time::advance(SECOND).await;
        assert_eq!(glance.look(SECOND).await, Some(0));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(glance.look(SECOND).await, Some(1));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(glance.look(Duration::ZERO).await, Some(2));
    }

    #[tokio::test]
    async fn what_breaks_is_no_answer_and_is_asked_again() {
        let glance = Glance::new(|| async { panic!("a defect") });
        assert_eq!(glance.look(SECOND).await, None::<()>);
        assert_eq!(glance.look(Duration::ZERO).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_failed_slowly_is_asked_again_at_once() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let glance = Glance::new(move || {
            let number = count.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::time::sleep(SECOND / 4).await;
                (number > 0).then_some(number)
            }
        });
        assert_eq!(glance.latest(SECOND).await, None);
        tokio::time::advance(SECOND * 2).await;
        assert_eq!(glance.latest(SECOND).await, Some(1));
    }

    async fn futures<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
        let mut pinned: Vec<_> = all.map(Box::pin).collect();
        let mut done = Vec::new();
        std::future::poll_fn(|context| {
            pinned.retain_mut(|one| match one.as_mut().poll(context) {
                std::task::Poll::Ready(value) => {
                    done.push(value);
                    false
                }
                std::task::Poll::Pending => true,
            });
            if pinned.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        done
    }
}
