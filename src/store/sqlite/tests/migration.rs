//! A file of an earlier release: everything in it is what it was, and nothing is taken for new.

use rusqlite::{Connection, Row};

use super::{Desk, accept};
use crate::store::conformance::{LEASE, answer, event};
use crate::store::sqlite::{OpenError, SqliteStore};
use crate::store::{Acceptance, Claim, Listing, Store};

/// Makes a file of version 2 out of one of version 3.
const BACK_TO_2: &str = concat!(
    "ALTER TABLE inbox RENAME TO inbox_3;
    DROP INDEX inbox_due; DROP INDEX inbox_state; DROP INDEX inbox_retention; DROP INDEX inbox_alone;",
    include_str!("inbox_of_version_2.sql"),
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'inbox', seq FROM sqlite_sequence WHERE name = 'inbox_3';
    INSERT INTO inbox SELECT * FROM inbox_3;
    DROP TABLE inbox_3; DROP TABLE place; DROP TABLE arrival;
    PRAGMA user_version = 2;"
);

/// Makes a file of version 1 out of one of version 2.
const BACK_TO_1: &str = concat!(
    "ALTER TABLE claim RENAME TO claim_2; ALTER TABLE inbox RENAME TO inbox_2; ALTER TABLE meta RENAME TO meta_2;
    DROP INDEX claim_retention; DROP INDEX claim_in_flight; DROP INDEX inbox_due; DROP INDEX inbox_state;
    DROP INDEX inbox_retention; DROP INDEX inbox_alone;",
    include_str!("schema_of_version_1.sql"),
    "INSERT INTO meta SELECT name, value FROM meta_2;
    INSERT INTO inbox SELECT position, id, identity, fingerprint, endpoint, profile, action, type, subject, request_id,
        key_id, algorithm, covered, signed_at, received_at, content, problem, seal, state, reason, attempts, fence, due,
        retain_until FROM inbox_2;
    INSERT INTO claim (identity, fingerprint, state, position, retain_until)
        SELECT identity, compared, 'kept', position, retain_until FROM inbox_2 WHERE compared IS NOT NULL;
    INSERT INTO claim SELECT identity, NULL, compared, state, fence, lease_until, status, content_type, answer, position,
        retain_until FROM claim_2;
    INSERT INTO claim (identity, owner, fingerprint, state, retain_until)
        SELECT name, fence.identity, fingerprint, 'kept', fence.retain_until FROM fence JOIN claim ON
        claim.identity = fence.identity;
    DROP TABLE claim_2; DROP TABLE inbox_2; DROP TABLE meta_2; DROP TABLE fence;
    PRAGMA user_version = 1;"
);

#[tokio::test]
async fn a_file_of_version_1_is_brought_forward_and_forgets_nothing() {
    forgets_nothing(&[BACK_TO_2, BACK_TO_1], 1).await;
}

#[tokio::test]
async fn a_file_of_version_2_is_brought_forward_and_forgets_nothing() {
    forgets_nothing(&[BACK_TO_2], 2).await;
}

