//! The other side of an HTTP sink: real sockets that answer as a test says, and a process of its own that can be killed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// What is answered to one event.
#[derive(Clone)]
pub enum Answer {
    /// A status, with more headers and nothing else.
    Status(u16, String),
    /// These bytes, and the end of the connection.
    Raw(&'static [u8]),
    /// A 200 with more headers and a body of so many bytes.
    Body(String, usize),
    /// A 200 whose body comes a byte at a time and never ends.
    Trickle,
    /// Nothing for so long, then 204.
    After(Duration),
}

pub const TAKEN: Answer = Answer::Status(204, String::new());

pub fn status(status: u16) -> Answer {
    Answer::Status(status, String::new())
}

/// What has come in, in order, and when.
#[derive(Default)]
pub struct Seen {
    pub events: Vec<(Instant, Value)>,
    pub connections: usize,
    pub most_at_once: usize,
    at_once: usize,
}

pub struct Core {
    pub url: String,
    pub seen: Arc<Mutex<Seen>>,
}

impl Core {
    /// Answers each event as `answer` says, which is told how often this event came.
    pub fn start(answer: impl Fn(&Value, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
    }

    pub fn start_on(listener: TcpListener, answer: impl Fn(&Value, usize) -> Answer + Send + Sync + 'static) -> Self {
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let (seen, answer) = (Arc::new(Mutex::new(Seen::default())), Arc::new(answer));
        let counting = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, answer) = (Arc::clone(&counting), Arc::clone(&answer));
                seen.lock().unwrap().connections += 1;
                std::thread::spawn(move || converse(stream, &seen, &*answer));
            }
        });
        Self { url, seen }
    }

    /// How often each payment came.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (_, event) in &self.seen.lock().unwrap().events {
            *counts.entry(payment(event)).or_default() += 1;
        }
        counts
    }

    /// The payments in the order in which they came.
    pub fn order(&self) -> Vec<String> {
        self.seen.lock().unwrap().events.iter().map(|(_, event)| payment(event)).collect()
    }
}

/// The payment that an event is about.
pub fn payment(event: &Value) -> String {
    event["subject"].as_str().unwrap_or_default().to_owned()
}

/// Reads the next request; its body.
fn request(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok()?;
            return Some(body);
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
}

fn converse(stream: TcpStream, seen: &Mutex<Seen>, answer: &(impl Fn(&Value, usize) -> Answer + ?Sized)) {
    stream.set_nodelay(true).unwrap();
    let (mut out, mut reader) = (stream.try_clone().unwrap(), BufReader::new(stream));
    while let Some(body) = request(&mut reader) {
        let event: Value = serde_json::from_slice(&body).unwrap();
        let times = {
            let mut seen = seen.lock().unwrap();
            seen.events.push((Instant::now(), event.clone()));
            seen.at_once += 1;
            seen.most_at_once = seen.most_at_once.max(seen.at_once);
            seen.events.iter().filter(|(_, other)| other["id"] == event["id"]).count()
        };
        let written = match answer(&event, times) {
            Answer::Status(status, headers) => respond(&mut out, status, &headers),
            Answer::After(time) => {
                std::thread::sleep(time);
                respond(&mut out, 204, "")
            }
            Answer::Body(headers, length) => {
                let head = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\n\r\n");
                out.write_all(head.as_bytes()).and_then(|()| out.write_all(&vec![b'x'; length])).is_ok()
            }
            Answer::Raw(bytes) => {
                let _ = out.write_all(bytes);
                let _ = out.shutdown(std::net::Shutdown::Both);
                false
            }
            Answer::Trickle => {
                let mut open = out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").is_ok();
                while open {
                    std::thread::sleep(Duration::from_millis(50));
                    open = out.write_all(b"x").is_ok();
                }
                false
            }
        };
        seen.lock().unwrap().at_once -= 1;
        if !written {
            return;
        }
    }
}

fn respond(out: &mut TcpStream, status: u16, headers: &str) -> bool {
    let length = if status == 204 { "" } else { "content-length: 0\r\n" };
    out.write_all(format!("HTTP/1.1 {status} X\r\n{headers}{length}\r\n").as_bytes()).is_ok()
}

/// A consumer in a process of its own, which deduplicates by the id of an event: what it was sent stands in one file, what it
/// did about it in another, and it answers after both.
pub struct Consumer {
    child: Child,
    test: &'static str,
    address: String,
    folder: PathBuf,
}

impl Consumer {
    /// Starts it; `test` is one that calls [`consume_from_environment`].
    pub fn start(test: &'static str, address: &str, folder: &Path) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env("CONSUMER_ADDRESS", address)
            .env("CONSUMER_FOLDER", folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let started = Self { child, test, address: address.to_owned(), folder: folder.to_owned() };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "expected the consumer to listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        started
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// A new start on the same address, after a kill.
    pub fn restart(&mut self) {
        let address = self.address.clone();
        *self = Self::start(self.test, &address, &self.folder.clone());
    }

    /// The whole lines of a file: what it was sent (`sent`), or what it did (`effects`).
    pub fn lines(folder: &Path, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(str::to_owned).collect()
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The work of a [`Consumer`]; nothing where nobody asked for it.
pub fn consume_from_environment() {
    let (Ok(address), Ok(folder)) = (std::env::var("CONSUMER_ADDRESS"), std::env::var("CONSUMER_FOLDER")) else {
        return;
    };
    let folder = PathBuf::from(folder);
    let append = |name: &str| {
        let path = folder.join(name);
        let torn = std::fs::read(&path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        if torn {
            file.write_all(b" torn\n").unwrap();
        }
        file
    };
    let (sent, effects) = (append("sent"), append("effects"));
    let known: BTreeSet<String> = Consumer::lines(&folder, "effects").into_iter().collect();
    let state = Mutex::new((sent, effects, known));
    let _core = Core::start_on(TcpListener::bind(address).unwrap(), move |event, _| {
        let line = format!("{} {}", event["id"].as_str().unwrap(), event["requestid"].as_str().unwrap());
        let (sent, effects, known) = &mut *state.lock().unwrap();
        sent.write_all(format!("{line}\n").as_bytes()).unwrap();
        if !known.contains(&line) {
            effects.write_all(format!("{line}\n").as_bytes()).unwrap();
            known.insert(line);
        }
        TAKEN
    });
    loop {
        std::thread::park();
    }
}
