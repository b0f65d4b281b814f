//! The gate and hyper: whatever the gate lets through, hyper reads as the same requests with the same bodies, and refuses
//! nothing of it; and the gate reads it in one way, however it is cut.
//!
//! Input: one byte for how it is cut, then the bytes of a connection.
#![no_main]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign::wire::http1::{Chunked, Follow, Framing, LARGEST_HEAD, MOST_FIELDS, Scan, check};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::service::service_fn;
use libfuzzer_sys::fuzz_target;

/// Method, target and body of a request; no body if it does not end.
type Seen = (String, String, Option<Vec<u8>>);

/// A peer that has sent everything and reads everything.
struct Wire(Bytes);

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut to: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let count = to.remaining().min(self.0.len());
        to.put_slice(&self.0.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl Write for Wire {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn hyper_sees(bytes: &[u8]) -> Vec<Seen> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let sink = Arc::clone(&sink);
        async move {
            let (method, target) = (request.method().to_string(), request.uri().to_string());
            let body = request.into_body().collect().await.ok().map(|body| body.to_bytes().to_vec());
            sink.lock().expect("a list").push((method, target, body));
            // To a CONNECT, any other status would end the connection.
            let mut response = hyper::Response::new(Full::<Bytes>::default());
            *response.status_mut() = hyper::StatusCode::NOT_FOUND;
            Ok::<_, Infallible>(response)
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let wire = Wire(Bytes::copy_from_slice(bytes));
    let connection = hyper::server::conn::http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(LARGEST_HEAD + 4096)
        .max_headers(MOST_FIELDS)
        .half_close(true)
        .serve_connection(wire, service);
    let _ = runtime.block_on(connection);
    let seen = seen.lock().expect("a list").clone();
    seen
}

/// What the gate says is there: by its own parts, and a body that is put together here.
fn gate_sees(mut rest: &[u8]) -> Vec<Seen> {
    let mut seen = Vec::new();
    while let Ok(Some(end)) = Scan::default().end(rest) {
        let Ok(framing) = check(&rest[..end]) else { break };
        let line = rest[..end].split(|byte| *byte == b'\r').next().expect("a line");
        let mut words = line.split(|byte| *byte == b' ').map(|word| String::from_utf8_lossy(word).into_owned());
        let (method, target) = (words.next().expect("a method"), words.next().expect("a target"));
        rest = &rest[end..];
        let (body, taken) = match framing {
            Framing::Length(length) => {
                let taken = usize::try_from(length).unwrap_or(usize::MAX);
                (rest.get(..taken).map(<[u8]>::to_vec), taken.min(rest.len()))
            }
            Framing::Chunked => {
                let progress = Chunked::default().follow(rest);
                (progress.ended.then(|| unchunk(&rest[..progress.bytes])), progress.bytes)
            }
        };
        rest = &rest[taken..];
        let broken = body.is_none();
        seen.push((method, target, body));
        if broken {
            break;
        }
    }
    seen
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n").expect("a line");
        let digits = rest[..line].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let size = std::str::from_utf8(&rest[..digits]).expect("digits");
        let size = usize::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[line + 2..line + 2 + size]);
        rest = &rest[line + 4 + size..];
    }
}

/// As many bytes as pass if they come in pieces.
fn pass(bytes: &[u8], piece: usize) -> (usize, u64, bool) {
    let (mut follow, mut done, mut heads, mut arrived) = (Follow::default(), 0, 0, 0);
    while arrived < bytes.len() {
        arrived = (arrived + piece).min(bytes.len());
        let passed = follow.pass(&bytes[done..arrived]);
        done += passed.bytes;
        heads += passed.heads;
        if passed.fault.is_some() {
            return (done, heads, true);
        }
    }
    (done, heads, false)
}

fuzz_target!(|data: &[u8]| {
    let Some((piece, bytes)) = data.split_first() else { return };
    let whole = pass(bytes, bytes.len().max(1));
    assert_eq!(whole, pass(bytes, usize::from(*piece) + 1));
    let through = &bytes[..whole.0];
    let expected = gate_sees(through);
    assert_eq!(expected.len() as u64, whole.1);
    let seen = hyper_sees(through);
    // A request may ask that nothing follows it; hyper then stops, and a body that broke ends the connection too.
    assert!(expected.starts_with(&seen), "{seen:?} is no beginning of {expected:?}");
    let may_stop = through.to_ascii_lowercase();
    let may_stop = |word: &[u8]| may_stop.windows(word.len()).any(|part| part == word);
    assert!(seen.len() == expected.len() || may_stop(b"connection") || may_stop(b"http/1.0"), "{seen:?}");
});
