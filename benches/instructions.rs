//! How many instructions a request takes, beside the bare cryptography, and where they go: counted by callgrind, so that the
//! figures stay the same where times do not. Needs `valgrind`.
//!
//! `cargo bench --bench instructions`; with `-- Tribe` only paths with that in their name.
#![allow(missing_docs, reason = "a program")]

mod senders;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use countersign::Endpoint;
use countersign::keys::VerifyingKey;
use senders::{Memory, Sender, Webhook, spoiled};
use tower_service::Service;

/// Requests before counting begins: what is done once is done then.
const BEFORE: usize = 32;
/// Requests that are counted.
const COUNTED: usize = 128;

const BARE: &str = "bare: aws-lc-rs, parsed key";

/// Functions whose instructions are told, those of what they call included.
const STAGES: [(&str, &str); 12] = [
    ("the signature", "aws_lc_rs::signature::ParsedPublicKey::verify"),
    ("a digest or a MAC", "countersign::crypto::digest"),
    ("strict request", "countersign::endpoint::strict"),
    ("the body", "countersign::endpoint::body"),
    ("credentials and signature", "countersign::verify::"),
    ("the event", "countersign::profile::"),
    ("JSON", "serde_json::"),
    ("identity", "countersign::decode::"),
    ("the store", "countersign::store::"),
    ("the answer", "countersign::endpoint::answer"),
    ("the line of the log", "countersign::endpoint::line"),
    ("memory", "malloc"),
];

/// Every path, by its name.
fn paths() -> Vec<(String, Sender, Memory, bool)> {
    let mut paths = Vec::new();
    for sender in [Sender::Tribe, Sender::Worldline] {
        for (name, memory, good) in [
            ("verified, no memory", Memory::Nothing, true),
            ("accepted", Memory::Store, true),
            ("refused, bad signature", Memory::Store, false),
        ] {
            paths.push((format!("{sender:?}: {name}"), sender, memory, good));
        }
    }
    paths
}

/// What is counted, and nothing else.
#[inline(never)]
fn counted(work: &mut dyn FnMut()) {
    work();
}

/// Runs one path in this process.
fn run(name: &str) {
    if name == BARE {
        return bare();
    }
    let (_, sender, memory, good) = paths().into_iter().find(|path| path.0 == name).expect("a path");
    let webhooks = sender.webhooks(BEFORE + COUNTED);
    let mut webhooks = if good { webhooks } else { spoiled(webhooks) };
    let measured = webhooks.split_off(BEFORE);
    let mut endpoint = sender.endpoint(memory);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut send = |webhooks: Vec<Webhook>| {
        runtime.block_on(async {
            for webhook in webhooks {
                let answer = answer(&mut endpoint, webhook).await;
                assert_eq!(answer, good, "{name}");
            }
        });
    };
    send(webhooks);
    let mut measured = Some(measured);
    counted(&mut || send(measured.take().unwrap_or_default()));
}

async fn answer(endpoint: &mut Endpoint, webhook: Webhook) -> bool {
    let Ok(response) = endpoint.call(webhook).await;
    response.status().is_success()
}

fn bare() {
    let (signer, keys) = (Sender::Tribe.signer(), Sender::Tribe.public());
    let Some(VerifyingKey::Public(public)) = keys.iter().next().map(|key| key.verifier().clone()) else {
        unreachable!("the sender's key is a public one")
    };
    let message = vec![b'x'; 1024];
    let signature = signer.sign(&message).expect("a signature");
    let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.material()).expect("a key");
    let verify = |count: usize| {
        for _ in 0..count {
            black_box(parsed.verify_sig(black_box(&message), black_box(&signature))).expect("a fitting signature");
        }
    };
    verify(BEFORE);
    counted(&mut || verify(COUNTED));
}

/// Counts one path in a process of its own: all instructions of a request, and those of each stage.
fn count(name: &str, folder: &Path) -> Result<(u64, BTreeMap<&'static str, u64>), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let file = folder.join("counts");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*instructions*counted*"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(program)
        .args(["--one", name])
        .output()
        .map_err(|error| format!("expected valgrind, but found {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let listing = Command::new("callgrind_annotate")
        .args(["--inclusive=yes", "--threshold=100", "--show-percs=no"])
        .arg(&file)
        .output()
        .map_err(|error| format!("expected callgrind_annotate, but found {error}"))?;
    let listing = String::from_utf8_lossy(&listing.stdout);
    let mut total = None;
    let mut stages = BTreeMap::new();
    for line in listing.lines() {
        let Some((number, rest)) = line.trim_start().split_once(' ') else { continue };
        let Ok(number) = number.replace(',', "").parse::<u64>() else { continue };
        let each = number / COUNTED as u64;
        if rest.contains("PROGRAM TOTALS") {
            total = Some(each);
        }
        for (stage, function) in STAGES {
            // The outermost function of a stage has counted all below it.
            if rest.contains(function) {
                let most = stages.entry(stage).or_insert(0);
                *most = each.max(*most);
            }
        }
    }
    total.map(|total| (total, stages)).ok_or_else(|| "expected a total, but found none".to_owned())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [one, name] = &words[..]
        && one == "--one"
    {
        run(name);
        return ExitCode::SUCCESS;
    }
    let wanted = words.iter().find(|word| !word.starts_with('-'));
    let folder = tempfile::tempdir().expect("a folder");
    let names = [BARE.to_owned()].into_iter().chain(paths().into_iter().map(|path| path.0));
    let names: Vec<_> =
        names.filter(|name| name == BARE || wanted.is_none_or(|word| name.contains(word.as_str()))).collect();
    let mut bare = None;
    println!("| path | instructions of one request | against the bare call |\n|---|---:|---:|");
    let mut details = Vec::new();
    for name in names {
        match count(&name, folder.path()) {
            Ok((total, stages)) => {
                let bare = *bare.get_or_insert(total);
                println!("| {name} | {total} | {:.2} |", total as f64 / bare as f64);
                details.push((name, stages));
            }
            Err(why) => {
                eprintln!("{name}: {why}");
                return ExitCode::FAILURE;
            }
        }
    }
    for (name, stages) in details {
        let told: Vec<_> = stages.iter().map(|(stage, count)| format!("{stage} {count}")).collect();
        println!("{name}: {}", told.join(", "));
    }
    ExitCode::SUCCESS
}
