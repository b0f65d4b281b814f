//! The disk itself fails: full at each write, a flush that is refused, the power cut. The rule: the faults are those of the
//! operating system, below SQLite and Redis; after a power cut a file is what it was at its last flush.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::errors::refused;
use super::{ACCEPTED, DUPLICATE, Desk, EVERYSEC, SQLITE, id, said};
use crate::receiver::{Receiver, try_exchange};
use crate::redis_server::{DURABLE, Server};

/// The library that is the disk, compiled into the folder.
fn disk(folder: &Path) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/binary/fail_points/disk.c");
    let library = folder.join("disk.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
    assert!(compiler.status().expect("a C compiler, as the build needs one").success());
    library.display().to_string()
}

fn on_disk(desk: &Desk, library: &str) -> Receiver {
    Receiver::start_with(desk.path(), &["--config", "armed.toml"], &[("LD_PRELOAD", library), ("DISK_COPIES", "1")])
}

#[test]
fn a_disk_that_is_full_at_any_write_is_503_and_the_retry_is_stored_once() {
    let desk = Desk::new(SQLITE, |text| text);
    let receiver = on_disk(&desk, &disk(desk.path()));
    let (control, mut all, mut refusals) = (desk.path().join("disk-full"), Vec::new(), 0);
    assert_eq!(said(&receiver.raw(&desk.request(&id(0, 0)))), ACCEPTED);
    all.push(id(0, 0));
    for writes in 0.. {
        let (event, raw) = (id(0, writes + 1), desk.request(&id(0, writes + 1)));
        std::fs::write(&control, writes.to_string()).unwrap();
        let answer = receiver.raw(&raw);
        std::fs::remove_file(&control).unwrap();
        let fits = said(&answer) == ACCEPTED;
        if !fits {
            refused(&answer, &format!("{writes} writes"));
            assert_eq!(desk.ids(), all, "{writes} writes");
            refusals += 1;
        }
        assert_eq!(said(&receiver.raw(&raw)), if fits { DUPLICATE } else { ACCEPTED }, "{writes} writes");
        all.push(event);
        assert_eq!(desk.ids(), all, "{writes} writes");
        if fits {
            break;
        }
    }
    assert!(refusals > 3, "expected a commit to be some writes, but found {refusals}");
    drop(receiver);
    let _receiver = Receiver::start(desk.path());
    assert_eq!(desk.delivered().into_keys().collect::<Vec<_>>(), all);
}

#[test]
fn a_flush_that_the_disk_refuses_ends_the_receiver_and_the_retry_is_stored_once() {
    let desk = Desk::new(SQLITE, |text| text);
    let receiver = on_disk(&desk, &disk(desk.path()));
    let raw = [1, 2].map(|number| desk.request(&id(0, number)));
    assert_eq!(said(&receiver.raw(&raw[0])), ACCEPTED);
    std::fs::write(desk.path().join("flush-fails"), "").unwrap();
    refused(&receiver.raw(&raw[1]), "the flush");
    assert_eq!(receiver.ended().code(), Some(69));
    std::fs::remove_file(desk.path().join("flush-fails")).unwrap();
    let receiver = Receiver::start(desk.path());
    let retried = receiver.raw(&raw[1]);
    assert!([ACCEPTED, DUPLICATE].contains(&said(&retried)), "{retried}");
    assert_eq!(said(&receiver.raw(&raw[0])), DUPLICATE);
    assert_eq!(desk.delivered().into_keys().collect::<Vec<_>>(), [id(0, 1), id(0, 2)]);
}

/// They would have the file system write its journal for each commit.
#[test]
fn a_commit_flushes_the_data_of_its_file_and_not_its_times() {
    let desk = Desk::new(SQLITE, |text| text);
    let receiver = on_disk(&desk, &disk(desk.path()));
    assert_eq!(said(&receiver.raw(&desk.request(&id(0, 1)))), ACCEPTED);
    std::fs::write(desk.path().join("fsync-fails"), "").unwrap();
    let answer = receiver.raw(&desk.request(&id(0, 2)));
    assert_eq!(said(&answer), ACCEPTED, "see .cargo/config.toml: {answer}");
}

#[test]
fn a_power_cut_loses_nothing_that_sqlite_acknowledged() {
    let desk = Desk::new(SQLITE, |text| text);
    let library = disk(desk.path());
    let mut acknowledged = BTreeSet::new();
    for round in 0..3 {
        let receiver = on_disk(&desk, &library);
        let wanted = acknowledged.len() + 10;
        acknowledged.extend(burst(&desk, receiver, round));
        assert!(acknowledged.len() >= wanted);
        cut(desk.path());
        let kept: BTreeSet<_> = desk.ids().into_iter().collect();
        let lost: Vec<_> = acknowledged.difference(&kept).collect();
        assert!(lost.is_empty(), "acknowledged, but lost: {lost:?}");
    }
    let receiver = Receiver::start(desk.path());
    for event in &acknowledged {
        assert_eq!(said(&receiver.raw(&desk.request(event))), DUPLICATE);
    }
    desk.delivered();
}

