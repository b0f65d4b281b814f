//! Another server takes over: what the replicas had is there, and nothing more is given to the one before.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::settings::until;
use super::{RedisOptions, RedisStore, Server, accept, clock, connect, kept, load};
use crate::store::conformance::{LEASE, event};
use crate::store::{Acceptance, Store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_by_sentinel_under_load_loses_nothing_that_replicas_had() {
    let mut master = Server::durable(&["--repl-diskless-sync-delay", "0"]);
    let replica = Server::durable(&["--replicaof", &format!("127.0.0.1 {}", master.port)]);
    until(|| replica.cli(&["INFO", "replication"]).contains("master_link_status:up"));
    let sentinel = Server::sentinel(&format!(
        "sentinel monitor mymaster 127.0.0.1 {} 1\nsentinel down-after-milliseconds mymaster 1000\n\
         sentinel failover-timeout mymaster 3000\n",
        master.port
    ));
    until(|| sentinel.cli(&["SENTINEL", "REPLICAS", "mymaster"]).contains(&replica.port.to_string()));
    let address = format!("redis+sentinel://127.0.0.1:{}/mymaster", sentinel.port).parse().unwrap();
    let options = RedisOptions { wait_replicas: 1, ..RedisOptions::default() };
    let store = std::sync::Arc::new(RedisStore::open(&address, clock(), options).await.unwrap());
    let end = std::sync::Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..8)
        .map(|number| {
            let (store, end) = (store.clone(), end.clone());
            tokio::spawn(async move { load(&store, &number.to_string(), || end.load(Ordering::SeqCst)).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    master.kill();
    tokio::task::block_in_place(|| {
        until(|| replica.cli(&["INFO", "replication"]).contains("role:master"));
        // The old master comes back as a replica; by itself the Sentinel takes its time to make it one.
        master.restart();
        // Told until it is one: while it loads its file it hears nothing, and the Sentinel may turn it once more.
        until(|| {
            master.cli(&["REPLICAOF", "127.0.0.1", &replica.port.to_string()]);
            master.cli(&["INFO", "replication"]).contains("master_link_status:up")
        });
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before_end = kept(&store).await.len();
    tokio::time::sleep(Duration::from_millis(300)).await;
    end.store(true, Ordering::SeqCst);
    let mut acknowledged = Vec::new();
    for sender in senders {
        acknowledged.extend(sender.await.unwrap());
    }
    let kept = kept(&store).await;
    assert!(kept.len() > before_end, "it goes on with the new master: {before_end}, then {}", kept.len());
    let kept: std::collections::BTreeSet<_> = kept.into_iter().collect();
    let lost: Vec<_> = acknowledged.iter().filter(|id| !kept.contains(*id)).collect();
    assert!(lost.is_empty(), "acknowledged, but lost: {lost:?}");
}

/// Why a sink has to remember ids: two entries for one event, and one effect only where the id is known.
#[tokio::test]
async fn what_a_failover_lost_is_taken_again_and_leaves_twice_under_one_id() {
    let mut master = Server::durable(&["--repl-diskless-sync-delay", "0"]);
    let replica = Server::durable(&["--replicaof", &format!("127.0.0.1 {}", master.port)]);
    until(|| replica.cli(&["INFO", "replication"]).contains("master_link_status:up"));
    let store = connect(&master.url(), clock()).await.unwrap();
    let mut delivered = Vec::new();
    let mut effects = std::collections::BTreeSet::new();
    for id in ["1", "2"] {
        if id == "2" {
            // The replica has the first, settled, and nothing that comes after it.
            until(|| {
                let offset = |server: &Server| {
                    let text = server.cli(&["INFO", "replication"]);
                    text.lines().find_map(|line| line.strip_prefix("master_repl_offset:").map(str::to_owned))
                };
                offset(&master).is_some() && offset(&master) == offset(&replica)
            });
            replica.cli(&["REPLICAOF", "NO", "ONE"]);
        }
        assert_eq!(accept(&store, &event(id)).await, Ok(Acceptance::Accepted));
        let one = store.lease([].into(), 10, LEASE).await.unwrap().pop().unwrap();
        effects.insert(one.id.clone());
        delivered.push(one.id.clone());
        store.acknowledge(vec![(one.id, one.fence)]).await.unwrap();
    }
    master.kill();
    let store = connect(&replica.url(), clock()).await.unwrap();
    assert_eq!(accept(&store, &event("1")).await, Ok(Acceptance::Duplicate));
    assert_eq!(accept(&store, &event("2")).await, Ok(Acceptance::Accepted), "its claim went with the master");
    assert_eq!(accept(&store, &event("2")).await, Ok(Acceptance::Duplicate));
    let leased = store.lease([].into(), 10, LEASE).await.unwrap();
    assert_eq!(
        leased.iter().map(|one| (one.id.clone(), one.attempt)).collect::<Vec<_>>(),
        [(event("2").event_id(), 1)]
    );
    for one in leased {
        effects.insert(one.id.clone());
        delivered.push(one.id);
    }
    assert_eq!((delivered.len(), effects.len()), (3, 2));
}

/// One that slept through a failover, or is cut off with the old master, names whom it knew last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn most_sentinels_decide_who_is_the_master() {
    let (master, other) = (Server::durable(&[]), Server::durable(&[]));
    let watch = |port: u16| Server::sentinel(&format!("sentinel monitor mymaster 127.0.0.1 {port} 3\n"));
    let sentinels: Vec<_> = [&other, &master, &master, &master, &master].map(|server| watch(server.port)).into();
    let forget = |which: usize| sentinels[which].cli(&["SENTINEL", "REMOVE", "mymaster"]);
    let turn = |which: usize| {
        sentinels[which].cli(&["SENTINEL", "MONITOR", "mymaster", "127.0.0.1", &other.port.to_string(), "3"]);
    };
    let kept =
        |server: &Server| server.cli(&["KEYS", "{cs:*}:event:*"]).lines().filter(|line| !line.is_empty()).count();
    // Two of five know none.
    forget(3);
    forget(4);
    let named: Vec<_> = sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port)).collect();
    let address = format!("redis+sentinel://{}/mymaster", named.join(",")).parse().unwrap();
    let store = RedisStore::open(&address, clock(), RedisOptions::default()).await.unwrap();
    accept(&store, &event("1")).await.unwrap();
    assert_eq!((kept(&master), kept(&other)), (1, 0), "two against one");
    forget(1);
    forget(2);
    store.prune().await.unwrap();
    accept(&store, &event("2")).await.unwrap();
    assert_eq!((kept(&master), kept(&other)), (2, 0), "one of five takes nobody from a master that works");
    turn(1);
    turn(2);
    store.prune().await.unwrap();
    accept(&store, &event("3")).await.unwrap();
    assert_eq!((kept(&master), kept(&other)), (2, 1), "three of five do");
}

/// It still says that it is the master, and whatever it takes is thrown away when it hears of the other one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_the_sentinels_have_left_is_left_by_the_store_too() {
    let master = Server::durable(&["--repl-diskless-sync-delay", "0"]);
    let other = Server::durable(&[]);
    let watch = |port: u16| format!("sentinel monitor mymaster 127.0.0.1 {port} 1\n");
    let sentinel = Server::sentinel(&watch(master.port));
    let address = format!("redis+sentinel://127.0.0.1:{}/mymaster", sentinel.port).parse().unwrap();
    let store = RedisStore::open(&address, clock(), RedisOptions::default()).await.unwrap();
    accept(&store, &event("1")).await.unwrap();
    // As after a failover that the old master does not hear of: it takes writes, and nobody follows it.
    sentinel.cli(&["SENTINEL", "REMOVE", "mymaster"]);
    sentinel.cli(&["SENTINEL", "MONITOR", "mymaster", "127.0.0.1", &other.port.to_string(), "1"]);
    store.prune().await.unwrap();
    accept(&store, &event("2")).await.unwrap();
    assert_eq!(other.cli(&["KEYS", "{cs:*}:event:*"]).lines().count(), 1, "the new master has it");
    assert_eq!(master.cli(&["KEYS", "{cs:*}:event:*"]).lines().count(), 1, "and the old one what came before");
}
