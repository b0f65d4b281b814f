//! Whether a rate stays: one process of one contender under an unending load of new events, in windows of ten seconds. Each
//! window is signed anew, so that no signature gets too old. After each of them the ceiling is loaded for a moment, as the
//! machine itself is faster and slower.

use std::fmt::Write as _;
use std::io::{Error, Result};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::bars::{CEILING, RATE};
use crate::contenders::Contender;
use crate::kept;
use crate::plan::Workload;
use crate::printed::Printed;
use crate::process::ticks_a_second;
use crate::round::Round;

const WINDOW: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_secs(2);
/// More than was ever seen to be kept in a second, in KiB: for each second so much has to be free.
const ROOM: u64 = 40 * 1024;

struct Window {
    second: u64,
    rate: f64,
    cpu: f64,
    memory: f64,
    /// What the ceiling did then.
    ceiling: f64,
}

/// A table of its windows, and what is said below it.
pub struct Steady {
    windows: Vec<Window>,
    /// What the store had on the disk at the end, in MiB.
    disk: u64,
}

/// Loads it for so many minutes, and the ceiling between, whatever a round's own times are.
pub fn steady(round: &Round<'_>, ceiling: &Round<'_>, minutes: u64) -> Result<Steady> {
    let free = mebibytes(Command::new("df").args(["-m", "--output=avail"]).arg(&round.places.built))?;
    let wanted = minutes * 60 * ROOM / 1024;
    if free < wanted {
        return Err(Error::other(format!("expected {wanted} MiB of free disk, but found {free} MiB")));
    }
    let (folder, running, mut told) = round.begin("round")?;
    let place = (&running, folder.as_path());
    let (beside, bare, mut taken) = ceiling.begin("beside")?;
    round.fast(place, (1, 0.0), round.times.warm, &mut told)?;
    let (mut windows, begun) = (Vec::new(), Instant::now());
    while (windows.len() as u64) * WINDOW.as_secs() < minutes * 60 {
        let (second, before) = (begun.elapsed().as_secs(), running.ticks());
        let phase = u16::try_from(windows.len() + 2).map_err(Error::other)?;
        let load = round.fast(place, (phase, 0.0), WINDOW, &mut told)?;
        let ticks = running.ticks().saturating_sub(before) as f64;
        let cpu = ticks / ticks_a_second()? * 1e6 / load.count;
        let memory = running.memory() as f64 / 1024.0;
        let ceiling = ceiling.fast((&bare, beside.as_path()), (phase, 0.0), MOMENT, &mut taken)?.rate();
        let window = Window { second, rate: load.rate(), cpu, memory, ceiling };
        println!("{second:>6} s {:>8.0}/s {:>5.2} {cpu:>6.1} µs {memory:>6.0} MiB", window.rate, window.part());
        windows.push(window);
    }
    running.settle(Duration::from_secs(90))?;
    kept::check(round.contender, round.places, &running, &folder, told)?;
    let disk = mebibytes(Command::new("du").args(["-sm"]).arg(&folder))?;
    drop((running, bare));
    tidy(&round.places.built);
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

impl Window {
    /// Of what the ceiling did.
    fn part(&self) -> f64 {
        self.rate / self.ceiling
    }
}

impl Steady {
    pub fn printed(&self) -> Printed {
        let head = ["second", RATE, CEILING, "CPU µs", "memory MiB"].map(str::to_owned).to_vec();
        let line = |window: &Window| {
            let Window { second, rate, cpu, memory, .. } = window;
            let part = format!("{:.2}", window.part());
            vec![second.to_string(), format!("{rate:.0}"), part, format!("{cpu:.1}"), format!("{memory:.0}")]
        };
        Printed { lines: std::iter::once(head).chain(self.windows.iter().map(line)).collect() }
    }

    /// First, last, least and most window, and how far apart they are: the rate, that of the ceiling, and the one of the other.
    pub fn notes(&self) -> String {
        let mut text = String::new();
        let mut note = |says: &str, digits: usize, of: fn(&Window) -> f64| {
            let found: Vec<f64> = self.windows.iter().map(of).collect();
            let mut sorted = found.clone();
            sorted.sort_by(f64::total_cmp);
            let (Some(first), Some(last)) = (found.first(), found.last()) else { return };
            let (least, most, median) = (sorted[0], sorted[sorted.len() - 1], sorted[sorted.len() / 2]);
            let (below, above) = ((1.0 - least / median) * 100.0, (most / median - 1.0) * 100.0);
            let _ = writeln!(
                text,
                "- {says}: first window {first:.digits$}, last {last:.digits$}, median {median:.digits$}; the least is \
                 {below:.1} % below it, the most {above:.1} % above"
            );
        };
        note(RATE, 0, |window| window.rate);
        note("hyper+verify, for a moment after each window", 0, |window| window.ceiling);
        note(CEILING, 2, Window::part);
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

/// What a steady run leaves behind would fill the disk.
pub fn tidy(built: &Path) {
    for folder in ["round", "beside"] {
        let _ = std::fs::remove_dir_all(built.join(folder));
    }
}
