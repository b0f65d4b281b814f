//! `inbox list` and `inbox tail` with filters: what was asked for, each once, nothing left out.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use crate::receiver::{PROGRAM, Receiver, err, folder, out, run};
use crate::redis::{on_redis, until};
use crate::redis_server::Server;
use crate::signer::Signer;

fn listed(folder: &Path, filter: &[&str]) -> usize {
    let output = run(folder, &[&["inbox", "list", "--json"], filter].concat());
    assert!(output.status.success(), "{filter:?}: {}", err(&output));
    out(&output).lines().count()
}

fn send(receiver: &Receiver, number: usize) {
    let id = format!("{number:08x}-0000-4000-8000-000000000000");
    let answer = receiver.raw(&Signer::demo().request(&id, &format!("p-{number}")));
    assert_eq!(crate::receiver::status(&answer), Some(204), "{answer}");
}

#[test]
fn a_list_shows_what_fits_all_of_what_is_said() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    (0..3).for_each(|number| send(&receiver, number));
    assert!(receiver.send("worldline", "payment", &[]).status.success());
    assert!(receiver.send("tribe", "v2_payment_single", &[]).status.success());
    receiver.events(5);
    // Whoever has printed an event says so a moment later.
    until("all are delivered", || listed(folder.path(), &["--state", "delivered"]) == 5);
    for (filter, count) in [
        (&["--endpoint", "worldline"][..], 4),
        (&["--endpoint", "world"], 0),
        (&["--type", "debtor-token.issued"], 3),
        (&["--type", "openbanking.payment.updated"], 1),
        (&["--subject", "p-1"], 1),
        (&["--subject", "p-1", "--endpoint", "tribe"], 0),
        (&["--state", "delivered", "--since", "1h"], 5),
        (&["--until", "1h"], 0),
        (&["--since", "2100-01-01T00:00:00Z"], 0),
        (&["--endpoint", "worldline", "--limit", "2"], 2),
    ] {
        assert_eq!(listed(folder.path(), filter), count, "{filter:?}");
    }
    let table = out(&receiver.run(&["inbox", "list", "--subject", "p-2"]));
    let rows: Vec<_> = table.lines().collect();
    assert!(rows.len() == 2 && rows[0].starts_with("ID ") && rows[1].ends_with("p-2"), "{table}");
    let at = |row: &str, word: &str| row.find(word).unwrap_or_else(|| panic!("{row}"));
    assert_eq!(at(rows[0], "SUBJECT"), at(rows[1], "p-2"), "in columns");
    let none = out(&receiver.run(&["inbox", "list", "--subject", "nobody"]));
    assert_eq!(none.lines().count(), 1, "a header alone: {none}");
    let wrong = receiver.run(&["inbox", "list", "--since", "a while"]);
    assert_eq!(wrong.status.code(), Some(64));
}

fn tail(folder: &Path) {
    let receiver = Receiver::start(folder);
    (0..2).for_each(|number| send(&receiver, number));
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder).args(["inbox", "tail", "--json", "--type", "debtor-token.issued"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (told, lines) = mpsc::channel();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        let mut line = String::new();
        while out.read_line(&mut line).is_ok_and(|count| count > 0) {
            let entry: Value = serde_json::from_str(&line).unwrap();
            told.send(entry["subject"].as_str().unwrap_or_default().to_owned()).unwrap();
            line.clear();
        }
    });
    // Until the first of these is seen it may not have begun to look.
    let mut number = 100;
    let first = loop {
        send(&receiver, number);
        if let Ok(subject) = lines.recv_timeout(Duration::from_millis(300)) {
            break subject;
        }
        number += 1;
        assert!(number < 200, "nothing is shown");
    };
    assert!(first.starts_with("p-1"), "what came before is not new: {first}");
    let begun: usize = first.trim_start_matches("p-").parse().unwrap();
    // Others are accepted meanwhile that do not fit.
    assert!(receiver.send("worldline", "payment", &[]).status.success());
    (200..260).for_each(|number| send(&receiver, number));
    let wanted: Vec<String> = (begun + 1..=number).chain(200..260).map(|number| format!("p-{number}")).collect();
    let mut seen = Vec::new();
    while seen.len() < wanted.len() {
        seen.push(lines.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("{seen:?} of {wanted:?}")));
    }
    assert_eq!(seen, wanted, "each once, in the order of acceptance");
    assert!(lines.recv_timeout(Duration::from_millis(600)).is_err(), "and nothing again");
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), err(&ended).as_str()), (Some(0), ""));
}

#[test]
fn what_arrives_in_a_file_is_shown_once_and_nothing_is_left_out() {
    tail(folder(|text| text).path());
}

#[test]
fn what_arrives_in_a_redis_is_shown_once_and_nothing_is_left_out() {
    let server = Server::durable(&[]);
    tail(on_redis(&server).path());
}

/// Each record is looked at once, as it arrives: of what becomes of it later nothing would be shown.
#[test]
fn a_state_that_records_only_come_to_is_refused_and_not_waited_for() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    for state in ["ready", "leased", "delivered", "parked"] {
        let mut command = Command::new("timeout");
        command.current_dir(folder.path()).args(["20", PROGRAM, "inbox", "tail", "--state", state]);
        let refused = command.output().unwrap();
        assert_eq!(refused.status.code(), Some(64), "{state}: {}", err(&refused));
        assert!(err(&refused).contains(&format!("but found \"{state}\"")), "{}", err(&refused));
    }
    drop(receiver);
}
