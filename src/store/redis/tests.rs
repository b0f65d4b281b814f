//! What only a store in Redis can get wrong: how it is set up, what it loses, and who is master.

#[path = "../../../tests/redis_server/mod.rs"]
mod redis_server;

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::block_in_place;

use self::redis_server::Server;
use super::script;
use super::{OpenError, RedisOptions, RedisStore};
use crate::clock::FixedClock;
use crate::store::conformance::{Bench, START, conformance};

/// Opens a store on a server of its own.
fn open(clock: Arc<FixedClock>) -> Bench {
    let server = Server::durable(&[]);
    let store = block_in_place(|| Handle::current().block_on(connect(&server.url(), clock.clone())));
    Bench { store: Arc::new(store.unwrap()), clock, home: Some(Box::new(server)) }
}

conformance!(open);

async fn connect(url: &str, clock: Arc<FixedClock>) -> Result<RedisStore, OpenError> {
    RedisStore::open(&url.parse().unwrap(), clock, RedisOptions::default()).await
}

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(START))
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
