//! What the edge promises, measured on the binary over loopback, as a table of bar and figure; ends with a failure if a bar
//! is missed, and within three minutes.
//!
//! `cargo bench --bench edge_figures`; with `-- idle`, `slow`, `refused` or `corpus` only that. It needs
//! `ulimit -Hn` of 10 400 for as many idle connections as the bar says.
#![allow(missing_docs, reason = "a program")]

mod attacks;
mod client;
mod receiver;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use client::{Connection, Signer, exchange};
use receiver::{Receiver, Setting};

/// The whole of it.
const BOUND: Duration = Duration::from_secs(175);
const IDLE: usize = 10_000;
const SLOW: usize = 500;
const REFUSALS: usize = 100_000;
const ROUNDS: usize = 5;
/// Connections, and bytes of bodies in flight, that the attacked receiver takes.
const PLACES: usize = 1024;
const IN_FLIGHT: u64 = 16 * 1024 * 1024;

/// One line of the table.
struct Row {
    name: String,
    bar: String,
    figure: String,
    held: bool,
}

fn row(name: impl Into<String>, bar: &str, figure: String, held: bool) -> Row {
    Row { name: name.into(), bar: bar.to_owned(), figure, held }
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let files = raise_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (began, mut rows, mut failed) = (Instant::now(), Vec::new(), false);
    for name in ["idle", "slow", "refused", "corpus"] {
        if !wanted.is_empty() && !wanted.iter().any(|word| word == name) {
            continue;
        }
        let left = BOUND.saturating_sub(began.elapsed());
        eprintln!("-- {name}");
        let work = async {
            match name {
                "idle" => {
                    let count = IDLE.min(files.saturating_sub(400));
                    vec![idle(false, count).await, idle(true, count).await]
                }
                "slow" => vec![slow().await],
                "refused" => vec![refused(false).await, refused(true).await],
                _ => vec![corpus().await],
            }
        };
        match runtime.block_on(async { tokio::time::timeout(left, work).await }) {
            Ok(found) => rows.extend(found.into_iter().flatten()),
            Err(_) => {
                eprintln!("{name}: not done within the three minutes of the whole");
                failed = true;
            }
        }
    }
    println!("{:<72} {:>14} {:>14}", "", "bar", "measured");
    for Row { name, bar, figure, held } in &rows {
        println!("{name:<72} {bar:>14} {figure:>14}{}", if *held { "" } else { "   MISSED" });
    }
    println!("in {:.0} s", began.elapsed().as_secs_f64());
    if failed || rows.iter().any(|row| !row.held) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// As many open files as the system allows; the receiver does the same for itself.
fn raise_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let most = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most });
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// Connections that had one answer and are kept open: what each costs in memory.
async fn idle(tls: bool, count: usize) -> Vec<Row> {
    let limits = "connections = 12000, idle_timeout = \"10m\", head_timeout = \"10m\"";
    let receiver = Receiver::start(&Setting { limits, tls });
    let target = receiver.target();
    // What the first requests cost the program itself is not the connections'.
    for _ in 0..200 {
        let mut one = Connection::open(&target).await;
        assert_eq!(one.exchange(client::UNSIGNED).await, Some(401));
    }
    let before = receiver.status("VmRSS:");
    let opened = Arc::new(AtomicUsize::new(0));
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (target, opened) = (target.clone(), Arc::clone(&opened));
        opening.spawn(async move {
            let mut mine = Vec::new();
            while opened.fetch_add(1, Ordering::SeqCst) < count {
                let mut one = Connection::open(&target).await;
                assert_eq!(one.exchange(client::UNSIGNED).await, Some(401));
                mine.push(one);
            }
            mine
        });
    }
    let mut held = opening.join_all().await;
    let after = receiver.status("VmRSS:");
    let mut open: usize = held.iter().map(Vec::len).sum();
    // They are still there: some of them are asked again.
    for one in held.iter_mut().flatten().step_by(97) {
        if one.exchange(client::UNSIGNED).await != Some(401) {
            open = 0;
        }
    }
    let each = after.saturating_sub(before) as f64 / open.max(1) as f64;
    let name = format!("memory of an idle connection, {open} of them, {}", if tls { "TLS" } else { "plain" });
    vec![row(name, "40 KiB", format!("{each:.1} KiB"), each <= 40.0 && open == IDLE)]
}

