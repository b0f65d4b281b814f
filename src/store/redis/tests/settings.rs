//! How a Redis is set up: what is refused, what is reported, and what the options change.

use super::{RedisOptions, RedisStore, Server, accept, clock, connect};
use crate::crypto::Secret;
use crate::store::conformance::event;
use crate::store::redis::OpenError;
use crate::store::{Acceptance, Durability, Store, StoreError};

async fn open_with(server: &Server, options: RedisOptions) -> Result<RedisStore, OpenError> {
    RedisStore::open(&server.url().parse().unwrap(), clock(), options).await
}

async fn refusal(server: &Server) -> String {
    let error = connect(&server.url(), clock()).await.expect_err("expected a refusal");
    assert!(matches!(error, OpenError::Unsafe { .. }), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_redis_that_may_evict_is_refused() {
    let server = Server::durable(&["--maxmemory-policy", "allkeys-lru"]);
    assert!(refusal(&server).await.contains("noeviction"));
}

#[tokio::test]
async fn a_redis_that_is_set_to_evict_takes_nothing_more_until_it_is_set_back() {
    let server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    assert_eq!(accept(&store, &event("1")).await, Ok(Acceptance::Accepted));
    server.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    assert!(store.prune().await.is_err());
    let refused = accept(&store, &event("2")).await;
    assert!(matches!(&refused, Err(StoreError::NotStored(why)) if why.contains("noeviction")), "{refused:?}");
    server.cli(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    tokio::time::sleep(std::time::Duration::from_millis(120)).await;
    assert_eq!(accept(&store, &event("2")).await, Ok(Acceptance::Accepted));
}

#[tokio::test]
async fn a_redis_without_a_disk_is_refused_unless_that_is_said() {
    let server = Server::start(&[]);
    assert!(refusal(&server).await.contains("appendonly"));
    let store = open_with(&server, RedisOptions { volatile: true, ..RedisOptions::default() }).await.unwrap();
    assert_eq!(store.durability(), Durability::Memory);
    assert!(store.condition().unwrap().contains("NOT ON A DISK"));
}

#[tokio::test]
async fn durability_is_what_redis_is_set_to() {
    for (word, level) in [("always", Durability::Fsync), ("everysec", Durability::EverySecond), ("no", Durability::Os)]
    {
        let server = Server::start(&["--appendonly", "yes", "--appendfsync", word]);
        let store = connect(&server.url(), clock()).await.unwrap();
        assert_eq!(store.durability(), level, "{word}");
        server.cli(&["CONFIG", "SET", "appendfsync", "everysec"]);
        store.prune().await.unwrap();
        assert_eq!(store.durability(), Durability::EverySecond, "after {word}");
    }
}

/// While the file is rewritten such a server flushes nothing, however often it should.
#[tokio::test]
async fn a_redis_that_pauses_its_flushes_is_worth_less() {
    let server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    assert_eq!(store.durability(), Durability::Fsync);
    server.cli(&["CONFIG", "SET", "no-appendfsync-on-rewrite", "yes"]);
    store.prune().await.unwrap();
    assert_eq!(store.durability(), Durability::Os);
    assert!(store.condition().unwrap().contains("not flushed during rewrites"), "{:?}", store.condition());
}

#[tokio::test]
async fn a_redis_whose_file_is_switched_off_takes_nothing_more_until_it_is_on_again() {
    let server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    server.cli(&["CONFIG", "SET", "appendonly", "no"]);
    assert!(store.prune().await.is_err());
    let refused = accept(&store, &event("1")).await;
    assert!(matches!(&refused, Err(StoreError::NotStored(why)) if why.contains("appendonly")), "{refused:?}");
    server.cli(&["CONFIG", "SET", "appendonly", "yes"]);
    tokio::time::sleep(std::time::Duration::from_millis(120)).await;
    assert_eq!(accept(&store, &event("1")).await, Ok(Acceptance::Accepted));
}

#[tokio::test]
async fn replicas_that_redis_itself_demands_are_reported_and_missed() {
    let master = Server::durable(&["--repl-diskless-sync-delay", "0"]);
    let store = connect(&master.url(), clock()).await.unwrap();
    assert!(store.condition().unwrap().ends_with("no replica"), "{:?}", store.condition());
    master.cli(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    // It cannot prune then, and has looked all the same.
    let _ = store.prune().await;
    assert!(store.condition().unwrap().contains("0 replicas, TOO FEW: at least 1"), "{:?}", store.condition());
    let refused = accept(&store, &event("1")).await;
    assert!(matches!(&refused, Err(StoreError::NotStored(why)) if why.contains("too few replicas")), "{refused:?}");
    let _replica = Server::durable(&["--replicaof", &format!("127.0.0.1 {}", master.port)]);
    until(|| master.is_followed());
    until(|| master.cli(&["INFO", "replication"]).contains("min_slaves_good_slaves:1"));
    assert_eq!(accept(&store, &event("1")).await, Ok(Acceptance::Accepted));
    store.prune().await.unwrap();
    let condition = store.condition().unwrap();
    assert!(condition.contains("1 replicas, at least 1 for a write, none more than 10 s behind"), "{condition}");
    // Without a bound on the lag Redis counts nobody.
    master.cli(&["CONFIG", "SET", "min-replicas-max-lag", "0"]);
    store.prune().await.unwrap();
    assert!(store.condition().unwrap().contains("none of them awaited"), "{:?}", store.condition());
}

#[tokio::test]
async fn replicas_that_an_answer_waits_for_and_that_are_not_there_are_reported() {
    let master = Server::durable(&["--repl-diskless-sync-delay", "0"]);
    let store = open_with(&master, RedisOptions { wait_replicas: 1, ..RedisOptions::default() }).await.unwrap();
    assert!(store.condition().unwrap().contains("TOO FEW: an answer waits for 1"), "{:?}", store.condition());
    let _replica = Server::durable(&["--replicaof", &format!("127.0.0.1 {}", master.port)]);
    until(|| master.is_followed());
    store.prune().await.unwrap();
    assert!(!store.condition().unwrap().contains("TOO FEW"), "{:?}", store.condition());
}

#[tokio::test]
async fn a_replica_is_no_place_to_receive_and_one_to_look() {
    let master = Server::durable(&[]);
    let store = connect(&master.url(), clock()).await.unwrap();
    accept(&store, &event("1")).await.unwrap();
    let replica = Server::durable(&["--replicaof", &format!("127.0.0.1 {}", master.port)]);
    until(|| replica.cli(&["INFO", "replication"]).contains("master_link_status:up"));
    assert!(refusal(&replica).await.contains("replica"));
    let address = replica.url().parse().unwrap();
    let observer = RedisStore::observe(&address, clock(), RedisOptions::default()).await.unwrap();
    assert_eq!(super::kept(&observer).await, ["1"]);
}

#[tokio::test]
async fn an_answer_waits_for_replicas_if_that_is_asked_for() {
    let master = Server::durable(&[]);
    let store = open_with(&master, RedisOptions { wait_replicas: 1, ..RedisOptions::default() }).await.unwrap();
    assert_eq!(store.durability(), Durability::Replicated(1));
    for _ in 0..2 {
        let alone = accept(&store, &event("1")).await;
        assert!(matches!(alone, Err(StoreError::Unknown(_))), "a copy is promised no more than the first: {alone:?}");
    }
    let replica = Server::durable(&["--replicaof", &format!("127.0.0.1 {}", master.port)]);
    until(|| master.is_followed());
    assert_eq!(accept(&store, &event("1")).await, Ok(Acceptance::Duplicate));
    assert_eq!(accept(&store, &event("2")).await, Ok(Acceptance::Accepted));
    // Many at once share the waiting.
    let store = std::sync::Arc::new(store);
    let many: Vec<_> = (0..64)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { accept(&store, &event(&format!("many-{number}"))).await })
        })
        .collect();
    for task in many {
        assert_eq!(task.await.unwrap(), Ok(Acceptance::Accepted));
    }
    assert_eq!(replica.cli(&["EXISTS", &format!("{{cs:{}}}:event:{}", part(), event("2").event_id())]), "1");
}

/// The partition of the events here.
pub(super) fn part() -> u8 {
    crate::store::redis::partition::Partition::of("bank-a").number()
}

#[tokio::test]
async fn a_store_knows_its_seal_and_its_prefix() {
    let server = Server::durable(&[]);
    let secret = |text: &str| Some(Secret::new(text.repeat(32).into_bytes()).unwrap());
    let sealed = RedisOptions { seal: secret("a"), ..RedisOptions::default() };
    let store = open_with(&server, sealed.clone()).await.unwrap();
    accept(&store, &event("1")).await.unwrap();
    assert!(!server.cli(&["HGETALL", "{cs:0}:plan"]).contains("aaaa"), "the key is not in the store");
    for seal in [None, secret("b")] {
        let error = open_with(&server, RedisOptions { seal, ..sealed.clone() }).await.expect_err("another seal");
        assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
    }
    let beside = RedisOptions { prefix: "other".into(), ..RedisOptions::default() };
    assert!(super::kept(&open_with(&server, beside).await.unwrap()).await.is_empty());
    let outside = RedisOptions { prefix: "a{b}".into(), ..RedisOptions::default() };
    assert!(open_with(&server, outside).await.is_err());
    assert!(open_with(&server, sealed).await.is_ok());
}

#[tokio::test]
async fn a_store_of_another_plan_is_refused_and_looking_makes_none() {
    let server = Server::durable(&[]);
    let address = server.url().parse().unwrap();
    let observed = RedisStore::observe(&address, clock(), RedisOptions::default()).await;
    assert!(matches!(observed, Err(OpenError::Foreign { .. })));
    assert_eq!(server.cli(&["DBSIZE"]), "0");
    connect(&server.url(), clock()).await.unwrap();
    server.cli(&["HSET", "{cs:0}:plan", "partitions", "64"]);
    let error = connect(&server.url(), clock()).await.expect_err("another plan").to_string();
    assert!(error.contains("64"), "{error}");
}

#[tokio::test]
async fn what_a_start_would_refuse_is_found_without_one_and_nothing_is_written() {
    let server = Server::durable(&[]);
    let address = server.url().parse().unwrap();
    let with = |prefix: &str, seal: Option<&str>| {
        let seal = seal.map(|text| Secret::new(text.repeat(32).into_bytes()).unwrap());
        RedisOptions { prefix: prefix.into(), seal, ..RedisOptions::default() }
    };
    let examine = async |options: RedisOptions| {
        let before = server.cli(&["DBSIZE"]);
        let found = RedisStore::examine(&address, &options).await;
        assert_eq!(server.cli(&["DBSIZE"]), before);
        found.map(|(_, _, is_there)| is_there)
    };
    let usual = RedisOptions::default();
    assert_eq!(examine(usual.clone()).await, Ok(false));
    drop(open_with(&server, usual.clone()).await.unwrap());
    drop(open_with(&server, with("sealed", Some("a"))).await.unwrap());
    assert_eq!(examine(usual.clone()).await, Ok(true));
    assert_eq!(examine(with("sealed", Some("a"))).await, Ok(true));
    let refused = async |options: RedisOptions| {
        let found = examine(options.clone()).await.expect_err("expected a refusal");
        assert_eq!(open_with(&server, options).await.expect_err("expected a refusal"), found);
    };
    refused(with("sealed", Some("b"))).await;
    refused(with("sealed", None)).await;
    refused(with("a{b}", None)).await;
    server.cli(&["HSET", "{sealed:0}:plan", "version", "2"]);
    refused(with("sealed", Some("a"))).await;
    server.cli(&["DEL", "{sealed:0}:plan"]);
    refused(with("sealed", Some("a"))).await;
    server.cli(&["SET", "{cs:3}:seal", "another"]);
    refused(usual).await;
}

#[tokio::test]
async fn a_wrong_password_is_said_and_not_shown() {
    let server = Server::durable(&["--requirepass", "canary-of-the-server"]);
    let at = format!("127.0.0.1:{}", server.port);
    for login in ["", ":canary-of-the-client@"] {
        let error = connect(&format!("redis://{login}{at}"), clock()).await.expect_err("a login").to_string();
        assert!(error.contains("password") && !error.contains("canary"), "{error}");
    }
    let store = connect(&format!("redis://:canary-of-the-server@{at}"), clock()).await.unwrap();
    assert!(!format!("{store:?}").contains("canary"));
}

/// Waits for something that a server does by itself.
#[track_caller]
pub(super) fn until(done: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(90);
    while !done() {
        assert!(std::time::Instant::now() < deadline, "expected it within 90 s");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Waits until a store has its server again, which it tries anew only now and then.
pub(super) async fn used_again(store: &RedisStore) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(90);
    while let Err(error) = store.stats().await {
        assert!(std::time::Instant::now() < deadline, "expected a store within 90 s, but found {error}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
