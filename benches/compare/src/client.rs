//! A client of our own, for what wrk cannot do: one request for a control, and an open model: requests are due at a constant
//! rate whether or not the ones before are answered, and a time counts from when a request was due.

use std::io::{Error, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::requests::Stream;

/// How long an answer may take, as with wrk.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection, opened when it is needed.
pub struct Connection {
    port: u16,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

/// The status, and the whole answer as text.
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Connection {
    pub fn to(port: u16) -> Self {
        Self { port, stream: None, read: Vec::with_capacity(4096) }
    }

    pub fn exchange(&mut self, request: &[u8]) -> std::io::Result<Answer> {
        let answer = self.attempt(request);
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    fn attempt(&mut self, request: &[u8]) -> std::io::Result<Answer> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(("127.0.0.1", self.port))?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                none.insert(stream)
            }
        };
        stream.write_all(request)?;
        self.read.clear();
        let mut chunk = [0; 4096];
        loop {
            let found = stream.read(&mut chunk)?;
            if found == 0 {
                return Err(Error::other("expected an answer, but found the end"));
            }
            self.read.extend_from_slice(&chunk[..found]);
            if let Some(head) = whole(&self.read) {
                let status = self.read.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
                let status = status.ok_or_else(|| Error::other("expected a status, but found none"))?;
                if head.contains("\r\nconnection: close") {
                    self.stream = None;
                }
                return Ok(Answer { status, text: String::from_utf8_lossy(&self.read).into_owned() });
            }
        }
    }
}

/// The head in lower case, if the answer is there to its end.
fn whole(read: &[u8]) -> Option<String> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let complete = match field("content-length:") {
        Some(length) => read.len() >= end + 4 + length.parse::<usize>().unwrap_or(0),
        None if field("transfer-encoding:") == Some("chunked") => read.ends_with(b"0\r\n\r\n"),
        None => true,
    };
    complete.then_some(head)
}

/// A closed model for what wrk refuses to send, a head without the body that it announces: answers how many of `connections`
/// senders' requests were answered as expected, and fails with the first that was not.
pub fn closed(
    port: u16,
    request: &[u8],
    (connections, lasting): (usize, Duration),
    expected: fn(u16) -> bool,
) -> std::io::Result<usize> {
    let start = Instant::now();
    let one = || {
        let (mut connection, mut count) = (Connection::to(port), 0_usize);
        while start.elapsed() < lasting {
            let answer = connection.exchange(request)?;
            if !expected(answer.status) {
                return Err(Error::other(format!("expected another status, but found {}", answer.status)));
            }
            count += 1;
        }
        Ok(count)
    };
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..connections).map(|_| scope.spawn(one)).collect();
        senders.into_iter().map(|sender| sender.join().expect("a sender that ends")).sum()
    })
}

/// What a constant rate came to.
pub struct Paced {
    /// From when each was due to its answer, shortest first.
    pub times: Vec<Duration>,
    /// Answers with another status than expected, and connections that broke.
    pub wrong: usize,
    /// Those that were not answered, or not even sent, in time.
    pub late: usize,
}

/// Sends `rate` requests a second for so long, `connections` at once at most, from the record `first` on.
pub fn paced(
    port: u16,
    stream: &Stream,
    first: usize,
    (rate, connections, lasting): (f64, usize, Duration),
    expected: fn(u16) -> bool,
) -> Paced {
    let (next, start) = (AtomicUsize::new(0), Instant::now() + Duration::from_millis(50));
    let count = ((rate * lasting.as_secs_f64()) as usize).max(1);
    let one = || {
        let (mut connection, mut times) = (Connection::to(port), Vec::new());
        let (mut wrong, mut late) = (0_usize, 0_usize);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break (times, wrong, late);
            }
            // A contender that is hopelessly behind is not waited for.
            if start.elapsed() > lasting * 3 {
                late += 1;
                continue;
            }
            let due = start + Duration::from_secs_f64(number as f64 / rate);
            let request = stream.request(first + number);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            match connection.exchange(&request) {
                Ok(answer) if expected(answer.status) => times.push(due.elapsed()),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => late += 1,
                _ => wrong += 1,
            }
        }
    };
    let parts: Vec<(Vec<Duration>, usize, usize)> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..connections).map(|_| scope.spawn(one)).collect();
        senders.into_iter().map(|sender| sender.join().expect("a sender that ends")).collect()
    });
    let (wrong, late) = (parts.iter().map(|part| part.1).sum(), parts.iter().map(|part| part.2).sum());
    let mut times: Vec<Duration> = parts.into_iter().flat_map(|part| part.0).collect();
    times.sort_unstable();
    Paced { times, wrong, late }
}
