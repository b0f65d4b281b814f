//! What a verified webhook costs beside the bare cryptography, in one run: RSA-2048, PKCS#1, SHA-256, 1 KiB of body.
//!
//! After the groups a table says how many times the bare call each path takes; machines differ, ratios much less.
#![allow(missing_docs, reason = "macros of the harness")]

mod senders;

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use countersign::Endpoint;
use countersign::keys::VerifyingKey;
use criterion::{Criterion, criterion_group};
use senders::{Memory, Sender, Webhook, spoiled};
use tokio::runtime::{Builder, Runtime};
use tower_service::Service;

/// Requests that one store sees before it is replaced.
const BATCH: usize = 128;
/// Requests with other ids that a store of "accepted" has seen before the clock starts: a receiver's store is not new at
/// each request, and its growth from then on is measured.
const SEEN: usize = 1024;
/// How long the table measures each path.
const SPAN: Duration = Duration::from_secs(2);

/// One way to handle a request. Each measure is one batch, without its preparation.
struct Path {
    name: String,
    measure: Box<dyn FnMut() -> Duration>,
}

fn bare() -> Vec<Path> {
    let (signer, keys) = (Sender::Tribe.signer(), Sender::Tribe.public());
    let Some(VerifyingKey::Public(public)) = keys.iter().next().map(|key| key.verifier().clone()) else {
        unreachable!("the sender's key is a public one")
    };
    let message = vec![b'x'; 1024];
    let signature = signer.sign(&message).expect("a signature");
    let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.material()).expect("a key");
    let (same, other) = (message.clone(), signature.clone());
    let library = move || {
        let start = Instant::now();
        for _ in 0..BATCH {
            black_box(parsed.verify_sig(black_box(&same), black_box(&other))).expect("a fitting signature");
        }
        start.elapsed()
    };
    let waist = move || {
        let start = Instant::now();
        for _ in 0..BATCH {
            let _proof = black_box(public.verify(&[black_box(&message)], &signature)).expect("a fitting signature");
        }
        start.elapsed()
    };
    vec![
        Path { name: "bare: aws-lc-rs, parsed key".to_owned(), measure: Box::new(library) },
        Path { name: "bare: crypto::PublicKey".to_owned(), measure: Box::new(waist) },
    ]
}

/// Sends the batch, one request after the other, and checks the class of every answer.
fn send(runtime: &Runtime, endpoint: &Endpoint, webhooks: Vec<Webhook>, success: bool) -> Duration {
    let mut endpoint = endpoint.clone();
    let mut statuses = Vec::with_capacity(webhooks.len());
    let start = Instant::now();
    runtime.block_on(async {
        for webhook in webhooks {
            let Ok(response) = endpoint.call(webhook).await;
            statuses.push(response.status());
        }
    });
    let spent = start.elapsed();
    assert!(statuses.iter().all(|status| status.is_success() == success), "{statuses:?}");
    spent
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn paths() -> Vec<Path> {
    let mut paths = bare();
    for sender in [Sender::Tribe, Sender::Worldline] {
        let good = sender.webhooks(BATCH);
        let mut path = |name: &str, mut measure: Box<dyn FnMut(&Runtime) -> Duration>| {
            let runtime = runtime();
            let name = format!("{sender:?}: {name}");
            paths.push(Path { name, measure: Box::new(move || measure(&runtime)) });
        };
        let (endpoint, batch) = (sender.endpoint(Memory::Nothing), good.clone());
        path("verified, no memory", Box::new(move |runtime| send(runtime, &endpoint, batch.clone(), true)));
        let mut seen = sender.webhooks(BATCH + SEEN);
        let batch = seen.split_off(SEEN);
        let accepted = move |runtime: &Runtime| {
            let endpoint = sender.endpoint(Memory::Store);
            send(runtime, &endpoint, seen.clone(), true);
            send(runtime, &endpoint, batch.clone(), true)
        };
        path("accepted", Box::new(accepted));
        let (endpoint, batch) = (sender.endpoint(Memory::Store), good.clone());
        send(&runtime(), &endpoint, good.clone(), true);
        path("duplicate", Box::new(move |runtime| send(runtime, &endpoint, batch.clone(), true)));
        let (endpoint, batch) = (sender.endpoint(Memory::Store), spoiled(good));
        path("refused, bad signature", Box::new(move |runtime| send(runtime, &endpoint, batch.clone(), false)));
    }
    paths
}

fn groups(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verification");
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(SPAN);
    for mut path in paths() {
        group.bench_function(&path.name, |bencher| {
            bencher.iter_custom(|iterations| {
                // A whole number of batches, then scaled to what was asked for.
                let batches = iterations.div_ceil(BATCH as u64);
                let spent: Duration = (0..batches).map(|_| (path.measure)()).sum();
                spent.mul_f64(iterations as f64 / (batches * BATCH as u64) as f64)
            });
        });
    }
    group.finish();
}

/// Medians of one request, taken in turns so that a slow moment of the machine hits all paths alike.
fn table() {
    let mut paths = paths();
    let mut spent: Vec<Vec<Duration>> = vec![Vec::new(); paths.len()];
    let start = Instant::now();
    while start.elapsed() < SPAN * u32::try_from(paths.len()).expect("a few") {
        for (path, spent) in paths.iter_mut().zip(&mut spent) {
            spent.push((path.measure)() / BATCH as u32);
        }
    }
    let medians: Vec<f64> = spent.iter_mut().map(|spent| median(spent)).collect();
    println!("\n| path | one request, µs | against the bare call |\n|---|---:|---:|");
    for (path, median) in paths.iter().zip(&medians) {
        println!("| {} | {median:.1} | {:.2} |", path.name, median / medians[0]);
    }
}

fn median(spent: &mut [Duration]) -> f64 {
    spent.sort_unstable();
    spent[spent.len() / 2].as_secs_f64() * 1e6
}

criterion_group!(benches, groups);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    table();
}
