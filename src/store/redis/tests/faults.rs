//! What happens to a Redis while it is used: gone, stalled, demoted, full, damaged. Each ends well by itself.

use std::time::{Duration, Instant};

use super::settings::{until, used_again};
use super::{RedisOptions, RedisStore, Server, accept, clock, connect, kept};
use crate::store::conformance::{LEASE, RETENTION, START, answer, event};
use crate::store::{Acceptance, Claim, Listing, State, Store, StoreError};

/// The key of an event's record.
fn record(id: &str) -> String {
    let part = crate::store::redis::partition::Partition::of("bank-a").number();
    format!("{{cs:{part}}}:event:{}", event(id).event_id())
}

#[tokio::test]
async fn a_stopped_redis_stores_nothing_and_is_used_again_when_it_is_back() {
    let mut server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    assert_eq!(accept(&store, &event("1")).await, Ok(Acceptance::Accepted));
    server.kill();
    assert!(accept(&store, &event("2")).await.is_err());
    let refused = accept(&store, &event("2")).await;
    assert!(matches!(refused, Err(StoreError::NotStored(_))), "{refused:?}");
    server.restart();
    used_again(&store).await;
    assert_eq!(accept(&store, &event("1")).await, Ok(Acceptance::Duplicate));
    assert_eq!(accept(&store, &event("2")).await, Ok(Acceptance::Accepted));
}

#[tokio::test]
async fn a_stalled_redis_is_waited_for_no_longer_than_a_bound() {
    let server = Server::durable(&[]);
    let store = std::sync::Arc::new(connect(&server.url(), clock()).await.unwrap());
    accept(&store, &event("0")).await.unwrap();
    server.stall(true);
    let started = Instant::now();
    let unknown = accept(&store, &event("1")).await;
    assert!(matches!(unknown, Err(StoreError::Unknown(_))), "{unknown:?}");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    // Many callers do not wait one after the other.
    let started = Instant::now();
    let waiting: Vec<_> = (0..64)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { accept(&store, &event(&format!("other-{number}"))).await })
        })
        .collect();
    for task in waiting {
        assert!(task.await.unwrap().is_err());
    }
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    server.stall(false);
    until(|| server.cli(&["PING"]) == "PONG");
    used_again(&store).await;
    // What had no answer was stored all the same; the sender's retry finds out.
    assert_eq!(accept(&store, &event("1")).await, Ok(Acceptance::Duplicate));
    assert_eq!(kept(&store).await, ["0", "1"]);
}

#[tokio::test]
async fn a_claim_without_an_answer_is_nobodys_when_its_lease_ends() {
    let server = Server::durable(&[]);
    let clock = clock();
    let store = connect(&server.url(), clock.clone()).await.unwrap();
    // A server that does not know the script yet would answer with that, and then find nobody.
    store.claim(event("0").verified(), LEASE).await.unwrap();
    server.stall(true);
    assert!(matches!(store.claim(event("1").verified(), LEASE).await, Err(StoreError::Unknown(_))));
    server.stall(false);
    // The claim arrived, and its answer found nobody.
    until(|| server.cli(&["KEYS", "{cs:*}:state:*"]).lines().count() == 2);
    used_again(&store).await;
    assert_eq!(store.claim(event("1").verified(), LEASE).await, Ok(Claim::InFlight));
    clock.set(START.after(LEASE));
    assert!(matches!(store.claim(event("1").verified(), LEASE).await, Ok(Claim::Granted(_))));
}

#[tokio::test]
async fn a_master_that_became_a_replica_takes_nothing() {
    let server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    accept(&store, &event("1")).await.unwrap();
    server.cli(&["REPLICAOF", "127.0.0.1", "1"]);
    for _ in 0..2 {
        let refused = accept(&store, &event("2")).await;
        assert!(matches!(refused, Err(StoreError::NotStored(_))), "{refused:?}");
    }
    server.cli(&["REPLICAOF", "NO", "ONE"]);
    used_again(&store).await;
    assert_eq!(accept(&store, &event("2")).await, Ok(Acceptance::Accepted));
}

