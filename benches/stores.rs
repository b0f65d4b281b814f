//! What a store takes: events of 1 KiB accepted a second, each waited for, without signatures. Deliveries are verified
//! and decoded before the clock runs; then the last stage of the receiving stack keeps them, as it does for a sender. Beside
//! each store stands what the same bytes cost without us, which no store on this machine can pass.
//!
//! `cargo bench --bench stores`, with a `redis-server` that this program starts itself; `-- SQLite` measures only stores
//! with that in their name.
#![allow(missing_docs, reason = "a program")]

mod bare;
mod receipts;
#[path = "../tests/redis_server/mod.rs"]
mod redis_server;

use std::sync::Arc;
use std::time::Duration;

use countersign::clock::SystemClock;
use countersign::store::{SqliteStore, Store};
use receipts::{Front, offer, on, server};

const ROUNDS: usize = 5;
/// Tasks, and how many events each of them has.
const LOADS: [(usize, usize); 3] = [(1, 500), (64, 320), (256, 80)];

/// What is written without us, and how many times a round.
const CONTENT: [u8; 1024] = [b'x'; 1024];
const EVENTS: usize = 64 * 320;

fn rate_of(took: Duration) -> u64 {
    (EVENTS as f64 / took.as_secs_f64()) as u64
}

/// Events a second. A duplicate would be cheaper, and is not what is measured.
async fn rate(front: &Front, store: &Arc<dyn Store>, round: usize, tasks: usize, each: usize) -> u64 {
    let receipts = |task| (0..each).map(move |number| front.receipt(&format!("{round}-{tasks}-{task}-{number}"), 1024));
    let took = offer(store, (0..tasks).map(|task| receipts(task).collect()).collect(), true).await;
    ((tasks * each) as f64 / took.as_secs_f64()) as u64
}

/// Rates, the middle one first.
fn cell(mut rates: Vec<u64>) -> String {
    rates.sort_unstable();
    format!(" {} ({} to {}) |", rates[ROUNDS / 2], rates[0], rates[ROUNDS - 1])
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteStore::open(&folder.path().join("inbox.db"), Arc::new(SystemClock)).expect("a file");
    let (everysec, always) = (server("everysec"), server("always"));
    let mut stores: Vec<(&str, Arc<dyn Store>)> = vec![
        ("SQLite, `synchronous = FULL`", Arc::new(file)),
        ("Redis, `appendfsync everysec`", on(&everysec).await),
        ("Redis, `appendfsync always`", on(&always).await),
    ];
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    stores.retain(|(name, _)| wanted.as_ref().is_none_or(|word| name.contains(word.as_str())));
    let front = Front::new();
    let mut cells = vec![String::new(); stores.len()];
    let mut alone: [Vec<u64>; 3] = Default::default();
    let mut bare_file = bare::File::open(&folder.path().join("bare.db"));
    let bare_servers = [server("everysec"), server("always")];
    for (tasks, each) in LOADS {
        let mut rates = vec![Vec::new(); stores.len()];
        for round in 0..ROUNDS {
            if tasks == 64 {
                alone[0].push(rate_of(bare_file.keep(&CONTENT, EVENTS)));
                for (server, rates) in bare_servers.iter().zip(&mut alone[1..]) {
                    rates.push(rate_of(bare::keep(server, &CONTENT, round * EVENTS, EVENTS).await));
                }
            }
            for ((_, store), rates) in stores.iter().zip(&mut rates) {
                rates.push(rate(&front, store, round, tasks, each).await);
            }
        }
        for (rates, row) in rates.into_iter().zip(&mut cells) {
            *row += &cell(rates);
        }
    }
    println!("| store | 1 task | 64 tasks | 256 tasks |\n|---|---:|---:|---:|");
    for ((name, _), cell) in stores.iter().zip(cells) {
        println!("| {name} |{cell}");
    }
    for (name, rates) in ["SQLite alone", "Redis alone, everysec", "Redis alone, always"].into_iter().zip(alone) {
        println!("| {name}: the same bytes, no checks, no callers | |{} |", cell(rates));
    }
    for (name, server) in [("everysec", &everysec), ("always", &always)] {
        let told = server.cli(&["INFO", "commandstats"]);
        println!("{name}: {}", told.lines().find(|line| line.starts_with("cmdstat_evalsha:")).unwrap_or_default());
    }
}
