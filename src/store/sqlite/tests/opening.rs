//! Faults at opening: a second receiver, a file that is not ours, what an ended process left behind.

use std::path::Path;

use super::{Desk, accept, lease};
use crate::store::conformance::{LEASE, answer, event};
use crate::store::sqlite::{OpenError, SqliteStore, Start};
use crate::store::{Acceptance, Claim, Store, StoreError};

#[tokio::test]
async fn a_second_receiver_of_the_same_file_is_refused() {
    let desk = Desk::new();
    let store = desk.open();
    let refusal = desk.refused();
    assert_eq!(refusal, OpenError::InUse(desk.path().canonicalize().unwrap()));
    assert!(refusal.to_string().contains("inbox.db"));
    // Another name of the same file is the same file.
    let roundabout = desk.folder.path().join(".").join("inbox.db");
    assert!(matches!(SqliteStore::open(&roundabout, desk.clock.clone()), Err(OpenError::InUse(_))));
    #[cfg(unix)]
    {
        let alias = desk.folder.path().join("alias.db");
        std::os::unix::fs::symlink(desk.path(), &alias).unwrap();
        assert!(matches!(SqliteStore::open(&alias, desk.clock.clone()), Err(OpenError::InUse(_))));
    }
    drop(store);
    desk.open();
}

#[test]
fn a_newer_file_is_refused_and_left_alone() {
    let desk = Desk::new();
    drop(desk.open());
    desk.tamper("PRAGMA user_version = 4");
    assert!(matches!(desk.refused(), OpenError::Newer { found: 4, known: 3, .. }));
    assert!(matches!(SqliteStore::observe(&desk.path()), Err(OpenError::Newer { .. })));
}

#[test]
fn another_programs_file_is_refused_and_left_alone() {
    let desk = Desk::new();
    desk.tamper("CREATE TABLE theirs (a); PRAGMA user_version = 1");
    let before = std::fs::read(desk.path()).unwrap();
    assert!(matches!(desk.refused(), OpenError::Foreign(_)));
    assert!(matches!(SqliteStore::observe(&desk.path()), Err(OpenError::Foreign(_))));
    assert_eq!(std::fs::read(desk.path()).unwrap(), before);

    std::fs::write(desk.path(), "not a database, but long enough to have a header of some kind").unwrap();
    assert!(matches!(desk.refused(), OpenError::Database { .. }));
}

#[tokio::test]
async fn what_a_start_would_find_is_said_without_one_and_nothing_is_changed() {
    let desk = Desk::new();
    let files = || {
        let entries = std::fs::read_dir(desk.folder.path()).unwrap().map(Result::unwrap);
        let mut files: Vec<_> = entries.map(|file| (file.file_name(), std::fs::read(file.path()).unwrap())).collect();
        files.sort();
        files
    };
    let examine = || {
        let before = files();
        let found = SqliteStore::examine(&desk.path());
        assert!(files() == before, "{:?}", files().into_iter().map(|(name, _)| name).collect::<Vec<_>>());
        found
    };
    assert_eq!(examine(), Ok(Start::Makes));
    std::fs::write(desk.path(), "").unwrap();
    assert_eq!(examine(), Ok(Start::Makes));
    let store = desk.open();
    accept(&store, &event("1")).await;
    assert_eq!(SqliteStore::examine(&desk.path()), Ok(Start::GoesOn), "beside its receiver");
    drop(store);
    assert_eq!(examine(), Ok(Start::GoesOn));
    desk.tamper("PRAGMA user_version = 2");
    assert_eq!(examine(), Ok(Start::BringsForward { from: 2, to: 3 }));
    desk.tamper("PRAGMA user_version = 4");
    assert_eq!(examine(), Err(desk.refused()));
    desk.tamper("PRAGMA user_version = 3; UPDATE meta SET value = 'x' WHERE name = 'seal'");
    assert_eq!(examine(), Err(desk.refused()));
    desk.tamper("PRAGMA application_id = 1");
    assert_eq!(examine(), Err(desk.refused()));
    std::fs::write(desk.path(), "not a database, but long enough to have a header of some kind").unwrap();
    assert_eq!(examine(), Err(desk.refused()));
}

