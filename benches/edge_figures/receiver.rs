//! A running receiver, and what the system says of its process. Only what was started here is ended.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::client::{SECRET, Target};

pub struct Setting<'a> {
    pub limits: &'a str,
    pub tls: bool,
}

/// What is measured: the program that was built beside this one, unless `COUNTERSIGN_PROGRAM` names another.
fn program() -> std::ffi::OsString {
    std::env::var_os("COUNTERSIGN_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_countersign").into())
}

pub struct Receiver {
    child: Child,
    address: String,
    certificate: Option<rustls::pki_types::CertificateDer<'static>>,
    folder: tempfile::TempDir,
}

const ENDPOINTS: &str = r#"
[store]
url = "sqlite:inbox.db"
[[endpoint]]
name = "hmac"
path = "/hmac"
profile = "body-signature"
keys = [{ secret = { file = "secret" }, algorithm = "HS256" }]
signature = { header = "x-signature", encoding = "base64", input = "{body}" }
id = { json = "/id" }
sink = "nowhere"
[[endpoint]]
name = "worldline"
path = "/v3/notification"
profile = "worldline"
keys = [{ certificate = "signing.crt" }]
sink = "nowhere"
[[endpoint]]
name = "jose"
path = "/jose"
profile = "jose"
keys = [{ certificate = "signing.crt" }]
signature = { form = "body", fresh = "off" }
id = { fingerprint = true }
sink = "nowhere"
[[sink]]
name = "nowhere"
type = "none"
"#;

impl Receiver {
    pub fn start(setting: &Setting<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("secret"), SECRET).expect("a file");
        std::fs::set_permissions(at("secret"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("keys");
        std::fs::copy(keys.join("worldline/signing.crt"), at("signing.crt")).expect("a copy");
        let (mut tls, mut certificate) = (String::new(), None);
        if setting.tls {
            let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
            std::fs::write(at("tls.crt"), made.cert.pem()).expect("a file");
            std::fs::write(at("tls.key"), made.signing_key.serialize_pem()).expect("a file");
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(at("tls.key"), private).expect("a mode");
            tls = "tls = { certificate = \"tls.crt\", key = \"tls.key\" }\n".to_owned();
            certificate = Some(made.cert.der().clone());
        }
        let limits = setting.limits;
        let server = format!("[server]\nlisten = \"127.0.0.1:0\"\nlimits = {{ {limits} }}\n{tls}");
        std::fs::write(at("countersign.toml"), server + ENDPOINTS).expect("a file");
        // Logs go to a file, as they do where this runs for good.
        let (log, errors) = (std::fs::File::create(at("log")).expect("a file"), at("log"));
        let child = Command::new(program())
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program");
        let mut receiver = Self { child, address: String::new(), certificate, folder };
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while receiver.address.is_empty() {
            let lines = BufReader::new(std::fs::File::open(&errors).expect("a file")).lines().map_while(Result::ok);
            let ready = lines.into_iter().find_map(|line| {
                let rest = line.strip_prefix("ready: ")?.split_once("://")?.1.to_owned();
                rest.split(' ').next().map(str::to_owned)
            });
            receiver.address = ready.unwrap_or_default();
            assert!(std::time::Instant::now() < deadline, "{}", std::fs::read_to_string(&errors).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(10));
        }
        receiver
    }

    pub fn target(&self) -> Target {
        let Some(certificate) = &self.certificate else { return Target { address: self.address.clone(), tls: None } };
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate.clone()).expect("a certificate");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Target { address: self.address.clone(), tls: Some(tokio_rustls::TlsConnector::from(Arc::new(config))) }
    }

    fn proc(&self, name: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(name)
    }

    /// A line of its status, in KiB.
    pub fn status(&self, name: &str) -> u64 {
        let text = std::fs::read_to_string(self.proc("status")).expect("a process that runs");
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    pub fn open_files(&self) -> usize {
        std::fs::read_dir(self.proc("fd")).expect("a process that runs").count()
    }

    /// User and system time.
    pub fn cpu(&self) -> Duration {
        cpu(&self.proc("stat"))
    }

    /// Length and time of change of each file of the store.
    pub fn store(&self) -> Vec<(String, u64, SystemTime)> {
        let of = |name: &str| {
            let found = std::fs::metadata(self.folder.path().join(name)).ok()?;
            Some((name.to_owned(), found.len(), found.modified().ok()?))
        };
        ["inbox.db", "inbox.db-wal"].into_iter().filter_map(of).collect()
    }

    /// Waits until the store has not changed for a second.
    pub async fn at_rest(&self) {
        let mut before = Vec::new();
        while self.store() != before {
            before = self.store();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// What the program says of its inbox.
    pub fn stats(&self) -> String {
        let mut command = Command::new(program());
        let output = command.current_dir(self.folder.path()).args(["inbox", "stats", "--json"]).output();
        let text = String::from_utf8(output.expect("the program").stdout).expect("text");
        let mut document: serde_json::Value = serde_json::from_str(&text).expect("a document");
        // What waits gets older by itself.
        document.as_object_mut().expect("members").remove("oldestWaitingSeconds");
        document.to_string()
    }
}

/// User and system time of a process; of this one too, to compare with in the same run.
pub fn cpu(stat: &Path) -> Duration {
    let text = std::fs::read_to_string(stat).expect("a process that runs");
    let fields: Vec<&str> = text.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().map(|place| fields[*place].parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
