//! Started by a supervisor: sockets that were opened before, and what the supervisor is told.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::receiver::{PROGRAM, Receiver, folder, out, run, status};
use crate::redis::page;
use crate::stop::answer;

const UNKNOWN: &[u8] = b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n";

/// What hands over standard input as descriptor 3, and perhaps standard output as 4, and then becomes the program.
fn handed(names: &str, sockets: Vec<TcpListener>, id: &str) -> Command {
    let mut command = Command::new("bash");
    let count = sockets.len();
    let more = if count > 1 { "exec 4<&1 1>>out.jsonl; " } else { "" };
    let script = format!(
        "exec 3<&0 0</dev/null; {more}export LISTEN_PID={id} LISTEN_FDS={count} LISTEN_FDNAMES={names}; exec {PROGRAM}"
    );
    let mut sockets = sockets.into_iter().map(std::os::fd::OwnedFd::from);
    command.args(["-c", &script]).stdin(Stdio::from(sockets.next().unwrap()));
    command.stdout(sockets.next().map_or_else(Stdio::null, Stdio::from));
    command
}

/// A folder whose configuration has these addresses.
fn at(senders: &TcpListener, admin: Option<&TcpListener>) -> tempfile::TempDir {
    let address = |listener: &TcpListener| listener.local_addr().unwrap().to_string();
    folder(|text| {
        let text = text.replacen("127.0.0.1:0", &address(senders), 1);
        admin.map_or(text.clone(), |admin| text.replacen("127.0.0.1:0", &address(admin), 1))
    })
}

fn bound() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// The start by systemd's rules has to end with status 64 and these words.
fn refused(folder: &Path, mut command: Command, words: &[&str]) {
    let output = command.current_dir(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64), "{text}");
    assert!(words.iter().all(|word| text.contains(word)), "{words:?}: {text}");
}

#[test]
fn who_waits_in_the_sockets_of_systemd_before_the_start_is_answered() {
    let (senders, admin) = (bound(), bound());
    let folder = at(&senders, Some(&admin));
    let address = senders.local_addr().unwrap();
    let mut early: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
    early.iter_mut().for_each(|stream| stream.write_all(UNKNOWN).unwrap());
    let receiver = Receiver::start_by(folder.path(), handed("senders:admin", vec![senders, admin], "$$"));
    assert_eq!(receiver.address, address.to_string());
    for stream in &mut early {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert_eq!(status(&answer(stream).unwrap().to_uppercase()), Some(404));
    }
    assert!(page(&receiver, "/readyz").contains("\"ready\":true"));
}

#[test]
fn who_comes_between_two_starts_waits_in_the_socket_and_is_answered_by_the_second() {
    let senders = bound();
    let folder = at(&senders, None);
    // As systemd does: the socket stays open over the restart.
    let again = senders.try_clone().unwrap();
    let address = senders.local_addr().unwrap();
    let first = Receiver::start_by(folder.path(), handed("senders", vec![senders], "$$"));
    assert_eq!(status(&first.raw(UNKNOWN)), Some(404));
    first.signal("TERM");
    assert_eq!(first.ended().code(), Some(0));
    let mut between = TcpStream::connect(address).unwrap();
    between.write_all(UNKNOWN).unwrap();
    let _second = Receiver::start_by(folder.path(), handed("countersign.socket", vec![again], "$$"));
    between.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(status(&answer(&mut between).unwrap().to_uppercase()), Some(404));
}

#[test]
fn sockets_that_are_meant_for_another_process_are_left_alone() {
    let (senders, other) = (bound(), bound());
    let folder = at(&other, None);
    drop(other);
    let theirs = senders.local_addr().unwrap().to_string();
    for id in ["1", "", "x"] {
        let receiver = Receiver::start_by(folder.path(), handed("senders", vec![senders.try_clone().unwrap()], id));
        assert_ne!(receiver.address, theirs, "LISTEN_PID={id}");
        assert_eq!(receiver.stop(), Some(0));
    }
}

#[test]
fn a_socket_that_is_not_where_the_configuration_says_does_not_start() {
    // The demo keys are trusted on loopback only, and only the configuration says that it is loopback.
    let everywhere = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = everywhere.local_addr().unwrap().port();
    let folder = folder(|text| text.replacen("127.0.0.1:0", &format!("127.0.0.1:{port}"), 1));
    let found = format!("0.0.0.0:{port}");
    refused(folder.path(), handed("senders", vec![everywhere], "$$"), &["listen", "handed over", &found]);
    let (elsewhere, fixed) = (bound(), bound());
    refused(at(&fixed, None).path(), handed("senders", vec![elsewhere], "$$"), &["listen", "handed over"]);
}

