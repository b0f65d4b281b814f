//! The bars beside what was measured. The rule: computed of the tables as they are printed, said plainly where one is missed,
//! and named where nothing was measured.

use std::collections::BTreeMap;

use crate::contenders::contenders;
use crate::plan::workloads;
use crate::printed::Printed;

/// Tables by the name of their block.
pub type Tables = BTreeMap<String, Printed>;

pub const CEILING: &str = "of hyper+verify";
pub const RATE: &str = "requests/s";
/// Of cargo bench --bench verification.
pub const BARE: &str = "against the bare call";

/// The binary with each of its stores.
const BINARY: [&str; 3] = ["memory", "SQLite", "Redis"];
/// Peers that keep what they acknowledge.
const DURABLE: &str = "hookrelay";

struct Bar {
    says: String,
    /// What was measured, and whether that is enough.
    found: Option<(String, bool)>,
}

/// A table of all bars.
pub fn bars(tables: &Tables) -> Printed {
    let head = ["bar", "measured", "held"].map(str::to_owned).to_vec();
    let line = |bar: Bar| {
        let (measured, held) = bar.found.map_or(("not measured".to_owned(), "-"), |(measured, held)| {
            (measured, if held { "yes" } else { "**missed**" })
        });
        vec![bar.says, measured, held.to_owned()]
    };
    Printed { lines: std::iter::once(head).chain(all(tables).into_iter().map(line)).collect() }
}

fn all(tables: &Tables) -> Vec<Bar> {
    let figure = |table: &str, row: &str, column: &str| tables.get(table)?.figure(row, column);
    let least = |says: &str, row: &str, bar: f64| Bar {
        says: format!("{says}: at least {bar:.2} of hyper+verify"),
        found: figure("rsa-2048", row, CEILING).map(|found| (format!("{found:.2}"), found >= bar)),
    };
    let bare = figure("verification", "Tribe: accepted", BARE);
    let mut bars = vec![
        Bar {
            says: "an endpoint without a socket: at most 1.25 of the bare verification".to_owned(),
            found: bare.map(|found| (format!("{found:.2}"), found <= 1.25)),
        },
        least("binary, memory", "memory", 0.85),
        least("binary, SQLite", "SQLite", 0.60),
        Bar {
            says: "binary, SQLite: p99 at half load at most 10 ms".to_owned(),
            found: figure("rsa-2048", "SQLite", "p99 ms").map(|found| (format!("{found:.2} ms"), found <= 10.0)),
        },
        least("binary, Redis", "Redis", 0.45),
    ];
    for workload in ["unsigned", "malformed"] {
        let found = each(&BINARY, |row| figure(workload, row, "of hyper"), |found| found >= 0.80);
        bars.push(Bar { says: format!("refusals, {workload}: at least 0.80 of hyper"), found });
    }
    for workload in workloads().iter().filter(|workload| workload.peers) {
        bars.push(ahead(tables, workload.name));
    }
    bars.push(Bar {
        says: format!("binary, SQLite: at least 10 times every durable peer ({DURABLE})"),
        found: figure("rsa-2048", "SQLite", RATE).zip(figure("rsa-2048", DURABLE, RATE)).map(|(own, peer)| {
            let found = own / peer;
            (format!("{found:.0} times"), found >= 10.0)
        }),
    });
    let grown = |row: &str| Some(figure("rsa-2048", row, RATE)? / figure("rsa-2048 on 1 core", row, RATE)?);
    bars.push(Bar {
        says: "throughput grows with cores: all of them against one".to_owned(),
        found: each(&BINARY, grown, |found| found > 1.0),
    });
    bars.push(Bar {
        says: "throughput stays within 10 % (of the median) for ten minutes, SQLite".to_owned(),
        found: tables.get("steady SQLite").and_then(steady),
    });
    bars
}

/// One figure of each of several rows; all have to be there.
fn each(rows: &[&str], of: impl Fn(&str) -> Option<f64>, holds: impl Fn(f64) -> bool) -> Option<(String, bool)> {
    let found: Vec<(&str, f64)> = rows.iter().map(|row| Some((*row, of(row)?))).collect::<Option<_>>()?;
    let said: Vec<String> = found.iter().map(|(row, found)| format!("{row} {found:.2}")).collect();
    Some((said.join(", "), found.iter().all(|(_, found)| holds(*found))))
}

