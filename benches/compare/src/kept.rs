//! What a contender says it keeps, asked after a load. The rule: it is what was acknowledged, or there is no figure. A request
//! that the end of a load cut off may be kept and was answered to nobody.

use std::io::{Error, Result};
use std::path::Path;
use std::process::Command;

use crate::client::Connection;
use crate::contenders::{Contender, Kind, Places, Store};
use crate::process::Running;

/// What was acknowledged as new, and how many more may be kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Acknowledged {
    pub events: u64,
    pub cut_off: u64,
}

/// Compares the two, where a contender keeps anything that can be counted.
pub fn check(
    contender: &Contender,
    places: &Places,
    running: &Running,
    folder: &Path,
    told: Acknowledged,
) -> Result<()> {
    let kept = match contender.kind {
        // Memory can only be asked by who has it.
        Kind::Binary(Store::Memory) => metrics(running)?,
        Kind::Binary(Store::Sqlite | Store::Redis) => stats(places, folder)?,
        Kind::Peer("hookrelay") => rows(folder)?,
        Kind::Ceiling | Kind::Middleware | Kind::Peer(_) => return Ok(()),
    };
    if (told.events..=told.events + told.cut_off).contains(&kept) {
        return Ok(());
    }
    let more = told.cut_off;
    Err(Error::other(format!("expected {} events to be kept, and {more} more at most, but found {kept}", told.events)))
}

/// Asked of the store itself, by a process beside the receiver.
fn stats(places: &Places, folder: &Path) -> Result<u64> {
    let mut command = Command::new(&places.binary);
    command.args(["inbox", "stats", "--json", "--config", "countersign.toml"]).current_dir(folder);
    let text = said(&mut command)?;
    let document: serde_json::Value = serde_json::from_str(&text)?;
    let of = |name: &str| document.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
    Ok(["ready", "leased", "delivered", "parked", "quarantined"].map(of).iter().sum())
}

fn metrics(running: &Running) -> Result<u64> {
    let request = "GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    let answer = Connection::to(running.admin).exchange(request.as_bytes())?;
    let of_state = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        name.starts_with("countersign_inbox_records{").then(|| value.parse::<f64>().ok())?
    };
    Ok(answer.text.lines().filter_map(of_state).sum::<f64>() as u64)
}

fn rows(folder: &Path) -> Result<u64> {
    let script = "import sqlite3; print(sqlite3.connect('webhooks.db').execute('select count(*) from hookrelay_events').fetchone()[0])";
    let text = said(Command::new("python3").args(["-c", script]).current_dir(folder))?;
    text.trim().parse().map_err(|_| Error::other(format!("expected a count of rows, but found {text}")))
}

fn said(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() { Ok(out) } else { Err(Error::other(format!("{command:?}: {error}"))) }
}
