//! What only a store in Redis can get wrong: how it is set up, what it loses, and who is master.

#[path = "../../../tests/redis_server/mod.rs"]
mod redis_server;

mod cluster;
mod entries;
mod failover;
mod faults;
mod resharding;
#[cfg(feature = "sqlite")]
mod logins;
#[cfg(feature = "sqlite")]
mod settings;
#[cfg(feature = "sqlite")]
mod tls;
#[cfg(feature = "sqlite")]
mod waiting;

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::block_in_place;

use self::redis_server::Server;
use super::script;
use super::{OpenError, RedisOptions, RedisStore};
use crate::clock::FixedClock;
use crate::store::conformance::{Bench, Event, START, conformance, event, twins};
use crate::store::{Acceptance, Listing, Store, StoreError};

/// Opens a store on a server of its own.
fn open(clock: Arc<FixedClock>) -> Bench {
    let server = Server::durable(&[]);
    let store = block_in_place(|| Handle::current().block_on(connect(&server.url(), clock.clone())));
    Bench { store: Arc::new(store.unwrap()), clock, home: Some(Box::new(server)) }
}

conformance!(open);

#[test]
fn no_order_of_calls_tells_the_stores_apart() {
    twins::agree(open, 32);
}

async fn connect(url: &str, clock: Arc<FixedClock>) -> Result<RedisStore, OpenError> {
    RedisStore::open(&url.parse().unwrap(), clock, RedisOptions::default()).await
}

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(START))
}

/// The next page begins behind a position, so what shares one would be left out of both.
#[tokio::test]
async fn no_page_ends_between_two_records_of_one_position() {
    let server = Server::durable(&[]);
    let store = connect(&server.url(), clock()).await.unwrap();
    let mut unreadable = event("2");
    unreadable.problem = Some("unreadable");
    for event in [&event("1"), &unreadable, &event("3")] {
        assert_eq!(accept(&store, event).await, Ok(Acceptance::Accepted));
    }
    let stream = server.cli(&["KEYS", "*fresh:bank-a"]);
    let position = server.cli(&["XRANGE", &stream, "-", "+", "COUNT", "1"]);
    let position = position.split('-').next().unwrap();
    let quarantined = server.cli(&["KEYS", "*in:quarantined"]);
    let id = server.cli(&["ZRANGE", &quarantined, "0", "-1"]);
    server.cli(&["ZADD", &quarantined, position, &id]);
    let first = store.list(Listing { limit: Some(1), ..Listing::default() }).await.unwrap();
    assert_eq!(first.len(), 2);
    let after = first.last().map(|(position, _)| *position);
    assert_eq!(store.list(Listing { limit: Some(1), after, ..Listing::default() }).await.unwrap().len(), 1);
    assert_eq!(kept(&store).await.len(), 3);
}

/// A script that no server takes is found here, and not by the one case that runs it.
#[tokio::test]
async fn a_server_takes_every_script() {
    let server = Server::durable(&[]);
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    for (name, script) in script::EACH {
        script.load_async(&mut connection).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

async fn accept(store: &RedisStore, event: &Event) -> Result<Acceptance, StoreError> {
    store.accept(event.verified()).await
}

/// Ids of the senders' requests, in the order of acceptance.
async fn kept(store: &RedisStore) -> Vec<String> {
    let listed = store.list(Listing::default()).await.unwrap();
    listed.into_iter().filter_map(|(_, entry)| entry.request_id).collect()
}

/// Offers events one after the other, numbered from `first` on, until `end` says so. Answers the acknowledged ones.
async fn load(store: &RedisStore, name: &str, end: impl Fn() -> bool) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        if end() {
            break;
        }
        let id = format!("{name}-{number}");
        match accept(store, &event(&id)).await {
            Ok(_) => acknowledged.push(id),
            // A sender waits before it tries again.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    }
    acknowledged
}
