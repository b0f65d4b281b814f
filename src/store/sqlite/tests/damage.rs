//! Faults on the disk: a record that is not what was accepted.

use super::{Desk, accept, lease};
use crate::store::conformance::{LEASE, event};
use crate::store::{Listing, State, Store};

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
