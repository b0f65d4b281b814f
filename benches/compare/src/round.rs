//! One contender at one workload, once: fresh, controlled, warmed, loaded as fast as it goes, loaded at half of that, asked what
//! it keeps, stopped. It is at rest before each part. A figure is only taken from a contender that refused the forgeries, and
//! from a load whose every answer was as expected.

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::client::Connection;
use crate::contenders::{Contender, Places};
use crate::generator::{Expected, Load, heads, wrk};
use crate::kept::{self, Acknowledged};
use crate::keys::Keys;
use crate::paced::{PATIENCE, Paced, paced};
use crate::plan::{Outcome, Speaks, Workload};
use crate::process::{Running, ticks_a_second};
use crate::requests::{Dialect, Forgery, Stream, Wanted, stream};

/// How long each part takes.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub warm: Duration,
    pub load: Duration,
    pub paced: Duration,
}

/// What one round came to.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Requests a second as fast as it goes.
    pub rate: f64,
    /// Processor time of the contender for each of them, in microseconds, a Redis of its own included.
    pub cpu: f64,
    /// The same of wrk.
    pub generator: Option<f64>,
    /// The most memory it was seen with, in MiB.
    pub memory: f64,
    /// Or why there are none.
    pub latencies: std::result::Result<Latencies, String>,
}

/// From when a request was due to its answer at half the rate, in milliseconds, as far as there are answers enough.
#[derive(Debug, Clone, Copy)]
pub struct Latencies {
    pub p50: f64,
    pub p99: Option<f64>,
    pub p999: Option<f64>,
}

pub struct Round<'a> {
    pub places: &'a Places,
    pub keys: &'a Keys,
    pub workload: &'a Workload,
    pub contender: &'a Contender,
    pub dialect: Dialect,
    pub times: Times,
}

/// How many events a load of duplicates sends again and again.
const KNOWN: usize = 512;
/// How many requests that were signed one by one are sent again and again to who remembers none.
const FORGOTTEN: usize = 10_000;
/// How many of them are signed for each second of the first load of who remembers them, before its rate is known.
const SIGNED: f64 = 2500.0;
/// The longest load, for who needs it to answer ten requests a connection.
const LONGEST: Duration = Duration::from_secs(60);
/// How long a contender may work off what a load left behind.
const REST: Duration = Duration::from_secs(90);

