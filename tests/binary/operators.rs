//! The operators' listener: who may ask, what it costs the senders (nothing), and when it says that it is not ready.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::receiver::{Receiver, err, exchange, folder, run, status};
use crate::redis::{on_redis, page, until};
use crate::redis_server::Server;

const TOKEN: &str = "a-token-of-operators-long-enough-0123456789";

fn with_server(more: &str) -> tempfile::TempDir {
    let more = format!("[server]\n{more}");
    folder(|text| text.replacen("[server]", &more, 1))
}

/// Whether it is ready, and the items, once the store has answered in the time that a page has for it.
fn settled(receiver: &Receiver) -> (bool, Value) {
    let mut found = readiness(receiver);
    until("the store answers", || {
        found = readiness(receiver);
        found.1["items"]["store"] == "ok"
    });
    found
}

/// Whether it is ready, and the items.
fn readiness(receiver: &Receiver) -> (bool, Value) {
    let answer = page(receiver, "/readyz");
    let document: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let ready = status(&answer) == Some(200);
    assert_eq!(document["ready"], ready, "{answer}");
    (ready, document)
}

#[test]
fn a_name_that_points_here_an_origin_and_a_wrong_token_see_nothing() {
    let folder = with_server("admin_token = { env = \"ADMIN_TOKEN\" }\nadmin_hosts = [\"ops.example\"]");
    let receiver = Receiver::start_with(folder.path(), &[], &[("ADMIN_TOKEN", TOKEN)]);
    let ask = |method: &str, path: &str, host: &str, more: &str| {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{more}connection: close\r\n\r\n");
        exchange(&receiver.admin, request.as_bytes())
    };
    let right = format!("authorization: Bearer {TOKEN}\r\n");
    for host in ["evil.example", "evil.example:8401", "127.0.0.1.evil.example", "192.0.2.1"] {
        assert_eq!(status(&ask("GET", "/metrics", host, &right)), Some(403), "{host}");
    }
    for host in ["localhost", "127.0.0.1:1", "[::1]", "ops.example", &receiver.admin] {
        assert_eq!(status(&ask("GET", "/metrics", host, &right)), Some(200), "{host}");
    }
    let origin = format!("origin: http://localhost\r\n{right}");
    assert_eq!(status(&ask("GET", "/status", "localhost", &origin)), Some(403));
    // One answer for whoever has no token, whatever the page and the method: nothing tells which exist.
    let mut answers = std::collections::BTreeSet::new();
    for (method, path) in [("GET", "/metrics"), ("GET", "/healthz"), ("GET", "/nothing"), ("POST", "/status")] {
        for shown in ["", "authorization: Bearer wrong\r\n", &format!("authorization: Bearer {TOKEN}x\r\n")] {
            let answer = ask(method, path, "localhost", shown);
            assert_eq!(status(&answer), Some(401), "{method} {path} {shown}: {answer}");
            answers.insert(answer.split("\r\ndate: ").next().unwrap().to_owned());
        }
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    for method in ["POST", "PUT", "DELETE", "TRACE", "OPTIONS", "X"] {
        let answer = ask(method, "/metrics", "localhost", &right);
        assert!(status(&answer) == Some(405) && answer.contains("allow: GET, HEAD"), "{answer}");
    }
    let head = ask("HEAD", "/healthz", "localhost", &right);
    assert!(status(&head) == Some(200) && head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(status(&ask("GET", "/metrics", &receiver.admin, "host: localhost\r\n")), Some(400), "two hosts");
    let smuggled = format!("{right}content-length: 4\r\ntransfer-encoding: chunked\r\n");
    assert_eq!(status(&ask("GET", "/metrics", "localhost", &smuggled)), Some(400));
}

#[test]
fn a_crowd_of_senders_keeps_no_operator_out_and_a_crowd_of_operators_no_sender() {
    let folder = with_server("limits = { connections = 2, head_timeout = \"30s\" }");
    let receiver = Receiver::start(folder.path());
    let connect = |address: &str| TcpStream::connect(address).unwrap();
    let senders: Vec<_> = (0..20).map(|_| connect(&receiver.address)).collect();
    let refused = "countersign_connections_refused_total{limit=\"connections\"} 18\n";
    until("the crowd is turned away", || page(&receiver, "/metrics").contains(refused));
    assert!(page(&receiver, "/metrics").contains("countersign_connections_open{listener=\"senders\"} 2\n"));
    drop(senders);
    // One address gets half of the operators' places.
    let mut operators: Vec<_> = (0..40).map(|_| connect(&receiver.admin)).collect();
    let free = || status(&receiver.raw(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")) == Some(404);
    until("senders have their places", free);
    // A page that was just read may still have its place, and give it up to this one.
    until("one address cannot have them all", || {
        // Those that say nothing are let go of in the end; the youngest fifty are never more than half and some.
        operators.push(connect(&receiver.admin));
        if operators.len() > 50 {
            operators.remove(0);
        }
        let answer = page_or_nothing(&receiver);
        answer.is_empty() || status(&answer) == Some(503)
    });
    drop(operators);
    until("operators have theirs again", || status(&page_or_nothing(&receiver)) == Some(200));
}

fn page_or_nothing(receiver: &Receiver) -> String {
    exchange(&receiver.admin, b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
}

#[test]
fn keys_of_one_endpoint_that_have_all_ended_are_not_ready() {
    let ended = "signing.pub.pem\", not_after = \"2020-01-01T00:00:00Z\"";
    let folder = folder(|text| text.replacen("signing.pub.pem\"", ended, 1));
    let receiver = Receiver::start(folder.path());
    let (ready, document) = settled(&receiver);
    assert!(!ready, "{document}");
    assert_eq!(document["items"]["keys"], "not in force", "{document}");
    assert_eq!(document["endpointsWithoutKeys"], serde_json::json!(["tribe"]));
    assert_eq!((&document["items"]["store"], &document["items"]["disk"]), (&"ok".into(), &"ok".into()));
    assert!(page(&receiver, "/metrics").contains("countersign_ready{item=\"keys\"} 0\n"));
}

#[test]
fn a_disk_that_is_nearly_full_and_a_backlog_are_not_ready() {
    let without_sink = |text: String| text.replace("type = \"stdout\" ", "type = \"none\" ");
    let change = |ready: &str| {
        let ready = format!("[server]\nready = {{ {ready} }}");
        folder(|text| without_sink(text).replacen("[server]", &ready, 1))
    };
    let full = change("disk = \"1000000000MiB\"");
    let (ready, document) = settled(&Receiver::start(full.path()));
    assert!(!ready && document["items"]["disk"] == "full", "{document}");
    let slow = change("backlog = 1, oldest = \"1h\"");
    let receiver = Receiver::start(slow.path());
    assert!(settled(&receiver).0);
    for _ in 0..2 {
        assert!(receiver.send("worldline", "payment", &[]).status.success());
    }
    until("too many wait", || readiness(&receiver).1["items"]["backlog"] == "too many");
    assert_eq!(receiver.run(&["check"]).status.code(), Some(0));
}

#[test]
fn a_store_that_stalls_is_said_within_a_second_and_stalls_no_page() {
    let server = Server::durable(&[]);
    let folder = on_redis(&server);
    let receiver = Receiver::start(folder.path());
    let (ready, document) = settled(&receiver);
    assert!(ready && document["items"]["disk"] == Value::Null, "{document}");
    server.stall(true);
    until("it is noticed", || !readiness(&receiver).0);
    for path in ["/readyz", "/metrics", "/status", "/healthz"] {
        let began = Instant::now();
        let answer = page(&receiver, path);
        assert!(began.elapsed() < Duration::from_secs(2), "{path}: {:?}", began.elapsed());
        assert_eq!(status(&answer), Some(if path == "/readyz" { 503 } else { 200 }), "{path}");
    }
    assert!(page(&receiver, "/metrics").contains("countersign_store_available 0\n"));
    server.stall(false);
    until("it is ready again", || readiness(&receiver).0);
}

#[test]
fn a_file_that_cannot_be_written_is_said_within_a_second_though_it_can_be_read() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    assert!(settled(&receiver).0);
    let other = rusqlite::Connection::open(folder.path().join("countersign.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    until("it is noticed", || readiness(&receiver).1["items"]["store"] == "stalled");
    assert!(page(&receiver, "/metrics").contains("countersign_store_available 0\n"));
    other.execute_batch("ROLLBACK").unwrap();
    until("it is ready again", || readiness(&receiver).0);
}

#[test]
fn a_delivery_shows_in_the_figures_of_each_of_its_stages() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    assert!(receiver.send("worldline", "payment", &[]).status.success());
    assert_eq!(receiver.events(1).len(), 1);
    for line in [
        "countersign_delivery_duration_seconds_count{endpoint=\"worldline\"} 1\n",
        "countersign_stage_duration_seconds_count{endpoint=\"worldline\",stage=\"body\"} 1\n",
        "countersign_stage_duration_seconds_count{endpoint=\"worldline\",stage=\"verify\"} 1\n",
        "countersign_stage_duration_seconds_count{endpoint=\"worldline\",stage=\"decode\"} 1\n",
        "countersign_stage_duration_seconds_count{endpoint=\"worldline\",stage=\"accept\"} 1\n",
        "countersign_signature_age_seconds_count{endpoint=\"worldline\"} 1\n",
        "countersign_sink_attempts_total{sink=\"stdout\",outcome=\"delivered\"} 1\n",
        "countersign_sink_duration_seconds_count{sink=\"stdout\"} 1\n",
        "countersign_body_bytes 0\n",
        "countersign_body_bytes_limit 67108864\n",
        "countersign_connections_open{listener=\"operators\"} 1\n",
        "countersign_deliveries_total{endpoint=\"tribe\",outcome=\"refused\",code=\"key_unknown\"} 0\n",
    ] {
        until(line, || page(&receiver, "/metrics").contains(line));
    }
    // The line of the log says the same of it, and nothing of its content.
    receiver.logged("\"outcome\":\"accepted\"", 1);
    let errors = receiver.errors();
    let line = errors.lines().find(|line| line.contains("\"outcome\":\"accepted\"")).expect("a line for the delivery");
    let line: Value = serde_json::from_str(line).unwrap();
    let event = &receiver.events(1)[0];
    assert_eq!((&line["event_id"], &line["key_id"]), (&event["id"], &event["keyid"]), "{line}");
    assert_eq!((&line["request_id"], &line["endpoint"]), (&event["requestid"], &"worldline".into()));
    assert_eq!((&line["client"], &line["level"]), (&"127.0.0.1".into(), &"INFO".into()));
    assert!(line["duration_us"].as_u64().is_some_and(|spent| spent > 0), "{line}");
}

#[test]
fn every_figure_says_what_it_is_and_the_readme_knows_it() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    assert!(receiver.send("worldline", "payment", &[]).status.success());
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let page = page(&receiver, "/metrics");
    let names = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let names: Vec<_> = names.map(|(name, _)| name).collect();
    assert!(names.len() > 25, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("# HELP {name} ")), "{name} says nothing of itself");
        assert!(readme.contains(&format!("`{name}`")), "the README does not know {name}");
    }
}

#[test]
fn what_is_no_name_or_no_amount_does_not_start() {
    for (more, word) in [
        ("admin_hosts = [\"http://ops.example\"]", "admin_hosts"),
        ("admin_hosts = [\"ops.example:8401\"]", "admin_hosts"),
        ("admin_hosts = [\"\"]", "admin_hosts"),
        ("ready = { disk = \"64 MB\" }", "ready.disk"),
        ("ready = { oldest = \"5\" }", "ready.oldest"),
        ("ready = { backlog = -1 }", "ready"),
        ("ready = { space = 1 }", "space"),
    ] {
        let folder = with_server(more);
        let checked = run(folder.path(), &["check"]);
        assert_eq!(checked.status.code(), Some(64), "{more}: {checked:?}");
        assert!(err(&checked).contains(word), "{more}: {}", err(&checked));
    }
}

#[cfg(not(feature = "otlp"))]
#[test]
fn traces_that_are_not_built_in_do_not_start() {
    let folder = with_server("otlp = { url = \"http://127.0.0.1:4318\" }");
    let checked = run(folder.path(), &["check"]);
    assert!(checked.status.code() == Some(64) && err(&checked).contains("feature otlp"), "{checked:?}");
}
