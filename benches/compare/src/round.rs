//! One contender at one workload, once: fresh, controlled, warmed, loaded as fast as it goes, loaded at half of that, stopped.
//! A figure is only taken from a contender that refused the forgeries, and from a load whose every answer was as expected.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::client::{Connection, closed, paced};
use crate::contenders::{Contender, Places};
use crate::keys::Keys;
use crate::plan::{Outcome, Speaks, Workload};
use crate::process::{Running, ticks_a_second};
use crate::requests::{Dialect, Forgery, Stream, even, stream};

/// How long each part takes.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub warm: Duration,
    pub load: Duration,
    pub paced: Duration,
}

/// What one round came to.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Requests a second as fast as it goes.
    pub rate: f64,
    /// Processor time of the contender for each of them, in microseconds, a Redis of its own included.
    pub cpu: f64,
    /// From when a request was due to its answer at half the rate, in milliseconds.
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    /// The most memory it had, in MiB.
    pub peak: f64,
}

pub struct Round<'a> {
    pub places: &'a Places,
    pub keys: &'a Keys,
    pub workload: &'a Workload,
    pub contender: &'a Contender,
    pub dialect: Dialect,
    pub times: Times,
}

/// More requests a second than any contender could take.
const MOST: f64 = 160_000.0;
/// The same where each request is signed with RSA, which takes longer than most receivers take to verify.
const MOST_SIGNED: f64 = 2500.0;

/// The same for a second's bodies, in bytes.
const ROOM: f64 = 128.0 * 1024.0 * 1024.0;