/// Senders that trickle heads and bodies, and what the good ones beside them wait.
async fn slow() -> Vec<Row> {
    let receiver = Receiver::start(&Setting { limits: "connections = 4096", tls: false });
    let target = receiver.target();
    let mut tricklers = tokio::task::JoinSet::new();
    for number in 0..SLOW {
        let target = target.clone();
        tricklers.spawn(async move { client::trickle(&target, number).await });
    }
    while receiver.open_files() < SLOW {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut good = tokio::task::JoinSet::new();
    for sender in 0..8_usize {
        let target = target.clone();
        good.spawn(async move {
            let (signer, mut times) = (Signer::new(), Vec::new());
            let mut one = Connection::open(&target).await;
            let until = Instant::now() + Duration::from_secs(12);
            let mut number = 0_usize;
            while Instant::now() < until {
                let request = signer.request(&format!("{sender}-{number}"));
                let start = Instant::now();
                assert_eq!(one.exchange(&request).await, Some(200));
                times.push(start.elapsed());
                number += 1;
            }
            times
        });
    }
    let mut times: Vec<Duration> = good.join_all().await.into_iter().flatten().collect();
    let still = receiver.open_files();
    tricklers.shutdown().await;
    times.sort_unstable();
    let p99 = times[times.len() * 99 / 100].as_secs_f64() * 1e3;
    let name = format!("99th percentile of {} good requests beside {SLOW} slow senders", times.len());
    vec![row(name, "250 ms", format!("{p99:.1} ms"), p99 < 250.0 && still > SLOW * 9 / 10)]
}

/// Requests with a wrong signature on connections that are kept: what each costs, and that no store hears of it.
async fn refused(rsa: bool) -> Vec<Row> {
    let receiver = Receiver::start(&Setting { limits: "connections = 4096", tls: false });
    let target = receiver.target();
    let request = if rsa { client::worldline_forged() } else { Signer::new().forged() };
    let mut warm = Connection::open(&target).await;
    assert_eq!(warm.exchange(&request).await, Some(401));
    assert_eq!(exchange(&target, &Signer::new().request("first")).await, Some(200));
    // The worker writes what it delivered; after that nobody has a reason to write.
    receiver.at_rest().await;
    let (stats, store) = (receiver.stats(), receiver.store());
    // The least of several rounds: who else works on this machine only adds.
    let (mut each, mut bare) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        let before = receiver.cpu();
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (target, request) = (target.clone(), request.clone());
            senders.spawn(async move {
                let mut one = Connection::open(&target).await;
                for _ in 0..REFUSALS / ROUNDS / 8 {
                    assert_eq!(one.exchange(&request).await, Some(401));
                }
            });
        }
        senders.join_all().await;
        each = each.min((receiver.cpu() - before).as_secs_f64() * 1e6 / (REFUSALS / ROUNDS) as f64);
        // Public-key cryptography has a price of its own, which the edge cannot lower: it is measured beside, and taken off.
        bare = bare.min(if rsa { verification() } else { 0.0 });
    }
    let untouched = receiver.store() == store && receiver.stats() == stats;
    let own = each - bare;
    let kind = if rsa { "RSA-2048" } else { "HMAC" };
    vec![
        row(
            if rsa {
                format!("the same with {kind}: {each:.1} µs, less a bare verification of {bare:.1} µs")
            } else {
                format!("CPU of a refused request (wrong signature, {kind}), {REFUSALS} of them")
            },
            "30 µs",
            format!("{own:.1} µs"),
            own <= 30.0,
        ),
        row(
            format!("the store during these ({kind}): files and counts"),
            "unchanged",
            if untouched { "unchanged" } else { "CHANGED" }.to_owned(),
            untouched,
        ),
    ]
}

/// CPU of one check of a wrong signature of RSA-2048, in microseconds.
fn verification() -> f64 {
    let (count, stat) = (REFUSALS / 5, std::path::Path::new("/proc/self/stat"));
    let before = receiver::cpu(stat);
    client::bare_verifications(count);
    (receiver::cpu(stat) - before).as_secs_f64() * 1e6 / count as f64
}

/// Everything that is known to hurt, at once: the most memory that it took.
async fn corpus() -> Vec<Row> {
    let limits = format!("connections = {PLACES}, in_flight = \"{}MiB\"", IN_FLIGHT / 1024 / 1024);
    let receiver = Receiver::start(&Setting { limits: &limits, tls: false });
    let target = receiver.target();
    let said = |when: &str| eprintln!("   {when}: {:.1} MiB", receiver.status("VmRSS:") as f64 / 1024.0);
    said("at rest");
    let sent = attacks::all(&target, said).await;
    let most = receiver.status("VmHWM:") as f64 / 1024.0;
    let bar = 64 + IN_FLIGHT / 1024 / 1024;
    let alive = exchange(&target, &Signer::new().request("last")).await == Some(200);
    let in_flight = IN_FLIGHT / 1024 / 1024;
    let name = format!("most memory under {sent} attacks, {PLACES} places, {in_flight} MiB in flight");
    vec![row(name, &format!("{bar} MiB"), format!("{most:.1} MiB"), most < bar as f64 && alive)]
}
