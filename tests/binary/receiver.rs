//! A running receiver in a folder of its own, on a free port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_countersign");

/// A folder with the repository's configuration and demo keys, and free ports instead of fixed ones.
pub fn folder(change: impl FnOnce(String) -> String) -> tempfile::TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "worldline/signing.crt",
        "tribe/signing.pub.pem",
        "tribe/api-key",
        "cbuae/signing.jwks.json",
        "cbuae/encryption.key.pem",
        "redirect/state-secret",
    ] {
        let to = folder.path().join("keys").join(name);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(root.join("keys").join(name), to).unwrap();
    }
    let text = std::fs::read_to_string(root.join("countersign.toml")).unwrap();
    let text = text.replace("127.0.0.1:8400", "127.0.0.1:0").replace("127.0.0.1:8401", "127.0.0.1:0");
    std::fs::write(folder.path().join("countersign.toml"), change(text)).unwrap();
    folder
}

pub struct Receiver {
    child: Child,
    folder: PathBuf,
    pub address: String,
    pub admin: String,
    errors: Arc<Mutex<String>>,
}

impl Receiver {
    /// Starts `serve`; standard output is appended to `out.jsonl` of the folder.
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[], &[])
    }

    /// Starts `serve` with more arguments, in another environment.
    pub fn start_with(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let out = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("out.jsonl")).unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(arguments).envs(environment.iter().copied()).stdout(out);
        Self::start_by(folder, command)
    }

    /// Starts it by a command that ends up as `serve` in this folder.
    pub fn start_by(folder: &Path, mut command: Command) -> Self {
        let mut child = command.current_dir(folder).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut address, mut admin, mut text) = (None, String::new(), String::new());
        while address.is_none() {
            let line =
                lines.next().unwrap_or_else(|| panic!("expected a ready line, but found the end: {text}")).unwrap();
            let listener = line.strip_prefix("ready: http://").or(line.strip_prefix("ready: https://"));
            let listener = listener.map(|rest| rest.split(' ').next().unwrap().to_owned());
            if line.contains("for operators") {
                admin = listener.unwrap();
            } else if line.contains("for senders") {
                address = listener;
            }
            text += &(line + "\n");
        }
        let errors = Arc::new(Mutex::new(text));
        let sink = Arc::clone(&errors);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                *sink.lock().unwrap() += &(line + "\n");
            }
        });
        Self { child, folder: folder.to_owned(), address: address.unwrap(), admin, errors }
    }

    /// What was logged so far.
    pub fn errors(&self) -> String {
        self.errors.lock().unwrap().clone()
    }

    /// Runs a command of the program in the receiver's folder.
    pub fn run(&self, arguments: &[&str]) -> Output {
        run(&self.folder, arguments)
    }

    /// Runs `send` against this receiver.
    pub fn send(&self, profile: &str, event: &str, more: &[&str]) -> Output {
        let path = match profile {
            "worldline" => "/v3/notification".to_owned(),
            "joompay" | "younify" => format!("/{profile}/callback"),
            other => format!("/{other}"),
        };
        let to = format!("http://{}{path}", self.address);
        self.run(&[&["send", profile, event, "--to", &to], more].concat())
    }

    /// Sends raw bytes and reads the whole answer.
    pub fn raw(&self, bytes: &[u8]) -> String {
        exchange(&self.address, bytes)
    }

    /// Sends it a signal, by name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until this was logged so many times.
    pub fn logged(&self, word: &str, times: usize) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let text = self.errors();
            if text.matches(word).count() >= times {
                return text;
            }
            assert!(Instant::now() < deadline, "expected {word:?} {times} times, but found: {text}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGKILL: nothing of the process runs any more.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The id of its process.
    #[allow(dead_code, reason = "the failure table is compiled with a feature")]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended by itself.
    #[allow(dead_code, reason = "the failure table is compiled with a feature")]
    pub fn ended(mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status,
                None if Instant::now() > deadline => {
                    panic!("expected it to end, but found it running: {}", self.errors())
                }
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// SIGTERM, and the exit status.
    pub fn stop(mut self) -> Option<i32> {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
        self.child.wait().unwrap().code()
    }

    /// Lines on standard output, as JSON, once there are `count` of them.
    pub fn events(&self, count: usize) -> Vec<serde_json::Value> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let events = events(&self.folder);
            if events.len() >= count || Instant::now() > deadline {
                return events;
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What was printed so far: whole lines only.
pub fn events(folder: &Path) -> Vec<serde_json::Value> {
    lines(folder)
        .into_iter()
        .map(|line| line.unwrap_or_else(|half| panic!("expected an event, but found {half}")))
        .collect()
}

/// Each line that was ended so far: an event, or what was cut.
pub fn lines(folder: &Path) -> Vec<Result<serde_json::Value, String>> {
    let text = std::fs::read_to_string(folder.join("out.jsonl")).unwrap_or_default();
    let ended = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    ended.map(|line| serde_json::from_str(line).map_err(|_| line.to_owned())).collect()
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(PROGRAM).current_dir(folder).args(arguments).output().unwrap()
}

pub fn exchange(address: &str, bytes: &[u8]) -> String {
    try_exchange(address, bytes).unwrap()
}

/// Like [`exchange`], of a receiver that may be gone.
pub fn try_exchange(address: &str, bytes: &[u8]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The receiver may close before it has read everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

pub fn status(answer: &str) -> Option<u16> {
    let mut lines =
        answer.split("\r\n").filter_map(|line| line.strip_prefix("HTTP/1.1 ").or(line.strip_prefix("HTTP/1.0 ")));
    lines.find_map(|line| line.get(..3)?.parse().ok().filter(|status| *status >= 200))
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
