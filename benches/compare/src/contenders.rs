//! Who is compared, and how each is started: ours by the configuration that the README describes, peers by their `start`.

use std::fmt::Write as _;
use std::io::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::keys::{Algorithm, Keys};
use crate::plan::{Scheme, Speaks, Workload};
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
    /// What an answer to a copy says, if it knows copies; empty if nobody can tell.
    pub knows_copies: Option<&'static str>,
    /// What it does beside verifying.
    pub keeps: &'static str,
}

/// All of them; the ceilings first.
pub fn contenders() -> Vec<Contender> {
    let ours = Some("countersign-result: duplicate");
    let one = |name, kind, speaks, knows_copies, keeps| Contender { name, kind, speaks, knows_copies, keeps };
    let peer = |name, speaks, keeps| one(name, Kind::Peer(name), speaks, None, keeps);
    vec![
        one("hyper", Kind::Ceiling, Speaks::Nothing, Some(""), "nothing"),
        one("hyper+verify", Kind::Ceiling, Speaks::Bare, Some(""), "nothing"),
        one("middleware", Kind::Middleware, Speaks::Bodies, ours, "events, in memory"),
        one("memory", Kind::Binary(Store::Memory), Speaks::Everything, ours, "events, in memory"),
        one("SQLite", Kind::Binary(Store::Sqlite), Speaks::Everything, ours, "events, on disk before the answer"),
        one("Redis", Kind::Binary(Store::Redis), Speaks::Everything, ours, "events, on disk within a second"),
        peer("octokit", Speaks::GitHub, "nothing"),
        peer("express", Speaks::Asymmetric, "nothing"),
        one(
            "hookrelay",
            Kind::Peer("hookrelay"),
            Speaks::WithId,
            Some("\"accepted\":false"),
            "events, on disk before the answer",
        ),
        peer("fastapi", Speaks::Asymmetric, "nothing"),
        peer("webhook", Speaks::GitHub, "nothing"),
        peer("webhook-verify", Speaks::GitHub, "nothing"),
        peer("axum-standardwebhooks", Speaks::Standard, "nothing"),
        peer("httpsig-hyper", Speaks::MessageSignature, "nothing"),
        peer("nginx-njs", Speaks::Asymmetric, "nothing"),
    ]
}

impl Contender {
    /// Whether it is there: what a peer needs could not be had otherwise, and `run` said so.
    pub fn is_here(&self, places: &Places) -> bool {
        let Kind::Peer(name) = self.kind else { return true };
        places.built.join("peers").join(name).join("prepared").is_file()
    }

    /// Starts it for a workload, with `folder` to itself.
    pub fn start(&self, places: &Places, keys: &Keys, workload: &Workload, folder: &Path) -> Result<Running> {
        let port = free_port()?;
        let mut running = Running::new(port, places.cores);
        let algorithm = workload.scheme.algorithm();
        let mut command = match self.kind {
            Kind::Ceiling => {
                let mut command = Command::new(places.built.join("release/ceiling"));
                let check = if self.speaks == Speaks::Bare { algorithm.word() } else { "" };
                command.env("CHECK", check).env("KEY", keys.file(algorithm, "der"));
                command
            }
            Kind::Middleware => {
                let mut command = Command::new(places.built.join("release/middleware"));
                command.env("CHECK", algorithm.word()).env("KEY", keys.file(algorithm, "pem"));
                command
            }
            Kind::Binary(store) => {
                let url = match store {
                    Store::Memory => "memory:".to_owned(),
                    Store::Sqlite => "sqlite:inbox.db".to_owned(),
                    Store::Redis => format!("redis://127.0.0.1:{}", redis(&mut running, folder)?),
                };
                std::fs::write(folder.join("countersign.toml"), configuration(port, &url, keys, workload))?;
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

/// One endpoint without code, as the README shows them, that takes 1 MiB. Events stay in the inbox.
fn configuration(port: u16, store: &str, keys: &Keys, workload: &Workload) -> String {
    let algorithm = workload.scheme.algorithm();
    let (file, word) = (keys.file(algorithm, "pem"), algorithm.word());
    let public = format!("{{ public_key = {file:?}, algorithm = \"{word}\" }}");
    let named = format!("{{ key_id = \"compare\", public_key = {file:?}, algorithm = \"{word}\" }}");
    let over_body = r#"{ header = "x-signature", encoding = "base64", input = "{body}" }"#;
    let (mut id, mut more) = ("x-request-id", String::new());
    let (profile, key, signature) = match workload.scheme {
        Scheme::Hmac => {
            id = "x-github-delivery";
            (
                "body-signature",
                format!("{{ secret = {{ file = {file:?} }}, algorithm = \"HS256\" }}"),
                r#"{ header = "x-hub-signature-256", encoding = "hex", prefix = "sha256=", input = "{body}" }"#,
            )
        }
        Scheme::Http => (
            "http-signature",
            named,
            r#"{ cover = ["(request-target)", "host", "date", "digest"], fresh = { header = "date", tolerance = "5m" } }"#,
        ),
        Scheme::Ps256 => ("jose", named, r#"{ form = "body", fresh = "off" }"#),
        Scheme::Jwe => {
            let private = keys.decrypting();
            let _ = write!(more, "decrypt = [{{ private_key = {private:?}, key_id = \"compare\" }}]");
            ("jose", named, r#"{ form = "body", nesting = "jwe(jws)", fresh = "off" }"#)
        }
        Scheme::Rsa2048 | Scheme::Rsa3072 | Scheme::Rsa4096 | Scheme::Es256 => ("body-signature", public, over_body),
    };
    debug_assert!(!matches!(algorithm, Algorithm::Hs256) || workload.scheme == Scheme::Hmac);
    format!(
        r#"[server]
listen = "127.0.0.1:{port}"
admin = "127.0.0.1:0"
limits = {{ in_flight = "512MiB" }}
[store]
url = "{store}"
[[endpoint]]
name = "compare"
path = "/hook"
profile = "{profile}"
keys = [{key}]
signature = {signature}
id = {{ header = "{id}" }}
max_body = "1MiB"
sink = "nowhere"
{more}
[[sink]]
name = "nowhere"
type = "none"
"#
    )
}
