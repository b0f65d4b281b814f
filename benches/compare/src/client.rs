//! A client of our own, one request after the other, for controls and for what wrk cannot send.

use std::io::{Error, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take.
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
            if let Some((status, closes)) = whole(&self.read) {
                if closes {
                    self.stream = None;
                }
                return Ok(Answer { status, text: String::from_utf8_lossy(&self.read).into_owned() });
            }
        }
    }
}

/// The status of an answer that is there to its end, and whether the connection is closed after it.
pub fn whole(read: &[u8]) -> Option<(u16, bool)> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let complete = match field("content-length:") {
        Some(length) => read.len() >= end + 4 + length.parse::<usize>().unwrap_or(0),
        None if field("transfer-encoding:") == Some("chunked") => read.ends_with(b"0\r\n\r\n"),
        None => true,
    };
    // What is no number is no status that anybody expects.
    let status = head.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    complete.then(|| (status, field("connection:") == Some("close")))
}
