//! SIGHUP and sinks: one of which nothing is said goes on as it was, one that was mended is tried at once, and no event is
//! delivered by two workers meanwhile.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::core::{Answer, Core, TAKEN, payment};
use crate::receiver::Receiver;
use crate::redis::{page, until};
use crate::redis_server::Reserved;
use crate::sinks::{accept, breaker, delivered, numbered, to};

fn reload(receiver: &Receiver, folder: &Path, times: usize, from: &str, into: &str) {
    let path = folder.join("countersign.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replacen(from, into, 1)).unwrap();
    receiver.signal("HUP");
    receiver.logged("\"code\":\"reloaded\"", times);
}

#[test]
fn a_sink_that_is_mended_is_tried_at_once_and_one_that_is_not_is_still_left_alone() {
    let held = Reserved::new();
    let nobody = format!("http://{}/events", held.address);
    let long = "retry = { first = \"20ms\" }\nbreaker = { failures = 3, first = \"10m\", longest = \"10m\" }";
    let folder = to("http", &format!("url = \"{nobody}\"\n{long}"));
    let receiver = Receiver::start(folder.path());
    accept(&receiver, numbered(20));
    until("the breaker opens", || breaker(&receiver) == "open");
    reload(&receiver, folder.path(), 1, "[server]", "[server]\nlimits = { idle_timeout = \"29s\" }");
    assert_eq!(breaker(&receiver), "open", "nothing was said about the sink");
    let core = Core::start(|_, _| TAKEN);
    reload(&receiver, folder.path(), 2, &nobody, &core.url);
    assert_eq!(breaker(&receiver), "closed");
    delivered(&receiver, 20);
    assert_eq!(core.counts().len(), 20);
    // A sink that is gone leaves no breaker behind that somebody is woken for.
    reload(&receiver, folder.path(), 3, "sink = \"core\"", "sink = \"stdout\"");
    let text = std::fs::read_to_string(folder.path().join("countersign.toml")).unwrap();
    let without = text.replace("sink = \"core\"", "sink = \"stdout\"");
    let without = without.split("\n[[sink]]\nname = \"core\"").next().unwrap().to_owned();
    std::fs::write(folder.path().join("countersign.toml"), without).unwrap();
    receiver.signal("HUP");
    receiver.logged("\"code\":\"reloaded\"", 4);
    let metrics = page(&receiver, "/metrics");
    for state in ["closed", "open", "half-open"] {
        let line = format!("countersign_sink_breaker{{sink=\"core\",state=\"{state}\"}} 0\n");
        assert!(metrics.contains(&line), "{metrics}");
    }
}

#[test]
fn a_worker_of_another_order_begins_when_the_one_before_has_ended() {
    let core = Core::start(|_, _| Answer::After(Duration::from_millis(100)));
    let folder = to("http", &format!("url = \"{}\"\nconcurrency = 4", core.url));
    let receiver = Receiver::start(folder.path());
    accept(&receiver, (0..8).map(|_| "before".to_owned()));
    until("some are under way", || !core.seen.lock().unwrap().events.is_empty());
    reload(&receiver, folder.path(), 1, "concurrency = 4", "concurrency = 8\norder = \"subject\"");
    let told = Instant::now();
    accept(&receiver, (0..8).map(|_| "after".to_owned()));
    delivered(&receiver, 16);
    let seen = core.seen.lock().unwrap();
    let mut ids: Vec<_> = seen.events.iter().map(|(_, event)| event["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), seen.events.len()), (16, 16), "each once");
    let after: Vec<_> = seen.events.iter().filter(|(at, event)| payment(event) == "after" && *at > told).collect();
    assert_eq!(after.len(), 8);
    let apart = after.windows(2).all(|two| two[1].0 - two[0].0 >= Duration::from_millis(95));
    assert!(apart, "one after the other: {:?}", after.iter().map(|(at, _)| *at - told).collect::<Vec<_>>());
    let requests: Vec<_> = after.iter().map(|(_, event)| event["requestid"].as_str().unwrap()).collect();
    assert!(requests.is_sorted(), "{requests:?}");
}

#[test]
fn a_reload_that_is_refused_for_one_file_makes_no_other() {
    let folder = to("http", "url = \"http://127.0.0.1:1/\"");
    let receiver = Receiver::start(folder.path());
    let sink = |name: &str, path: &str| format!("\n[[sink]]\nname = \"{name}\"\ntype = \"file\"\npath = \"{path}\"\n");
    let path = folder.path().join("countersign.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.clone() + &sink("one", "one.jsonl") + &sink("two", "missing/two.jsonl")).unwrap();
    receiver.signal("HUP");
    let said = receiver.logged("\"code\":\"reload_refused\"", 1);
    assert!(said.contains("missing/two.jsonl"), "{said}");
    assert!(!folder.path().join("one.jsonl").exists());
    std::fs::write(&path, text + &sink("one", "one.jsonl")).unwrap();
    receiver.signal("HUP");
    receiver.logged("\"code\":\"reloaded\"", 1);
    assert!(folder.path().join("one.jsonl").exists(), "one that is in force is there");
}
