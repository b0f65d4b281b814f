//! A slot of a Cluster on its way to another node. The rule: while it is torn between two, what is new is refused and what is
//! known is not taken for new; when it has arrived, all is as it was before.

use tokio::task::block_in_place;

use super::cluster::{cluster, has_slot, slot_of, url};
use super::{RedisOptions, RedisStore, Server, accept, clock, kept};
use crate::clock::Clock;
use crate::store::conformance::{LEASE, event};
use crate::store::{Acceptance, EventId, Leased, Listing, State, Store, StoreError};

/// A slot between two masters, as a resharding leaves it that was stopped half way.
struct Torn<'s> {
    slot: String,
    from: &'s Server,
    to: &'s Server,
}

impl<'s> Torn<'s> {
    fn begin(nodes: &'s [Server], slot: u32) -> Self {
        let from = nodes.iter().find(|node| has_slot(node, slot)).unwrap();
        let is_other_master = |node: &&Server| node.port != from.port && node.cli(&["ROLE"]).starts_with("master");
        let torn = Self { slot: slot.to_string(), from, to: nodes.iter().find(is_other_master).unwrap() };
        torn.say(torn.to, &["IMPORTING", &from.cli(&["CLUSTER", "MYID"])]);
        torn.say(from, &["MIGRATING", &torn.to.cli(&["CLUSTER", "MYID"])]);
        torn
    }

    fn say(&self, node: &Server, what: &[&str]) {
        assert_eq!(node.cli(&[&["CLUSTER", "SETSLOT", &self.slot], what].concat()), "OK");
    }

    /// Keys that did not go yet.
    fn keys(&self) -> Vec<String> {
        let keys = self.from.cli(&["CLUSTER", "GETKEYSINSLOT", &self.slot, "1000"]);
        keys.lines().map(str::to_owned).collect()
    }

    fn carry(&self, goes: impl Fn(&str) -> bool) -> usize {
        let keys: Vec<_> = self.keys().into_iter().filter(|key| goes(key)).collect();
        for key in &keys {
            let to = self.to.port.to_string();
            assert_eq!(self.from.cli(&["MIGRATE", "127.0.0.1", &to, key, "0", "5000"]), "OK");
        }
        keys.len()
    }

    fn end(self) {
        self.carry(|_| true);
        self.arrived();
    }

    fn arrived(&self) {
        let owner = self.to.cli(&["CLUSTER", "MYID"]);
        for node in [self.to, self.from] {
            self.say(node, &["NODE", &owner]);
        }
    }
}

/// Which keys went before it was stopped.
type Goes = fn(&str) -> bool;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_on_its_way_doubles_and_loses_nothing() {
    let nodes = block_in_place(cluster);
    let store = RedisStore::open(&url(&nodes).parse().unwrap(), clock(), RedisOptions::default()).await.unwrap();
    let slot = slot_of(&nodes[0], "bank-a");
    let stops: [(&str, Goes); 5] = [
        ("none", |_| false),
        ("records", |key| key.contains(":event:")),
        ("all but records", |key| !key.contains(":event:")),
        ("the key that every script names", |key| key.ends_with(":last")),
        ("all but that", |key| !key.ends_with(":last")),
    ];
    let mut all = Vec::new();
    for (stop, goes) in stops {
        let ids: Vec<_> = (0..3).map(|number| format!("{stop}, {number}")).collect();
        let mut signed: Vec<_> = ids.iter().map(|id| event(id)).collect();
        signed[2] = signed[2].clone().fence(stop);
        for event in &signed {
            assert_eq!(accept(&store, event).await, Ok(Acceptance::Accepted), "{}", event.id);
        }
        // One that is in nobody's hands and has a hash, and the key that scripts name.
        let mut unreadable = event(&format!("{stop}, unreadable"));
        unreadable.problem = Some("unreadable");
        accept(&store, &unreadable).await.unwrap();
        let torn = block_in_place(|| Torn::begin(&nodes, slot));
        let went = block_in_place(|| torn.carry(goes));
        assert_eq!(went > 0, stop != "none", "{stop}");
        for event in signed.iter().chain([&unreadable]) {
            let outcome = accept(&store, event).await;
            assert!(matches!(outcome, Err(_) | Ok(Acceptance::Duplicate)), "{}: {outcome:?}", event.id);
        }
        let new = event(&format!("{stop}, new"));
        let outcome = accept(&store, &new).await;
        let told = outcome.as_ref().map_err(ToString::to_string);
        assert!(told.is_err_and(|told| told.contains("on its way to another node")), "{}: {outcome:?}", new.id);
        let mut leased = store.lease([].into(), 100, LEASE).await.unwrap_or_default();
        block_in_place(|| torn.end());

        assert_eq!(accept(&store, &new).await, Ok(Acceptance::Accepted), "{}", new.id);
        for event in signed.iter().chain([&unreadable]) {
            assert_eq!(accept(&store, event).await, Ok(Acceptance::Duplicate), "{}", event.id);
        }
        leased.extend(store.lease([].into(), 100, LEASE).await.unwrap());
        let handed: Vec<_> = leased.iter().filter_map(|one| one.record.request_id.as_deref()).collect();
        let wanted: Vec<_> = ids.iter().map(String::as_str).chain([new.id.as_str()]).collect();
        assert_eq!(handed, wanted, "{stop}");
        store.acknowledge(leased.iter().map(|one| (one.id.clone(), one.fence)).collect()).await.unwrap();
        all.extend(ids.into_iter().chain([unreadable.id, new.id]));
    }
    let mut kept = kept(&store).await;
    kept.sort();
    all.sort();
    assert_eq!(kept, all);
}

