//! Faults on the disk: a record that is not what was accepted.

use super::{Desk, accept, lease};
use crate::store::conformance::{LEASE, RETENTION, START, event};
use crate::store::{Acceptance, Claim, Listing, State, Store};

#[tokio::test]
async fn a_record_that_was_changed_on_disk_is_quarantined() {
    let changes = [
        "content = CAST(replace(CAST(content AS TEXT), 'id', 'iD') AS BLOB)",
        "content = x''",
        "seal = zeroblob(32)",
        "seal = x''",
        "subject = 'payment-2'",
        "subject = CAST(x'ff' AS TEXT)",
        "subject = NULL",
        "type = 'org.example.other'",
        "action = 'other'",
        "endpoint = 'bank-b'",
        "profile = 'other'",
        "key_id = 'key-2'",
        "algorithm = 'PS256'",
        "algorithm = 'none'",
        "covered = 'body'",
        "signed_at = signed_at + 1",
        "received_at = received_at + 1",
        "request_id = '2'",
        "fingerprint = zeroblob(32)",
        "identity = zeroblob(32)",
        "identity = x'00'",
        "id = '00000000000000000000000000000000'",
    ];
    for change in changes {
        let desk = Desk::new();
        let store = desk.open();
        accept(&store, &event("1")).await;
        accept(&store, &event("2")).await;
        desk.tamper(&format!("UPDATE inbox SET {change} WHERE position = 1"));

        let leased = lease(&store).await;
        assert_eq!(leased.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), [event("2").event_id()], "{change}");
        let listing = Listing { state: Some(State::Quarantined), ..Listing::default() };
        let [(1, quarantined)] = &store.list(listing).await.unwrap()[..] else { panic!("{change}") };
        assert_eq!(quarantined.reason.as_deref(), Some("seal broken"), "{change}");
        assert!(!store.show(quarantined.id.clone()).await.unwrap().unwrap().intact, "{change}");
        assert_eq!(store.requeue(vec![quarantined.id.clone()]).await, Ok(0), "{change}");
    }
}

#[tokio::test]
async fn good_records_behind_many_damaged_ones_are_handed_out() {
    let desk = Desk::new();
    let store = desk.open();
    for number in 0..12 {
        accept(&store, &event(&format!("event-{number}"))).await;
    }
    desk.tamper("UPDATE inbox SET seal = x'00' WHERE position <= 11");
    assert_eq!(store.lease([].into(), 3, LEASE).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_event_whose_record_was_deleted_by_hand_is_kept_when_it_comes_again() {
    let desk = Desk::new();
    let store = desk.open();
    accept(&store, &event("1")).await;
    assert_eq!(accept(&store, &event("1").content("other")).await, Acceptance::Conflict);
    desk.tamper("DELETE FROM inbox");
    assert_eq!(accept(&store, &event("1")).await, Acceptance::Accepted);
    assert_eq!(accept(&store, &event("1").content("other")).await, Acceptance::Conflict);
    assert_eq!(store.list(Listing::default()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_event_whose_record_was_damaged_and_forgotten_is_kept_when_it_comes_again() {
    for damage in ["id = CAST(x'ff' AS TEXT)", "id = '00000000000000000000000000000000'", "id = ''"] {
        let desk = Desk::new();
        let store = desk.open();
        accept(&store, &event("1").fence("signed")).await;
        desk.tamper(&format!("UPDATE inbox SET {damage}; UPDATE fence SET identity = x'00'"));
        assert_eq!(lease(&store).await.len(), 0, "{damage}");
        desk.clock.set(START.after(RETENTION).after(LEASE));
        assert_eq!(store.prune().await.unwrap().records, 1, "{damage}");
        let fences = "SELECT count(*) FROM fence";
        let left = store.writer.call(|work| work.connection.query_row(fences, [], |row| row.get::<_, i64>(0)).map(Ok));
        assert_eq!(left.await, Ok(0), "{damage}");
        let mut again = event("1");
        again.retain_until = START.after(RETENTION).after(RETENTION);
        assert_eq!(accept(&store, &again).await, Acceptance::Accepted, "{damage}");
        assert_eq!(accept(&store, &again).await, Acceptance::Duplicate, "{damage}");
    }
}

#[tokio::test]
async fn a_place_that_leads_to_another_record_frees_no_identity() {
    let desk = Desk::new();
    let store = desk.open();
    accept(&store, &event("1")).await;
    let id = event("2").event_id();
    desk.tamper(&format!("INSERT INTO place (id, position) SELECT x'{id}', position FROM inbox"));
    assert!(matches!(store.claim(event("2").verified(), LEASE).await, Ok(Claim::Granted(_))));
    assert_eq!(accept(&store, &event("1")).await, Acceptance::Duplicate);
}
