//! SIGKILL in the middle of a burst: no acknowledged event is lost, and none is printed twice as new. `tests/kill_cycles`
//! makes a table of the lines that begin with `kills`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::receiver::{Receiver, folder, lines, out, status, try_exchange};
use crate::redis::on_redis;
use crate::redis_server::Server;
use crate::signer::Signer;

/// Cycles unless `COUNTERSIGN_KILL_CYCLES` says another number.
const CYCLES: usize = 50;
/// Requests of one burst.
const BURST: usize = 60;

#[test]
fn a_burst_that_is_killed_loses_nothing_that_was_acknowledged_and_prints_nothing_twice_as_new() {
    kill_in_bursts("sqlite", &folder(|text| text));
}

#[test]
fn a_burst_that_is_killed_loses_nothing_that_redis_acknowledged() {
    let server = Server::durable(&[]);
    kill_in_bursts("redis-always", &on_redis(&server));
}

#[test]
fn half_a_line_that_a_kill_left_on_standard_output_swallows_no_event() {
    let folder = folder(|text| text);
    std::fs::write(folder.path().join("out.jsonl"), "{\"specversion\":\"1.0\",\"id\":\"4f").unwrap();
    let signer = Signer::demo();
    for number in 0..2 {
        let receiver = Receiver::start(folder.path());
        let request = signer.request(&format!("{number:08x}-0000-4000-8000-000000000000"), "p-1");
        assert_eq!(status(&receiver.raw(&request)), Some(204));
        let deadline = Instant::now() + Duration::from_secs(20);
        while lines(folder.path()).len() < 2 + number {
            assert!(Instant::now() < deadline, "expected {} lines: {}", 2 + number, receiver.errors());
            std::thread::yield_now();
        }
        assert_eq!(receiver.stop(), Some(0));
    }
    let lines = lines(folder.path());
    let ids: Vec<_> = lines.iter().flatten().map(|event| event["requestid"].as_str().unwrap()).collect();
    assert_eq!(ids, ["00000000-0000-4000-8000-000000000000", "00000001-0000-4000-8000-000000000000"]);
    assert_eq!(lines.len(), 3, "no line is empty: {lines:?}");
}

fn kill_in_bursts(store: &str, folder: &tempfile::TempDir) {
    let cycles = std::env::var("COUNTERSIGN_KILL_CYCLES").map_or(CYCLES, |text| text.parse().expect("a number"));
    let (mut acknowledged, mut sent) = (BTreeSet::new(), 0_usize);
    let signer = Signer::demo();
    for cycle in 0..cycles {
        let requests = burst(&signer, cycle);
        sent += requests.len();
        let before = std::fs::metadata(folder.path().join("out.jsonl")).map_or(0, |file| file.len());
        let receiver = Receiver::start(folder.path());
        let killed = AtomicBool::new(false);
        let address = receiver.address.clone();
        let answered = std::thread::scope(|scope| {
            let senders: Vec<_> = requests
                .chunks(requests.len() / 4)
                .map(|chunk| {
                    let (address, killed) = (&address, &killed);
                    scope.spawn(move || {
                        let mut mine = Vec::new();
                        for (id, raw) in chunk {
                            if killed.load(Ordering::SeqCst) {
                                break;
                            }
                            if try_exchange(address, raw).is_ok_and(|answer| status(&answer) == Some(204)) {
                                mine.push(id.clone());
                            }
                        }
                        mine
                    })
                })
                .collect();
            // At another point of the burst in each cycle: when so many events were printed.
            let deadline = Instant::now() + Duration::from_secs(20);
            let wanted = 3 + 7 * cycle % (BURST - 10);
            while lines_after(folder.path(), before) < wanted && Instant::now() < deadline {
                std::thread::yield_now();
            }
            receiver.kill();
            killed.store(true, Ordering::SeqCst);
            senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect::<Vec<_>>()
        });
        acknowledged.extend(answered);
    }
    assert!(acknowledged.len() > cycles, "the bursts were acknowledged in part: {} of {sent}", acknowledged.len());
    let receiver = Receiver::start(folder.path());
    // What a killed receiver held of a shared store is free when its lease ends: others may be working on theirs.
    let deadline = Instant::now() + Duration::from_secs(90);
    while !out(&receiver.run(&["inbox", "stats"])).contains("nothing waits") {
        assert!(Instant::now() < deadline, "everything is delivered after the restart");
        std::thread::sleep(Duration::from_millis(50));
    }
    // A kill can cut the line that is being written, which is whole elsewhere: none is mixed with another.
    let (printed, cut): (Vec<_>, Vec<_>) = lines(folder.path()).into_iter().partition(Result::is_ok);
    let printed: Vec<_> = printed.into_iter().flatten().collect();
    let cut: Vec<_> = cut.into_iter().filter_map(Result::err).collect();
    assert!(cut.len() <= cycles, "{} lines of {cycles} kills are cut", cut.len());
    assert!(cut.iter().all(|half| half.matches("specversion").count() < 2), "half of one, and another: {cut:?}");
    let mut as_new: BTreeMap<String, usize> = BTreeMap::new();
    for event in &printed {
        if event["attempt"] == 1 {
            *as_new.entry(event["requestid"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    let seen: BTreeSet<_> = printed.iter().map(|event| event["requestid"].as_str().unwrap().to_owned()).collect();
    let lost: Vec<_> = acknowledged.difference(&seen).collect();
    let twice: Vec<_> = as_new.iter().filter(|(_, count)| **count > 1).collect();
    let listed = out(&receiver.run(&["inbox", "list", "--json"]));
    let kept: Vec<String> = listed
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["requestid"].as_str().unwrap().to_owned())
        .collect();
    let distinct: BTreeSet<_> = kept.iter().cloned().collect();
    println!(
        "kills {store} {cycles} {sent} {} {} {} {}",
        acknowledged.len(),
        kept.len(),
        acknowledged.difference(&distinct).chain(lost.iter().copied()).collect::<BTreeSet<_>>().len(),
        twice.len() + kept.len() - distinct.len()
    );
    assert!(lost.is_empty(), "acknowledged, but never printed: {lost:?}");
    assert!(twice.is_empty(), "printed twice as new: {twice:?}");
    assert_eq!(distinct.len(), kept.len(), "one record an event");
    assert!(acknowledged.is_subset(&distinct), "every acknowledged event is kept");
}

/// How many lines were printed behind this place: what was printed before is not read again.
fn lines_after(folder: &Path, place: u64) -> usize {
    let mut text = Vec::new();
    if let Ok(mut file) = File::open(folder.join("out.jsonl")) {
        file.seek(SeekFrom::Start(place)).unwrap();
        file.read_to_end(&mut text).unwrap();
    }
    text.iter().filter(|byte| **byte == b'\n').count()
}

/// Signed requests of one burst, with their ids.
fn burst(signer: &Signer, cycle: usize) -> Vec<(String, Vec<u8>)> {
    let request = |number| {
        let id = format!("{cycle:08x}-0000-4000-8000-{number:012x}");
        let raw = signer.request(&id, &format!("p-{cycle}-{number}"));
        (id, raw)
    };
    (0..BURST).map(request).collect()
}