/// A worker says again what had no good answer, and an operator asks again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_of_deliveries_while_their_slot_is_torn_is_said_again_and_holds() {
    let nodes = block_in_place(cluster);
    let clock = clock();
    let store = RedisStore::open(&url(&nodes).parse().unwrap(), clock.clone(), RedisOptions::default()).await.unwrap();
    let slot = slot_of(&nodes[0], "bank-a");
    let stops: [(&str, Goes); 4] = [
        ("what is due", |key| key.contains(":again:")),
        ("places", |key| key.contains(":in:")),
        ("identities", |key| key.ends_with(":names")),
        ("half of the records", |key| key.contains(":state:") && key.ends_with(|last: char| last < '8')),
    ];
    let mut rounds = 0;
    for (stop, goes) in stops {
        rounds += 1;
        for number in 0..5 {
            assert_eq!(accept(&store, &event(&format!("{stop}, {number}"))).await, Ok(Acceptance::Accepted));
        }
        let leased = store.lease([].into(), 5, LEASE).await.unwrap();
        let [delivered, parked, failed, asked, unwanted] = &leased[..] else { panic!("expected five: {leased:?}") };
        for one in [asked, unwanted] {
            store.park(one.id.clone(), one.fence, "no".into()).await.unwrap();
        }
        let due = clock.now().after(LEASE);
        let torn = block_in_place(|| Torn::begin(&nodes, slot));
        block_in_place(|| torn.carry(goes));
        let mut said = Vec::new();
        for again in [false, true] {
            said.push(store.acknowledge(vec![(delivered.id.clone(), delivered.fence)]).await);
            said.push(store.park(parked.id.clone(), parked.fence, "no".into()).await);
            said.push(store.retry_at(failed.id.clone(), failed.fence, due, "busy".into()).await);
            // Found by its state, as commands find what they are about.
            let wanted = |one: &Leased| parked_among(&store, one.id.clone());
            said.push(match wanted(asked).await {
                Ok(ids) => store.requeue(ids).await.map(drop),
                Err(error) => Err(error),
            });
            said.push(match wanted(unwanted).await {
                Ok(ids) => store.discard(ids).await.map(drop),
                Err(error) => Err(error),
            });
            if !again {
                assert!(said.iter().any(Result::is_err), "{stop}: nothing was torn");
                block_in_place(|| {
                    torn.carry(|_| true);
                    torn.arrived();
                });
                said.clear();
            }
        }
        for outcome in said {
            assert!(matches!(outcome, Ok(()) | Err(StoreError::LeaseLost)), "{stop}: {outcome:?}");
        }
        clock.set(due);
        let again = store.lease([].into(), 10, LEASE).await.unwrap();
        let mut ids: Vec<_> = again.iter().filter_map(|one| one.record.request_id.as_deref()).collect();
        ids.sort_unstable();
        assert_eq!(ids, [format!("{stop}, 2"), format!("{stop}, 3")], "what failed, and what was asked for");
        store.acknowledge(again.iter().map(|one| (one.id.clone(), one.fence)).collect()).await.unwrap();
        let stats = store.stats().await.unwrap();
        let counted = (stats.ready, stats.leased, stats.delivered, stats.parked, stats.quarantined);
        assert_eq!(counted, (0, 0, 3 * rounds, rounds, rounds), "{stop}");
    }
}

