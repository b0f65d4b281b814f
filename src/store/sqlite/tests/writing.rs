//! Faults of writing: a full disk, a failed commit, a writer that ends, a caller that does not wait.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use super::{Desk, LEASE, accept, join_all, lease, on_writer};
use crate::reply::Reply;
use crate::store::conformance::event;
use crate::store::sqlite::writer::Answer;
use crate::store::{Acceptance, Claim, Listing, SqliteStore, Store, StoreError};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stores_nothing_and_the_store_survives_it() {
    let desk = Desk::new();
    let store = Arc::new(desk.open());
    accept(&store, &event("1")).await;
    on_writer(&store, "PRAGMA max_page_count = 1").await.unwrap();
    let large = event("2").content(Box::leak("x".repeat(1 << 20).into_boxed_str()));
    let together: Vec<_> = (0..20)
        .map(|_| {
            let (store, record) = (store.clone(), large.verified());
            tokio::spawn(async move { store.accept(record).await })
        })
        .collect();
    for refused in together {
        let refused = refused.await.unwrap();
        assert!(matches!(&refused, Err(StoreError::NotStored(why)) if why.contains("disk full")), "{refused:?}");
    }
    assert_eq!(desk.observe().list(Listing::default()).unwrap().len(), 1);
    // What needs no space is still answered.
    assert_eq!(accept(&store, &event("1")).await, Acceptance::Duplicate);
    assert_eq!(lease(&store).await.len(), 1);
    on_writer(&store, "PRAGMA max_page_count = 1000000").await.unwrap();
    assert_eq!(accept(&store, &large).await, Acceptance::Accepted);
}

#[tokio::test]
async fn a_failed_commit_promises_nothing() {
    let desk = Desk::new();
    let store = desk.open();
    on_writer(&store, "CREATE TABLE parent (a INTEGER PRIMARY KEY)").await.unwrap();
    let child = "CREATE TABLE child (a REFERENCES parent DEFERRABLE INITIALLY DEFERRED)";
    on_writer(&store, child).await.unwrap();
    // Only the commit finds that the parent is missing.
    let orphan = on_writer(&store, "INSERT INTO child VALUES (1)").await;
    assert!(matches!(orphan, Err(StoreError::Unknown(_))), "{orphan:?}");
    assert_eq!(accept(&store, &event("1")).await, Acceptance::Accepted);
}

#[tokio::test]
async fn a_writer_that_ended_is_an_error_and_never_a_wait() {
    let desk = Desk::new();
    let store = desk.open();
    let ended = store.writer.call(|_| -> Answer<()> { panic!("the writer ends here") }).await;
    assert!(matches!(ended, Err(StoreError::Unknown(_))), "{ended:?}");
    let after = store.accept(event("1").verified()).await;
    assert!(matches!(after, Err(StoreError::NotStored(_) | StoreError::Unknown(_))), "{after:?}");
}

#[tokio::test]
async fn one_failing_call_does_not_fail_its_neighbours() {
    let desk = Desk::new();
    let store = desk.open();
    // The writer is held until everybody has called, so that the next batch has them all.
    let (release, held) = mpsc::channel::<()>();
    let gate = store.writer.call(move |_| Ok(Ok(held.recv().is_err())));
    let calls = (0..50).map(|number| {
        let (store, good) = (&store, event(&format!("event-{number}")));
        async move {
            let broken = on_writer(store, "INSERT INTO no_such_table VALUES (1)");
            tokio::join!(broken, store.accept(good.verified()))
        }
    });
    let (held, outcomes, ()) = tokio::join!(gate, join_all(calls), async { drop(release) });
    assert_eq!(held, Ok(true));
    assert_eq!(outcomes.len(), 50);
    for (broken, good) in outcomes {
        assert!(matches!(broken, Err(StoreError::NotStored(_))), "{broken:?}");
        assert_eq!(good, Ok(Acceptance::Accepted));
    }
    assert_eq!(store.stats().await.unwrap().ready, 50);
}

#[tokio::test]
async fn a_caller_that_stopped_waiting_breaks_nothing() {
    let desk = Desk::new();
    let store = desk.open();
    let mut call = store.accept(event("1").verified());
    let handed_in = std::future::poll_fn(|context| std::task::Poll::Ready(call.as_mut().poll(context))).await;
    assert!(handed_in.is_pending());
    drop(call);
    // Nobody heard the answer; the sender's retry does.
    assert_eq!(accept(&store, &event("1")).await, Acceptance::Duplicate);
}

