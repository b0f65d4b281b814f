//! The machine, the commit and what else was going on: what a figure cannot be read without, and whether figures of now may be
//! published.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// The file that a run may change.
const PUBLISHED: &str = "benches/RESULTS.md";

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).lines().next().map(str::to_owned)
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Processor, memory, disk, system and versions, a line each; `folder` is where contenders keep what they keep.
pub fn machine(folder: &Path) -> String {
    let line = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let value = text.lines().find(|line| line.starts_with(name))?.split(':').nth(1)?.trim().to_owned();
        Some(value)
    };
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
    let versions = versions.collect::<Vec<_>>().join(", ");
    let system = said("stat", &["-f", "-c", "%T", &folder.to_string_lossy()]);
    let disk = flush(folder).map_or("unknown".to_owned(), |micros| format!("{micros:.0} µs"));
    [
        ("processor", format!("{} cores, {}", cores(), or(line("/proc/cpuinfo", "model name")))),
        ("memory", format!("{}; first touch of a page: {}", or(line("/proc/meminfo", "MemTotal")), pages())),
        ("system", or(said("uname", &["-srm"]))),
        ("disk", format!("{}; 4 KiB written and flushed: {disk}", or(system))),
        ("versions", versions),
    ]
    .iter()
    .map(|(name, value)| format!("- {name}: {value}\n"))
    .collect()
}

/// The median time of a write of 4 KiB that is on the disk when it ends, in microseconds.
fn flush(folder: &Path) -> std::io::Result<f64> {
    let name = folder.join("flush");
    let mut file = File::create(&name)?;
    let mut times = Vec::new();
    for _ in 0..51 {
        let start = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    std::fs::remove_file(&name)?;
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// How long the first touch of a page of memory takes, at first and again after it was given back: what keeps events pays
/// for it, and what keeps nothing does not. A virtual machine may have to ask its host for the page.
fn pages() -> String {
    const PAGE: usize = 4096;
    const PAGES: usize = 65_536;
    let touch = || {
        let mut memory = vec![0_u8; PAGE * PAGES];
        let start = Instant::now();
        memory.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
        let took = start.elapsed().as_secs_f64() * 1e6 / PAGES as f64;
        std::hint::black_box(&memory);
        took
    };
    format!("{:.1} µs, and {:.1} µs again", touch(), touch())
}

pub fn commit() -> String {
    said("git", &["describe", "--always", "--dirty"]).unwrap_or_else(|| "unknown".to_owned())
}

/// Of the last one, five and fifteen minutes.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// Whether others had more than half of the machine, by what the load was before anything was built.
pub fn busy(load: &str) -> bool {
    let last: f64 = load.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(f64::INFINITY);
    last > cores() as f64 / 2.0
}

/// Why figures of now are not to be published: nobody could say of what program, or of what machine, they are.
pub fn unfit(load: &str, busy_is_fine: bool) -> Option<String> {
    if std::env::var_os("COMPARE_BORROWED").is_some() {
        return Some("expected a binary that was built here, but found COMPARE_BINARY; run without it".to_owned());
    }
    let output = Command::new("git").args(["status", "--porcelain", "--", ":/"]).output().ok();
    let Some(output) = output.filter(|output| output.status.success()) else {
        return Some("expected a git checkout, whose commit the figures are of, but found none".to_owned());
    };
    let text = String::from_utf8_lossy(&output.stdout);
    if let Some(changed) = text.lines().find(|line| line.get(3..) != Some(PUBLISHED)) {
        return Some(format!("expected a clean checkout, but found {}; commit or stash it", changed.trim()));
    }
    if busy(load) && !busy_is_fine {
        let most = cores() as f64 / 2.0;
        return Some(format!(
            "expected a load average of {most} at most, half of the cores, but found {load}; wait until the machine is quiet, \
             or say --busy, which is written into the tables"
        ));
    }
    None
}
