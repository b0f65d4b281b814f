//! The table, the JSON and the Markdown. The rule: a figure stands beside the ceiling of its own round, and a contender that
//! cannot do a workload has a dash.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::plan::Workload;
use crate::round::Figures;

/// What came of one contender at one workload.
pub enum Cell {
    /// It cannot do this.
    Dash,
    /// It could not be installed.
    LeftOut,
    Rounds(Vec<Figures>),
    /// Ten seconds were not enough for one of its answers.
    Slow(String),
    Failed(String),
}

pub struct Row {
    pub contender: &'static str,
    pub keeps: &'static str,
    pub cell: Cell,
}

pub struct Table {
    pub workload: Workload,
    pub rows: Vec<Row>,
}

/// Median, minimum and maximum.
#[derive(Clone, Copy)]
struct Spread(f64, f64, f64);

fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    let (least, most) = (*values.first()?, *values.last()?);
    let (low, high) = (values.get((values.len() - 1) / 2)?, values.get(values.len() / 2)?);
    Some(Spread((low + high) / 2.0, least, most))
}

impl Table {
    fn rounds(&self, name: &str) -> &[Figures] {
        let row = self.rows.iter().find(|row| row.contender == name);
        if let Some(Row { cell: Cell::Rounds(rounds), .. }) = row { rounds } else { &[] }
    }

    /// Against a ceiling, round by round.
    fn ratio(&self, rounds: &[Figures], ceiling: &str) -> Option<Spread> {
        let pairs = rounds.iter().zip(self.rounds(ceiling));
        spread(pairs.map(|(own, ceiling)| own.rate / ceiling.rate).collect())
    }

    fn cells(&self, row: &Row) -> Vec<String> {
        let Cell::Rounds(rounds) = &row.cell else {
            let word = match row.cell {
                Cell::Failed(_) => "failed",
                Cell::Slow(_) => "too slow",
                Cell::LeftOut => "left out",
                Cell::Dash | Cell::Rounds(_) => "-",
            };
            return [row.contender, word].into_iter().chain(std::iter::repeat_n("-", 7)).map(str::to_owned).collect();
        };
        let of =
            |figure: fn(&Figures) -> f64| spread(rounds.iter().map(figure).collect()).map_or(f64::NAN, |all| all.0);
        let ratio = |ceiling| self.ratio(rounds, ceiling).map_or("-".to_owned(), |ratio| format!("{:.2}", ratio.0));
        let rate = spread(rounds.iter().map(|figures| figures.rate).collect());
        vec![
            row.contender.to_owned(),
            rate.map_or("-".to_owned(), |Spread(median, least, most)| format!("{median:.0} ({least:.0} to {most:.0})")),
            ratio("hyper"),
            ratio("hyper+verify"),
            format!("{:.1}", of(|figures| figures.cpu)),
            format!("{:.2}", of(|figures| figures.p50)),
            format!("{:.2}", of(|figures| figures.p99)),
            format!("{:.2}", of(|figures| figures.p999)),
            format!("{:.0}", of(|figures| figures.peak)),
        ]
    }

    const HEAD: [&str; 9] = [
        "contender",
        "requests/s",
        "of hyper",
        "of hyper+verify",
        "CPU µs",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "peak MiB",
    ];