impl Round<'_> {
    pub fn run(&self) -> Result<Figures> {
        let (folder, running, mut told) = self.begin("round")?;
        self.warmed(&running, &folder, &mut told)
    }

    /// Started with an empty folder of this name, and asked the controls.
    pub fn begin(&self, name: &str) -> Result<(PathBuf, Running, Acknowledged)> {
        let folder = self.places.built.join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let running = self.contender.start(self.places, self.keys, self.workload, &folder)?;
        self.controls(running.port)?;
        let mut told = Acknowledged { events: 1, cut_off: 0 };
        if self.workload.outcome == Outcome::Duplicate {
            let (requests, mut connection) = (self.requests(1, KNOWN)?, Connection::to(running.port));
            for number in 0..KNOWN {
                let answer = connection.exchange(&requests.request(number).unwrap_or_default())?;
                if answer.status != self.contender.answers.accepted {
                    return Err(Error::other(format!("expected an event to be taken, but found {}", answer.text)));
                }
            }
            told.events += KNOWN as u64;
        }
        running.settle(REST)?;
        Ok((folder, running, told))
    }

    /// Requests of a phase; `count` is how many at most, where each is signed on its own and may come once.
    pub fn requests(&self, phase: u16, count: usize) -> Result<Stream> {
        let remembers = self.contender.knows_copies.is_some();
        let wanted = match self.workload.outcome {
            // The ids of the first phase are those that it knows.
            Outcome::Duplicate => Wanted { phase: 1, count: KNOWN, again: true },
            Outcome::Accepted if remembers || !self.dialect.signs_the_id() => Wanted { phase, count, again: false },
            Outcome::Accepted => Wanted { phase, count: FORGOTTEN, again: true },
            _ => Wanted { phase, count: KNOWN, again: self.dialect.signs_the_id() },
        };
        stream(self.keys, self.dialect, self.workload, Forgery::None, wanted)
    }

    fn status(&self) -> u16 {
        self.contender.answers.to(self.workload.outcome)
    }

    /// The honest request is taken, forgeries are not, and who says that it knows copies knows one.
    fn controls(&self, port: u16) -> Result<()> {
        let honest = Workload { outcome: Outcome::Accepted, ..self.workload.clone() };
        let answers = self.contender.answers;
        let wanted = Wanted { phase: 0, count: 1, again: false };
        let ask = |forgery, name: &str, status: u16| -> Result<String> {
            let request = stream(self.keys, self.dialect, &honest, forgery, wanted)?.request(0);
            let answer = Connection::to(port).exchange(&request.unwrap_or_default())?;
            if answer.status == status {
                return Ok(answer.text);
            }
            let said = answer.text.replace("\r\n", "; ");
            Err(Error::other(format!("{name}: expected {status}, but found {said}")))
        };
        // The lower ceiling takes whatever comes.
        if self.contender.speaks != Speaks::Nothing {
            ask(Forgery::Body, "control, a changed body", answers.forged)?;
            ask(Forgery::Signature, "control, a changed signature", answers.forged)?;
            ask(Forgery::Unsigned, "control, no signature", answers.unsigned)?;
        }
        ask(Forgery::None, "control, an honest request", answers.accepted)?;
        let Some(mark) = self.contender.knows_copies else { return Ok(()) };
        let text = ask(Forgery::None, "control, a copy", answers.accepted)?;
        if text.contains(mark) {
            return Ok(());
        }
        let said = text.replace("\r\n", "; ");
        Err(Error::other(format!("control, a copy: expected {mark:?}, but found {said}")))
    }

    /// As fast as it goes, and what of it may have been acknowledged.
    pub fn fast(
        &self,
        (running, folder): (&Running, &Path),
        (phase, rate): (u16, f64),
        lasting: Duration,
        told: &mut Acknowledged,
    ) -> Result<Load> {
        // Twice what it took before, so that it does not run out, and what is under way at the end.
        let count = rate * 2.0 * lasting.as_secs_f64() + 4.0 * self.workload.connections as f64;
        let requests = self.requests(phase, count as usize)?;
        let shape = (self.workload.connections, lasting);
        // Whether an accepted request was one is known from what is kept, and asking for each costs wrk more.
        let expected = Expected { status: self.status(), exactly: !self.workload.outcome.succeeds() };
        let load = if self.workload.outcome == Outcome::Oversize {
            heads(running.port, &requests, shape, expected)?
        } else {
            wrk(&self.places.here.join("wrk.lua"), running.port, (&requests, folder), shape, expected)?
        };
        if self.workload.outcome == Outcome::Accepted {
            told.events += load.count as u64;
            told.cut_off += self.workload.connections as u64;
        }
        Ok(load)
    }

    fn warmed(&self, running: &Running, folder: &Path, told: &mut Acknowledged) -> Result<Figures> {
        let place = (running, folder);
        let warm = self.fast(place, (1, SIGNED / 2.0), self.times.warm, told)?;
        running.settle(REST)?;
        // Long enough for ten requests a connection, so that a slow one has a figure too.
        let enough = Duration::from_secs_f64((10.0 * self.workload.connections as f64 / warm.rate().max(1.0)).ceil());
        let lasting = self.times.load.max(enough.min(LONGEST));
        let (done, memory) = (AtomicBool::new(false), AtomicU64::new(running.memory()));
        let (load, cpu, paced) = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(500));
                    memory.fetch_max(running.memory(), Ordering::Relaxed);
                }
            });
            let measured = self.measured(place, warm.rate(), lasting, told);
            done.store(true, Ordering::Relaxed);
            measured
        })?;
        kept::check(self.contender, self.places, running, folder, *told)?;
        let memory = memory.into_inner().max(running.memory()) as f64 / 1024.0;
        Ok(Figures { rate: load.rate(), cpu, generator: load.cpu, memory, latencies: latencies(&paced) })
    }

    /// The two loads that figures are taken from.
    fn measured(
        &self,
        place: (&Running, &Path),
        rate: f64,
        lasting: Duration,
        told: &mut Acknowledged,
    ) -> Result<(Load, f64, Paced)> {
        let (running, connections) = (place.0, self.workload.connections);
        let before = running.ticks();
        let load = self.fast(place, (2, rate), lasting, told)?;
        if load.count < 1.0 {
            let seconds = lasting.as_secs();
            return Err(Error::other(format!("expected an answer within {seconds} s, but found none")));
        }
        running.settle(REST)?;
        let ticks = running.ticks().saturating_sub(before) as f64;
        // What was cut off at the end was worked off as well.
        let cpu = ticks / ticks_a_second()? * 1e6 / (load.count + connections as f64);
        let half = load.rate() / 2.0;
        let count = half * (self.times.paced.as_secs_f64() + 2.0) + connections as f64;
        let requests = self.requests(3, count as usize)?;
        let paced = paced(running.port, &requests, (half, connections, self.times.paced), self.status())?;
        if paced.wrong > 0 {
            let (wrong, well) = (paced.wrong, paced.answered);
            return Err(Error::other(format!("at half of its rate: {wrong} wrong answers beside {well}")));
        }
        running.settle(REST)?;
        if self.workload.outcome == Outcome::Accepted {
            told.events += paced.answered as u64;
            told.cut_off += (paced.late + paced.again) as u64;
        }
        Ok((load, cpu, paced))
    }
}

fn latencies(paced: &Paced) -> std::result::Result<Latencies, String> {
    let (count, late) = (paced.times.len(), paced.late);
    if late > 0 {
        let all = paced.answered.max(count) + late;
        let seconds = PATIENCE.as_secs();
        return Err(format!("at half of its rate {late} of {all} requests had no answer within {seconds} s"));
    }
    let at = |part: f64, least: usize| {
        let place = ((count as f64 * part) as usize).min(count.saturating_sub(1));
        paced.times.get(place).filter(|_| count >= least).map(|time| time.as_secs_f64() * 1e3)
    };
    let p50 = at(0.5, 1).ok_or("at half of its rate nothing was due after the first second")?;
    Ok(Latencies { p50, p99: at(0.99, 1000), p999: at(0.999, 10_000) })
}
