//! A sender's key was stolen, and an operator acts: `distrust`, a reload, and `inbox` with `--key`. The rule: from the reload on
//! nothing of that key is taken or delivered, and everything that came with it is found.

use serde_json::Value;

use crate::receiver::{Receiver, err, folder, out, run};
use crate::redis::until;
use crate::reload::{reload, rewrite};

fn document(output: &std::process::Output) -> Value {
    serde_json::from_str(&out(output)).unwrap_or_else(|_| panic!("{output:?}"))
}

fn listed(receiver: &Receiver, filter: &[&str]) -> Vec<Value> {
    let output = receiver.run(&[&["inbox", "list", "--json"], filter].concat());
    assert!(output.status.success(), "{output:?}");
    out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn states(receiver: &Receiver, filter: &[&str]) -> Vec<String> {
    listed(receiver, filter).iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_stolen_key_is_shut_out_by_a_reload_and_what_it_signed_is_found_parked_and_discarded() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    assert!(receiver.send("worldline", "payment", &[]).status.success());
    assert!(receiver.send("tribe", "v2_payment_status", &[]).status.success());
    receiver.events(2);
    until("both are delivered", || listed(&receiver, &["--state", "delivered"]).len() == 2);
    let [event] = &listed(&receiver, &["--endpoint", "worldline"])[..] else { panic!("expected one event") };
    let (id, key) = (event["id"].as_str().unwrap(), event["keyid"].as_str().unwrap());
    assert_eq!(listed(&receiver, &["--key", key]).len(), 1);
    assert!(listed(&receiver, &["--key", "another"]).is_empty());

    // By hand, in the other case.
    let by_hand = key.to_lowercase();
    assert_ne!(by_hand, key);
    let distrust = format!("name    = \"worldline\"\ndistrust = [\"{by_hand}\"]");
    rewrite(folder.path(), |text| text.replacen("name    = \"worldline\"", &distrust, 1));
    let line = reload(&receiver, "reloaded", 1);
    assert!(line.contains("endpoint \\\"worldline\\\" changed (distrust)"), "{line}");
    let refused = receiver.send("worldline", "payment", &[]);
    assert_eq!(refused.status.code(), Some(1), "{}", out(&refused));
    assert!(receiver.logged("key_distrusted", 1).contains("listed as distrusted"));

    // Whoever retries everything delivers nothing of it.
    assert!(receiver.run(&["inbox", "retry", "--key", &by_hand, "--state", "delivered"]).status.success());
    let log = receiver.logged("\"code\":\"parked\"", 1);
    assert!(log.contains("\"because\":\"key_distrusted\"") && log.contains("countersign inbox discard ID"), "{log}");
    until("it is parked", || states(&receiver, &["--key", key]) == ["parked"]);
    until("the other is delivered", || states(&receiver, &["--endpoint", "tribe"]) == ["delivered"]);
    receiver.events(2);

    for wrong in [
        vec!["inbox", "discard"],
        vec!["inbox", "discard", id, "--key", key],
        vec!["inbox", "discard", "--key", key, "--state", "delivered"],
        vec!["inbox", "discard", "no-id"],
    ] {
        assert_eq!(receiver.run(&wrong).status.code(), Some(64), "{wrong:?}");
    }
    assert_eq!(states(&receiver, &["--key", key]), ["parked"]);
    let nothing = document(&receiver.run(&["inbox", "discard", "--key", "another", "--json"]));
    assert_eq!((&nothing["discarded"], &nothing["of"]), (&0.into(), &0.into()));
    let said = receiver.run(&["inbox", "discard", "--key", key]);
    assert_eq!((said.status.code(), out(&said).as_str()), (Some(0), "1 of 1 will not be delivered\n"));
    let shown = document(&receiver.run(&["inbox", "show", id, "--json"]));
    assert_eq!((&shown["state"], &shown["keyid"]), (&"quarantined".into(), &key.into()));
    assert!(shown["reason"].as_str().unwrap().starts_with("discarded by an operator: key_distrusted"), "{shown}");
    let again = receiver.run(&["inbox", "discard", id]);
    assert_eq!((again.status.code(), out(&again).as_str()), (Some(1), "0 of 1 will not be delivered\n"));
    assert!(err(&again).contains("expected a record that is parked, but found one that is quarantined"), "{again:?}");
    assert_eq!(receiver.run(&["inbox", "retry", id]).status.code(), Some(1));
    assert_eq!(receiver.stop(), Some(0));
    assert_eq!(crate::receiver::events(folder.path()).len(), 2);
}

#[test]
fn a_discard_by_key_says_what_is_not_parked_yet_and_may_still_be_delivered() {
    let sink = "\n[[sink]]\nname = \"nowhere\"\ntype = \"none\"\n";
    let folder = folder(|text| text.replacen("sink    = \"stdout\"", "sink    = \"nowhere\"", 1) + sink);
    let receiver = Receiver::start(folder.path());
    assert!(receiver.send("worldline", "payment", &[]).status.success());
    let event = listed(&receiver, &["--endpoint", "worldline"]).remove(0);
    let key = event["keyid"].as_str().unwrap();
    let said = receiver.run(&["inbox", "discard", "--key", key, "--json"]);
    assert_eq!(said.status.code(), Some(1), "{said:?}");
    let document = document(&said);
    assert_eq!((&document["of"], &document["still_waiting"]), (&0.into(), &1.into()), "{document}");
    assert!(err(&said).contains("1 more of this key are not discarded"), "{said:?}");
    let named = receiver.run(&["inbox", "discard", event["id"].as_str().unwrap()]);
    assert!(err(&named).contains("expected a record that is parked, but found one that is ready"), "{named:?}");
    assert_eq!(states(&receiver, &["--key", key]), ["ready"]);
}

#[test]
fn check_says_which_keys_are_distrusted_and_which_of_them_are_nobodys() {
    let found =
        folder(|text| text.replacen("name    = \"worldline\"", "name    = \"worldline\"\ndistrust = [\"nobodys\"]", 1));
    let checked = run(found.path(), &["check"]);
    assert!(checked.status.success(), "{}", err(&checked));
    let text = out(&checked);
    assert!(text.contains("distrusts    nobodys, which is NONE OF THE KEYS"), "{text}");
    let document = out(&run(found.path(), &["check", "--json"]));
    let document: Vec<Value> = document.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let worldline = document.iter().find(|one| one["endpoint"] == "worldline").unwrap();
    assert_eq!(worldline["distrusts"], serde_json::json!([{"keyid": "nobodys", "isOneOfTheKeys": false, "also": []}]));
    let key = text.split_once("keys         RS256 ").unwrap().1.split_once(['\n', ',']).unwrap().0.to_owned();
    let known = folder(|text| {
        let distrust = format!("name    = \"worldline\"\ndistrust = [\"{key}\"]");
        text.replacen("name    = \"worldline\"", &distrust, 1)
    });
    let text = out(&run(known.path(), &["check"]));
    assert!(text.contains(&format!("distrusts    {key}, of which nothing is taken")), "{text}");
    let empty =
        folder(|text| text.replacen("name    = \"worldline\"", "name    = \"worldline\"\ndistrust = [\"\"]", 1));
    let refused = run(empty.path(), &["check"]);
    assert_eq!(refused.status.code(), Some(64));
    assert!(err(&refused).contains("distrust") && err(&refused).contains("a key id of 1 to 512"), "{}", err(&refused));
}
