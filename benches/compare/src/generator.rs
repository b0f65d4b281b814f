//! A closed model: so many connections, each of which sends its next request as soon as it has an answer. The rule: one answer
//! that is not as expected, and there is no figure.

use std::io::{Error, Result};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::client::Connection;
use crate::process::{ticks_a_second, ticks_of_ended};
use crate::requests::Stream;

/// What was sent and answered.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub count: f64,
    pub seconds: f64,
    /// Processor time of the generator for each of them, in microseconds, if it is a process of its own.
    pub cpu: Option<f64>,
}

impl Load {
    pub fn rate(&self) -> f64 {
        self.count / self.seconds
    }
}

/// Which answer a load expects.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    pub status: u16,
    /// Whether each status is looked at; otherwise any below 400 will do, which is cheaper to see.
    pub exactly: bool,
}

/// As many threads as there are cores for them beside the contender.
pub fn threads(connections: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    (cores / 2).clamp(2, 15).min(connections)
}

/// A load by wrk.
pub fn wrk(
    script: &Path,
    port: u16,
    (stream, folder): (&Stream, &Path),
    (connections, lasting): (usize, Duration),
    expected: Expected,
) -> Result<Load> {
    let threads = threads(connections);
    let mut command = Command::new("wrk");
    command.args([format!("-t{threads}"), format!("-c{connections}"), format!("-d{}s", lasting.as_secs().max(1))]);
    command.args(["--timeout", "60s", "-s"]).arg(script).arg(format!("http://127.0.0.1:{port}/hook")).arg("--");
    command.args(stream.write(folder, threads)?);
    command.arg(if expected.exactly { expected.status } else { 0 }.to_string());
    let before = ticks_of_ended();
    let output = command.output()?;
    let ticks = ticks_of_ended().saturating_sub(before);
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("figures "));
    let said = || {
        let more = String::from_utf8_lossy(&output.stderr);
        Error::other(format!("expected figures of wrk, but found {text}{more}"))
    };
    let figures: serde_json::Value = serde_json::from_str(line.ok_or_else(said)?)?;
    let number = |name: &str| figures.get(name).and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN);
    let wrong = number("wrong") + if expected.exactly { 0.0 } else { number("refused") };
    if wrong != 0.0 || number("broken") != 0.0 || number("late") != 0.0 || number("exhausted") != 0.0 {
        return Err(Error::other(format!("expected every answer to be {}, but found {figures}", expected.status)));
    }
    let count = number("requests");
    let cpu = ticks as f64 / ticks_a_second()? * 1e6 / count.max(1.0);
    Ok(Load { count, seconds: number("micros") / 1e6, cpu: Some(cpu) })
}

/// The same for what wrk refuses to send, a head without the body that it announces.
pub fn heads(
    port: u16,
    stream: &Stream,
    (connections, lasting): (usize, Duration),
    expected: Expected,
) -> Result<Load> {
    let start = Instant::now();
    let request = stream.request(0).unwrap_or_default();
    let one = || {
        let (mut connection, mut count) = (Connection::to(port), 0_u32);
        while start.elapsed() < lasting {
            let answer = connection.exchange(&request)?;
            if answer.status != expected.status {
                return Err(Error::other(format!("expected {}, but found {}", expected.status, answer.status)));
            }
            count += 1;
        }
        Ok(count)
    };
    let count: Result<u32> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..connections).map(|_| scope.spawn(one)).collect();
        senders.into_iter().map(|sender| sender.join().expect("a sender that ends")).sum()
    });
    Ok(Load { count: f64::from(count?), seconds: start.elapsed().as_secs_f64(), cpu: None })
}