/// The promise is as good as the disk's, and the power cut of these tests is one.
#[test]
fn a_power_cut_after_a_flush_that_was_a_lie_loses_what_was_acknowledged_and_the_retry_is_accepted() {
    let desk = Desk::new(SQLITE, |text| text);
    let receiver = on_disk(&desk, &disk(desk.path()));
    let raw = [1, 2].map(|number| desk.request(&id(0, number)));
    assert_eq!(said(&receiver.raw(&raw[0])), ACCEPTED);
    let lie = desk.path().join("flush-lies");
    std::fs::write(&lie, "").unwrap();
    assert_eq!(said(&receiver.raw(&raw[1])), ACCEPTED);
    receiver.kill();
    cut(desk.path());
    assert_eq!(desk.ids(), [id(0, 1)]);
    std::fs::remove_file(lie).unwrap();
    let receiver = Receiver::start(desk.path());
    assert_eq!(said(&receiver.raw(&raw[1])), ACCEPTED);
    assert_eq!(desk.delivered().into_keys().collect::<Vec<_>>(), [id(0, 1), id(0, 2)]);
}

#[test]
fn a_power_cut_of_redis_loses_nothing_with_always_and_with_everysec_no_more_than_was_not_flushed() {
    for settings in [DURABLE, EVERYSEC] {
        let place = tempfile::tempdir().unwrap();
        let library = disk(place.path());
        let mut server = Server::start_on(settings, &[("LD_PRELOAD", &library), ("DISK_COPIES", "1")]);
        let desk = Desk::new(&format!("url = \"{}\"", server.url()), |text| text);
        let receiver = Receiver::start_with(desk.path(), &["--config", "armed.toml"], &[]);
        let acknowledged: BTreeSet<_> = burst(&desk, receiver, 0).into_iter().collect();
        let folder = server.cli(&["CONFIG", "GET", "dir"]).lines().nth(1).unwrap().to_owned();
        server.kill();
        cut(&Path::new(&folder).join("appendonlydir"));
        server.restart();
        let kept: BTreeSet<_> = desk.ids().into_iter().collect();
        let lost: Vec<_> = acknowledged.difference(&kept).collect();
        println!("{}: {} acknowledged, {} lost", settings[3], acknowledged.len(), lost.len());
        assert!(settings == EVERYSEC || lost.is_empty(), "acknowledged, but lost: {lost:?}");
        // What a store lost is not known to it: whoever sends it again has it accepted, and everything is there once.
        let receiver = Receiver::start(desk.path());
        for event in &acknowledged {
            let expected = if kept.contains(event) { DUPLICATE } else { ACCEPTED };
            assert_eq!(said(&receiver.raw(&desk.request(event))), expected);
        }
        assert!(acknowledged.is_subset(&desk.delivered().into_keys().collect()));
    }
}

/// What came after a backup is not known to it: the sender's copy is accepted as new, and the sink gets the same id again.
#[test]
fn a_backup_that_is_put_back_accepts_again_what_came_after_it_and_the_sink_sees_the_same_id() {
    let desk = Desk::new(SQLITE, |text| text);
    let raw = [1, 2].map(|number| desk.request(&id(0, number)));
    let (file, backup) = (desk.path().join("countersign.db"), desk.path().join("backup"));
    for (number, raw) in raw.iter().enumerate() {
        let receiver = Receiver::start(desk.path());
        assert_eq!(said(&receiver.raw(raw)), ACCEPTED);
        desk.delivered();
        assert_eq!(receiver.stop(), Some(0));
        if number == 0 {
            std::fs::copy(&file, &backup).unwrap();
        }
    }
    assert!(!desk.path().join("countersign.db-wal").exists(), "a receiver that was stopped leaves one file");
    std::fs::copy(&backup, &file).unwrap();
    let receiver = Receiver::start(desk.path());
    assert_eq!(said(&receiver.raw(&raw[0])), DUPLICATE);
    assert_eq!(said(&receiver.raw(&raw[1])), ACCEPTED);
    desk.delivered();
    let printed = crate::receiver::events(desk.path());
    assert_eq!(printed.len(), 3);
    assert_eq!(printed[1]["id"], printed[2]["id"]);
}

/// Sends events from four senders at once, and kills the receiver when ten or more were acknowledged.
fn burst(desk: &Desk, receiver: Receiver, round: usize) -> Vec<String> {
    let (tell, told) = std::sync::mpsc::channel();
    let requests: Vec<_> = (0..80).map(|number| (id(round, number), desk.request(&id(round, number)))).collect();
    std::thread::scope(|scope| {
        for part in requests.chunks(20) {
            let (tell, address) = (tell.clone(), receiver.address.clone());
            scope.spawn(move || {
                for (event, raw) in part {
                    match try_exchange(&address, raw) {
                        Ok(answer) if said(&answer) == ACCEPTED => tell.send(event.clone()).unwrap(),
                        _ => return,
                    }
                }
            });
        }
        drop(tell);
        let mut acknowledged: Vec<String> = told.iter().take(10 + round * 7).collect();
        receiver.kill();
        acknowledged.extend(told);
        acknowledged
    })
}

/// The power is cut: each file of a store becomes what it was at its last flush, and one that never was is empty.
fn cut(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with("-shm") {
            std::fs::remove_file(&path).unwrap();
        } else if [".db", ".db-wal", ".incr.aof"].iter().any(|end| name.ends_with(end)) {
            let flushed = std::fs::read(folder.join(format!("{name}.flushed"))).unwrap_or_default();
            std::fs::write(&path, flushed).unwrap();
        }
    }
}
