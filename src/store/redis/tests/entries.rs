//! What one call brought is one entry of a Stream. The rule: whoever asks for less than an entry holds gets its first ids,
//! and the next one those behind them; what is kept stands in an entry.

use std::sync::Arc;

use super::{RedisStore, Server, accept, clock, connect, kept};
use crate::store::conformance::{Event, LEASE, START, event};
use crate::store::redis::partition::Partition;
use crate::store::{Acceptance, Listing, State, Store, StoreError};

/// Offers events before the first of their calls is on its way: together they are fewer calls than events.
async fn offer(store: &Arc<RedisStore>, events: Vec<Event>) -> Vec<Result<Acceptance, StoreError>> {
    let offer = |event: Event| {
        let store = Arc::clone(store);
        tokio::spawn(async move { accept(&store, &event).await })
    };
    let offered: Vec<_> = events.into_iter().map(offer).collect();
    let mut outcomes = Vec::new();
    for one in offered {
        outcomes.push(one.await.unwrap());
    }
    outcomes
}

/// Keeps so many events of one endpoint, more than one to an entry.
async fn keep_at_once(store: &Arc<RedisStore>, server: &Server, count: usize) -> Vec<String> {
    let ids: Vec<_> = (0..count).map(|number| format!("at-once-{number}")).collect();
    for outcome in offer(store, ids.iter().map(|id| event(id)).collect()).await {
        assert_eq!(outcome, Ok(Acceptance::Accepted));
    }
    let stream = server.cli(&["KEYS", "{cs:*}:fresh:bank-a"]);
    let entries = server.cli(&["XLEN", &stream]).parse::<usize>().unwrap();
    assert!((1..count).contains(&entries), "{entries} entries hold {count}");
    ids
}

async fn lease(store: &RedisStore, limit: usize) -> Vec<String> {
    let leased = store.lease([].into(), limit, LEASE).await.unwrap();
    leased.into_iter().filter_map(|one| one.record.request_id.as_deref().map(Into::into)).collect()
}

#[tokio::test]
async fn an_entry_is_handed_out_in_parts_and_in_order() {
    let server = Server::durable(&[]);
    let store = Arc::new(connect(&server.url(), clock()).await.unwrap());
    let ids = keep_at_once(&store, &server, 100).await;
    assert_eq!(kept(&store).await, ids);
    let mut leased = Vec::new();
    for limit in [1, 1, 2, 30, 3, 63] {
        leased.extend(lease(&store, limit).await);
        let stats = store.stats().await.unwrap();
        assert_eq!((stats.ready, stats.leased), (100 - leased.len() as u64, leased.len() as u64));
        assert_eq!(kept(&store).await, ids, "what is handed out is in the list once, as what is not");
    }
    assert_eq!(leased, ids);
    assert!(lease(&store, 1).await.is_empty());
    let stream = server.cli(&["KEYS", "{cs:*}:fresh:bank-a"]);
    assert_eq!(server.cli(&["XLEN", &stream]), "0", "an entry goes with its last id");
    // And the next entry begins at its beginning.
    accept(&store, &event("after")).await.unwrap();
    assert_eq!(lease(&store, 5).await, ["after"]);
}

#[tokio::test]
async fn a_page_may_end_within_an_entry() {
    let server = Server::durable(&[]);
    let store = Arc::new(connect(&server.url(), clock()).await.unwrap());
    let ids = keep_at_once(&store, &server, 70).await;
    assert_eq!(lease(&store, 4).await.len(), 4);
    for (state, wanted) in [(None, &ids[..]), (Some(State::Ready), &ids[4..])] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = store.list(Listing { limit: Some(7), after, state }).await.unwrap();
            assert!(page.is_sorted_by(|one, other| one.0 < other.0));
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            listed.extend(page.into_iter().filter_map(|(_, entry)| entry.request_id));
        }
        assert_eq!(listed, wanted);
    }
}

