//! The attack corpus: what is committed for the fuzz targets, heads that smuggle, bodies that are too large or never end,
//! and more connections than there are places.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::Target;

const PATHS: [&str; 3] = ["/hmac", "/v3/notification/status", "/jose"];
/// Connections that hold on to what they have while the rest goes on: more than there are places.
const CROWD: usize = 4000;

/// Sends all of it, many at once; how many requests that were.
pub async fn all(target: &Target, said: impl Fn(&str)) -> usize {
    let crowd = crowd(target).await;
    said("with a crowd that holds on");
    let mut requests: Vec<Vec<u8>> = heads();
    for file in files() {
        requests.extend(PATHS.iter().map(|path| post(path, &file)));
        requests.push(file);
    }
    requests.extend(large());
    let rounds = 5;
    let sent = requests.len() * rounds + crowd.len();
    let requests = std::sync::Arc::new(requests);
    for _ in 0..rounds {
        let mut senders = JoinSet::new();
        for lane in 0..64 {
            let (target, requests) = (target.clone(), std::sync::Arc::clone(&requests));
            senders.spawn(async move {
                for raw in requests.iter().skip(lane).step_by(64) {
                    send(&target, raw).await;
                }
            });
        }
        senders.join_all().await;
        said("after a round");
    }
    drop(crowd);
    sent
}

/// A whole exchange, however it ends.
async fn send(target: &Target, raw: &[u8]) {
    let work = async {
        let Ok(mut stream) = TcpStream::connect(&target.address).await else { return };
        let (reading, mut writing) = stream.split();
        let write = async {
            let _ = writing.write_all(raw).await;
            let _ = writing.shutdown().await;
        };
        let (mut sink, read) = (Vec::new(), reading.take(1024 * 1024));
        let mut read = read;
        let _ = tokio::join!(write, read.read_to_end(&mut sink));
    };
    let _ = tokio::time::timeout(Duration::from_secs(8), work).await;
}

/// Half of them are silent in the middle of a head as large as it may be, half in the middle of a body.
async fn crowd(target: &Target) -> Vec<TcpStream> {
    let mut held = Vec::new();
    let head = format!("POST /hmac HTTP/1.1\r\nhost: x\r\n{}", "x-padding: ".to_owned() + &"y".repeat(60 * 1024));
    let body = format!(
        "POST /hmac HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-signature: AA==\r\ncontent-length: 200000\r\n\r\n{}",
        "z".repeat(100_000)
    );
    for number in 0..CROWD {
        let Ok(mut stream) = TcpStream::connect(&target.address).await else { continue };
        let text = if number % 2 == 0 { &head } else { &body };
        let _ = tokio::time::timeout(Duration::from_millis(200), stream.write_all(text.as_bytes())).await;
        held.push(stream);
    }
    held
}

/// Every file of the fuzz corpora, and the raw requests of the vectors where they are.
fn files() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = std::env::var_os("COUNTERSIGN_VECTORS").map_or_else(|| root.join("../shared/vectors"), PathBuf::from);
    let mut found = Vec::new();
    let mut folders = vec![root.join("fuzz/corpus"), vectors.join("gunicorn-http")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().map_while(Result::ok) {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => found.extend(std::fs::read(path)),
            }
        }
    }
    assert!(found.len() >= 50, "expected the corpora of the fuzz targets, but found {} files", found.len());
    found
}

fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-signature: AA==\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Heads that plain servers were seen to forgive, and heads without an end.
fn heads() -> Vec<Vec<u8>> {
    let with = |fields: &str| {
        format!("POST /hmac HTTP/1.1\r\nhost: x\r\n{fields}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n")
    };
    let mut found: Vec<String> = [
        "content-length: 4\r\ntransfer-encoding: chunked",
        "content-length: 1\r\ncontent-length: 2",
        "content-length: 1, 1",
        "content-length: +1",
        "transfer-encoding: xchunked",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
        "x-a : a",
        "x-a: a\r\n b",
        "host: y",
        "expect: y 100-continue",
        "content-encoding: gzip",
        "x-signature: a\r\nx-signature: b",
        "upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__",
    ]
    .map(with)
    .into();
    found.push("POST http://evil.example/a HTTP/1.1\r\nhost: x\r\n\r\n".to_owned());
    found.push("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned());
    found.push(with(&(0..2000).map(|n| format!("x-{n}: y")).collect::<Vec<_>>().join("\r\n")));
    found.push(with(&format!("x-long: {}", "y".repeat(1024 * 1024))));
    found.push(format!("POST /{} HTTP/1.1\r\n", "a".repeat(1024 * 1024)));
    found.into_iter().map(String::into_bytes).collect()
}

/// Bodies that are larger than they may be, announced or in chunks, and nested deeper than anybody means.
fn large() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, "z".repeat(64 * 1024));
    for path in PATHS {
        let head = |fields: &str| {
            format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-signature: AA==\r\n{fields}\r\n\r\n"
            )
        };
        found.push(head("content-length: 10737418240").into_bytes());
        found.push((head("transfer-encoding: chunked") + &chunk.repeat(64)).into_bytes());
        found.push((head("transfer-encoding: chunked") + &"1\r\nz\r\n".repeat(20_000)).into_bytes());
        for body in ["[".repeat(250_000), "{\"a\":".repeat(50_000), "9".repeat(260_000), "\u{0}".repeat(262_144)] {
            // Many at once of what just fits.
            (0..40).for_each(|_| found.push(post(path, body.as_bytes())));
        }
    }
    found
}
