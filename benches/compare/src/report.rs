//! What came of one workload, as a table, as JSON and as a block of the published file. The rule: a figure stands beside the
//! ceiling of its own round, a contender that cannot do a workload has a dash, and a figure that is missing has its reason below.

use serde_json::{Value, json};

use crate::plan::Workload;
use crate::printed::Printed;
use crate::round::{Figures, Latencies};

/// What came of one contender at one workload.
pub enum Cell {
    /// It cannot do this.
    Dash,
    /// It could not be installed, and why.
    LeftOut(String),
    Rounds(Vec<Figures>),
    Failed(String),
}

pub struct Row {
    pub contender: &'static str,
    pub keeps: &'static str,
    pub cell: Cell,
}

pub struct Table {
    pub workload: Workload,
    /// How it was measured: rounds and times.
    pub how: String,
    pub rows: Vec<Row>,
}

/// Median, minimum and maximum.
#[derive(Clone, Copy)]
struct Spread(f64, f64, f64);

fn spread(values: impl Iterator<Item = f64>) -> Option<Spread> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let (least, most) = (*values.first()?, *values.last()?);
    let (low, high) = (values.get((values.len() - 1) / 2)?, values.get(values.len() / 2)?);
    Some(Spread((low + high) / 2.0, least, most))
}

const HEAD: [&str; 10] = [
    "contender",
    "requests/s",
    "of hyper",
    "of hyper+verify",
    "the same by CPU",
    "CPU µs",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "memory MiB",
];

impl Table {
    fn rounds(&self, name: &str) -> &[Figures] {
        let row = self.rows.iter().find(|row| row.contender == name);
        if let Some(Row { cell: Cell::Rounds(rounds), .. }) = row { rounds } else { &[] }
    }

    /// Against a ceiling, round by round: rate by rate.
    fn ratio(&self, rounds: &[Figures], ceiling: &str) -> Option<Spread> {
        let pairs = rounds.iter().zip(self.rounds(ceiling));
        spread(pairs.map(|(own, ceiling)| own.rate / ceiling.rate))
    }

    /// The same by processor time, in which the generator has no part.
    fn ratio_by_cpu(&self, rounds: &[Figures]) -> Option<Spread> {
        let pairs = rounds.iter().zip(self.rounds("hyper+verify"));
        spread(pairs.map(|(own, ceiling)| ceiling.cpu / own.cpu))
    }

    fn cells(&self, row: &Row) -> Vec<String> {
        let Cell::Rounds(rounds) = &row.cell else {
            let word = match row.cell {
                Cell::Failed(_) => "failed",
                Cell::LeftOut(_) => "left out",
                Cell::Dash | Cell::Rounds(_) => "-",
            };
            let dashes = std::iter::repeat_n("-", HEAD.len() - 2);
            return [row.contender, word].into_iter().chain(dashes).map(str::to_owned).collect();
        };
        let says = |spread: Option<Spread>, digits: usize| {
            spread.map_or("-".to_owned(), |Spread(median, ..)| format!("{median:.digits$}"))
        };
        let late = |of: fn(&Latencies) -> Option<f64>| {
            says(spread(rounds.iter().filter_map(|round| of(round.latencies.as_ref().ok()?))), 2)
        };
        let rate = spread(rounds.iter().map(|figures| figures.rate));
        vec![
            row.contender.to_owned(),
            rate.map_or("-".to_owned(), |Spread(median, least, most)| format!("{median:.0} ({least:.0} to {most:.0})")),
            says(self.ratio(rounds, "hyper"), 2),
            says(self.ratio(rounds, "hyper+verify"), 2),
            says(self.ratio_by_cpu(rounds), 2),
            says(spread(rounds.iter().map(|figures| figures.cpu)), 1),
            late(|of| Some(of.p50)),
            late(|of| of.p99),
            late(|of| of.p999),
            says(spread(rounds.iter().map(|figures| figures.memory)), 0),
        ]
    }

