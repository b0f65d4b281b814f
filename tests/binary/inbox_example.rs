//! The durable queue inside of an app, as the example has it: a stop in the middle of the work, and a start that goes on.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use countersign::clock::SystemClock;
use countersign::dispatch::Dispatch;
use countersign::store::{EventId, SqliteStore, State, Store};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};

use crate::inbox_of_an_app::run;
use crate::signer::Signer;
use crate::stop::answer;

const EVENTS: usize = 120;
/// How many handlers end before the stop.
const SOME: usize = 30;

/// What handlers did, by the id of an event.
#[derive(Clone)]
struct Effects {
    of: Arc<Mutex<BTreeMap<EventId, Vec<u32>>>>,
    /// How many handlers may still end.
    may_end: Arc<Semaphore>,
    running: Arc<AtomicUsize>,
}

impl Effects {
    fn count(&self) -> usize {
        self.of.lock().unwrap().len()
    }

    fn handlers(&self) -> Dispatch {
        let effects = self.clone();
        Dispatch::new().on_debtor_token_with_id(move |event, occurrence| {
            let effects = effects.clone();
            async move {
                effects.running.fetch_add(1, Ordering::SeqCst);
                effects.may_end.acquire().await.unwrap().forget();
                effects.running.fetch_sub(1, Ordering::SeqCst);
                // One of them fails at first, and comes again under the same id.
                if event.payment_id == "p-7" && occurrence.attempt == 1 {
                    return Err("not yet");
                }
                let mut of = effects.of.lock().unwrap();
                of.entry(occurrence.id).or_default().push(occurrence.attempt);
                Ok(())
            }
        })
    }
}

async fn until(effects: &Effects, count: usize) {
    let began = Instant::now();
    while effects.count() < count {
        assert!(began.elapsed() < Duration::from_secs(30), "{} of {count}", effects.count());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_stops_in_the_middle_of_its_queue_finishes_what_it_began_and_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Arc::new(SqliteStore::open(&folder.path().join("inbox.db"), Arc::new(SystemClock)).unwrap());
    let effects = Effects { of: Arc::default(), may_end: Arc::new(Semaphore::new(SOME)), running: Arc::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let handlers = effects.handlers();
    let store = open();
    let first = Arc::clone(&store);
    let app =
        async move { run(listener, first, handlers, async { drop(stopped.await) }).await.map_err(|e| e.to_string()) };
    let app = tokio::spawn(app);
    let sending = tokio::task::spawn_blocking(move || {
        let (signer, mut stream) = (Signer::demo(), TcpStream::connect(address).unwrap());
        for number in 0..EVENTS {
            let raw = signer.request(&format!("{number:08x}-0000-4000-8000-000000000000"), &format!("p-{number}"));
            stream.write_all(&raw).unwrap();
            let answer = answer(&mut stream).unwrap();
            assert!(answer.to_uppercase().starts_with("HTTP/1.1 204"), "{answer}");
        }
    });
    sending.await.unwrap();
    // One of them has failed.
    until(&effects, SOME - 1).await;
    stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    effects.may_end.add_permits(EVENTS);
    app.await.unwrap().unwrap();
    assert_eq!(effects.running.load(Ordering::SeqCst), 0, "no handler is cut off");
    let states = |store: Vec<(u64, countersign::store::Entry)>| {
        let of = |state: State, attempts: Option<u32>| {
            let fits = |entry: &&countersign::store::Entry| {
                entry.state == state && attempts.is_none_or(|n| n == entry.attempts)
            };
            store.iter().map(|(_, entry)| entry).filter(fits).count()
        };
        (of(State::Delivered, None), of(State::Ready, Some(0)), of(State::Ready, None), of(State::Leased, None))
    };
    let (delivered, untried, ready, leased) = states(store.list(Default::default()).await.unwrap());
    assert_eq!(
        (delivered, delivered + ready, leased),
        (effects.count(), EVENTS, 0),
        "what was done is known to be done"
    );
    assert!(untried >= ready - 1, "what was not begun counts no try: {untried} of {ready}");
    assert!(untried > 0, "it stopped in the middle");
    drop(store);
    // Another start on the same file.
    let (stop, stopped) = oneshot::channel::<()>();
    let (listener, handlers, store) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), effects.handlers(), open());
    let app =
        async move { run(listener, store, handlers, async { drop(stopped.await) }).await.map_err(|e| e.to_string()) };
    let app = tokio::spawn(app);
    until(&effects, EVENTS).await;
    stop.send(()).unwrap();
    app.await.unwrap().unwrap();
    let of = effects.of.lock().unwrap();
    let again: Vec<_> = of.values().filter(|tries| tries.len() > 1).collect();
    assert!(again.is_empty(), "nothing was cut off, so nothing came twice: {again:?}");
    assert_eq!(of.values().filter(|tries| **tries == [2]).count(), 1, "the one that failed came again, under its id");
}
