//! The inbox from outside, beside a running receiver and without one.

use serde_json::Value;

use crate::receiver::{Receiver, err, folder, out, run};

fn list(folder: &std::path::Path) -> Vec<Value> {
    let output = run(folder, &["inbox", "list", "--json"]);
    assert!(output.status.success(), "{output:?}");
    out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_was_received_is_listed_beside_a_running_receiver_and_without_one() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    assert!(receiver.send("worldline", "payment", &[]).status.success());
    assert!(receiver.send("worldline", "payment", &["--set", "CommonPaymentData.PaymentId=5"]).status.success());
    let conflict = receiver.send("tribe", "v2_payment_single", &["--fault", "same-id-other-body"]);
    assert_eq!(conflict.status.code(), Some(1));
    receiver.events(2);
    let beside = list(folder.path());
    assert_eq!(beside.len(), 4);
    for record in &beside {
        for member in ["id", "requestid", "endpoint", "type", "state", "receivedat", "attempts"] {
            assert!(!record[member].is_null(), "{member} of {record}");
        }
    }
    let quarantined = beside.iter().filter(|record| record["state"] == "quarantined").count();
    assert_eq!(quarantined, 2, "the undecodable and the conflicting one are kept for inspection");
    let id = beside[0]["id"].as_str().unwrap().to_owned();
    let shown = out(&receiver.run(&["inbox", "show", &id, "--json"]));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["intact"], shown["keyid"].as_str().unwrap().len()), (&Value::Bool(true), 40));
    receiver.kill();
    assert_eq!(list(folder.path()).len(), 4);
}

#[test]
fn retry_delivers_again_and_says_that_it_is_no_first_delivery() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    assert!(receiver.send("worldline", "consent", &[]).status.success());
    let first = receiver.events(1);
    let id = first[0]["id"].as_str().unwrap().to_owned();
    assert!(receiver.run(&["inbox", "retry", &id]).status.success());
    let both = receiver.events(2);
    assert_eq!(both.len(), 2);
    assert_eq!((&both[1]["id"], &both[1]["attempt"]), (&both[0]["id"], &Value::from(2)));
}

#[test]
fn an_id_that_is_none_and_a_store_that_is_not_there_are_told_apart() {
    let folder = folder(|text| text);
    let missing = run(folder.path(), &["inbox", "list"]);
    assert_eq!(missing.status.code(), Some(69), "{}", err(&missing));
    assert!(!folder.path().join("countersign.db").exists(), "looking makes no store");
    let receiver = Receiver::start(folder.path());
    assert_eq!(receiver.run(&["inbox", "show", "../../etc/passwd"]).status.code(), Some(64));
    assert_eq!(receiver.run(&["inbox", "show", "00000000000000000000000000000000"]).status.code(), Some(1));
}

#[test]
fn a_second_receiver_on_the_same_store_does_not_start() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let second = run(folder.path(), &["serve"]);
    assert_eq!(second.status.code(), Some(69), "{}", err(&second));
    assert!(err(&second).contains("countersign.db"), "{}", err(&second));
    assert!(receiver.send("worldline", "payment", &[]).status.success());
}

#[test]
fn events_that_nobody_will_deliver_are_reported_at_the_start() {
    let folder = folder(|text| text.replace("type = \"stdout\"", "type = \"none\""));
    let receiver = Receiver::start(folder.path());
    assert!(receiver.send("worldline", "payment", &[]).status.success());
    receiver.kill();
    let path = folder.path().join("countersign.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("name    = \"worldline\"", "name = \"renamed\"")).unwrap();
    let receiver = Receiver::start(folder.path());
    receiver.logged("\"code\":\"stranded\",\"endpoint\":\"worldline\"", 1);
}

#[test]
fn events_that_an_application_takes_are_a_warning_and_not_stranded() {
    let folder = folder(|text| text.replace("type = \"stdout\"", "type = \"none\""));
    let receiver = Receiver::start(folder.path());
    assert!(receiver.send("worldline", "payment", &[]).status.success());
    assert!(receiver.send("tribe", "v2_payment_single", &[]).status.success());
    receiver.stop();
    let warning = "endpoint \"worldline\" has a sink of type none (\"stdout\"): its events wait for ever";
    assert!(out(&run(folder.path(), &["check"])).contains(&format!("warning      {warning}")));
    // Another one's are found, so it was looked for those of this one too.
    let path = folder.path().join("countersign.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("name    = \"tribe\"", "name = \"renamed\"")).unwrap();
    let log = Receiver::start(folder.path()).logged("\"code\":\"stranded\"", 1);
    assert!(log.contains(&warning.replace('"', "\\\"")), "{log}");
    assert!(log.contains("\"code\":\"stranded\",\"endpoint\":\"tribe\""), "{log}");
    assert_eq!(log.matches("stranded").count(), 1, "{log}");
    let delivered = crate::receiver::folder(|text| text);
    assert!(!out(&run(delivered.path(), &["check"])).contains("wait for ever"));
}
