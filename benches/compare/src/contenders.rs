//! Who is compared, and how each is started: ours by the configuration that the README describes, peers by their `start`.

use std::io::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::configuration::configuration;
use crate::keys::Keys;
use crate::plan::{Answers, Scheme, Speaks, Workload};
use crate::process::{Running, free_port};

/// What does not change during a run.
pub struct Places {
    /// benches/compare.
    pub here: PathBuf,
    /// The target folder of this workspace.
    pub built: PathBuf,
    /// The release binary.
    pub binary: PathBuf,
    /// How many cores a contender may use; 0 is all of them.
    pub cores: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ceiling,
    Middleware,
    /// The binary with this store.
    Binary(Store),
    /// A folder of peers/.
    Peer(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    Memory,
    Sqlite,
    Redis,
}

pub struct Contender {
    pub name: &'static str,
    pub kind: Kind,
    pub speaks: Speaks,
    pub answers: Answers,
    /// What an answer to a copy says, if it knows copies; empty if nobody can tell.
    pub knows_copies: Option<&'static str>,
    /// What it does beside verifying.
    pub keeps: &'static str,
}

/// All of them; the ceilings first.
pub fn contenders() -> Vec<Contender> {
    // To what it takes, to a forgery, and to a request without a signature; one peer says 500 to the second.
    let answers = |accepted, forged, unsigned| Answers { accepted, forged, unsigned, malformed: forged };
    let plain = answers(204, 401, 401);
    let copies = Some("countersign-result: duplicate");
    let one =
        |name, kind, speaks, knows_copies, keeps| Contender { name, kind, speaks, answers: plain, knows_copies, keeps };
    let ours = |name, kind, keeps| Contender {
        answers: answers(200, 401, 401),
        ..one(name, kind, Speaks::Everything, copies, keeps)
    };
    let peer = |name, speaks, answers| Contender { answers, ..one(name, Kind::Peer(name), speaks, None, "nothing") };
    vec![
        Contender {
            answers: answers(204, 204, 204),
            ..one("hyper", Kind::Ceiling, Speaks::Nothing, Some(""), "nothing")
        },
        one("hyper+verify", Kind::Ceiling, Speaks::Bare, Some(""), "nothing"),
        ours("middleware", Kind::Middleware, "events, in memory"),
        ours("memory", Kind::Binary(Store::Memory), "events, in memory"),
        ours("SQLite", Kind::Binary(Store::Sqlite), "events, on disk before the answer"),
        ours("Redis", Kind::Binary(Store::Redis), "events, on disk within a second"),
        peer("octokit", Speaks::GitHub, answers(200, 400, 400)),
        peer("express", Speaks::Asymmetric, plain),
        Contender {
            knows_copies: Some("\"accepted\":false"),
            keeps: "events, on disk before the answer",
            ..peer("hookrelay", Speaks::WithId, answers(200, 401, 401))
        },
        peer("fastapi", Speaks::Asymmetric, plain),
        peer("webhook", Speaks::GitHub, answers(200, 500, 403)),
        peer("webhook-verify", Speaks::GitHub, answers(200, 401, 400)),
        peer("axum-standardwebhooks", Speaks::Standard, answers(204, 400, 400)),
        peer("httpsig-hyper", Speaks::MessageSignature, plain),
        peer("nginx-njs", Speaks::Asymmetric, plain),
    ]
}

impl Contender {
    /// Why it is not there, if what it needs could not be had; `run` said so.
    pub fn missing(&self, places: &Places) -> Option<String> {
        let Kind::Peer(name) = self.kind else { return None };
        let folder = places.built.join("peers").join(name);
        if folder.join("prepared").is_file() {
            return None;
        }
        let said = std::fs::read_to_string(folder.join("said")).unwrap_or_default();
        Some(said.lines().last().unwrap_or("it was not prepared").to_owned())
    }

    pub fn is_peer(&self) -> bool {
        matches!(self.kind, Kind::Peer(_))
    }

    /// Starts it for a workload, with `folder` to itself.
    pub fn start(&self, places: &Places, keys: &Keys, workload: &Workload, folder: &Path) -> Result<Running> {
        let port = free_port()?;
        let mut running = Running::new(port, free_port()?, places.cores);
        let algorithm = workload.scheme.algorithm();
        let mut command = match self.kind {
            Kind::Ceiling => {
                let mut command = Command::new(places.built.join("release/ceiling"));
                let check = match (self.speaks, workload.scheme) {
                    (Speaks::Bare, Scheme::Jwe) => "JWE",
                    (Speaks::Bare, _) => algorithm.word(),
                    _ => "",
                };
                command.env("CHECK", check).env("KEY", keys.file(algorithm, "der")).env("OPENS", keys.opens());
                command
            }
            Kind::Middleware => {
                let mut command = Command::new(places.built.join("release/middleware"));
                command.env("CHECK", algorithm.word()).env("KEY", keys.file(algorithm, "pem"));
                command.env("SCHEME", workload.scheme.word()).env("OPENS", keys.decrypting());
                command
            }
            Kind::Binary(store) => {
                let url = match store {
                    Store::Memory => "memory:".to_owned(),
                    Store::Sqlite => "sqlite:inbox.db".to_owned(),
                    Store::Redis => format!("redis://127.0.0.1:{}", redis(&mut running, folder)?),
                };
                let text = configuration((port, running.admin), &url, keys, workload);
                std::fs::write(folder.join("countersign.toml"), text)?;
                Command::new(&places.binary)
            }
            Kind::Peer(name) => {
                let mut command = Command::new(places.here.join("peers").join(name).join("start"));
                command.env("CHECK", algorithm.word()).env("KEY", keys.file(algorithm, "pem"));
                command.env("WORK", places.built.join("peers").join(name)).env("CARGO_TARGET_DIR", &places.built);
                command
            }
        };
        running.start(command.env("PORT", port.to_string()), folder, port)?;
        Ok(running)
    }
}

/// As most people run it: the log is flushed every second.
fn redis(running: &mut Running, folder: &Path) -> Result<u16> {
    let port = free_port()?;
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"]);
    command.args(["--appendonly", "yes", "--appendfsync", "everysec", "--loglevel", "warning"]);
    running.start(&command, folder, port)?;
    Ok(port)
}