#[tokio::test]
async fn a_copy_that_cannot_be_counted_is_answered_and_counted_later() {
    let desk = Desk::new();
    let store = desk.open();
    accept(&store, &event("1")).await;
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON meta BEGIN SELECT RAISE(ABORT, 'not now'); END";
    on_writer(&store, refuse).await.unwrap();
    for _ in 0..2 {
        assert_eq!(accept(&store, &event("1")).await, Acceptance::Duplicate);
    }
    assert_eq!(store.stats().await.unwrap().duplicates, 0);
    on_writer(&store, "DROP TRIGGER refuse").await.unwrap();
    assert_eq!(accept(&store, &event("1")).await, Acceptance::Duplicate);
    assert_eq!(store.stats().await.unwrap().duplicates, 3);
    assert_eq!(accept(&store, &event("2")).await, Acceptance::Accepted);
}

#[tokio::test]
async fn counting_many_copies_does_not_make_the_log_ever_longer() {
    let desk = Desk::new();
    let store = desk.open();
    accept(&store, &event("1")).await;
    for _ in 0..2000 {
        assert_eq!(accept(&store, &event("1")).await, Acceptance::Duplicate);
    }
    assert_eq!(store.stats().await.unwrap().duplicates, 2000);
    let log = std::fs::metadata(desk.path().with_extension("db-wal")).unwrap().len();
    assert!(log < 2 * (4 << 20), "{log} bytes");
}

/// Holds the writer, as a disk does that hangs, until the first part is dropped.
async fn hang(store: &Arc<SqliteStore>) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<bool, StoreError>>) {
    let (release, held) = mpsc::channel::<()>();
    let (began, reached) = tokio::sync::oneshot::channel();
    let (began, held, store) = (std::sync::Mutex::new(Some(began)), std::sync::Mutex::new(held), store.clone());
    let hanging = tokio::spawn(async move {
        let call = store.writer.call(move |_| {
            began.lock().unwrap().take().map(|began| began.send(()));
            Ok(Ok(held.lock().unwrap().recv().is_err()))
        });
        call.await
    });
    reached.await.unwrap();
    // From here on time passes as fast as everybody waits.
    tokio::time::pause();
    (release, hanging)
}

/// Lets the writer go on, in real time.
async fn go_on(release: mpsc::Sender<()>, hanging: tokio::task::JoinHandle<Result<bool, StoreError>>) {
    tokio::time::resume();
    drop(release);
    assert_eq!(hanging.await.unwrap(), Ok(true));
}

#[tokio::test]
async fn a_disk_that_hangs_costs_a_sender_a_bounded_wait_and_the_next_ones_none() {
    let desk = Desk::new();
    let store = Arc::new(desk.open());
    let (release, hanging) = hang(&store).await;
    let waited = tokio::time::Instant::now();
    let kept = store.accept(event("1").verified()).await;
    assert!(matches!(&kept, Err(StoreError::Unknown(why)) if why.contains("did not answer")), "{kept:?}");
    assert_eq!(waited.elapsed().as_secs(), 6);
    let refused = store.accept(event("2").verified()).await;
    assert!(matches!(&refused, Err(StoreError::NotStored(_))), "{refused:?}");
    assert_eq!(waited.elapsed().as_secs(), 6, "the second is not kept waiting");
    assert!(tokio::time::timeout(Duration::from_millis(500), store.probe()).await.is_err());
    go_on(release, hanging).await;
    // What was handed in before was kept after all, as nobody could know; the sender's retry finds it.
    assert_eq!(accept(&store, &event("1")).await, Acceptance::Duplicate);
    assert_eq!(accept(&store, &event("2")).await, Acceptance::Accepted);
    assert_eq!(store.probe().await, Ok(()));
}

#[tokio::test]
async fn a_handler_that_has_run_while_the_disk_hung_does_not_run_again() {
    let desk = Desk::new();
    let store = Arc::new(desk.open());
    let Ok(Claim::Granted(held)) = store.claim(event("1").verified(), LEASE).await else { panic!("nobody has it") };
    let (release, hanging) = hang(&store).await;
    assert!(store.accept(event("2").verified()).await.is_err());
    assert!(store.accept(event("3").verified()).await.is_err(), "the store knows that the disk hangs");
    let completing = {
        let store = store.clone();
        tokio::spawn(async move { store.complete(held, event("1").verified(), Reply::accepted().to_stored()).await })
    };
    tokio::time::sleep(Duration::from_secs(60)).await;
    go_on(release, hanging).await;
    assert_eq!(completing.await.unwrap(), Ok(()));
    let copy = store.claim(event("1").verified(), LEASE).await;
    assert!(matches!(copy, Ok(Claim::Done(_))), "{copy:?}");
}

#[tokio::test]
async fn a_claim_that_was_given_up_while_the_disk_hung_keeps_no_retry_out() {
    let desk = Desk::new();
    let store = Arc::new(desk.open());
    let (release, hanging) = hang(&store).await;
    let given_up = store.claim(event("1").verified(), LEASE).await;
    assert!(matches!(given_up, Err(StoreError::Unknown(_))), "{given_up:?}");
    go_on(release, hanging).await;
    let retry = store.claim(event("1").verified(), LEASE).await;
    assert!(matches!(retry, Ok(Claim::Granted(_))), "{retry:?}");
}