    pub fn printed(&self) -> Printed {
        let head = HEAD.map(str::to_owned).to_vec();
        Printed { lines: std::iter::once(head).chain(self.rows.iter().map(|row| self.cells(row))).collect() }
    }

    /// What the load itself took, and why figures are missing.
    pub fn notes(&self) -> String {
        let of = |name: &str| spread(self.rounds(name).iter().filter_map(|round| round.generator)).map(|all| all.0);
        let wrk =
            of("hyper").map(|cpu| format!("- wrk itself: {cpu:.1} µs of processor time a request (against `hyper`)\n"));
        let missing = |row: &Row| {
            let why = match &row.cell {
                Cell::LeftOut(why) => format!("left out: {why}"),
                Cell::Failed(why) => format!("failed: {why}"),
                Cell::Dash => return None,
                Cell::Rounds(rounds) => {
                    let whys: Vec<&String> = rounds.iter().filter_map(|round| round.latencies.as_ref().err()).collect();
                    let why = whys.first()?;
                    format!("no latencies in {} of {} rounds: {why}", whys.len(), rounds.len())
                }
            };
            Some(format!("- {}: {why}\n", row.contender))
        };
        wrk.into_iter().chain(self.rows.iter().filter_map(missing)).collect()
    }

    /// As the published file has it; `facts` is about the run.
    pub fn block(&self, facts: &str) -> String {
        let (name, says, how) = (self.workload.name, self.workload.says, &self.how);
        let notes = self.notes();
        let between = if notes.is_empty() { "" } else { "\n" };
        format!("**{name}**: {says}\n\n{how}; {facts}\n\n{}{between}{notes}", self.printed().text())
    }

    pub fn json(&self) -> Value {
        let figures = |of: &Figures| {
            let mut value = json!({"requestsPerSecond": of.rate, "cpuMicroseconds": of.cpu,
                                   "generatorCpuMicroseconds": of.generator, "memoryMebibytes": of.memory});
            let more = match &of.latencies {
                Ok(Latencies { p50, p99, p999 }) => {
                    json!({"p50Milliseconds": p50, "p99Milliseconds": p99, "p999Milliseconds": p999})
                }
                Err(why) => json!({"noLatencies": why}),
            };
            if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
                value.extend(more);
            }
            value
        };
        let row = |row: &Row| match &row.cell {
            Cell::Dash => json!({"contender": row.contender, "rounds": null}),
            Cell::LeftOut(why) => json!({"contender": row.contender, "leftOut": why}),
            Cell::Failed(why) => json!({"contender": row.contender, "failed": why}),
            Cell::Rounds(rounds) => {
                let said = |all: Option<Spread>| all.map(|all| json!({"median": all.0, "least": all.1, "most": all.2}));
                let values: Vec<Value> = rounds.iter().map(figures).collect();
                json!({"contender": row.contender, "keeps": row.keeps, "rounds": values,
                       "ofHyper": said(self.ratio(rounds, "hyper")),
                       "ofHyperAndVerify": said(self.ratio(rounds, "hyper+verify")),
                       "ofHyperAndVerifyByCpu": said(self.ratio_by_cpu(rounds))})
            }
        };
        let rows: Vec<Value> = self.rows.iter().map(row).collect();
        json!({"workload": self.workload.name, "says": self.workload.says, "how": self.how, "rows": rows})
    }

    /// What has no figure and should: also a peer that could not be had, unless nobody asked for it.
    pub fn failures(&self) -> Vec<String> {
        let of = |row: &Row| {
            let why = match &row.cell {
                Cell::Failed(why) => why.clone(),
                Cell::LeftOut(why) => format!("left out: {why}"),
                Cell::Dash | Cell::Rounds(_) => return None,
            };
            Some(format!("{}, {}: {why}", self.workload.name, row.contender))
        };
        self.rows.iter().filter_map(of).collect()
    }
}
