//! From a full inbox to an HTTP sink on loopback: events a second that the binary delivers. The sink shares the cores.
//!
//! `cargo bench --bench sinks`; with `-- 200000` it delivers that many events each time.
#![allow(missing_docs, reason = "a program")]

mod receipts;
#[path = "../tests/redis_server/mod.rs"]
mod redis_server;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign::clock::SystemClock;
use countersign::store::{SqliteStore, Store};
use receipts::{Front, offer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const TASKS: usize = 64;
/// Size of an event, in bytes.
const SIZE: usize = 1024;
const TAKEN: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// A sink that reads whole requests, counts them and takes them.
async fn sink(listener: TcpListener, count: Arc<AtomicUsize>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let count = Arc::clone(&count);
        tokio::spawn(async move {
            stream.set_nodelay(true).expect("a socket");
            let mut buffer = Vec::with_capacity(16 * 1024);
            while let Ok(1..) = stream.read_buf(&mut buffer).await {
                while let Some(length) = whole(&buffer) {
                    buffer.drain(..length);
                    count.fetch_add(1, Ordering::Relaxed);
                    stream.write_all(TAKEN).await.expect("a connection that stays");
                }
            }
        });
    }
}

/// How long the first request is, once all of it is there.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let length = text.split("content-length: ").nth(1)?.split("\r\n").next()?;
    let all = head + length.parse::<usize>().ok()?;
    (bytes.len() >= all).then_some(all)
}

fn start(folder: &Path, port: u16, concurrency: usize) -> Child {
    let text = format!(
        r#"
[server]
listen = "127.0.0.1:0"
[store]
url = "sqlite:inbox.db"
[[endpoint]]
name = "bench"
path = "/bench"
profile = "body-signature"
keys = [{{ secret = {{ file = "secret" }}, algorithm = "HS256" }}]
signature = {{ header = "x-signature", encoding = "base64", input = "{{body}}" }}
id = {{ json = "/id" }}
sink = "core"
[[sink]]
name = "core"
type = "http"
url = "http://127.0.0.1:{port}/events"
concurrency = {concurrency}
"#
    );
    std::fs::write(folder.join("countersign.toml"), text).expect("a file");
    std::fs::write(folder.join("secret"), [7; 32]).expect("a file");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.join("secret"), private).expect("a mode");
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .current_dir(folder)
        .env("RUST_LOG", "warn")
        .stdout(Stdio::null())
        .spawn()
        .expect("the program")
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let events: usize = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(60_000);
    let each = events / TASKS;
    let front = Front::new();
    println!("| at once | events | events a second |\n|---:|---:|---:|");
    for concurrency in [16, 64, 256] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = SqliteStore::open(&folder.path().join("inbox.db"), Arc::new(SystemClock)).expect("a file");
        let store: Arc<dyn Store> = Arc::new(file);
        let of = |task: usize| (0..each).map(move |number| (task * each + number).to_string());
        let work = (0..TASKS).map(|task| of(task).map(|id| front.receipt(&id, SIZE)).collect()).collect();
        offer(&store, work, true).await;
        drop(store);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("a port").port();
        let count = Arc::new(AtomicUsize::new(0));
        let taking = tokio::spawn(sink(listener, Arc::clone(&count)));
        let mut receiver = start(folder.path(), port, concurrency);
        let until = async |wanted: usize| {
            while count.load(Ordering::Relaxed) < wanted {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            (Instant::now(), count.load(Ordering::Relaxed))
        };
        let ((began, first), (ended, last)) = (until(1).await, until(each * TASKS).await);
        let rate = (last - first) as f64 / (ended - began).as_secs_f64();
        println!("| {concurrency} | {last} | {rate:.0} |");
        receiver.kill().expect("a process");
        receiver.wait().expect("a process");
        taking.abort();
    }
}
