//! Answers that wait for disks, on a release that can, and what is said where one cannot. The releases besides the
//! system's own are installed by `./test`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::redis_server::{Server, left_out};
use super::settings::until;
use super::{OpenError, RedisOptions, RedisStore, accept, clock, connect};
use crate::clock::FixedClock;
use crate::store::conformance::{Bench, conformance, event};
use crate::store::{Acceptance, Durability, Listing, Store, StoreError};

fn options(replicas: u8) -> RedisOptions {
    RedisOptions { wait_replicas: replicas, wait_fsync: true, ..RedisOptions::default() }
}

async fn open(server: &Server, replicas: u8) -> Result<RedisStore, OpenError> {
    RedisStore::open(&server.url().parse().unwrap(), clock(), options(replicas)).await
}

fn valkey(arguments: &[&str]) -> Option<Server> {
    Server::other("valkey-9", arguments)
}

/// What failed attempts leave behind is over.
async fn again(store: &RedisStore, id: &str) -> Result<Acceptance, StoreError> {
    tokio::time::sleep(std::time::Duration::from_millis(120)).await;
    accept(store, &event(id)).await
}

#[tokio::test]
async fn a_release_that_cannot_wait_for_disks_is_refused_if_that_is_asked_for() {
    let server = Server::durable(&[]);
    let version = server.cli(&["INFO", "server"]);
    if !version.contains("redis_version:7.0.") {
        return left_out::say("a release that cannot wait for disks", "the system's Redis is not 7.0");
    }
    let error = open(&server, 0).await.expect_err("expected a refusal");
    assert!(matches!(error, OpenError::Unsafe { .. }), "{error}");
    assert!(
        error.to_string().contains("expected Redis 7.2 or later, which can wait for disks, but found 7.0"),
        "{error}"
    );
    let examined = RedisStore::examine(&server.url().parse().unwrap(), &options(1)).await;
    assert!(matches!(examined, Err(OpenError::Unsafe { .. })), "check says the same");
}

#[tokio::test]
async fn a_release_that_is_too_old_is_refused() {
    let Some(server) = Server::other("redis-6", &[]) else { return };
    let error = connect(&server.url(), clock()).await.expect_err("expected a refusal").to_string();
    assert!(error.contains("expected Redis 7.0 or later, but found 6.2"), "{error}");
}

#[tokio::test]
async fn an_answer_waits_for_the_disk_of_the_server() {
    let Some(server) = valkey(&["--appendfsync", "everysec"]) else { return };
    let without = connect(&server.url(), clock()).await.unwrap();
    assert_eq!(without.durability(), Durability::EverySecond);
    let store = open(&server, 0).await.unwrap();
    // This release answers at once, whatever it flushes: what it says is not believed.
    assert_eq!(store.durability(), Durability::EverySecond);
    assert!(store.condition().unwrap().contains("answer WAITAOF before that"), "{:?}", store.condition());
    for id in ["1", "2", "3"] {
        assert_eq!(accept(&store, &event(id)).await, Ok(Acceptance::Accepted));
        // What is not on the disk yet is counted here.
        assert!(server.cli(&["INFO", "persistence"]).contains("aof_pending_bio_fsync:0"));
    }
    super::logins::make_user(&server);
    server.cli(&["ACL", "SETUSER", "receiver", "+waitaof"]);
    let address = format!("redis://receiver:canary@127.0.0.1:{}", server.port).parse().unwrap();
    let limited = RedisStore::open(&address, clock(), options(0)).await.unwrap();
    assert_eq!(accept(&limited, &event("1")).await, Ok(Acceptance::Duplicate));
    // A server that flushes when it sees fit has nothing to wait for.
    server.cli(&["CONFIG", "SET", "appendfsync", "no"]);
    assert!(store.prune().await.is_err());
    let refused = accept(&store, &event("4")).await;
    assert!(matches!(&refused, Err(StoreError::NotStored(why)) if why.contains("wait_fsync")), "{refused:?}");
    server.cli(&["CONFIG", "SET", "appendfsync", "always"]);
    assert_eq!(again(&store, "4").await, Ok(Acceptance::Accepted));
    assert_eq!(store.durability(), Durability::Fsync);
}

#[tokio::test]
async fn an_answer_waits_for_the_disks_of_replicas() {
    let Some(master) = valkey(&["--repl-diskless-sync-delay", "0"]) else { return };
    let store = open(&master, 1).await.unwrap();
    assert_eq!(store.durability(), Durability::Replicated(1));
    let alone = accept(&store, &event("1")).await;
    assert!(matches!(&alone, Err(StoreError::Unknown(why)) if why.contains("0 replicas")), "{alone:?}");
    let replica = valkey(&["--replicaof", &format!("127.0.0.1 {}", master.port)]).unwrap();
    until(|| master.is_followed());
    assert_eq!(accept(&store, &event("1")).await, Ok(Acceptance::Duplicate));
    assert_eq!(accept(&store, &event("2")).await, Ok(Acceptance::Accepted));
    // A replica that has it in memory only is not enough.
    replica.cli(&["CONFIG", "SET", "appendonly", "no"]);
    let memory = accept(&store, &event("3")).await;
    assert!(matches!(&memory, Err(StoreError::Unknown(why)) if why.contains("on their disks")), "{memory:?}");
    replica.cli(&["CONFIG", "SET", "appendonly", "yes"]);
    until(|| replica.cli(&["INFO", "persistence"]).contains("aof_rewrite_in_progress:0"));
    assert_eq!(again(&store, "3").await, Ok(Acceptance::Duplicate));
}

