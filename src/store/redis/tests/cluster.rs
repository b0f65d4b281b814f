//! A Cluster of six nodes on the loopback interface: the whole contract, and a master that goes.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::settings::until;
use super::{RedisOptions, RedisStore, Server, accept, clock, kept, load};
use crate::clock::FixedClock;
use crate::store::Acceptance;
use crate::store::conformance::{Bench, conformance, event};
use crate::store::redis::partition::Partition;

/// Three masters, each with a replica.
pub(super) fn cluster() -> Vec<Server> {
    let settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--repl-diskless-sync-delay", "0"];
    let nodes: Vec<_> = (0..6).map(|_| Server::durable(&settings)).collect();
    let addresses: Vec<_> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
    let made = Command::new("redis-cli")
        .args(["--cluster", "create"])
        .args(addresses)
        .args(["--cluster-replicas", "1", "--cluster-yes"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let agrees = |node: &Server| {
        node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
            && node.cli(&["CLUSTER", "NODES"]).matches(" slave ").count()
                + node.cli(&["CLUSTER", "NODES"]).matches("myself,slave").count()
                == 3
    };
    until(|| nodes.iter().all(agrees));
    nodes
}

pub(super) fn url(nodes: &[Server]) -> String {
    // Two of them: the others are learned.
    format!("redis-cluster://127.0.0.1:{},127.0.0.1:{}", nodes[0].port, nodes[5].port)
}

/// The slot of an endpoint's partition.
pub(super) fn slot_of(node: &Server, endpoint: &str) -> u32 {
    let part = Partition::of(endpoint).number();
    node.cli(&["CLUSTER", "KEYSLOT", &format!("{{cs:{part}}}:last")]).parse().unwrap()
}

/// Whether a node is the master of a slot.
pub(super) fn has_slot(node: &Server, slot: u32) -> bool {
    node.cli(&["CLUSTER", "NODES"]).lines().filter(|line| line.contains("myself,master")).any(|line| {
        line.split(' ').skip(8).any(|range| {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            from.parse::<u32>().is_ok_and(|from| from <= slot) && to.parse::<u32>().is_ok_and(|to| slot <= to)
        })
    })
}

/// Where the case's stores are.
static PLACE: Mutex<String> = Mutex::new(String::new());
static STORES: AtomicU32 = AtomicU32::new(0);

/// Opens a store of its own in the one Cluster.
fn open(clock: Arc<FixedClock>) -> Bench {
    let address = PLACE.lock().unwrap_or_else(PoisonError::into_inner).parse().unwrap();
    let prefix = format!("case-{}", STORES.fetch_add(1, Ordering::SeqCst)).into();
    let options = RedisOptions { prefix, ..RedisOptions::default() };
    let store = block_in_place(|| Handle::current().block_on(RedisStore::open(&address, clock.clone(), options)));
    Bench { store: Arc::new(store.unwrap()), clock, home: None }
}

conformance!(fn every_case, open);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_keeps_the_whole_contract() {
    let nodes = cluster();
    *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = url(&nodes);
    every_case().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_of_a_cluster_that_goes_under_load_takes_nothing_with_it_that_its_replica_had() {
    let mut nodes = block_in_place(cluster);
    let options = RedisOptions { wait_replicas: 1, ..RedisOptions::default() };
    let store = Arc::new(RedisStore::open(&url(&nodes).parse().unwrap(), clock(), options).await.unwrap());
    let end = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..8)
        .map(|number| {
            let (store, end) = (store.clone(), end.clone());
            tokio::spawn(async move { load(&store, &number.to_string(), || end.load(Ordering::SeqCst)).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    block_in_place(|| {
        let slot = slot_of(&nodes[0], "bank-a");
        let owner = nodes.iter().position(|node| has_slot(node, slot)).unwrap();
        nodes[owner].kill();
        until(|| nodes.iter().enumerate().any(|(number, node)| number != owner && has_slot(node, slot)));
        // The old one comes back as a replica of the new one.
        nodes[owner].restart();
        until(|| nodes[owner].cli(&["INFO", "replication"]).contains("master_link_status:up"));
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

/// It hears of no other any more and refuses everything, and they have another master.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_has_lost_the_others_keeps_no_partition() {
    let nodes = block_in_place(cluster);
    let store = RedisStore::open(&url(&nodes).parse().unwrap(), clock(), RedisOptions::default()).await.unwrap();
    assert_eq!(accept(&store, &event("before")).await, Ok(Acceptance::Accepted));
    let slot = slot_of(&nodes[0], "bank-a");
    block_in_place(|| {
        let (left, others): (Vec<_>, Vec<_>) = nodes.iter().partition(|node| has_slot(node, slot));
        let [left] = left[..] else { panic!("expected one owner") };
        let port = left.port.to_string();
        let role = |node: &Server| node.cli(&["ROLE"]);
        let heir = others.iter().find(|node| role(node).starts_with("slave") && role(node).contains(&port)).unwrap();
        // After a first synchronisation what follows is held back for up to a second.
        let has = |node: &Server| node.cli(&["CLUSTER", "COUNTKEYSINSLOT", &slot.to_string()]);
        until(|| has(heir) == has(left));
        for node in &others {
            assert_eq!(left.cli(&["CLUSTER", "FORGET", &node.cli(&["CLUSTER", "MYID"])]), "OK");
        }
        until(|| left.cli(&["CLUSTER", "INFO"]).contains("cluster_state:fail"));
        let key = format!("{{cs:{}}}:seal", Partition::of("bank-a").number());
        assert!(left.cli(&["GET", &key]).contains("CLUSTERDOWN"));
        assert_eq!(heir.cli(&["CLUSTER", "FAILOVER", "TAKEOVER"]), "OK");
        until(|| has_slot(heir, slot) && others.iter().all(|node| node.cli(&["CLUSTER", "INFO"]).contains("state:ok")));
    });
    assert_eq!(accept(&store, &event("before")).await, Ok(Acceptance::Duplicate));
    assert_eq!(accept(&store, &event("after")).await, Ok(Acceptance::Accepted));
}