#[tokio::test]
async fn a_full_redis_refuses_before_it_writes_and_still_delivers_and_forgets() {
    let server = Server::durable(&["--maxmemory", "8mb"]);
    let clock = clock();
    let store = connect(&server.url(), clock.clone()).await.unwrap();
    let large = "x".repeat(200_000);
    let event_of = |number: u32| {
        let mut event = event(&number.to_string());
        event.content = large.clone().into_bytes().into();
        event
    };
    let mut refused = 0;
    while refused < 100 {
        match accept(&store, &event_of(refused)).await {
            Ok(Acceptance::Accepted) => refused += 1,
            Err(StoreError::NotStored(why)) => {
                assert!(why.contains("memory"), "{why}");
                break;
            }
            other => panic!("expected a refusal, but found {other:?}"),
        }
    }
    assert!((5..100).contains(&refused), "{refused}");
    let mut leased = Vec::new();
    while leased.len() < refused as usize {
        let some = store.lease([].into(), 100, LEASE).await.unwrap();
        assert!(!some.is_empty(), "{} of {refused}", leased.len());
        leased.extend(some);
    }
    store.acknowledge(leased.into_iter().map(|one| (one.id, one.fence)).collect()).await.unwrap();
    clock.set(START.after(RETENTION * 2));
    assert_eq!(store.prune().await.unwrap().records, u64::from(refused));
    clock.set(START);
    assert_eq!(
        accept(&store, &event_of(refused)).await,
        Ok(Acceptance::Accepted),
        "nothing was left of the refused one"
    );
}

#[tokio::test]
async fn a_damaged_record_is_quarantined_and_not_delivered() {
    let server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    for id in ["1", "2", "3", "4", "5"] {
        accept(&store, &event(id)).await.unwrap();
    }
    let length = server.cli(&["STRLEN", &record("1")]).parse::<usize>().unwrap();
    server.cli(&["SETRANGE", &record("1"), &(length - 2).to_string(), "9"]);
    let line = server.cli(&["GETRANGE", &record("2"), "0", "200"]).find('\n').unwrap();
    server.cli(&["SETRANGE", &record("2"), &(line + 1).to_string(), "no JSON"]);
    server.cli(&["SETRANGE", &record("4"), &(line - 1).to_string(), "x"]);
    server.cli(&["DEL", &record("5")]);
    let leased = store.lease([].into(), 10, LEASE).await.unwrap();
    assert_eq!(leased.into_iter().map(|one| one.id).collect::<Vec<_>>(), [event("3").event_id()]);
    for id in ["1", "2", "4", "5"] {
        let shown = store.show(event(id).event_id()).await.unwrap().unwrap();
        assert_eq!((shown.intact, shown.entry.state), (false, State::Quarantined), "{id}");
    }
    store.prune().await.unwrap();
    for id in ["1", "2", "4"] {
        assert!(
            store.show(event(id).event_id()).await.unwrap().is_some(),
            "what is left of {id} is kept for inspection"
        );
    }
    // What nobody has any more is not held against the sender who brings it again.
    assert_eq!(accept(&store, &event("5")).await, Ok(Acceptance::Accepted));
}

#[tokio::test]
async fn a_key_outlives_its_retention_and_what_waits_has_no_end() {
    let server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    accept(&store, &event("1")).await.unwrap();
    let left = |key: &str| server.cli(&["PTTL", key]).parse::<i128>().unwrap();
    assert_eq!(left(&record("1")), -1);
    let one = store.lease([].into(), 1, LEASE).await.unwrap().pop().unwrap();
    store.acknowledge(vec![(one.id.clone(), one.fence)]).await.unwrap();
    let both = [record("1"), record("1").replace(":event:", ":state:")];
    assert!(both.iter().all(|key| left(key) > RETENTION.as_millis() as i128));
    store.requeue(vec![one.id]).await.unwrap();
    assert!(both.iter().all(|key| left(key) == -1));
}

#[tokio::test]
async fn a_server_whose_clock_went_back_keeps_the_order_of_acceptance() {
    let server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    accept(&store, &event("1")).await.unwrap();
    // As if the last number had been given years from now.
    let next = server.cli(&["KEYS", "{cs:*}:next"]);
    assert!(server.cli(&["HGET", &next, "bank-a"]).parse::<u64>().unwrap() > 1_700_000_000_000_000);
    server.cli(&["HSET", &next, "bank-a", "7000000000000000"]);
    accept(&store, &event("2")).await.unwrap();
    accept(&store, &event("3")).await.unwrap();
    let listed = store.list(Listing::default()).await.unwrap();
    let positions: Vec<_> = listed.iter().map(|(position, _)| *position).collect();
    assert!(positions.is_sorted_by(|one, other| one < other), "{positions:?}");
    assert!(positions[1] > positions[0] * 3, "behind the last number that was given: {positions:?}");
    let after = Listing { after: Some(positions[0]), ..Listing::default() };
    assert_eq!(store.list(after).await.unwrap().len(), 2);
    let leased = store.lease([].into(), 10, LEASE).await.unwrap();
    assert_eq!(leased.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_behind_a_stalled_call_waits_no_longer_than_it() {
    let server = Server::durable(&[]);
    let store = std::sync::Arc::new(connect(&server.url(), clock()).await.unwrap());
    accept(&store, &event("0")).await.unwrap();
    server.stall(true);
    let started = Instant::now();
    let waiting: Vec<_> = (0..1000)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.accept(event(&format!("waiting-{number}")).verified()).await })
        })
        .collect();
    for one in waiting {
        assert!(matches!(one.await.unwrap(), Err(StoreError::Unknown(_))));
    }
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    server.stall(false);
    until(|| server.cli(&["PING"]) == "PONG");
    used_again(&store).await;
    // Those that were never sent are not there, and nothing of them comes later.
    assert_eq!(accept(&store, &event("waiting-999")).await, Ok(Acceptance::Accepted));
}