/// It would never be handed out, and its copies would be refused as such.
#[tokio::test]
async fn what_could_not_be_put_in_order_is_not_kept() {
    let server = Server::durable(&[]);
    let store = Arc::new(connect(&server.url(), clock()).await.unwrap());
    accept(&store, &event("0")).await.unwrap();
    let stream = server.cli(&["KEYS", "{cs:*}:fresh:bank-a"]);
    server.cli(&["XADD", &stream, "9000000000000000-0", "somebody", "else"]);
    assert!(accept(&store, &event("1").fence("signed")).await.is_err());
    server.cli(&["DEL", &stream]);
    assert_eq!(accept(&store, &event("1").fence("signed")).await, Ok(Acceptance::Accepted));
    assert_eq!(lease(&store, 1).await, ["1"]);
}

/// The call fails for all of its records, and keeps none: whoever brings one again is not told that it is known.
#[tokio::test]
async fn a_call_that_fails_half_way_keeps_nothing() {
    let server = Server::durable(&[]);
    let store = Arc::new(connect(&server.url(), clock()).await.unwrap());
    accept(&store, &event("0")).await.unwrap();
    let stream = server.cli(&["KEYS", "{cs:*}:fresh:bank-a"]);
    let ids: Vec<_> = (1..9).map(|number| number.to_string()).collect();
    let events: Vec<_> = ids.iter().map(|id| if id == "6" { event(id).fence("signed") } else { event(id) }).collect();
    let next = stream.replace("fresh:bank-a", "next");
    let was = server.cli(&["HGET", &next, "bank-a"]);
    for broken in [stream.replace("fresh:bank-a", "fences"), stream.replace("fresh:bank-a", "untried"), next.clone()] {
        server.cli(&["DEL", &broken]);
        server.cli(&["SET", &broken, "of another kind"]);
        let outcomes = offer(&store, events.clone()).await;
        assert!(outcomes.iter().all(Result::is_err), "{broken}: {outcomes:?}");
        server.cli(&["DEL", &broken]);
    }
    server.cli(&["HSET", &next, "bank-a", &was]);
    for event in &events {
        assert_eq!(accept(&store, event).await, Ok(Acceptance::Accepted), "{}", event.id);
    }
    let mut leased = lease(&store, 20).await;
    leased.extend(lease(&store, 20).await);
    leased.sort();
    assert_eq!(leased, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[tokio::test]
async fn what_cannot_be_put_in_quarantine_is_not_kept() {
    let server = Server::durable(&[]);
    let store = Arc::new(connect(&server.url(), clock()).await.unwrap());
    accept(&store, &event("0")).await.unwrap();
    let quarantined = server.cli(&["KEYS", "{cs:*}:fresh:bank-a"]).replace("fresh:bank-a", "in:quarantined");
    let mut unreadable = event("1");
    unreadable.problem = Some("unreadable");
    let conflicting = event("0").content("{\"amount\":2}");
    server.cli(&["SET", &quarantined, "of another kind"]);
    for event in [&unreadable, &conflicting] {
        assert!(accept(&store, event).await.is_err());
    }
    server.cli(&["DEL", &quarantined]);
    assert_eq!(accept(&store, &unreadable).await, Ok(Acceptance::Accepted));
    assert_eq!(accept(&store, &conflicting).await, Ok(Acceptance::Conflict));
    let listed = store.list(Listing { state: Some(State::Quarantined), ..Listing::default() }).await.unwrap();
    assert_eq!(listed.len(), 2);
}

/// What a call marked before it failed is due again when its lease ends, and is not handed out once more beside that.
#[tokio::test]
async fn a_call_that_fails_while_it_hands_out_makes_two_of_nothing() {
    let server = Server::durable(&[]);
    let clock = clock();
    let store = Arc::new(connect(&server.url(), clock.clone()).await.unwrap());
    let ids = keep_at_once(&store, &server, 8).await;
    let stream = server.cli(&["KEYS", "{cs:*}:fresh:bank-a"]);
    let broken = stream.replace("fresh:bank-a", &format!("state:{}", event(&ids[4]).event_id()));
    server.cli(&["SET", &broken, "of another kind"]);
    for _ in 0..3 {
        assert!(store.lease([].into(), 8, LEASE).await.is_err());
    }
    server.cli(&["DEL", &broken]);
    assert_eq!(lease(&store, 8).await, ids[4..]);
    assert_eq!(lease(&store, 8).await, [""; 0]);
    clock.set(START.after(LEASE));
    let again = store.lease([].into(), 20, LEASE).await.unwrap();
    assert!(again.iter().all(|one| one.attempt == 2 && one.is_abandoned), "as after a worker that was killed");
    let again: Vec<_> = again.iter().filter_map(|one| one.record.request_id.as_deref()).collect();
    assert_eq!(again, ids);
}

/// An operator may take an entry away; the ids of the next one are handed out from its first one on.
#[tokio::test]
async fn what_was_handed_out_of_an_entry_says_nothing_of_the_next_one() {
    let server = Server::durable(&[]);
    let store = Arc::new(connect(&server.url(), clock()).await.unwrap());
    let first = keep_at_once(&store, &server, 8).await;
    let stream = server.cli(&["KEYS", "{cs:*}:fresh:bank-a"]);
    assert_eq!(lease(&store, 2).await, first[..2]);
    let head = server.cli(&["XRANGE", &stream, "-", "+", "COUNT", "1"]);
    let second = event("behind");
    assert_eq!(accept(&store, &second).await, Ok(Acceptance::Accepted));
    server.cli(&["XDEL", &stream, head.lines().next().unwrap()]);
    assert_eq!(lease(&store, 8).await, ["behind"]);
}

/// What is too short to be an id stands for a record that nobody finds, and whatever stands behind it has its turn.
#[tokio::test]
async fn an_entry_that_is_cut_short_keeps_nobody_behind_it_waiting() {
    let server = Server::durable(&[]);
    let store = Arc::new(connect(&server.url(), clock()).await.unwrap());
    accept(&store, &event("0")).await.unwrap();
    let stream = server.cli(&["KEYS", "{cs:*}:fresh:bank-a"]);
    let entries = server.cli(&["--raw", "XRANGE", &stream, "-", "+"]);
    let mut lines = entries.lines();
    let (Some(position), Some("ids"), Some(id)) = (lines.next(), lines.next(), lines.next()) else {
        panic!("expected an entry of ids, but found {entries:?}");
    };
    server.cli(&["DEL", &stream]);
    server.cli(&["XADD", &stream, position, "ids", &format!("{id}{}", "a".repeat(8))]);
    accept(&store, &event("1")).await.unwrap();
    assert_eq!(lease(&store, 5).await, ["0", "1"]);
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.ready, stats.leased, stats.quarantined), (0, 2, 1), "the short one is in quarantine");
    assert_eq!(server.cli(&["XLEN", &stream]), "0", "and nothing is left of the entry");
}