impl Round<'_> {
    pub fn run(&self) -> Result<Figures> {
        let folder = self.places.built.join("round");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let requests = self.requests()?;
        let running = self.contender.start(self.places, self.keys, self.workload, &folder)?;
        self.controls(running.port)?;
        self.load(&running, &requests, &folder)
    }

    fn same(&self) -> bool {
        self.workload.outcome != Outcome::Accepted
    }

    fn requests(&self) -> Result<Stream> {
        let seconds = (self.times.warm + self.times.load + self.times.paced).as_secs_f64();
        let most = if self.dialect == Dialect::BodyWithId { MOST_SIGNED } else { MOST };
        // What is signed one by one is kept whole, and memory has an end.
        let most =
            if self.dialect == Dialect::BodyWithId { most.min(ROOM / self.workload.length as f64) } else { most };
        let count = if self.same() { 1 } else { (most * seconds) as usize };
        let made = stream(self.keys, self.dialect, self.workload, Forgery::None, (1, count))?;
        if even(&made) { Ok(made) } else { Err(Error::other("expected records of one width, but found others")) }
    }

    fn expected(&self) -> fn(u16) -> bool {
        // The lower ceiling takes whatever comes.
        if self.takes_all() { Outcome::Accepted.expected() } else { self.workload.outcome.expected() }
    }

    fn takes_all(&self) -> bool {
        self.contender.speaks == Speaks::Nothing
    }

    /// The honest request is taken, forgeries are not, and who says that it knows copies knows one.
    fn controls(&self, port: u16) -> Result<()> {
        let honest = Workload { outcome: Outcome::Accepted, ..self.workload.clone() };
        let ask = |forgery, name: &str, expected: Outcome| -> Result<String> {
            let request = stream(self.keys, self.dialect, &honest, forgery, (0, 1))?.request(0);
            let answer = Connection::to(port).exchange(&request)?;
            // One peer says 500 to a forger, so here, and in no load, a refusal may be that.
            let refused = !expected.succeeds() && answer.status == 500;
            if expected.expected()(answer.status) || refused {
                return Ok(answer.text);
            }
            Err(Error::other(format!("{name}: expected {expected:?}, but found {}: {}", answer.status, answer.text)))
        };
        if !self.takes_all() {
            ask(Forgery::Body, "control, a changed body", Outcome::BadSignature)?;
            ask(Forgery::Unsigned, "control, no signature", Outcome::Unsigned)?;
        }
        ask(Forgery::None, "control, an honest request", Outcome::Accepted)?;
        let Some(mark) = self.contender.knows_copies else { return Ok(()) };
        let text = ask(Forgery::None, "control, a copy", Outcome::Duplicate)?;
        if text.contains(mark) {
            return Ok(());
        }
        Err(Error::other(format!("control, a copy: expected {mark:?}, but found {text}")))
    }

    fn load(&self, running: &Running, requests: &Stream, folder: &Path) -> Result<Figures> {
        let parts = requests.write(folder)?;
        let seconds = |part: Duration| part.as_secs_f64();
        let all = seconds(self.times.warm + self.times.load + self.times.paced);
        let share = |part: Duration| (requests.count() as f64 * seconds(part) / all) as usize;
        let (warm, load) = (share(self.times.warm), share(self.times.load));
        if self.workload.outcome == Outcome::Duplicate {
            Connection::to(running.port).exchange(&requests.request(0))?;
        }
        let fast = |records, lasting: Duration| {
            if self.workload.outcome != Outcome::Oversize {
                return self.wrk(running.port, &parts, records, lasting);
            }
            let shape = (self.workload.connections, lasting);
            let count = closed(running.port, &requests.request(0), shape, self.expected())?;
            Ok((count as f64, seconds(lasting)))
        };
        fast((0, warm), self.times.warm)?;
        let before = running.ticks();
        let (count, took) = fast((warm, load), self.times.load)?;
        let ticks = running.ticks().saturating_sub(before);
        let rate = count / took;
        let shape = (rate / 2.0, self.workload.connections, self.times.paced);
        let times = paced(running.port, requests, warm + load, shape, self.expected());
        let said = format!("at half load: {} wrong and {} late beside {}", times.wrong, times.late, times.times.len());
        if times.wrong > 0 {
            return Err(Error::other(said));
        }
        if times.late > 0 || times.times.is_empty() {
            return Err(Error::new(ErrorKind::TimedOut, said));
        }
        let at = |part: f64| {
            let place = ((times.times.len() as f64 * part) as usize).min(times.times.len() - 1);
            times.times[place].as_secs_f64() * 1e3
        };
        Ok(Figures {
            rate,
            cpu: ticks as f64 / ticks_a_second()? * 1e6 / count,
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            peak: running.peak() as f64 / 1024.0,
        })
    }

    /// A closed model by wrk; answers how many requests, and how many seconds they took.
    fn wrk(
        &self,
        port: u16,
        parts: &[String; 4],
        (first, count): (usize, usize),
        lasting: Duration,
    ) -> Result<(f64, f64)> {
        let threads = self.workload.connections.min(2);
        let share = if self.same() { 0 } else { count / threads };
        let mut command = Command::new("wrk");
        command.args([format!("-t{threads}"), format!("-c{}", self.workload.connections)]);
        command.args([format!("-d{}s", lasting.as_secs().max(1)), "--timeout".into(), "10s".into(), "-s".into()]);
        command.arg(self.places.here.join("wrk.lua")).arg(format!("http://127.0.0.1:{port}/hook")).arg("--");
        command.args(parts).args([first.to_string(), share.to_string()]);
        let output = command.output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("figures "));
        let said = || {
            Error::other(format!(
                "expected figures of wrk, but found {text}{}",
                String::from_utf8_lossy(&output.stderr)
            ))
        };
        let figures: serde_json::Value = serde_json::from_str(line.ok_or_else(said)?)?;
        let number = |name: &str| figures.get(name).and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN);
        let wrong = if self.workload.outcome.succeeds() || self.takes_all() {
            number("refused")
        } else {
            number("requests") - number("refused")
        };
        if wrong != 0.0 || number("broken") != 0.0 || number("exhausted") != 0.0 {
            return Err(Error::other(format!("expected every answer to be as the workload says, but found {figures}")));
        }
        if number("late") != 0.0 || number("requests") == 0.0 {
            return Err(Error::new(ErrorKind::TimedOut, format!("expected answers in time, but found {figures}")));
        }
        Ok((number("requests"), number("micros") / 1e6))
    }
}