async fn forgets_nothing(back: &[&str], version: i64) {
    let desk = Desk::new();
    let store = desk.open();
    for number in ["1", "2", "3"] {
        accept(&store, &event(number)).await;
    }
    accept(&store, &event("4").fence("signed")).await;
    assert_eq!(accept(&store, &event("1").content("other")).await, Acceptance::Conflict);
    let leased = store.lease([].into(), 2, LEASE).await.unwrap();
    store.acknowledge(vec![(leased[0].id.clone(), leased[0].fence)]).await.unwrap();
    store.park(leased[1].id.clone(), leased[1].fence, "given up".into()).await.unwrap();
    let Ok(Claim::Granted(_)) = store.claim(event("5").verified(), LEASE).await else { panic!() };
    let Ok(Claim::Granted(done)) = store.claim(event("6").verified(), LEASE).await else { panic!() };
    store.complete(done, event("6").verified(), answer(201, "{}")).await.unwrap();
    let (listed, stats) = (store.list(Listing::default()).await.unwrap(), store.stats().await.unwrap());
    drop(store);
    back.iter().for_each(|step| desk.tamper(step));

    let looking = SqliteStore::observe(&desk.path());
    let Err(OpenError::Older { found, known: 3, .. }) = looking else { panic!("{looking:?}") };
    assert_eq!(found, version);
    let store = desk.open();
    assert_eq!(store.list(Listing::default()).await.unwrap(), listed);
    assert_eq!(store.stats().await.unwrap(), stats);
    for number in ["1", "2", "3", "4"] {
        assert_eq!(accept(&store, &event(number)).await, Acceptance::Duplicate, "{number}");
        assert_eq!(accept(&store, &event(number).content("other")).await, Acceptance::Conflict, "{number}");
    }
    assert_eq!(accept(&store, &event("7").fence("signed")).await, Acceptance::Duplicate);
    assert_eq!(store.claim(event("6").verified(), LEASE).await, Ok(Claim::Done(answer(201, "{}"))));
    // The handler of the fifth ended with its process.
    assert!(matches!(store.claim(event("5").verified(), LEASE).await, Ok(Claim::Granted(_))));
    assert_eq!(store.lease([].into(), 10, LEASE).await.unwrap().len(), 2);
    assert_eq!(accept(&store, &event("8")).await, Acceptance::Accepted);
    drop(store);
    let store = desk.open();
    for number in ["1", "2", "3", "4", "8"] {
        assert_eq!(accept(&store, &event(number)).await, Acceptance::Duplicate, "{number}");
    }
}

#[tokio::test]
async fn a_position_that_was_given_before_the_tables_changed_is_not_given_again() {
    let desk = Desk::new();
    let store = desk.open();
    for number in ["1", "2"] {
        accept(&store, &event(number)).await;
    }
    drop(store);
    desk.tamper(BACK_TO_2);
    desk.tamper("DELETE FROM inbox WHERE position = 2");
    let store = desk.open();
    accept(&store, &event("3")).await;
    let listed = store.list(Listing::default()).await.unwrap();
    assert_eq!(listed.into_iter().map(|(position, _)| position).collect::<Vec<_>>(), [1, 3]);
}

#[tokio::test]
async fn a_file_that_cannot_be_brought_forward_is_left_as_it_was() {
    let desk = Desk::new();
    let store = desk.open();
    accept(&store, &event("1")).await;
    drop(store);
    desk.tamper(BACK_TO_2);
    desk.tamper(BACK_TO_1);
    // A name that the new tables need is taken.
    desk.tamper("CREATE TABLE fence (a)");
    assert!(matches!(desk.refused(), OpenError::Database { .. }));
    desk.tamper("DROP TABLE fence");
    assert_eq!(accept(&desk.open(), &event("1")).await, Acceptance::Duplicate);
}

#[tokio::test]
async fn tables_that_were_brought_forward_are_those_of_a_new_file() {
    let tables = |back: &[&str]| {
        let desk = Desk::new();
        drop(desk.open());
        back.iter().for_each(|step| desk.tamper(step));
        drop(desk.open());
        let connection = Connection::open(desk.path()).unwrap();
        let sql = "SELECT name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY name";
        let mut rows = connection.prepare(sql).unwrap();
        let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let row = |row: &Row<'_>| Ok([row.get(0)?, row.get(1)?, words(row.get(2)?)]);
        rows.query_map([], row).unwrap().map(Result::unwrap).collect::<Vec<[String; 3]>>()
    };
    let new = tables(&[]);
    assert!(new.len() > 12, "{new:?}");
    assert_eq!(tables(&[BACK_TO_2]), new);
    assert_eq!(tables(&[BACK_TO_2, BACK_TO_1]), new);
}