#[test]
fn sockets_of_other_names_or_kinds_do_not_start() {
    let pair = || vec![bound(), bound()];
    let folder = folder(|text| text);
    refused(folder.path(), handed("senders:senders", pair(), "$$"), &["twice"]);
    refused(folder.path(), handed("senders:metrics", pair(), "$$"), &["metrics"]);
    let mut command = Command::new("bash");
    let script = format!("exec 3</dev/null; export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=senders; exec {PROGRAM}");
    command.args(["-c", &script]).stdout(Stdio::null());
    refused(folder.path(), command, &["socket"]);
    let mut many = Command::new("bash");
    many.args(["-c", &format!("export LISTEN_PID=$$ LISTEN_FDS=1000000000; exec {PROGRAM}")]);
    refused(folder.path(), many, &["1000000000 sockets"]);
}

/// What a supervisor hears.
struct Supervisor {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Supervisor {
    /// Waits for a message with this word; those before it are kept.
    fn hears(&mut self, word: &str) -> String {
        loop {
            let mut piece = [0; 1024];
            let length =
                self.socket.recv(&mut piece).unwrap_or_else(|error| panic!("{word}: {error}: {:?}", self.heard));
            let text = String::from_utf8(piece[..length].to_vec()).unwrap();
            self.heard.push(text.clone());
            if text.lines().any(|line| line.starts_with(word)) {
                return text;
            }
        }
    }
}

fn monotonic() -> u128 {
    let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
    let seconds: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
    (seconds * 1e6) as u128
}

#[test]
fn a_supervisor_is_told_ready_alive_reloading_and_stopping() {
    use std::os::linux::net::SocketAddrExt;
    for kind in ["path", "abstract"] {
        let folder = folder(|text| text);
        let name = format!("countersign-test-{}-{kind}", std::process::id());
        let (socket, name) = if kind == "path" {
            let path = folder.path().join("notify");
            (UnixDatagram::bind(&path).unwrap(), path.display().to_string())
        } else {
            let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
            (UnixDatagram::bind_addr(&address).unwrap(), format!("@{name}"))
        };
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut supervisor = Supervisor { socket, heard: Vec::new() };
        let environment = [("NOTIFY_SOCKET", name.as_str()), ("WATCHDOG_USEC", "4000000")];
        let receiver = Receiver::start_with(folder.path(), &[], &environment);
        assert!(supervisor.hears("READY=1").contains("STATUS=receiving"));
        supervisor.hears("WATCHDOG=1");
        let before = monotonic();
        receiver.signal("HUP");
        let text = supervisor.hears("RELOADING=1");
        let at = text.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).unwrap().parse::<u128>().unwrap();
        // The clock of /proc/uptime has steps of 10 ms.
        assert!((before.saturating_sub(20_000)..=monotonic() + 20_000).contains(&at), "{at} {before}");
        supervisor.hears("READY=1");
        std::fs::write(folder.path().join("countersign.toml"), "nonsense").unwrap();
        receiver.signal("HUP");
        supervisor.hears("RELOADING=1");
        assert!(supervisor.hears("READY=1").contains("refused"));
        receiver.signal("TERM");
        assert!(supervisor.hears("STOPPING=1").contains("EXTEND_TIMEOUT_USEC=25000000"));
        assert_eq!(receiver.ended().code(), Some(0));
    }
}

#[test]
fn who_is_told_to_reload_all_the_time_says_that_it_is_alive_all_the_same() {
    let folder = folder(|text| text);
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut supervisor = Supervisor { socket, heard: Vec::new() };
    let environment = [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "2000000")];
    let receiver = Receiver::start_with(folder.path(), &[], &environment);
    supervisor.hears("READY=1");
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    // The first is said at once.
    while supervisor.heard.iter().filter(|text| text.starts_with("WATCHDOG=1")).count() < 3 {
        assert!(std::time::Instant::now() < deadline, "{:?}", supervisor.heard);
        receiver.signal("HUP");
        supervisor.hears("RELOADING=1");
        supervisor.hears("READY=1");
    }
}

#[test]
fn a_supervisor_that_is_gone_is_not_waited_for() {
    let folder = folder(|text| text);
    let receiver = Receiver::start_with(folder.path(), &[], &[("NOTIFY_SOCKET", "/nowhere/notify")]);
    receiver.logged("supervisor_unreachable", 1);
    assert_eq!(status(&receiver.raw(UNKNOWN)), Some(404));
    assert_eq!(receiver.stop(), Some(0));
}

/// The units that are shipped, as systemd reads them.
#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("left out: systemd-analyze is not there");
        return;
    }
    let contrib = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib");
    let folder = tempfile::tempdir().unwrap();
    for unit in ["countersign.service", "countersign.socket"] {
        // The program is where this build put it.
        let text = std::fs::read_to_string(contrib.join(unit)).unwrap();
        std::fs::write(folder.path().join(unit), text.replace("/usr/local/bin/countersign", PROGRAM)).unwrap();
    }
    let units = ["countersign.service", "countersign.socket"].map(|unit| folder.path().join(unit));
    let output = Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&units).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &out(&output);
    let ours: Vec<&str> = text.lines().filter(|line| line.contains("countersign")).collect();
    assert!(output.status.success() && ours.is_empty(), "{text}");
    assert!(run(folder.path(), &["--version"]).status.success());
}