/// Each has a Stream of its own, and the positions of both may overlap.
#[tokio::test]
async fn endpoints_that_share_a_slot_share_no_entry() {
    assert_eq!(Partition::of("bank-a"), Partition::of("bank-q"));
    let server = Server::durable(&[]);
    let store = Arc::new(connect(&server.url(), clock()).await.unwrap());
    let named = |number: usize| match number % 2 {
        0 => event(&format!("a{number:02}")),
        _ => event(&format!("q{number:02}")).endpoint("bank-q"),
    };
    for outcome in offer(&store, (0..40).map(named).collect()).await {
        assert_eq!(outcome, Ok(Acceptance::Accepted));
    }
    let streams = server.cli(&["KEYS", "{cs:*}:fresh:*"]);
    assert_eq!(streams.lines().count(), 2);
    for stream in streams.lines() {
        assert!(server.cli(&["XLEN", stream]).parse::<usize>().unwrap() < 20, "{stream}");
    }
    let of_one = store.lease([Box::from("bank-q")].into(), 7, LEASE).await.unwrap();
    let mut leased: Vec<_> =
        of_one.iter().filter_map(|one| one.record.request_id.as_deref().map(str::to_owned)).collect();
    assert!(leased.len() == 7 && leased.iter().all(|id| id.starts_with('q')), "{leased:?}");
    for limit in [3, 1, 10, 40] {
        leased.extend(lease(&store, limit).await);
    }
    for bank in ["a", "q"] {
        let of_bank: Vec<_> = leased.iter().filter(|id| id.starts_with(bank)).collect();
        assert!(of_bank.is_sorted() && of_bank.len() == 20, "{of_bank:?}");
    }
    assert_eq!(leased.len(), 40);
}
