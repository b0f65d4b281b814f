//! Measures countersign beside a ceiling and beside what others use: `benches/compare/run`, which builds and installs what
//! this needs and then starts it. The rule: no figure without its control, and none from a load with a wrong answer.

mod client;
mod contenders;
mod jose;
mod keys;
mod plan;
mod process;
mod report;
mod requests;
mod round;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use contenders::{Contender, Kind, Places, contenders};
use keys::Keys;
use plan::{Workload, workloads};
use report::{Cell, Row, Table};
use round::{Round, Times};

const USAGE: &str = "benches/compare/run [--quick] [--only WORKLOAD,...] [--contenders NAME,...] [--rounds N] [--seconds N] \
                     [--cores N] [--write] [--list]";

struct Options {
    only: Option<Vec<String>>,
    contenders: Option<Vec<String>>,
    rounds: usize,
    times: Times,
    cores: usize,
    quick: bool,
    write: bool,
    list: bool,
}

impl Options {
    fn read() -> Result<Self, String> {
        let seconds = Duration::from_secs;
        let times = Times { warm: seconds(2), load: seconds(6), paced: seconds(6) };
        let mut options =
            Self { only: None, contenders: None, rounds: 5, times, cores: 0, quick: false, write: false, list: false };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("expected a value after {word}, but found none"));
            let names = |text: String| Some(text.split(',').map(str::to_owned).collect());
            let number = |text: String| text.parse::<u64>().map_err(|_| format!("expected a number, but found {text}"));
            match word.as_str() {
                "--quick" => {
                    let (warm, load, paced) = (seconds(1), seconds(2), seconds(1));
                    options.quick = true;
                    options.rounds = 1;
                    options.times = Times { warm, load, paced };
                }
                "--only" => options.only = names(value()?),
                "--contenders" => options.contenders = names(value()?),
                "--rounds" => options.rounds = usize::try_from(number(value()?)?).unwrap_or(1).max(1),
                "--cores" => options.cores = usize::try_from(number(value()?)?).unwrap_or(0),
                "--seconds" => {
                    let lasting = seconds(number(value()?)?.max(1));
                    options.times = Times { load: lasting, paced: lasting, ..options.times };
                }
                "--write" => options.write = true,
                "--list" => options.list = true,
                _ => return Err(format!("expected an option, but found {word}\n{USAGE}")),
            }
        }
        Ok(options)
    }

    /// Which workloads: all of them, those that are named, or the two at which every peer can be seen.
    fn workloads(&self) -> Result<Vec<Workload>, String> {
        let all = workloads();
        let quick = ["rsa-2048", "hmac", "http"].map(str::to_owned).to_vec();
        let Some(names) = self.only.clone().or_else(|| self.quick.then_some(quick)) else { return Ok(all) };
        known(&names, all.iter().map(|workload| workload.name))?;
        Ok(all.into_iter().filter(|workload| names.iter().any(|name| name == workload.name)).collect())
    }

    /// The ceilings always, because without them there is no ratio.
    fn contenders(&self) -> Result<Vec<Contender>, String> {
        let all = contenders();
        let Some(names) = &self.contenders else { return Ok(all) };
        known(names, all.iter().map(|contender| contender.name))?;
        let chosen = |one: &Contender| one.name.starts_with("hyper") || names.iter().any(|name| name == one.name);
        Ok(all.into_iter().filter(chosen).collect())
    }

    fn how(&self) -> String {
        let Times { warm, load, paced } = self.times;
        let cores = if self.cores > 0 { format!("; contenders on {} of the cores", self.cores) } else { String::new() };
        format!(
            "{} rounds in turns, each of a fresh process: {} s to warm up, {} s as fast as it goes (wrk), {} s at half of that, \
             due at a constant rate{cores}",
            self.rounds,
            warm.as_secs(),
            load.as_secs(),
            paced.as_secs()
        )
    }
}

fn known<'a>(names: &[String], all: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let all: Vec<&str> = all.collect();
    let stranger = names.iter().find(|name| !all.contains(&name.as_str()));
    stranger.map_or(Ok(()), |name| Err(format!("expected one of {}, but found {name}", all.join(", "))))
}

/// All contenders in turns, so that what else the machine does falls on each of them.
fn measure(places: &Places, keys: &Keys, workload: &Workload, all: &[Contender], options: &Options) -> Table {
    let row = |one: &Contender| {
        let dialect = one.speaks.dialect(workload, one.knows_copies.is_some());
        let cell = match dialect {
            Some(_) if one.is_here(places) => Cell::Rounds(Vec::new()),
            Some(_) => Cell::LeftOut,
            None => Cell::Dash,
        };
        Row { contender: one.name, keeps: one.keeps, cell }
    };
    let mut table = Table { workload: workload.clone(), rows: all.iter().map(row).collect() };
    for number in 1..=options.rounds {
        for (contender, row) in all.iter().zip(&mut table.rows) {
            let Cell::Rounds(rounds) = &mut row.cell else { continue };
            let Some(dialect) = contender.speaks.dialect(workload, contender.knows_copies.is_some()) else { continue };
            let round = Round { places, keys, workload, contender, dialect, times: options.times };
            match round.run() {
                Ok(figures) => {
                    eprintln!("{} {number}: {} {:.0}/s", workload.name, contender.name, figures.rate);
                    rounds.push(figures);
                }
                Err(error) => {
                    eprintln!("{} {number}: {}: no figure: {error}", workload.name, contender.name);
                    // A peer that cannot keep up with one request in ten seconds is a finding about it, and not a wrong answer.
                    let slow = error.kind() == ErrorKind::TimedOut && matches!(contender.kind, Kind::Peer(_));
                    row.cell = if slow { Cell::Slow(error.to_string()) } else { Cell::Failed(error.to_string()) };
                }
            }
        }
    }
    table
}

fn run(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    let (chosen, all) = (options.workloads()?, options.contenders()?);
    if options.list {
        chosen.iter().for_each(|workload| println!("{:<15} {}", workload.name, workload.says));
        all.iter().for_each(|one| println!("{:<22} keeps {}", one.name, one.keeps));
        return Ok(true);
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).to_owned();
    let built = PathBuf::from(std::env::var("COMPARE_BUILT")?);
    let binary = PathBuf::from(std::env::var("COMPARE_BINARY")?);
    let (load, places) = (report::load(), Places { here, built, binary, cores: options.cores });
    let keys = Keys::make(&places.built.join("keys"))?;
    let mut tables = Vec::new();
    for workload in &chosen {
        let table = measure(&places, &keys, workload, &all, options);
        println!("\n{}: {}\n{}", workload.name, workload.says, table.text());
        tables.push(table);
    }
    let (machine, how) = (report::machine(&load), options.how());
    machine.iter().for_each(|(name, value)| println!("{name}: {value}"));
    println!("{how}");
    let text = report::markdown(&tables, &machine, &how);
    let document = report::document(&tables, &machine, &how);
    std::fs::write(places.built.join("compare.json"), serde_json::to_string_pretty(&document)? + "\n")?;
    std::fs::write(places.built.join("compare.md"), &text)?;
    println!("written: {}", places.built.join("compare.{json,md}").display());
    let failures: Vec<String> = tables.iter().flat_map(Table::failures).collect();
    failures.iter().for_each(|failure| eprintln!("FAILED: {failure}"));
    if options.write && failures.is_empty() {
        report::replace(&places.here.join("../RESULTS.md"), &text)?;
    }
    Ok(failures.is_empty())
}

fn main() -> ExitCode {
    let outcome = Options::read().map_err(Into::into).and_then(|options| run(&options));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(64)
        }
    }
}
