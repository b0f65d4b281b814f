//! Whether a rate stays: one process of one contender under an unending load of new events, in windows of ten seconds. Each
//! window is signed anew, so that no signature gets too old.

use std::fmt::Write as _;
use std::io::{Error, Result};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::bars::RATE;
use crate::contenders::Contender;
use crate::kept;
use crate::plan::Workload;
use crate::printed::Printed;
use crate::process::ticks_a_second;
use crate::round::Round;

const WINDOW: Duration = Duration::from_secs(10);
/// More than was ever seen to be kept in a second, in KiB: for each second so much has to be free.
const ROOM: u64 = 40 * 1024;

struct Window {
    second: u64,
    rate: f64,
    cpu: f64,
    memory: f64,
}

/// A table of its windows, and what is said below it.
pub struct Steady {
    windows: Vec<Window>,
    /// What the store had on the disk at the end, in MiB.
    disk: u64,
}

/// Loads it for so many minutes, whatever a round's own times are.
pub fn steady(round: &Round<'_>, minutes: u64) -> Result<Steady> {
    let free = mebibytes(Command::new("df").args(["-m", "--output=avail"]).arg(&round.places.built))?;
    let wanted = minutes * 60 * ROOM / 1024;
    if free < wanted {
        return Err(Error::other(format!("expected {wanted} MiB of free disk, but found {free} MiB")));
    }
    let (folder, running, mut told) = round.begin()?;
    let place = (&running, folder.as_path());
    round.fast(place, (1, 0.0), round.times.warm, &mut told)?;
    let (mut windows, begun) = (Vec::new(), Instant::now());
    while begun.elapsed() < Duration::from_secs(minutes * 60) {
        let (second, before) = (begun.elapsed().as_secs(), running.ticks());
        let phase = u16::try_from(windows.len() + 2).map_err(Error::other)?;
        let load = round.fast(place, (phase, 0.0), WINDOW, &mut told)?;
        let ticks = running.ticks().saturating_sub(before) as f64;
        let cpu = ticks / ticks_a_second()? * 1e6 / load.count;
        let window = Window { second, rate: load.rate(), cpu, memory: running.memory() as f64 / 1024.0 };
        println!("{second:>6} s {:>8.0}/s {cpu:>6.1} µs {:>6.0} MiB", window.rate, window.memory);
        windows.push(window);
    }
    running.settle(Duration::from_secs(90))?;
    kept::check(round.contender, round.places, &running, &folder, told)?;
    let disk = mebibytes(Command::new("du").args(["-sm"]).arg(&folder))?;
    drop(running);
    std::fs::remove_dir_all(&folder)?;
    Ok(Steady { windows, disk })
}

/// The last number that a line of `df` or `du` begins with.
fn mebibytes(command: &mut Command) -> Result<u64> {
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let word = text.lines().last().and_then(|line| line.split_whitespace().next());
    word.and_then(|word| word.parse().ok())
        .ok_or_else(|| Error::other(format!("{command:?}: expected a number, but found {text}")))
}

impl Steady {
    pub fn printed(&self) -> Printed {
        let head = ["second", RATE, "CPU µs", "memory MiB"].map(str::to_owned).to_vec();
        let line = |window: &Window| {
            let Window { second, rate, cpu, memory } = window;
            vec![second.to_string(), format!("{rate:.0}"), format!("{cpu:.1}"), format!("{memory:.0}")]
        };
        Printed { lines: std::iter::once(head).chain(self.windows.iter().map(line)).collect() }
    }

    /// First, last, least and most window, and how far apart they are.
    pub fn notes(&self) -> String {
        let rates: Vec<f64> = self.windows.iter().map(|window| window.rate).collect();
        let mut sorted = rates.clone();
        sorted.sort_by(f64::total_cmp);
        let (Some(first), Some(last)) = (rates.first(), rates.last()) else { return String::new() };
        let (least, most, median) = (sorted[0], sorted[sorted.len() - 1], sorted[sorted.len() / 2]);
        let part = |of: f64| of / median * 100.0;
        let mut text = format!(
            "- first window {first:.0}/s, last {last:.0}/s, least {least:.0}/s, most {most:.0}/s, median {median:.0}/s\n\
             - spread, most less least: {:.1} % of the median; the least is {:.1} % below it, the most {:.1} % above\n",
            part(most - least),
            100.0 - part(least),
            part(most) - 100.0
        );
        let _ = writeln!(text, "- kept on the disk at the end: {} MiB", self.disk);
        text
    }

    /// As the published file has it.
    pub fn block(&self, (contender, workload): (&Contender, &Workload), minutes: u64, facts: &str) -> String {
        format!(
            "**steady, {}**: {}; {minutes} minutes in windows of {} s; {facts}\n\n{}\n{}",
            contender.name,
            workload.says,
            WINDOW.as_secs(),
            self.notes(),
            self.printed().text()
        )
    }
}

/// What a steady run leaves behind if it fails would fill the disk.
pub fn tidy(built: &Path) {
    let _ = std::fs::remove_dir_all(built.join("round"));
}