/// Each of ours against the fastest peer. A durable one has a bar of its own.
fn ahead(tables: &Tables, workload: &str) -> Bar {
    let says = format!("ahead of every peer, {workload}");
    let found = tables.get(workload).and_then(|table| {
        let rate = |name: &str| Some((name.to_owned(), table.figure(name, RATE)?));
        let peers = contenders().into_iter().filter(|one| one.is_peer()).filter_map(|one| rate(one.name));
        let (peer, best) = peers.max_by(|one, other| one.1.total_cmp(&other.1))?;
        let ours = ["middleware", "memory", "SQLite", "Redis"];
        let (said, held) = each(&ours, |row| Some(table.figure(row, RATE)? / best), |found| found > 1.0)?;
        Some((format!("of {peer}: {said}"), held))
    });
    Bar { says, found }
}

/// How far the window that is farthest from the median is from it, if there are ten minutes of them.
fn steady(table: &Printed) -> Option<(String, bool)> {
    let mut rates = table.figures(RATE);
    rates.sort_by(f64::total_cmp);
    let (least, most, median) = (*rates.first()?, *rates.last()?, *rates.get(rates.len() / 2)?);
    if rates.len() < 60 || median <= 0.0 {
        return None;
    }
    let far = ((median - least).max(most - median) / median) * 100.0;
    Some((format!("{far:.1} %, {} windows", rates.len()), far <= 10.0))
}

#[cfg(test)]
mod tests {
    use super::{Tables, bars};
    use crate::printed::Printed;

    fn table(rows: &[(&str, &str, &str, &str)]) -> Printed {
        let head = ["contender", "requests/s", "of hyper+verify", "p99 ms"].map(str::to_owned).to_vec();
        let line = |row: &(&str, &str, &str, &str)| [row.0, row.1, row.2, row.3].map(str::to_owned).to_vec();
        Printed { lines: std::iter::once(head).chain(rows.iter().map(line)).collect() }
    }

    fn line(bars: &Printed, of: &str) -> (String, String) {
        let line = bars.lines.iter().find(|line| line[0].contains(of)).expect("a bar");
        (line[1].clone(), line[2].clone())
    }

    #[test]
    fn a_bar_is_held_missed_or_not_measured() {
        let rows = [
            ("middleware", "4000", "0.9", "1"),
            ("memory", "3000 (1 to 2)", "0.86", "1"),
            ("SQLite", "1000", "0.59", "10.01"),
            ("Redis", "900", "-", "-"),
            ("express", "2000", "-", "-"),
            ("hookrelay", "99", "-", "-"),
        ];
        let bars = bars(&Tables::from([("rsa-2048".to_owned(), table(&rows))]));
        let says = |of| line(&bars, of);
        assert_eq!(says("binary, memory"), ("0.86".to_owned(), "yes".to_owned()));
        assert_eq!(says("binary, SQLite: at least 0.60"), ("0.59".to_owned(), "**missed**".to_owned()));
        assert_eq!(says("p99 at half load").1, "**missed**");
        assert_eq!(says("binary, Redis").0, "not measured");
        assert_eq!(says("refusals, unsigned").0, "not measured");
        assert_eq!(says("10 times every durable").1, "yes");
        let (measured, held) = says("ahead of every peer, rsa-2048");
        assert_eq!(measured, "of express: middleware 2.00, memory 1.50, SQLite 0.50, Redis 0.45");
        assert_eq!(held, "**missed**");
    }

    #[test]
    fn a_short_run_says_nothing_about_ten_minutes() {
        let windows = |count: usize, last: &str| {
            let rows: Vec<String> = (0..count).map(|at| at.to_string()).collect();
            let mut rows: Vec<_> = rows.iter().map(|at| (at.as_str(), "100", "-", "-")).collect();
            rows.push(("last", last, "-", "-"));
            let bars = bars(&Tables::from([("steady SQLite".to_owned(), table(&rows))]));
            line(&bars, "ten minutes")
        };
        assert_eq!(windows(10, "100").0, "not measured");
        assert_eq!(windows(60, "91").1, "yes");
        assert_eq!(windows(60, "89").1, "**missed**");
    }
}
