//! Faults of looking: too little, too much, or in the way of the receiver.

use rusqlite::Connection;

use super::{Desk, accept, join_all, lease};
use crate::store::conformance::event;
use crate::store::sqlite::{inbox, prune};
use crate::store::{Listing, State, Store};

#[tokio::test]
async fn an_operator_looks_and_requeues_beside_a_running_receiver() {
    let desk = Desk::new();
    let store = desk.open();
    accept(&store, &event("1")).await;
    let leased = lease(&store).await;
    store.park(leased[0].id.clone(), leased[0].fence, "given up".into()).await.unwrap();

    let observer = desk.observe();
    assert_eq!(observer.stats().unwrap().parked, 1);
    assert!(observer.show(&leased[0].id).unwrap().unwrap().intact);
    assert_eq!(observer.requeue(&[leased[0].id.clone()]), Ok(1));
    assert_eq!(observer.requeue(&[leased[0].id.clone()]), Ok(0));
    assert_eq!(lease(&store).await.len(), 1);
    assert_eq!(observer.stats().unwrap().leased, 1);
}

#[tokio::test]
async fn a_long_list_is_read_in_pages_and_whole() {
    let desk = Desk::new();
    let store = desk.open();
    let accepted: Vec<_> = (0..1201).map(|number| store.accept(event(&format!("event-{number}")).verified())).collect();
    join_all(accepted.into_iter()).await;
    assert_eq!(desk.observe().list(Listing::default()).unwrap().len(), 1201);
    let listing = Listing { limit: Some(700), after: Some(100), state: Some(State::Ready) };
    let positions: Vec<_> = desk.observe().list(listing).unwrap().into_iter().map(|(position, _)| position).collect();
    assert_eq!(positions, (101..=800).collect::<Vec<_>>());
}

#[tokio::test]
async fn no_question_of_the_writer_reads_the_whole_inbox() {
    let desk = Desk::new();
    drop(desk.open());
    let connection = Connection::open(desk.path()).unwrap();
    for sql in inbox::QUESTIONS.into_iter().chain(prune::QUESTIONS) {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let plan: Vec<String> = explain.raw_query().mapped(|row| row.get(3)).map(Result::unwrap).collect();
        let scans = |step: &String| step.contains("SCAN") && !step.contains("known") && !step.contains("CONSTANT");
        assert!(!plan.iter().any(|step| scans(step) || step.contains("TEMP B-TREE")), "{sql}: {plan:?}");
    }
}
