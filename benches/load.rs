//! The binary under load over loopback: events of 1 KiB a second with 64 and with 256 connections, and its memory. The
//! sender, the receiver and Redis share the cores; signatures are HMACs, which cost next to nothing.
//!
//! `cargo bench --bench load`; with `-- 1000000` it sends that many events to SQLite instead, and prints the memory on the
//! way.
#![allow(missing_docs, reason = "a program")]

#[path = "../tests/redis_server/mod.rs"]
mod redis_server;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::crypto::{Algorithm, MacKey, Secret};
use countersign::wire::encoding::Encoding;
use redis_server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SECRET: [u8; 32] = *b"for measuring, and nothing else.";
/// Events of one round.
const ROUND: usize = 60_000;
const ROUNDS: usize = 3;

/// A running receiver, ended when it is dropped.
struct Receiver {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Receiver {
    fn start(store: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let secret = folder.path().join("secret");
        std::fs::write(&secret, SECRET).expect("a file");
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&secret, private).expect("a mode");
        let text = format!(
            r#"
[server]
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
[store]
url = "{store}"
[[endpoint]]
name = "load"
path = "/load"
profile = "body-signature"
keys = [{{ secret = {{ file = "secret" }}, algorithm = "HS256" }}]
signature = {{ header = "x-signature", encoding = "base64", input = "{{body}}" }}
id = {{ json = "/id" }}
sink = "nowhere"
[[sink]]
name = "nowhere"
type = "none"
"#
        );
        std::fs::write(folder.path().join("countersign.toml"), text).expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .current_dir(folder.path())
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        let address = lines
            .by_ref()
            .inspect(|line| eprintln!("{line}"))
            .find_map(|line| {
                let rest = line.strip_prefix("ready: http://").filter(|_| line.contains("for senders"))?;
                rest.split(' ').next().map(str::to_owned)
            })
            .expect("a receiver that gets ready");
        std::thread::spawn(move || lines.for_each(|line| eprintln!("{line}")));
        Self { child, address, _folder: folder }
    }

    /// Resident memory in KiB.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(Path::new("/proc").join(self.child.id().to_string()).join("status"));
        let status = status.expect("a process that runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends events one after the other over one connection; each is answered before the next one.
async fn sender(address: String, key: Arc<MacKey>, ids: std::ops::Range<usize>) {
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    let mut answer = Vec::with_capacity(1024);
    for id in ids {
        let id = format!("{id:012}");
        let body = format!("{{\"id\":\"{id}\",\"pad\":\"{}\"}}", "x".repeat(1024 - 30));
        let signature = Encoding::Base64.encode(&key.sign(&[body.as_bytes()]));
        let request = format!(
            "POST /load HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nx-signature: {signature}\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("a write");
        answer.clear();
        while !answer.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut answer).await.expect("a read") > 0, "expected an answer, but found the end");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
}

/// Sends events from `from` on over so many connections; answers how long it took.
async fn burst(receiver: &Receiver, connections: usize, from: usize, events: usize) -> Duration {
    let key = MacKey::new(Algorithm::Hs256, &Secret::new(SECRET).expect("a secret")).expect("a key");
    let (key, each) = (Arc::new(key), events / connections);
    let started = Instant::now();
    let senders: Vec<_> = (0..connections)
        .map(|at| {
            let first = from + at * each;
            tokio::spawn(sender(receiver.address.clone(), Arc::clone(&key), first..first + each))
        })
        .collect();
    for sender in senders {
        sender.await.expect("a sender that ends");
    }
    started.elapsed()
}

async fn rates() {
    let flushing = |flush| Server::start(&["--appendonly", "yes", "--appendfsync", flush]);
    let (everysec, always) = (flushing("everysec"), flushing("always"));
    let stores = [
        ("memory", "memory:".to_owned()),
        ("SQLite", "sqlite:inbox.db".to_owned()),
        ("Redis, `everysec`", everysec.url()),
        ("Redis, `always`", always.url()),
    ];
    println!("| store | 64 connections | 256 connections | memory before, after |\n|---|---:|---:|---:|");
    for (name, url) in stores {
        let receiver = Receiver::start(&url);
        let before = receiver.memory();
        let (mut from, mut cells) = (0, String::new());
        for connections in [64, 256] {
            let mut rates = Vec::new();
            for _ in 0..ROUNDS {
                let took = burst(&receiver, connections, from, ROUND).await;
                rates.push((ROUND as f64 / took.as_secs_f64()) as u64);
                from += ROUND;
            }
            rates.sort_unstable();
            cells += &format!(" {} ({} to {}) |", rates[ROUNDS / 2], rates[0], rates[ROUNDS - 1]);
        }
        println!("| {name} |{cells} {} MiB, {} MiB |", before / 1024, receiver.memory() / 1024);
    }
}

async fn memory(events: usize) {
    let receiver = Receiver::start("sqlite:inbox.db");
    println!("| events | resident memory, KiB |\n|---:|---:|\n| 0 | {} |", receiver.memory());
    let step = (events / 10).max(1);
    for from in (0..events).step_by(step) {
        burst(&receiver, 64, from, step).await;
        println!("| {} | {} |", from + step, receiver.memory());
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    match std::env::args().skip(1).find_map(|word| word.parse().ok()) {
        Some(events) => memory(events).await,
        None => rates().await,
    }
}