/// The record, if it is among those that are parked.
async fn parked_among(store: &RedisStore, id: EventId) -> Result<Vec<EventId>, StoreError> {
    let parked = store.list(Listing { state: Some(State::Parked), ..Listing::default() }).await?;
    Ok(parked.into_iter().map(|(_, entry)| entry.id).filter(|one| *one == id).collect())
}

/// An operator may change their mind between two tries of which the first was cut short.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_half_asked_for_while_its_slot_is_torn_leaves_nothing_behind_when_the_contrary_is_asked() {
    let nodes = block_in_place(cluster);
    let clock = clock();
    let store = RedisStore::open(&url(&nodes).parse().unwrap(), clock.clone(), RedisOptions::default()).await.unwrap();
    let slot = slot_of(&nodes[0], "bank-a");
    let stops: [(&str, Goes); 5] = [
        ("endpoints", |key| key.ends_with(":endpoints")),
        ("the places of what is parked", |key| key.contains(":in:parked")),
        ("identities", |key| key.ends_with(":names")),
        ("what is due", |key| key.contains(":again:")),
        ("records", |key| key.contains(":event:")),
    ];
    let mut cut = 0;
    for (stop, goes) in stops {
        for number in 0..5 {
            assert_eq!(accept(&store, &event(&format!("{stop}, {number}"))).await, Ok(Acceptance::Accepted));
        }
        let leased = store.lease([].into(), 5, LEASE).await.unwrap();
        let [delivered, asked, unwanted, failed, once] = &leased[..] else { panic!("expected five: {leased:?}") };
        store.acknowledge(vec![(delivered.id.clone(), delivered.fence)]).await.unwrap();
        for one in [asked, unwanted, once] {
            store.park(one.id.clone(), one.fence, "no".into()).await.unwrap();
        }
        store.retry_at(failed.id.clone(), failed.fence, clock.now().after(LEASE * 1000), "busy".into()).await.unwrap();
        let torn = block_in_place(|| Torn::begin(&nodes, slot));
        block_in_place(|| torn.carry(goes));
        cut += usize::from(store.requeue(vec![asked.id.clone()]).await.is_err());
        cut += usize::from(store.discard(vec![unwanted.id.clone()]).await.is_err());
        // This one is asked for again only when it may have been handed out.
        cut += usize::from(store.requeue(vec![once.id.clone()]).await.is_err());
        block_in_place(|| torn.end());
        let is_discarded = store.discard(vec![asked.id.clone()]).await.unwrap() == 1;
        store.requeue(vec![unwanted.id.clone()]).await.unwrap();
        let handed = store.lease([].into(), 10, LEASE).await.unwrap();
        assert!(!is_discarded || handed.iter().all(|one| one.id != asked.id), "{stop}: it was discarded");
        store.acknowledge(handed.iter().map(|one| (one.id.clone(), one.fence)).collect()).await.unwrap();
        store.requeue(vec![once.id.clone()]).await.unwrap();
        let again = store.lease([].into(), 10, LEASE).await.unwrap();
        assert_eq!(again.iter().map(|one| &one.id).collect::<Vec<_>>(), [&once.id], "{stop}");
        store.acknowledge(vec![(once.id.clone(), again[0].fence)]).await.unwrap();
        for state in State::ALL {
            let listed = store.list(Listing { state: Some(state), ..Listing::default() }).await.unwrap();
            let strays: Vec<_> = listed.iter().filter(|(_, entry)| entry.state != state).collect();
            assert!(strays.is_empty(), "{stop}: among what is {state}: {strays:?}");
        }
    }
    assert!(cut >= 4, "only {cut} calls were cut short");
}
