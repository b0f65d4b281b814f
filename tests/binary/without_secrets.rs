//! Commands of somebody who has none of the receiver's secrets and may not read its files. The rule: a command asks for what
//! it needs, and for nothing more.

use serde_json::Value;

use crate::receiver::{Receiver, err, folder, out, run};

/// A folder with one event in the inbox, whose configuration then names secrets and files that are not to be had here.
fn without_secrets() -> tempfile::TempDir {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    assert!(receiver.send("worldline", "payment", &[]).status.success());
    receiver.events(1);
    receiver.stop();
    change(&folder, |text| {
        let server = "[server]\nadmin_token = { env = \"NOT_HERE\" }\ntls = { certificate = \"none.crt\", key = \"none.key\" }\n\
                      trusted_proxies = [\"192.0.2.1\"]\nforwarded = \"none\"\nclient_cert = { ca = \"none.ca\" }";
        let text = text.replacen("[server]", server, 1).replacen("keys/tribe/api-key", "none", 1);
        text + "\n[[sink]]\nname = \"core\"\ntype = \"http\"\nurl = \"https://core.example/\"\nsecret = { env = \"NOT_HERE\" }\n"
    });
    let started = run(folder.path(), &["serve"]);
    assert_eq!(started.status.code(), Some(64), "{}", err(&started));
    folder
}

fn change(folder: &tempfile::TempDir, change: impl FnOnce(&str) -> String) {
    let path = folder.path().join("countersign.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = change(&text);
    assert_ne!(changed, text);
    std::fs::write(path, changed).unwrap();
}

#[test]
fn the_inbox_asks_for_no_secret_of_the_receiver() {
    let folder = without_secrets();
    let listed = run(folder.path(), &["inbox", "list", "--json"]);
    assert_eq!(listed.status.code(), Some(0), "{}", err(&listed));
    let record: Value = serde_json::from_str(&out(&listed)).unwrap();
    let id = record["id"].as_str().unwrap();
    for arguments in [&["inbox", "show", id][..], &["inbox", "stats"], &["inbox", "retry", id]] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", err(&output));
    }
    assert!(out(&run(folder.path(), &["inbox", "list", "--json"])).contains("\"state\":\"ready\""));
}

#[test]
fn what_is_wrong_with_an_endpoint_or_a_sink_keeps_nobody_from_the_inbox_but_a_wrong_store_does() {
    let folder = without_secrets();
    change(&folder, |text| text.replacen("profile = \"worldline\"", "profile = 1\nunknown = true", 1));
    let listed = run(folder.path(), &["inbox", "list"]);
    assert_eq!(listed.status.code(), Some(0), "{}", err(&listed));
    change(&folder, |text| text.replacen("[store]", "[store]\npasword = { env = \"NOT_HERE\" }", 1));
    let listed = run(folder.path(), &["inbox", "list"]);
    assert!(listed.status.code() == Some(64) && err(&listed).contains("pasword"), "{}", err(&listed));
    let redis = "[store]\nurl = \"redis://127.0.0.1:1\"\npassword = { env = \"NOT_HERE\" }";
    std::fs::write(folder.path().join("countersign.toml"), redis).unwrap();
    let listed = run(folder.path(), &["inbox", "list"]);
    assert!(listed.status.code() == Some(64) && err(&listed).contains("NOT_HERE"), "{}", err(&listed));
}

#[test]
fn a_captured_request_is_judged_with_the_keys_of_its_endpoint_alone() {
    let folder = without_secrets();
    // The demo keys of the sender are for a receiver that nobody else reaches.
    change(&folder, |text| {
        let proxies = text.lines().filter(|line| {
            line.starts_with("trusted_") || line.starts_with("forwarded") || line.starts_with("client_cert")
        });
        proxies.fold(text.to_owned(), |text, line| text.replacen(&format!("{line}\n"), "", 1))
    });
    let printed = run(folder.path(), &["send", "worldline", "payment", "--print"]);
    std::fs::write(folder.path().join("request.http"), printed.stdout).unwrap();
    let verify = |name: &str| run(folder.path(), &["verify", "--endpoint", name, "request.http"]);
    assert_eq!(verify("worldline").status.code(), Some(0), "{}", err(&verify("worldline")));
    let other = verify("tribe");
    assert_eq!(other.status.code(), Some(64), "{other:?}");
    assert!(err(&other).contains("endpoint \"tribe\": api_key"), "{}", err(&other));
    let unknown = verify("nobody");
    assert_eq!(unknown.status.code(), Some(64), "{unknown:?}");
    assert!(err(&unknown).contains("worldline, tribe"), "{}", err(&unknown));
}

#[test]
fn demo_keys_are_judged_as_the_receiver_would_judge_them() {
    let folder = without_secrets();
    std::fs::write(folder.path().join("request.http"), "").unwrap();
    let refused = run(folder.path(), &["verify", "--endpoint", "worldline", "request.http"]);
    assert_eq!(refused.status.code(), Some(64), "{refused:?}");
    assert!(err(&refused).contains("demo"), "{}", err(&refused));
}
