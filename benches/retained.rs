//! What an accept costs beside what is retained: new events and copies, at each power of ten of retained events.
//!
//! `cargo bench --bench retained` goes to 10^6; `-- 7` goes to 10^7, which takes some 10 GB of disk and some minutes, and on
//! Redis, which keeps everything in memory, stops at 10^6.
#![allow(missing_docs, reason = "a program")]

mod receipts;
#[path = "../tests/redis_server/mod.rs"]
mod redis_server;

use std::sync::Arc;
use std::time::Duration;

use countersign::clock::SystemClock;
use countersign::store::{SqliteStore, Store};
use receipts::{Front, offer, on, server};

const TASKS: usize = 64;
/// Events of one task that are timed, of 1 KiB.
const TIMED: usize = 320;
/// Length of what is there before, in bytes.
const SMALL: usize = 64;

/// Events of 64 tasks, numbered without a gap from `from` on.
async fn round(front: &Front, store: &Arc<dyn Store>, from: usize, each: usize, bytes: usize, fresh: bool) -> Duration {
    let of = |task| (0..each).map(move |number| front.receipt(&format!("{:012}", from + task * each + number), bytes));
    offer(store, (0..TASKS).map(|task| of(task).collect()).collect(), fresh).await
}

/// Fills up to `wanted` events and measures; answers the cells of one row.
async fn measure(front: &Front, store: &Arc<dyn Store>, kept: &mut usize, wanted: usize) -> String {
    while *kept < wanted {
        let each = ((wanted - *kept) / TASKS).clamp(1, 1000);
        round(front, store, *kept, each, SMALL, true).await;
        *kept += each * TASKS;
    }
    let (mut fresh, mut again) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        fresh.push(round(front, store, *kept, TIMED, 1024, true).await);
        again.push(round(front, store, *kept, TIMED, 1024, false).await);
        *kept += TIMED * TASKS;
    }
    let each = |mut rounds: Vec<Duration>| {
        rounds.sort_unstable();
        let micros = |took: Duration| took.as_secs_f64() * 1e6 / (TASKS * TIMED) as f64;
        format!(" {:.1} ({:.1} to {:.1}) |", micros(rounds[2]), micros(rounds[0]), micros(rounds[4]))
    };
    each(fresh) + &each(again)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let most: u32 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(6);
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteStore::open(&folder.path().join("inbox.db"), Arc::new(SystemClock)).expect("a file");
    let everysec = server("everysec");
    let stores: [(&str, Arc<dyn Store>, u32); 2] =
        [("SQLite", Arc::new(file), most), ("Redis, `everysec`", on(&everysec).await, most.min(6))];
    let front = Front::new();
    println!("| store | retained | µs for a new event | µs for a copy |\n|---|---:|---:|---:|");
    for (name, store, most) in stores {
        let mut kept = 0;
        for power in 4..=most {
            let cells = measure(&front, &store, &mut kept, 10_usize.pow(power)).await;
            println!("| {name} | 10^{power} |{cells}");
        }
    }
}