    /// Aligned for a terminal, and as Markdown just the same.
    pub fn text(&self) -> String {
        let head = Self::HEAD.map(str::to_owned).to_vec();
        let lines: Vec<Vec<String>> =
            std::iter::once(head).chain(self.rows.iter().map(|row| self.cells(row))).collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..Self::HEAD.len()).map(width).collect();
        let write = |line: &Vec<String>| {
            let cell = |(at, text): (usize, &String)| {
                let width = widths[at];
                if at == 0 { format!(" {text:<width$} |") } else { format!(" {text:>width$} |") }
            };
            format!("|{}\n", line.iter().enumerate().map(cell).collect::<String>())
        };
        let rule = widths.iter().enumerate().map(|(at, width)| {
            let line = "-".repeat(width + 1);
            if at == 0 { format!("{line}-|") } else { format!("{line}:|") }
        });
        let rule = format!("|{}\n", rule.collect::<String>());
        let mut written = lines.iter().map(write);
        format!("{}{rule}{}", written.next().unwrap_or_default(), written.collect::<String>())
    }

    fn json(&self) -> Value {
        let figures = |of: &Figures| {
            json!({"requestsPerSecond": of.rate, "cpuMicroseconds": of.cpu, "p50Milliseconds": of.p50,
                   "p99Milliseconds": of.p99, "p999Milliseconds": of.p999, "peakMebibytes": of.peak})
        };
        let row = |row: &Row| match &row.cell {
            Cell::Dash => json!({"contender": row.contender, "rounds": null}),
            Cell::LeftOut => json!({"contender": row.contender, "leftOut": true}),
            Cell::Slow(why) => json!({"contender": row.contender, "tooSlow": why}),
            Cell::Failed(why) => json!({"contender": row.contender, "failed": why}),
            Cell::Rounds(rounds) => {
                let ratio = |ceiling| {
                    self.ratio(rounds, ceiling).map(|all| json!({"median": all.0, "least": all.1, "most": all.2}))
                };
                let rounds: Vec<Value> = rounds.iter().map(figures).collect();
                json!({"contender": row.contender, "keeps": row.keeps, "rounds": rounds,
                       "ofHyper": ratio("hyper"), "ofHyperAndVerify": ratio("hyper+verify")})
            }
        };
        let rows: Vec<Value> = self.rows.iter().map(row).collect();
        json!({"workload": self.workload.name, "says": self.workload.says, "rows": rows})
    }

    pub fn failures(&self) -> Vec<String> {
        let of = |row: &Row| {
            let Cell::Failed(why) = &row.cell else { return None };
            Some(format!("{}, {}: {why}", self.workload.name, row.contender))
        };
        self.rows.iter().filter_map(of).collect()
    }
}

/// Processor, cores, system, versions and load, a line each.
pub fn machine(load_before: &str) -> Vec<(&'static str, String)> {
    let read = |name: &str| std::fs::read_to_string(name).unwrap_or_default();
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).lines().next().map(str::to_owned)
    };
    let line = |file: &str, name: &str| {
        let value = read(file).lines().find(|line| line.starts_with(name))?.split(':').nth(1)?.trim().to_owned();
        Some(value)
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let versions = [("rustc", "--version"), ("wrk", "-v"), ("node", "--version"), ("python3", "--version")]
        .into_iter()
        .chain([("redis-server", "--version"), ("/usr/sbin/nginx", "-v"), ("webhook", "-version")])
        .filter_map(|(program, flag)| {
            let name = program.rsplit('/').next().unwrap_or(program);
            let text = said(program, &[flag])?;
            let version = text.split_whitespace().find(|word| word.contains('.') && word.contains(char::is_numeric))?;
            Some(format!("{name} {}", version.trim_start_matches(['v', '=']).replace("v=", "").replace("nginx/", "")))
        });
    let or = |value: Option<String>| value.unwrap_or_else(|| "unknown".to_owned());
    vec![
        ("processor", format!("{cores} cores, {}", or(line("/proc/cpuinfo", "model name")))),
        ("memory", or(line("/proc/meminfo", "MemTotal"))),
        ("system", or(said("uname", &["-srm"]))),
        ("commit", or(said("git", &["describe", "--always", "--dirty"]))),
        ("versions", versions.collect::<Vec<_>>().join(", ")),
        ("load average", format!("{load_before} before, {} after", load())),
    ]
}

/// Of the last one, five and fifteen minutes.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

pub fn markdown(tables: &[Table], machine: &[(&str, String)], how: &str) -> String {
    let facts: String = machine.iter().map(|(name, value)| format!("- {name}: {value}\n")).collect();
    let table = |table: &Table| format!("\n**{}**: {}\n\n{}", table.workload.name, table.workload.says, table.text());
    format!("{how}\n{facts}{}", tables.iter().map(table).collect::<String>())
}

pub fn document(tables: &[Table], machine: &[(&str, String)], how: &str) -> Value {
    let machine: serde_json::Map<String, Value> =
        machine.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({"how": how, "machine": machine, "workloads": tables.iter().map(Table::json).collect::<Vec<_>>()})
}

/// Puts a text between two marks of a file, in place of what stands there.
pub fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let (begin, end) = ("<!-- compare: begin -->\n", "<!-- compare: end -->");
    let whole = std::fs::read_to_string(file)?;
    let parts = whole.split_once(begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1)));
    let (before, after) =
        parts.ok_or_else(|| std::io::Error::other("expected two marks in the file, but found none"))?;
    std::fs::write(file, format!("{before}{begin}{text}{end}{after}"))
}