#[tokio::test]
async fn a_redis_that_comes_back_empty_is_made_again_with_the_same_seal() {
    let server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    accept(&store, &event("1")).await.unwrap();
    server.cli(&["FLUSHALL"]);
    assert_eq!(accept(&store, &event("2")).await, Ok(Acceptance::Accepted));
    server.cli(&["FLUSHALL"]);
    let Ok(Claim::Granted(held)) = store.claim(event("3").verified(), LEASE).await else { panic!("expected a lease") };
    server.cli(&["FLUSHALL"]);
    let lost = store.complete(held, event("3").verified(), answer(200, "")).await;
    assert_eq!(lost, Err(StoreError::LeaseLost));
    accept(&store, &event("4")).await.unwrap();
    // Whoever comes later opens what this one sealed.
    let later = connect(&server.url(), clock()).await.unwrap();
    let leased = later.lease([].into(), 10, LEASE).await.unwrap();
    assert_eq!(leased.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), [event("4").event_id()]);
    assert!(store.halted().is_none() && later.halted().is_none());
}

#[tokio::test]
async fn a_store_that_another_receiver_made_anew_gets_nothing_that_nobody_could_open() {
    let server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    accept(&store, &event("1")).await.unwrap();
    server.cli(&["FLUSHALL"]);
    let other = connect(&server.url(), clock()).await.unwrap();
    let refused = accept(&store, &event("2")).await;
    assert!(matches!(refused, Err(StoreError::NotStored(_))), "{refused:?}");
    let refused = store.claim(event("3").verified(), LEASE).await;
    assert!(matches!(refused, Err(StoreError::NotStored(_))), "{refused:?}");
    assert!(store.halted().is_some(), "a new start learns the new seal");
    assert!(kept(&other).await.is_empty());
    assert_eq!(accept(&other, &event("2")).await, Ok(Acceptance::Accepted));
    // Nor does its worker take what it cannot open, for damage.
    assert!(store.lease([].into(), 10, LEASE).await.is_err());
    assert_eq!(other.lease([].into(), 10, LEASE).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_redis_delivers_what_waits_for_replicas_too() {
    let master = Server::durable(&["--repl-diskless-sync-delay", "0"]);
    let _replica = Server::durable(&["--replicaof", &format!("127.0.0.1 {}", master.port)]);
    until(|| master.is_followed());
    let options = RedisOptions { wait_replicas: 1, ..RedisOptions::default() };
    let store = RedisStore::open(&master.url().parse().unwrap(), clock(), options).await.unwrap();
    accept(&store, &event("1")).await.unwrap();
    master.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let refused = accept(&store, &event("2")).await;
    assert!(matches!(refused, Err(StoreError::NotStored(_))), "{refused:?}");
    let one = store.lease([].into(), 10, LEASE).await.unwrap().pop().unwrap();
    assert_eq!(one.attempt, 1);
    store.acknowledge(vec![(one.id, one.fence)]).await.unwrap();
    master.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(accept(&store, &event("2")).await, Ok(Acceptance::Accepted));
}

#[tokio::test]
async fn a_part_that_outlived_the_plan_is_refused_and_not_quarantined() {
    let server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    accept(&store, &event("1")).await.unwrap();
    server.cli(&["DEL", "{cs:0}:plan"]);
    let refused = connect(&server.url(), clock()).await.unwrap_err();
    assert!(refused.to_string().contains("without it"), "{refused}");
    // Where the whole partition of the plan is gone, the others tell.
    server.cli(&["DEL", "{cs:0}:seal"]);
    for _ in 0..2 {
        let refused = connect(&server.url(), clock()).await.unwrap_err();
        assert!(refused.to_string().contains("another one's"), "{refused}");
    }
    assert_eq!(store.stats().await.unwrap().quarantined, 0);
}
