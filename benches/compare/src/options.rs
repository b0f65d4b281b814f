//! What a run is told on its command line.

use std::time::Duration;

use crate::contenders::{Contender, contenders};
use crate::plan::{Effort, Workload, workloads};
use crate::round::Times;

const USAGE: &str =
    "benches/compare/run [--quick] [--only WORKLOAD,...] [--contenders NAME,...] [--rounds N] [--seconds N] \
                     [--cores N] [--steady MINUTES] [--write [--busy]] [--list]
  --quick       three workloads, one short round of each
  --contenders  only these, and the ceilings; otherwise all at the main workloads, and without peers at the others
  --seconds     of the load as fast as it goes, and of the one at half of that
  --cores       how many a contender may use
  --steady      one contender, SQLite unless --contenders names another, in windows of 10 s at the first workload
  --write       into benches/RESULTS.md, what was measured alone; from a clean checkout on a quiet machine
  --busy        on another machine too, which the tables say";

pub struct Options {
    only: Option<Vec<String>>,
    named: Option<Vec<String>>,
    rounds: Option<usize>,
    seconds: Option<Duration>,
    pub cores: usize,
    pub quick: bool,
    pub steady: Option<u64>,
    pub write: bool,
    pub busy: bool,
    pub list: bool,
}

impl Options {
    pub fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut words = words;
        let mut options = Self {
            only: None,
            named: None,
            rounds: None,
            seconds: None,
            cores: 0,
            quick: false,
            steady: None,
            write: false,
            busy: false,
            list: false,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("expected a value after {word}, but found none"));
            let names = |text: String| Some(text.split(',').map(str::to_owned).collect());
            let number = |text: String| text.parse::<u64>().map_err(|_| format!("expected a number, but found {text}"));
            let count = |number: u64| usize::try_from(number).unwrap_or(1).max(1);
            match word.as_str() {
                "--quick" => options.quick = true,
                "--only" => options.only = names(value()?),
                "--contenders" => options.named = names(value()?),
                "--rounds" => options.rounds = Some(count(number(value()?)?)),
                "--cores" => options.cores = count(number(value()?)?),
                "--seconds" => options.seconds = Some(Duration::from_secs(number(value()?)?.max(1))),
                "--steady" => options.steady = Some(number(value()?)?.clamp(1, 600)),
                "--write" => options.write = true,
                "--busy" => options.busy = true,
                "--list" => options.list = true,
                _ => return Err(format!("expected an option, but found {word}\n{USAGE}")),
            }
        }
        Ok(options)
    }

    /// Which workloads: all of them, those that are named, or the three at which every peer can be seen.
    pub fn workloads(&self) -> Result<Vec<Workload>, String> {
        let all = workloads();
        let quick = ["rsa-2048", "hmac", "http"].map(str::to_owned).to_vec();
        let Some(names) = self.only.clone().or_else(|| self.quick.then_some(quick)) else { return Ok(all) };
        known(&names, all.iter().map(|workload| workload.name))?;
        Ok(all.into_iter().filter(|workload| names.iter().any(|name| name == workload.name)).collect())
    }

    /// The ceilings always, because without them there is no ratio; peers where a workload has them, or where they are named.
    pub fn contenders(&self, workload: &Workload) -> Result<Vec<Contender>, String> {
        let all = contenders();
        let Some(names) = &self.named else {
            return Ok(all.into_iter().filter(|one| workload.peers || !one.is_peer()).collect());
        };
        known(names, all.iter().map(|contender| contender.name))?;
        let chosen = |one: &Contender| one.name.starts_with("hyper") || names.iter().any(|name| name == one.name);
        Ok(all.into_iter().filter(chosen).collect())
    }

    /// Whom a steady run is of.
    pub fn steady_one(&self) -> Result<Contender, String> {
        let name = match self.named.as_deref() {
            None => "SQLite",
            Some([name]) => name,
            Some(_) => return Err("expected one contender beside --steady, but found more".to_owned()),
        };
        let found =
            contenders().into_iter().find(|one| one.name == name && one.knows_copies != Some("") && !one.is_peer());
        found.ok_or_else(|| format!("expected one of ours beside --steady, but found {name}"))
    }

    /// How many rounds, and how long.
    pub fn effort(&self, workload: &Workload) -> (usize, Times) {
        let seconds = Duration::from_secs;
        let (rounds, warm, load, paced) = match workload.effort {
            _ if self.quick => (1, 1, 2, 2),
            Effort::Main => (3, 2, 6, 6),
            Effort::Ladder => (2, 1, 3, 3),
        };
        let mut times = Times { warm: seconds(warm), load: seconds(load), paced: seconds(paced) };
        if let Some(lasting) = self.seconds {
            times = Times { load: lasting, paced: lasting, ..times };
        }
        (self.rounds.unwrap_or(rounds), times)
    }

    /// The same in words.
    pub fn how(&self, workload: &Workload) -> String {
        let (rounds, Times { warm, load, paced }) = self.effort(workload);
        let [warm, load, paced] = [warm, load, paced].map(|part| part.as_secs());
        let rounds = if rounds == 1 { "1 round".to_owned() } else { format!("{rounds} rounds in turns") };
        let cores = if self.cores > 0 { format!("; contenders on {}", on_cores(self.cores)) } else { String::new() };
        let some = self.named.as_ref().map(|names| format!("; only {} and the ceilings", names.join(", ")));
        format!(
            "{rounds}: {warm} s to warm up, {load} s as fast as it goes, {paced} s at half of that{cores}{}",
            some.unwrap_or_default()
        )
    }

    /// The name of a block of the published file.
    pub fn block(&self, name: &str) -> String {
        if self.cores > 0 { format!("{name} on {}", on_cores(self.cores)) } else { name.to_owned() }
    }
}

fn on_cores(cores: usize) -> String {
    if cores == 1 { "1 core".to_owned() } else { format!("{cores} cores") }
}

fn known<'a>(names: &[String], all: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let all: Vec<&str> = all.collect();
    let stranger = names.iter().find(|name| !all.contains(&name.as_str()));
    stranger.map_or(Ok(()), |name| Err(format!("expected one of {}, but found {name}", all.join(", "))))
}
