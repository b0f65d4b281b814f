//! `check`, the store and the file of a sink: what `serve` would refuse is refused, and nothing is made.

use serde_json::Value;

use crate::receiver::{Receiver, err, folder, out, run};
use crate::sinks;

#[test]
fn a_store_that_would_not_start_does_not_pass() {
    let folder = folder(|text| text);
    let file = folder.path().join("countersign.db");
    assert_eq!(run(folder.path(), &["check"]).status.code(), Some(0));
    assert!(!file.exists(), "nothing is made");
    std::fs::write(&file, "not a database, but long enough to have a header of some kind").unwrap();
    for arguments in [&["serve"][..], &["check"], &["check", "--json"]] {
        let refused = run(folder.path(), arguments);
        assert_eq!(refused.status.code(), Some(69), "{arguments:?}: {refused:?}");
        assert!(err(&refused).contains("countersign.db to be a database in order"), "{}", err(&refused));
    }
    let nowhere = crate::receiver::folder(|text| text.replace("sqlite:", "sqlite:missing/"));
    for arguments in [&["serve"][..], &["check"], &["check", "--json"]] {
        let refused = run(nowhere.path(), arguments);
        assert_eq!(refused.status.code(), Some(69), "{arguments:?}: {refused:?}");
        assert!(err(&refused).contains("missing/countersign.db, but found: No such file"), "{}", err(&refused));
    }
}

#[test]
fn a_check_beside_a_running_receiver_passes_and_says_the_same_in_json() {
    let folder = folder(|text| text);
    let said = || {
        let (checked, json) = (run(folder.path(), &["check"]), run(folder.path(), &["check", "--json"]));
        assert_eq!((checked.status.code(), json.status.code()), (Some(0), Some(0)), "{}", err(&checked));
        let lines: Vec<Value> = out(&json).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 5, "one for each endpoint");
        for line in &lines {
            assert!(out(&checked).contains(&format!("store        {}\n", line["store"].as_str().unwrap())));
            let warnings = line["warnings"].as_array().unwrap();
            assert_eq!(warnings.len(), out(&checked).matches("\nwarning      ").count());
            assert!(warnings.iter().any(|warning| warning.as_str().unwrap().contains("trusts demo keys")), "{line}");
        }
        lines[0]["store"].as_str().unwrap().to_owned()
    };
    assert!(said().ends_with("flushed to disk before an answer; the start makes it"));
    let receiver = Receiver::start(folder.path());
    assert!(receiver.send("worldline", "payment", &[]).status.success());
    assert!(said().ends_with("flushed to disk before an answer"));
}

#[test]
fn a_check_makes_no_file_that_whoever_serves_could_not_write() {
    let folder = sinks::to("file", "path = \"events.jsonl\"");
    let checked = run(folder.path(), &["check"]);
    assert_eq!(checked.status.code(), Some(0), "{}", err(&checked));
    assert!(!folder.path().join("events.jsonl").exists());
    let nowhere = sinks::to("file", "path = \"missing/events.jsonl\"");
    for command in ["check", "serve"] {
        let refused = run(nowhere.path(), &[command]);
        assert_eq!(refused.status.code(), Some(64), "{command}: {refused:?}");
        assert!(err(&refused).contains("missing/events.jsonl, but found No such file"), "{}", err(&refused));
    }
}

#[test]
fn a_store_by_another_name_is_looked_at_with_the_log_beside_the_file_itself() {
    let folder = folder(|text| text.replace("sqlite:", "sqlite:link/"));
    std::fs::create_dir(folder.path().join("link")).unwrap();
    let file = folder.path().join("inbox.db");
    std::fs::write(&file, "").unwrap();
    std::os::unix::fs::symlink(&file, folder.path().join("link/countersign.db")).unwrap();
    let receiver = Receiver::start(folder.path());
    assert!(folder.path().join("inbox.db-wal").exists(), "its tables are in the log alone so far");
    let checked = receiver.run(&["check"]);
    assert_eq!(checked.status.code(), Some(0), "{}", err(&checked));
    assert!(!out(&checked).contains("the start makes it"), "{}", out(&checked));
}
