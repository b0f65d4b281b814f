//! `inbox retry` of what nobody would deliver. The rule: it is named, left as it is, and the exit status says so.

use serde_json::Value;

use crate::receiver::{Receiver, err, folder, out, run};

/// A folder whose one event of `worldline` was delivered, and its id.
fn delivered() -> (tempfile::TempDir, String) {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    assert!(receiver.send("worldline", "payment", &[]).status.success());
    assert!(receiver.send("tribe", "v2_payment_status", &[]).status.success());
    let id = receiver.events(2).into_iter().find(|event| event["source"] == "/endpoints/worldline");
    let id = id.unwrap()["id"].as_str().unwrap().to_owned();
    receiver.stop();
    (folder, id)
}

fn stays_delivered(change: impl Fn(&str) -> String) {
    let (folder, id) = delivered();
    let path = folder.path().join("countersign.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = change(&text);
    assert_ne!(changed, text);
    std::fs::write(&path, changed).unwrap();
    let states = || {
        let listed = out(&run(folder.path(), &["inbox", "list", "--endpoint", "worldline", "--json"]));
        listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["state"].clone()).collect::<Vec<_>>()
    };
    let named = run(folder.path(), &["inbox", "retry", &id]);
    assert_eq!((named.status.code(), states()), (Some(1), vec!["delivered".into()]), "{}", err(&named));
    assert!(err(&named).contains("1 of endpoint \"worldline\" left out"), "{}", err(&named));
    let all = run(folder.path(), &["inbox", "retry", "--state", "delivered", "--json"]);
    assert_eq!((all.status.code(), states()), (Some(1), vec!["delivered".into()]), "{}", err(&all));
    assert!(err(&all).contains("1 of endpoint \"worldline\" left out"), "{}", err(&all));
    let said: Value = serde_json::from_str(&out(&all)).unwrap();
    assert_eq!((&said["requeued"], &said["of"], &said["left_out"]), (&1.into(), &1.into(), &1.into()), "{said}");
}

#[test]
fn a_retry_of_an_endpoint_that_is_gone_strands_nothing() {
    stays_delivered(|text| text.replacen("name    = \"worldline\"", "name = \"renamed\"", 1));
}

#[test]
fn a_retry_of_an_endpoint_that_is_inline_strands_nothing() {
    stays_delivered(|text| text.replacen("mode    = \"queue\"", "mode = \"inline\"", 1));
}

#[test]
fn a_retry_of_an_endpoint_whose_sink_is_none_strands_nothing() {
    let sink = "\n[[sink]]\nname = \"nowhere\"\ntype = \"none\"\n";
    stays_delivered(|text| text.replacen("sink    = \"stdout\"", "sink = \"nowhere\"", 1) + sink);
}
