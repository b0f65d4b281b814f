//! Figures, not a test: how many events a second each store accepts, without signatures.
//! `cargo test --release --lib figures -- --ignored --nocapture`

use std::sync::Arc;
use std::time::Instant;

use super::{RedisOptions, RedisStore, Server};
use crate::clock::{FixedClock, SystemClock};
use crate::store::conformance::{START, event};
use crate::store::{Acceptance, SqliteStore, Store};

const ROUNDS: usize = 5;

/// Accepts events of 1 KiB from many tasks at once; answers events a second.
async fn rate(store: &Arc<dyn Store>, round: usize, tasks: usize, each: usize) -> u64 {
    let mut work = Vec::new();
    for task in 0..tasks {
        let records: Vec<_> = (0..each)
            .map(|number| {
                let mut event = event(&format!("{round}-{tasks}-{task}-{number}"));
                event.content = format!("{{\"id\":\"{task}-{number}\",\"pad\":\"{}\"}}", "x".repeat(990)).into();
                event.verified()
            })
            .collect();
        work.push((store.clone(), records));
    }
    let started = Instant::now();
    let work: Vec<_> = work
        .into_iter()
        .map(|(store, records)| {
            tokio::spawn(async move {
                for record in records {
                    assert_eq!(store.accept(record).await, Ok(Acceptance::Accepted));
                }
            })
        })
        .collect();
    for task in work {
        task.await.unwrap();
    }
    ((tasks * each) as f64 / started.elapsed().as_secs_f64()) as u64
}

async fn on(server: &Server) -> Arc<dyn Store> {
    let address = server.url().parse().unwrap();
    Arc::new(RedisStore::open(&address, Arc::new(SystemClock), RedisOptions::default()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "figures, not a test"]
async fn accepts_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteStore::open(&folder.path().join("inbox.db"), Arc::new(FixedClock::at(START))).unwrap();
    let everysec = Server::start(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    let always = Server::durable(&[]);
    let stores: [(&str, Arc<dyn Store>); 3] = [
        ("SQLite, synchronous = FULL", Arc::new(file)),
        ("Redis, appendfsync everysec", on(&everysec).await),
        ("Redis, appendfsync always", on(&always).await),
    ];
    for (tasks, each) in [(1, 500), (64, 160), (256, 40)] {
        let mut rates = [const { Vec::new() }; 3];
        for round in 0..ROUNDS {
            for ((_, store), rates) in stores.iter().zip(&mut rates) {
                rates.push(rate(store, round, tasks, each).await);
            }
        }
        for (name, server) in [("everysec", &everysec), ("always", &always)] {
            let told = server.cli(&["INFO", "commandstats"]);
            let of_script = told.lines().find(|line| line.starts_with("cmdstat_evalsha:")).unwrap_or_default();
            println!("{tasks:>4} tasks  {name}: {of_script}");
            server.cli(&["CONFIG", "RESETSTAT"]);
        }
        for ((name, _), mut rates) in stores.iter().zip(rates) {
            rates.sort_unstable();
            println!(
                "{tasks:>4} tasks  {name:<28} {:>7}/s  ({} to {})",
                rates[ROUNDS / 2],
                rates[0],
                rates[ROUNDS - 1]
            );
        }
    }
}
