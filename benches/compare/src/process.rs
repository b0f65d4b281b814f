//! A contender as a process: started in a group of its own on a free port, read in /proc, and ended by its id.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What it and its children, a Redis beside it among them, are.
pub struct Running {
    leaders: Vec<Child>,
    /// How many cores they may use; 0 is all of them.
    cores: usize,
    pub port: u16,
    /// Where the binary says what it counts.
    pub admin: u16,
}

/// One line of /proc/PID/stat.
struct Stat {
    ended: bool,
    group: u32,
    ticks: u64,
}

impl Running {
    pub fn new(port: u16, admin: u16, cores: usize) -> Self {
        Self { leaders: Vec::new(), cores, port, admin }
    }

    /// The same program, which ends with us however we end, on as many cores as it may use; who counts its cores finds that
    /// many.
    fn bound(&self, command: &Command) -> Command {
        let mut bound = Command::new("setpriv");
        bound.args(["--pdeathsig", "TERM"]);
        if self.cores > 0 {
            bound.args(["taskset", "-c", &format!("0-{}", self.cores - 1)]);
        }
        bound.arg(command.get_program()).args(command.get_args());
        bound.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        bound
    }

    /// Starts a program in `folder` and waits until it takes connections at `port`.
    pub fn start(&mut self, command: &Command, folder: &Path, port: u16) -> std::io::Result<()> {
        let log = folder.join(format!("log-{port}"));
        let file = File::create(&log)?;
        let mut command = self.bound(command);
        let child = command.current_dir(folder).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        self.leaders.push(child.process_group(0).spawn()?);
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = self.leaders.last_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() || Instant::now() > deadline {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                return Err(Error::other(format!("expected it to get ready, but found {ended:?}: {said}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Processor time of all of them, and of those of their children that ended, in ticks.
    pub fn ticks(&self) -> u64 {
        self.members().iter().map(|(_, stat)| stat.ticks).sum()
    }

    /// What each of them has resident, added up, in KiB; what some of them share is counted once.
    pub fn memory(&self) -> u64 {
        let of = |id: &u32| {
            let text = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.trim().trim_end_matches(" kB").parse::<u64>().ok()
        };
        self.members().iter().filter_map(|(id, _)| of(id)).sum()
    }

    /// Waits until it is at rest: it read all that was sent, and its processor time stands still. What a load left behind is
    /// worked off then, and neither delays the next one nor counts as its processor time.
    pub fn settle(&self, limit: Duration) -> std::io::Result<()> {
        let (start, mut before) = (Instant::now(), self.ticks());
        loop {
            std::thread::sleep(Duration::from_millis(200));
            let now = self.ticks();
            // One tick of twenty is what a program at rest may take.
            if now.saturating_sub(before) <= 1 && !self.unread() {
                return Ok(());
            }
            if start.elapsed() > limit {
                let said = format!("expected it to come to rest within {} s, but found it at work", limit.as_secs());
                return Err(Error::new(ErrorKind::TimedOut, said));
            }
            before = now;
        }
    }

    /// Whether an open connection has bytes that it did not read yet.
    fn unread(&self) -> bool {
        let text = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
        let port = format!(":{:04X}", self.port);
        text.lines().skip(1).any(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [_, local, _, state, queues, ..] = fields[..] else { return false };
            local.ends_with(&port) && state == "01" && !queues.ends_with(":00000000")
        })
    }

    fn members(&self) -> Vec<(u32, Stat)> {
        let groups: Vec<u32> = self.leaders.iter().map(Child::id).collect();
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        ids.filter_map(|id| Some((id, stat(id)?))).filter(|(_, stat)| groups.contains(&stat.group)).collect()
    }

    fn signal(&self, name: &str) {
        for leader in &self.leaders {
            let group = format!("-{}", leader.id());
            let _ = Command::new("kill").args([name, "--", &group]).stderr(Stdio::null()).status();
        }
    }
}

fn stat(id: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
    let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
    let ticks = (11..15).map(number).sum::<Option<u64>>()?;
    Some(Stat { ended: fields.first() == Some(&"Z"), group: u32::try_from(number(2)?).ok()?, ticks })
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal("-TERM");
        let deadline = Instant::now() + Duration::from_secs(3);
        while self.members().iter().any(|(_, stat)| !stat.ended) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        // What does not go by itself, such as a receiver that drains; a leader is reaped after that, so that its id is its own.
        self.signal("-KILL");
        for leader in &mut self.leaders {
            let _ = leader.wait();
        }
    }
}

/// A port of the loopback interface that nobody had a moment ago.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Processor time of the children that this program started and waited for, in ticks.
pub fn ticks_of_ended() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// Ticks of a second.
pub fn ticks_a_second() -> std::io::Result<f64> {
    let output = Command::new("getconf").arg("CLK_TCK").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|error| Error::new(ErrorKind::InvalidData, format!("getconf CLK_TCK: {error}")))
}
