//! An open model: requests are due at a constant rate whether or not the ones before are answered, and a time counts from when
//! a request was due. One thread has all connections, which are open before the first request; what is answered in the first
//! second counts for nothing.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Result, Write};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::client::whole;
use crate::requests::Stream;

/// An answer that takes longer is late.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// What is due in this time is sent, and not measured.
const FIRST: Duration = Duration::from_secs(1);
/// How long this sleeps when nothing is due: the grain of all times.
const GRAIN: Duration = Duration::from_micros(100);

/// What a constant rate came to.
#[derive(Debug, Default)]
pub struct Paced {
    /// From when each was due to its answer, shortest first.
    pub times: Vec<Duration>,
    /// As expected, those of the first second too.
    pub answered: usize,
    /// Answers with another status than expected, and connections that broke.
    pub wrong: usize,
    /// Those that were not answered, or not even sent, in time.
    pub late: usize,
    /// Sent again on a new connection, because the one before was closed meanwhile.
    pub again: usize,
}

/// One connection and the request that is under way on it.
struct Line {
    stream: Option<TcpStream>,
    out: Vec<u8>,
    written: usize,
    read: Vec<u8>,
    due: Option<Instant>,
    /// Whether the connection had an answer before.
    used: bool,
}

/// What came of an event on a line.
enum Step {
    Waits,
    Answered(u16),
    Broke,
}

impl Line {
    fn connect(port: u16, token: usize, poll: &Poll) -> Result<TcpStream> {
        let stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(token), Interest::READABLE | Interest::WRITABLE)?;
        Ok(stream)
    }

    /// Goes on with what is under way, as far as the socket allows.
    fn go_on(&mut self) -> Step {
        let Some(stream) = &mut self.stream else { return Step::Waits };
        while self.written < self.out.len() {
            match stream.write(&self.out[self.written..]) {
                Ok(written) => self.written += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // An answer may be there although the rest of the request was not wanted.
                Err(_) => break,
            }
        }
        let mut chunk = [0; 4096];
        loop {
            match stream.read(&mut chunk) {
                Ok(0) => return self.ended(),
                Ok(found) => self.read.extend_from_slice(&chunk[..found]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.ended(),
            }
        }
        self.answer().unwrap_or(Step::Waits)
    }

    fn answer(&mut self) -> Option<Step> {
        self.due?;
        let (status, closes) = whole(&self.read)?;
        self.read.clear();
        self.used = true;
        if closes {
            self.stream = None;
        }
        Some(Step::Answered(status))
    }

    fn ended(&mut self) -> Step {
        let last = self.answer();
        self.stream = None;
        last.unwrap_or(if self.due.is_some() { Step::Broke } else { Step::Waits })
    }
}

/// Sends `rate` requests a second for so long after the first second, at most one at once on each of `connections`.
pub fn paced(
    port: u16,
    stream: &Stream,
    (rate, connections, lasting): (f64, usize, Duration),
    status: u16,
) -> Result<Paced> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    let (mut lines, mut idle) = (Vec::new(), VecDeque::new());
    for token in 0..connections {
        let stream = Some(Line::connect(port, token, &poll)?);
        lines.push(Line { stream, out: Vec::new(), written: 0, read: Vec::new(), due: None, used: false });
        idle.push_back(token);
    }
    let (count, start) = (((rate * (FIRST + lasting).as_secs_f64()) as usize).max(1), Instant::now());
    let due_at = |number: usize| start + Duration::from_secs_f64(number as f64 / rate);
    let end = start + FIRST + lasting + PATIENCE;
    let (mut paced, mut next) = (Paced::default(), 0);
    while next < count || idle.len() < connections {
        let now = Instant::now();
        if now > end {
            paced.late += (count - next) + (connections - idle.len());
            break;
        }
        // Whoever was sent something may have answered before anybody asks.
        let mut ready: Vec<usize> = Vec::new();
        while next < count && due_at(next) <= now {
            let Some(token) = idle.pop_front() else { break };
            let Some(request) = stream.request(next) else { return Ok(paced) };
            let line = &mut lines[token];
            (line.out, line.written, line.due) = (request, 0, Some(due_at(next)));
            if line.stream.is_none() {
                (line.stream, line.used) = (Some(Line::connect(port, token, &poll)?), false);
            }
            line.read.clear();
            ready.push(token);
            next += 1;
        }
        if ready.is_empty() {
            let wait = if next < count && !idle.is_empty() { due_at(next) - now } else { PATIENCE / 100 };
            // What waits in the kernel is rounded up to a millisecond, so the last one is spent in short sleeps.
            poll.poll(&mut events, Some(wait.saturating_sub(Duration::from_millis(2))))?;
            if events.is_empty() {
                std::thread::sleep(wait.min(GRAIN));
            }
            ready.extend(events.iter().map(|event| event.token().0));
        }
        for token in ready {
            let line = &mut lines[token];
            let mut step = line.go_on();
            if matches!(step, Step::Broke) && line.used && line.read.is_empty() {
                // Closed while it was idle, which any server may do.
                (line.stream, line.used, line.written) = (Some(Line::connect(port, token, &poll)?), false, 0);
                paced.again += 1;
                step = line.go_on();
            }
            let took = line.due.map(|due| (due, due.elapsed()));
            match (step, took) {
                (Step::Waits, _) | (_, None) => continue,
                (Step::Answered(found), Some((due, took))) if found == status => {
                    paced.answered += 1;
                    paced.late += usize::from(took > PATIENCE);
                    if due >= start + FIRST {
                        paced.times.push(took);
                    }
                }
                (Step::Answered(_) | Step::Broke, _) => paced.wrong += 1,
            }
            line.due = None;
            idle.push_back(token);
        }
    }
    paced.times.sort_unstable();
    Ok(paced)
}