#[test]
fn a_file_is_examined_by_whatever_name_it_has() {
    let desk = Desk::new();
    for name in ["a b", "a?b", "a%41b", "a#b", "ä", "file:x"] {
        let path = desk.folder.path().join(name);
        assert_eq!(SqliteStore::examine(&path), Ok(Start::Makes), "{name}");
        drop(SqliteStore::open(&path, desk.clock.clone()).unwrap());
        assert_eq!(SqliteStore::examine(&path), Ok(Start::GoesOn), "{name}");
    }
}

#[test]
fn looking_at_a_missing_file_makes_none() {
    let desk = Desk::new();
    assert!(matches!(SqliteStore::observe(&desk.path()), Err(OpenError::Missing(_))));
    assert!(!desk.path().exists());
    let nowhere = desk.folder.path().join("no").join("inbox.db");
    assert!(matches!(SqliteStore::open(&nowhere, desk.clock.clone()), Err(OpenError::File { .. })));
    assert!(SqliteStore::open(Path::new("/"), desk.clock.clone()).is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    std::fs::write(desk.path(), "").unwrap();
    std::fs::set_permissions(desk.path(), PermissionsExt::from_mode(0o644)).unwrap();
    let store = desk.open();
    accept(&store, &event("1")).await;
    for file in std::fs::read_dir(desk.folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[tokio::test]
async fn an_ended_process_leaves_nothing_stuck_and_nothing_lost() {
    let desk = Desk::new();
    let store = desk.open();
    for id in ["1", "2", "3"] {
        accept(&store, &event(id)).await;
    }
    let leased = lease(&store).await;
    store.park(leased[2].id.clone(), leased[2].fence, "given up".into()).await.unwrap();
    let Claim::Granted(held) = store.claim(event("4").verified(), LEASE).await.unwrap() else { panic!() };
    let Claim::Granted(done) = store.claim(event("5").verified(), LEASE).await.unwrap() else { panic!() };
    store.complete(done, event("5").verified(), answer(201, "{}")).await.unwrap();
    drop(store);

    let store = desk.open();
    let again = lease(&store).await;
    assert_eq!(again.iter().map(|one| (one.attempt, one.is_abandoned)).collect::<Vec<_>>(), [(2, true), (2, true)]);
    assert!(again[0].fence > leased[0].fence);
    assert_eq!(store.acknowledge(vec![(leased[0].id.clone(), leased[0].fence)]).await, Err(StoreError::LeaseLost));
    for id in ["1", "2", "3"] {
        assert_eq!(accept(&store, &event(id)).await, Acceptance::Duplicate);
    }
    let claim = store.claim(event("4").verified(), LEASE).await.unwrap();
    assert!(matches!(claim, Claim::Granted(later) if later.fence > held.fence), "{claim:?}");
    assert_eq!(store.claim(event("5").verified(), LEASE).await, Ok(Claim::Done(answer(201, "{}"))));
    assert_eq!(store.stats().await.unwrap().parked, 1);
}

#[tokio::test]
async fn a_clean_end_leaves_one_file_with_everything() {
    let desk = Desk::new();
    let store = desk.open();
    accept(&store, &event("1")).await;
    drop(store);
    let mut left: Vec<_> =
        std::fs::read_dir(desk.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["inbox.db", "inbox.db.lock"]);
    assert_eq!(desk.observe().stats().unwrap().ready, 1);
}

#[tokio::test]
async fn a_setting_that_could_lose_writes_is_never_left_as_it_was() {
    let desk = Desk::new();
    let store = desk.open();
    let settings = || {
        store.writer.call(|work| {
            let read = |name: &str| work.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            Ok(Ok([
                read("synchronous")?,
                read("fullfsync")?,
                read("foreign_keys")?,
                read("trusted_schema")?,
                read("page_size")?,
                read("wal_autocheckpoint")?,
                read("busy_timeout")?,
            ]))
        })
    };
    let safe = [2, 1, 1, 0, 16_384, 256, 5_000];
    assert_eq!(settings().await, Ok(safe));
    // A copy that comes alone is counted without a flush, and what comes next is flushed again.
    accept(&store, &event("1")).await;
    assert_eq!(accept(&store, &event("1")).await, Acceptance::Duplicate);
    assert_eq!(store.stats().await.unwrap().duplicates, 1);
    assert_eq!(settings().await, Ok(safe));
}