#[tokio::test]
async fn a_server_whose_file_is_switched_off_is_not_waited_for() {
    let Some(server) = valkey(&["--appendonly", "no"]) else { return };
    let address = server.url().parse().unwrap();
    let volatile = RedisOptions { volatile: true, ..options(0) };
    let error = RedisStore::open(&address, clock(), volatile).await.expect_err("expected a refusal").to_string();
    assert!(error.contains("beside wait_fsync"), "{error}");
}

/// Where the case's stores are.
static PORT: AtomicU32 = AtomicU32::new(0);
static STORES: AtomicU32 = AtomicU32::new(0);

fn bench(clock: Arc<FixedClock>) -> Bench {
    let address = format!("redis://127.0.0.1:{}", PORT.load(Ordering::SeqCst)).parse().unwrap();
    let prefix = format!("case-{}", STORES.fetch_add(1, Ordering::SeqCst)).into();
    let options = RedisOptions { prefix, ..options(0) };
    let store = block_in_place(|| Handle::current().block_on(RedisStore::open(&address, clock.clone(), options)));
    Bench { store: Arc::new(store.unwrap()), clock, home: None }
}

conformance!(fn every_case, bench);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_valkey_keeps_the_whole_contract() {
    let Some(server) = valkey(&[]) else { return };
    PORT.store(server.port.into(), Ordering::SeqCst);
    every_case().await;
}

/// A newer server gives all of one script the same moment; 7.0 does not.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_came_in_together_is_left_out_of_a_list() {
    for server in [Some(Server::durable(&[])), Server::other("valkey-9", &[])].into_iter().flatten() {
        let store = std::sync::Arc::new(connect(&server.url(), clock()).await.unwrap());
        let work: Vec<_> = (0..300)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut event = event(&format!("event-{number}"));
                    event.problem = (number % 2 == 0).then_some("unreadable");
                    accept(&store, &event).await
                })
            })
            .collect();
        for one in work {
            assert_eq!(one.await.unwrap(), Ok(Acceptance::Accepted));
        }
        assert_eq!(store.list(Listing::default()).await.unwrap().len(), 300);
        let (mut after, mut paged) = (None, 0);
        loop {
            let page = store.list(Listing { after, limit: Some(7), ..Listing::default() }).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            (after, paged) = (Some(*last), paged + page.len());
        }
        assert_eq!(paged, 300);
    }
}

/// Each try would be counted as one whose end nobody told, and what is kept be parked untried in the end.
#[tokio::test]
async fn what_is_kept_is_handed_out_while_no_replica_takes_anything() {
    let server = Server::durable(&[]);
    let without = connect(&server.url(), clock()).await.unwrap();
    accept(&without, &event("1")).await.unwrap();
    let options = RedisOptions { wait_replicas: 1, ..RedisOptions::default() };
    let store = RedisStore::open(&server.url().parse().unwrap(), clock(), options).await.unwrap();
    assert!(store.probe().await.is_err(), "what comes now would be refused");
    assert!(matches!(accept(&store, &event("2")).await, Err(StoreError::Unknown(_))));
    let leased = store.lease([].into(), 10, crate::store::conformance::LEASE).await.unwrap();
    assert_eq!((leased.len(), leased[0].attempt), (2, 1));
    // And what became of it is heard: else it would come again whenever a lease ends.
    let held = leased.into_iter().map(|one| (one.id, one.fence)).collect();
    assert_eq!(store.acknowledge(held).await, Ok(()));
    assert_eq!(store.stats().await.unwrap().delivered, 2);
}

#[tokio::test]
async fn a_probe_says_no_where_a_record_would_be_refused() {
    let server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    assert_eq!(store.probe().await, Ok(()));
    let full = ["CONFIG", "SET", "maxmemory", "1"];
    for (wrong, right) in [
        (&full[..], &["CONFIG", "SET", "maxmemory", "0"][..]),
        (&["CONFIG", "SET", "min-replicas-to-write", "1"], &["CONFIG", "SET", "min-replicas-to-write", "0"]),
    ] {
        server.cli(wrong);
        assert!(matches!(store.probe().await, Err(StoreError::NotStored(_))), "{wrong:?}");
        assert!(accept(&store, &event("1")).await.is_err(), "{wrong:?}");
        server.cli(right);
        assert_eq!(store.probe().await, Ok(()), "{right:?}");
    }
    assert_eq!(server.cli(&["KEYS", "{cs:*}:told"]), "", "and changes nothing");
}
