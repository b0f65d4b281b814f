//! Limits of the running receiver, over real sockets: the crowd, the slow, and those who stop half way.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::receiver::{PROGRAM, Receiver, err, exchange, folder, run, status};
use crate::redis::until;

fn with_limits(limits: &str) -> tempfile::TempDir {
    let limits = format!("[server]\nlimits = {{ {limits} }}");
    folder(|text| text.replacen("[server]", &limits, 1))
}

fn connect(receiver: &Receiver) -> TcpStream {
    let stream = TcpStream::connect(&receiver.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn metrics(receiver: &Receiver) -> String {
    let host = &receiver.admin;
    exchange(host, format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").as_bytes())
}

#[test]
fn one_address_too_many_is_turned_away_at_once_and_a_place_that_is_left_is_free_again() {
    for limits in ["connections = 2", "connections_per_address = 2"] {
        let folder = with_limits(&format!("{limits}, head_timeout = \"10s\""));
        let receiver = Receiver::start(folder.path());
        let held = [connect(&receiver), connect(&receiver)];
        let began = Instant::now();
        let answer = rest(connect(&receiver));
        assert!(began.elapsed() < Duration::from_secs(5));
        assert!(answer.is_empty() || answer.contains("retry-after: 1"), "{answer}");
        assert!(answer.is_empty() || status(&answer) == Some(503), "{answer}");
        drop(held);
        let free = || status(&receiver.raw(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")) == Some(404);
        assert!((0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            free()
        }));
        let name = limits.split(' ').next().unwrap();
        let counted = format!("countersign_connections_refused_total{{limit=\"{name}\"}}");
        assert!(metrics(&receiver).contains(&counted), "{counted}");
    }
}

#[test]
fn the_slow_are_let_go_of_when_their_configured_time_is_over() {
    let folder = with_limits("head_timeout = \"2s\", idle_timeout = \"2s\", body_timeout = \"2s\"");
    let receiver = Receiver::start(folder.path());
    let body = "POST /v3/notification/status HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    let idle = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    for (sent, first) in [("", None), ("POST /v3", Some(408)), (body, Some(408)), (idle, Some(404))] {
        let began = Instant::now();
        let mut stream = connect(&receiver);
        stream.write_all(sent.as_bytes()).unwrap();
        assert_eq!(status(&rest(stream)), first, "{sent:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{sent:?}");
    }
    let text = metrics(&receiver);
    assert!(text.contains("code=\"head_timeout\"") && text.contains("code=\"body_timeout\""), "{text}");
}

#[test]
fn what_hyper_would_have_hidden_is_refused_with_its_code_in_log_metrics_and_verify() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let smuggled = "POST /v3/notification/status HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\
                    transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = receiver.raw(smuggled.as_bytes());
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    assert!(answer.contains("connection: close") && !answer.contains("smuggled"), "{answer}");
    assert_eq!(status(&answer), Some(400));
    assert!(metrics(&receiver).contains("code=\"framing_ambiguous\""));
    let logged = |_| {
        std::thread::sleep(Duration::from_millis(20));
        receiver.errors().contains("framing_ambiguous")
    };
    assert!((0..200).any(logged), "{}", receiver.errors());
    assert!(!receiver.errors().contains("smuggled"));
    std::fs::write(folder.path().join("request.http"), smuggled).unwrap();
    let verdict = run(folder.path(), &["verify", "--endpoint", "worldline", "--json", "request.http"]);
    assert!(String::from_utf8_lossy(&verdict.stdout).contains("\"code\":\"framing_ambiguous\",\"status\":400"));
}

#[test]
fn heads_that_are_never_whole_take_no_more_memory_than_there_is_room_for() {
    let folder = with_limits("in_flight = \"300KiB\", head_timeout = \"20s\"");
    let receiver = Receiver::start(folder.path());
    let head = format!("POST /v3/notification/status HTTP/1.1\r\nhost: x\r\nx-padding: {}", "y".repeat(60 * 1024));
    let mut held: Vec<TcpStream> = (0..10).map(|_| connect(&receiver)).collect();
    for stream in &mut held {
        // Who is refused may be hung up on before everything is written.
        let _ = stream.write_all(head.as_bytes());
    }
    // Four of them fit; each of the others is told.
    let told = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let mut answer = [0; 512];
        let count = stream.read(&mut answer).unwrap_or(0);
        status(&String::from_utf8_lossy(&answer[..count])) == Some(503)
    };
    let refused = held.iter_mut().filter_map(|stream| told(stream).then_some(())).count();
    assert!((5..=6).contains(&refused), "{refused}");
    assert!(metrics(&receiver).contains("code=\"overloaded\""));
    // A head of the usual size needs no room.
    assert_eq!(status(&receiver.raw(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")), Some(404));
    drop(held);
    let whole = format!("{head}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    assert!((0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        status(&receiver.raw(whole.as_bytes())).is_some_and(|status| status != 503)
    }));
}

#[test]
fn a_crowd_leaves_files_for_everything_else() {
    let folder = with_limits("head_timeout = \"60s\"");
    let mut command = std::process::Command::new("bash");
    command.args(["-c", &format!("ulimit -n 160; exec {PROGRAM}")]).stdout(std::process::Stdio::null());
    let receiver = Receiver::start_by(folder.path(), command);
    assert!(receiver.logged("\"code\":\"open_files\"", 1).contains("\"most\":40"), "{}", receiver.errors());
    let _crowd: Vec<TcpStream> = (0..200).map(|_| connect(&receiver)).collect();
    let refused = "countersign_connections_refused_total{limit=\"connections\"} 160";
    until("a crowd is turned away", || metrics(&receiver).contains(refused));
    let path = folder.path().join("countersign.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, text.replace("60s", "59s")).unwrap();
    receiver.signal("HUP");
    receiver.logged("\"code\":\"reloaded\"", 1);
    assert!(!receiver.errors().contains("accept_failed"), "{}", receiver.errors());
}

#[test]
fn limits_that_are_none_do_not_start() {
    for (limits, word) in [
        ("connections = 0", "limits.connections"),
        ("connections_per_address = 0", "limits.connections_per_address"),
        ("in_flight = \"0B\"", "limits.in_flight"),
        ("in_flight = \"64 MB\"", "limits.in_flight"),
        ("in_flight = \"1KiB\"", "max_body"),
        ("head_timeout = \"0s\"", "limits.head_timeout"),
        ("body_timeout = \"2h\"", "limits.body_timeout"),
        ("idle_timeout = \"5\"", "limits.idle_timeout"),
        ("answer_timeout = \"never\"", "limits.answer_timeout"),
        ("handshake_timeout = \"1ms\"", "limits.handshake_timeout"),
        ("drain_timeout = \"0s\"", "limits.drain_timeout"),
        ("heads = 1", "heads"),
        ("connections = 1 }\nmax_connections = 1\n# {", "max_connections"),
    ] {
        let folder = with_limits(limits);
        let checked = run(folder.path(), &["check"]);
        assert_eq!(checked.status.code(), Some(64), "{limits}: {checked:?}");
        assert!(err(&checked).contains(word), "{limits}: {}", err(&checked));
    }
}
