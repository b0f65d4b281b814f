//! Our own certificates that end: said by `check`, in the log and by a gauge, while there is time to renew them.

use std::path::Path;
use std::time::Duration;

use countersign::clock::{Clock, SystemClock};
use serde_json::Value;

use crate::hall::{Authority, Identity, MUTUAL, folder, metrics, tls_files, until, write};
use crate::receiver::{Receiver, err, out, run};

/// A certificate that ends in so many days from now, or ended so many days ago.
fn ending(authority: &Authority, days: i64) -> Identity {
    let end = u64::try_from(SystemClock.now().seconds() + days * 24 * 60 * 60).unwrap();
    authority.issue(|params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(end);
    })
}

/// What the gauge says of these files.
fn left(receiver: &Receiver, files: &str) -> f64 {
    let series = format!("countersign_tls_expire_seconds{{files=\"{files}\"}} ");
    let text = metrics(receiver);
    let found = text.lines().find_map(|line| line.strip_prefix(&series)?.parse().ok());
    found.unwrap_or_else(|| panic!("expected {series}, but found {text}"))
}

/// The exit status of `check`, what it prints, and the same of `--json`.
fn check(folder: &Path) -> (Option<i32>, String, Vec<Value>) {
    let (checked, json) = (run(folder, &["check"]), run(folder, &["check", "--json"]));
    assert_eq!(checked.status.code(), json.status.code(), "{}", err(&json));
    let document: Value = serde_json::from_str(out(&json).lines().next().unwrap()).unwrap();
    (checked.status.code(), out(&checked), document["certificates"].as_array().unwrap().clone())
}

#[tokio::test]
async fn a_listeners_certificate_that_ends_is_said_until_it_is_renewed() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let folder = folder(MUTUAL, &[("a", "")]);
    tls_files(folder.path(), &ending(&servers, 2), &clients);
    let (status, said, documents) = check(folder.path());
    assert!(status == Some(0) && said.contains("\nENDS SOON    our certificate (listener) ends in"), "{said}");
    assert_eq!((&documents[0]["files"], &documents[0]["endsSoon"]), (&"listener".into(), &true.into()));
    let receiver = Receiver::start(folder.path());
    let log = receiver.logged("\"code\":\"certificate_expiring\",\"files\":\"listener\"", 1);
    assert!(log.lines().any(|line| line.contains("\"ERROR\"") && line.contains("certificate_expiring")), "{log}");
    let day = f64::from(24 * 60 * 60);
    assert!((day..=2.0 * day).contains(&left(&receiver, "listener")));
    let renew = |next: &Identity| {
        write(folder.path(), "tls.crt", &next.pem);
        write(folder.path(), "tls.key", &next.key);
    };
    renew(&ending(&servers, 20));
    until("it is renewed", async || left(&receiver, "listener") > 19.0 * day).await;
    let log = receiver.logged("our certificate (listener) ends in 19 days", 1);
    assert!(log.lines().any(|line| line.contains("\"WARN\"") && line.contains("certificate_expiring")), "{log}");
    renew(&ending(&servers, 365));
    until("it is renewed", async || left(&receiver, "listener") > 364.0 * day).await;
    let (status, said, documents) = check(folder.path());
    assert!(status == Some(0) && said.contains("\ncertificate  listener, until 20"), "{said}");
    assert_eq!(documents[0]["endsSoon"], false);
}

#[tokio::test]
async fn a_certificate_by_which_we_come_and_that_has_ended_does_not_pass() {
    let authority = Authority::new("sinks");
    let folder = folder("", &[("a", "")]);
    let own = ending(&authority, -1);
    write(folder.path(), "own.crt", &own.pem);
    write(folder.path(), "own.key", &own.key);
    let path = folder.path().join("countersign.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let client = "client = { certificate = \"own.crt\", key = \"own.key\" }";
    let sinks = format!(
        "[[sink]]\nname = \"core\"\ntype = \"http\"\nurl = \"https://core.example/\"\n{client}\n\
         [[sink]]\nname = \"stream\"\ntype = \"redis\"\nurl = \"rediss://core.example\"\nstream = \"x\"\n{client}\n"
    );
    std::fs::write(&path, text.clone() + &sinks).unwrap();
    let (status, said, documents) = check(folder.path());
    assert_eq!(status, Some(1), "{said}");
    for sink in ["core", "stream"] {
        assert!(said.contains(&format!("\nENDED        our certificate (sink {sink}) has ended")), "{said}");
    }
    assert_eq!(documents.len(), 2);
    let receiver = Receiver::start(folder.path());
    receiver.logged("\"code\":\"certificate_ended\",\"files\":\"sink core\"", 1);
    assert_eq!([left(&receiver, "sink core"), left(&receiver, "sink stream")], [0.0, 0.0]);
    // What is no longer in use ends no more.
    std::fs::write(path, text).unwrap();
    receiver.signal("HUP");
    receiver.logged("\"code\":\"reloaded\"", 1);
    assert_eq!([left(&receiver, "sink core"), left(&receiver, "sink stream")], [f64::INFINITY; 2]);
}
