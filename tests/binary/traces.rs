//! Traces, read by a collector that knows nothing of us but the protocol.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use crate::receiver::{Receiver, err, folder, run};
use crate::redis::until;

const PARENT: &str = "traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A collector, and the bodies that it got.
fn collector() -> (String, Arc<Mutex<Vec<Vec<u8>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&bodies);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
            let body = loop {
                let read = stream.read(&mut piece).unwrap_or(0);
                bytes.extend_from_slice(&piece[..read]);
                let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
                if let Some(end) = end {
                    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
                    assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
                    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                    if bytes.len() >= end + 4 + length.unwrap_or(0_usize) {
                        break bytes[end + 4..].to_vec();
                    }
                }
                assert!(read > 0, "half a request");
            };
            kept.lock().unwrap().push(body);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        }
    });
    (url, bodies)
}

fn traced(otlp: &str) -> tempfile::TempDir {
    let otlp = format!("[server]\notlp = {{ {otlp} }}");
    folder(|text| text.replacen("[server]", &otlp, 1))
}

fn spans(bodies: &Mutex<Vec<Vec<u8>>>) -> Vec<Span> {
    let bodies = bodies.lock().unwrap();
    let requests = bodies.iter().map(|body| ExportTraceServiceRequest::decode(&body[..]).unwrap());
    let resources = requests.flat_map(|request| request.resource_spans);
    resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.clone()?.value? {
        Value::StringValue(text) => Some(text),
        Value::IntValue(number) => Some(number.to_string()),
        _ => None,
    }
}

#[test]
fn a_delivery_is_a_span_with_its_stages_below_and_a_sender_joins_no_trace_of_ours() {
    let (url, bodies) = collector();
    let folder = traced(&format!("url = \"{url}\""));
    let receiver = Receiver::start(folder.path());
    let canary = "CommonPaymentData.Note=\"NL91ABNA0417164300\"";
    let more = ["--header", PARENT, "--set", canary, "--header", "tracestate=canary=NL91ABNA0417164300"];
    assert!(receiver.send("worldline", "payment", &more).status.success());
    receiver.send("worldline", "payment", &["--header", PARENT, "--fault", "tampered-body"]);
    let event = receiver.events(1).remove(0);
    assert_eq!(receiver.stop(), Some(0));
    // What waited is sent before the end.
    let spans = spans(&bodies);
    let whole: Vec<_> = spans.iter().filter(|span| span.name == "delivery").collect();
    assert_eq!(whole.len(), 2, "{spans:?}");
    let find = |outcome: &str| {
        whole.iter().find(|span| attribute(span, "countersign.outcome").as_deref() == Some(outcome)).unwrap()
    };
    let (taken, refused) = (find("accepted"), find("refused"));
    assert_eq!(attribute(taken, "countersign.event_id").as_deref(), event["id"].as_str());
    assert_eq!(attribute(taken, "countersign.endpoint").as_deref(), Some("worldline"));
    assert_eq!(attribute(taken, "http.response.status_code").as_deref(), Some("204"));
    assert_eq!(attribute(refused, "countersign.code").as_deref(), Some("digest_mismatch"));
    assert_eq!(attribute(refused, "countersign.key_id"), None, "nobody is proved");
    for one in &whole {
        assert!(one.parent_span_id.is_empty() && one.trace_id[..2] != [0x0a, 0xf7], "{one:?}");
    }
    let below: Vec<_> = spans.iter().filter(|span| span.parent_span_id == taken.span_id).collect();
    let names: Vec<_> = below.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["body", "verify", "decode", "accept"]);
    for span in below {
        assert_eq!(span.trace_id, taken.trace_id);
        assert!(span.start_time_unix_nano >= taken.start_time_unix_nano, "{span:?}");
        assert!(
            span.end_time_unix_nano <= taken.end_time_unix_nano && span.end_time_unix_nano > span.start_time_unix_nano
        );
    }
    for body in &*bodies.lock().unwrap() {
        let text = String::from_utf8_lossy(body);
        assert!(text.contains("countersign") && !text.contains("NL91ABNA0417164300"), "{text}");
    }
}

#[test]
fn a_sender_that_is_trusted_with_traces_is_joined() {
    let (url, bodies) = collector();
    let folder = traced(&format!("url = \"{url}\", trust_traceparent = true"));
    let receiver = Receiver::start(folder.path());
    assert!(receiver.send("worldline", "payment", &["--header", PARENT]).status.success());
    receiver.send("worldline", "consent", &["--header", "traceparent=00-nonsense"]);
    until("both came", || spans(&bodies).iter().filter(|span| span.name == "delivery").count() == 2);
    let spans = spans(&bodies);
    let joined: Vec<_> =
        spans.iter().filter(|span| span.name == "delivery" && !span.parent_span_id.is_empty()).collect();
    assert_eq!(joined.len(), 1, "{joined:?}");
    assert_eq!(joined[0].trace_id, 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes());
    assert_eq!(joined[0].parent_span_id, 0xb7ad_6b71_6920_3331_u64.to_be_bytes());
}

#[test]
fn a_collector_that_is_gone_holds_nobody_up() {
    let folder = traced("url = \"http://127.0.0.1:1\"");
    let receiver = Receiver::start(folder.path());
    for _ in 0..3 {
        assert!(receiver.send("worldline", "payment", &[]).status.success());
    }
    assert_eq!(receiver.events(3).len(), 3);
    assert_eq!(receiver.stop(), Some(0));
}

#[test]
fn a_collector_that_is_none_does_not_start() {
    for (otlp, word) in [
        ("url = \"https://collector.example\"", "otlp.url"),
        ("url = \"http://user:canary-secret@collector.example\"", "otlp.url"),
        ("url = \"127.0.0.1:4318\"", "otlp.url"),
        ("url = \"http://127.0.0.1:4318\", sample = 1.5", "otlp.sample"),
        ("url = \"http://127.0.0.1:4318\", headers = {}", "headers"),
    ] {
        let folder = traced(otlp);
        let checked = run(folder.path(), &["check"]);
        assert_eq!(checked.status.code(), Some(64), "{otlp}: {checked:?}");
        assert!(err(&checked).contains(word) && !err(&checked).contains("canary"), "{otlp}: {}", err(&checked));
    }
}
