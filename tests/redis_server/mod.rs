//! Real servers for tests: `redis-server` on a free port of the loopback interface, with a folder of its own, ended by its
//! id. A machine without one fails the test and says what to install.
#![allow(dead_code, unreachable_pub, reason = "each test target uses a part of it")]

mod authority;
#[path = "../left_out/mod.rs"]
pub mod left_out;
#[path = "../reserved/mod.rs"]
mod reserved;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub use self::authority::{Authority, Issued};
pub use self::reserved::Reserved;

/// A running server.
pub struct Server {
    child: Child,
    pub port: u16,
    /// The port that speaks TLS; 0 if there is none.
    pub tls_port: u16,
    _held: [Option<Reserved>; 2],
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    kind: Kind,
}

/// What runs.
#[derive(Clone, PartialEq)]
enum Kind {
    Server,
    /// Another program than `redis-server`.
    Other(PathBuf),
    /// Its arguments are the lines of its file.
    Sentinel,
}

/// Everything that is acknowledged is on the disk.
pub const DURABLE: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];

impl Server {
    /// Starts a server that keeps what it acknowledges, with more settings after that.
    pub fn durable(more: &[&str]) -> Self {
        Self::start(&[DURABLE, more].concat())
    }

    /// Starts a server with these settings.
    pub fn start(arguments: &[&str]) -> Self {
        Self::launch(arguments, &[], Kind::Server, None)
    }

    /// Starts a server with these settings in another environment; it is there again after a restart.
    pub fn start_on(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::launch(arguments, environment, Kind::Server, None)
    }

    /// Starts a server that keeps what it acknowledges and has a second port, which speaks TLS as `issued` and wants a
    /// certificate of the same authority.
    pub fn secure(authority: &Authority, issued: &Issued, more: &[&str]) -> Self {
        Self::launch(&[DURABLE, more].concat(), &[], Kind::Server, Some(&authority.settings(issued)))
    }

    /// Starts a Sentinel with the lines of its file.
    pub fn sentinel(lines: &str) -> Self {
        Self::launch(&[lines], &[], Kind::Sentinel, None)
    }

    /// The same with a second port, which speaks TLS.
    pub fn secure_sentinel(authority: &Authority, issued: &Issued, lines: &str) -> Self {
        Self::launch(&[lines], &[], Kind::Sentinel, Some(&authority.settings(issued)))
    }

    /// Starts another release than the system's, which `./test` keeps beside what it builds; `None`, and a line that says
    /// so, where it could not.
    pub fn other(release: &str, arguments: &[&str]) -> Option<Self> {
        let here = std::env::current_exe().unwrap();
        let found = here.ancestors().map(|folder| folder.join("servers").join(release)).find(|path| path.is_file());
        if found.is_none() {
            let test = std::thread::current();
            let test = test.name().unwrap_or("a test");
            left_out::say(test, &format!("no {release} in target/servers, where ./test puts it"));
        }
        Some(Self::launch(&[DURABLE, arguments].concat(), &[], Kind::Other(found?), None))
    }

    fn launch(given: &[&str], environment: &[(&str, &str)], kind: Kind, tls: Option<&[(&str, String)]>) -> Self {
        let environment: Vec<_> =
            environment.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        // The port of a Cluster's bus is not held, and may be somebody else's.
        for _ in 0..20 {
            let (folder, held) = (tempfile::tempdir().unwrap(), reserved());
            let (port, tls_held) = (held.address.port(), tls.map(|_| reserved()));
            let mut arguments: Vec<String> = given.iter().map(|&text| text.to_owned()).collect();
            let tls_port = tls_held.as_ref().map_or(0, |held| held.address.port());
            for (name, value) in tls.into_iter().flatten().chain(&[("tls-port", tls_port.to_string())]) {
                match kind {
                    _ if tls.is_none() => {}
                    Kind::Sentinel => arguments.push(format!("\n{name} {value}\n")),
                    Kind::Server | Kind::Other(_) => arguments.extend([format!("--{name}"), value.clone()]),
                }
            }
            let child = spawn(folder.path(), port, &arguments, &environment, &kind);
            let (kind, environment) = (kind.clone(), environment.clone());
            let held = [Some(held), tls_held];
            let mut server = Self { child, port, tls_port, _held: held, folder, arguments, environment, kind };
            if server.answers() {
                return server;
            }
        }
        panic!("expected redis-server to start, but found none that answers");
    }

    /// Waits until it answers; `false` if it ended.
    fn answers(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if self.pings() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    fn pings(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let mut answer = [0; 5];
        stream.write_all(b"PING\r\n").is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && matches!(&answer, b"+PONG" | b"-NOAU")
    }

    /// The URL of this one server.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Runs `redis-cli` against it and answers what it printed.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let output = Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(arguments).output();
        String::from_utf8_lossy(&output.unwrap_or_else(|error| panic!("redis-cli: {error}; {INSTALL}")).stdout)
            .trim()
            .to_owned()
    }

    /// Whether a replica follows it: one that is online has not answered before its first offset.
    pub fn is_followed(&self) -> bool {
        let told = self.cli(&["INFO", "replication"]);
        told.lines().any(|line| line.contains("state=online") && !line.contains("offset=0,"))
    }

    /// `SIGSTOP` and `SIGCONT`: it is there and does not answer, until it does.
    pub fn stall(&self, stalled: bool) {
        let signal = if stalled { "-STOP" } else { "-CONT" };
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// `SIGKILL`; its folder stays.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the same port and folder.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.folder.path(), self.port, &self.arguments, &self.environment, &self.kind);
        assert!(self.answers(), "expected the server to start again");
        // While it reads its data it answers with an error.
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.cli(&["INFO", "persistence"]).contains("loading:1") && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

const INSTALL: &str = "install redis-server, redis-sentinel and redis-tools, as ./test does";

fn reserved() -> Reserved {
    // A Cluster's bus listens 10000 ports above.
    std::iter::repeat_with(Reserved::new).find(|held| held.address.port() < 55_000).unwrap()
}

fn spawn(folder: &Path, port: u16, arguments: &[String], environment: &[(String, String)], kind: &Kind) -> Child {
    let port = port.to_string();
    let mut command;
    if *kind == Kind::Sentinel {
        let file = folder.join("sentinel.conf");
        if !file.exists() {
            let text = format!("port {port}\nbind 127.0.0.1\ndir {}\n{}\n", folder.display(), arguments.concat());
            std::fs::write(&file, text).unwrap();
        }
        command = Command::new("redis-sentinel");
        command.arg(file);
    } else {
        command = Command::new(if let Kind::Other(path) = kind { path.as_os_str() } else { "redis-server".as_ref() });
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"]);
        command.arg("--dir").arg(folder).args(arguments);
    }
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("redis-server: {error}; {INSTALL}"))
}
