//! Ten thousand parked events, delivered again: how far it is, how fast, and where it goes on after Ctrl-C.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use countersign::clock::SystemClock;
use countersign::store::{RedisOptions, RedisStore, SqliteStore, Store};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::receipts::{Front, offer};
use crate::receiver::{PROGRAM, Receiver, err, folder, out, run};
use crate::redis::until;
use crate::redis_server::Server;

const EVENTS: usize = 10_000;
const RATE: f64 = 3000.0;

/// A folder with the endpoint whose events are parked, and a file that they go to.
fn bench(store: &str) -> tempfile::TempDir {
    let folder = folder(|_| {
        format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"{store}\"\n\
             [[endpoint]]\nname = \"bench\"\npath = \"/bench\"\nprofile = \"body-signature\"\nsink = \"events\"\n\
             keys = [{{ secret = {{ file = \"secret\" }}, algorithm = \"HS256\" }}]\nid = {{ json = \"/id\" }}\n\
             signature = {{ header = \"x-signature\", encoding = \"base64\", input = \"{{body}}\" }}\n\
             [[sink]]\nname = \"events\"\ntype = \"file\"\npath = \"events.jsonl\"\nconcurrency = 256\n"
        )
    });
    let mut secret = OpenOptions::new();
    let secret = secret.create(true).write(true).mode(0o600).open(folder.path().join("secret"));
    std::io::Write::write_all(&mut secret.unwrap(), &[7; 32]).unwrap();
    folder
}

async fn park(store: Arc<dyn Store>, events: usize) {
    let front = Front::new();
    let work = (0..16).map(|task| (task..events).step_by(16).map(|id| front.receipt(&id.to_string(), 64)).collect());
    offer(&store, work.collect(), true).await;
    loop {
        let leased = store.lease(Arc::new([]), 1000, Duration::from_secs(60)).await.unwrap();
        if leased.is_empty() {
            return;
        }
        let mut parking = JoinSet::new();
        for record in leased {
            let store = Arc::clone(&store);
            parking.spawn(async move { store.park(record.id, record.fence, "no sink".to_owned()).await.unwrap() });
        }
        parking.join_all().await;
    }
}

/// What a terminal shows.
struct Terminal {
    shown: Arc<Mutex<String>>,
    device: File,
}

impl Terminal {
    fn open() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let device = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let shown = Arc::new(Mutex::new(String::new()));
        let showing = Arc::clone(&shown);
        std::thread::spawn(move || {
            let (mut master, mut bytes) = (File::from(master), [0; 4096]);
            // It ends with an error when nobody writes any more.
            while let Ok(count @ 1..) = master.read(&mut bytes) {
                showing.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { shown, device }
    }

    fn start(&self, folder: &Path, arguments: &[&str]) -> Child {
        let mut command = Command::new(PROGRAM);
        command.current_dir(folder).args(arguments).stdout(Stdio::piped());
        command.stderr(self.device.try_clone().unwrap()).spawn().unwrap()
    }

    fn shown(&self) -> String {
        self.shown.lock().unwrap().clone()
    }
}

/// Interrupts it when it is well under way; what it said, on standard output and on the terminal.
fn interrupted(folder: &Path, arguments: &[&str]) -> (String, String) {
    let terminal = Terminal::open();
    let began = Instant::now();
    let child = terminal.start(folder, arguments);
    let under_way = || terminal.shown().contains(&format!(" of {EVENTS} ("));
    until("it shows how far it is", under_way);
    assert!(began.elapsed() >= Duration::from_secs(1), "nobody is told of what is over at once");
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let most = began.elapsed().as_secs_f64() * RATE + RATE / 10.0;
    assert_eq!(output.status.code(), Some(1), "{}", terminal.shown());
    let said = out(&output);
    let done = count(&said) as f64;
    assert!(done > 0.0 && done <= most && done < EVENTS as f64, "{said} in {:?}", began.elapsed());
    until("the terminal has shown everything", || terminal.shown().contains("interrupted"));
    (said, terminal.shown())
}

/// The number that a report begins with.
fn count(said: &str) -> usize {
    said.split(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("{said}"))
}

fn states(folder: &Path) -> (u64, u64, u64) {
    let stats: Value = serde_json::from_str(&out(&run(folder, &["inbox", "stats", "--json"]))).unwrap();
    let of = |name: &str| stats[name].as_u64().unwrap();
    (of("parked"), of("ready"), of("delivered"))
}

fn ten_thousand(folder: &Path) {
    let retry = ["inbox", "retry", "--endpoint", "bench", "--rate", "3000"];
    let (said, shown) = interrupted(folder, &retry);
    let first = count(&said);
    assert_eq!(said, format!("{first} of {EVENTS} will be delivered again\n"));
    assert!(shown.contains(" %), ") && shown.contains(" a second, ") && shown.contains(" s left"), "{shown}");
    assert!(shown.contains("countersign: interrupted; run the same again to go on"), "{shown}");
    let left = EVENTS - first;
    assert_eq!(states(folder), (left as u64, first as u64, 0), "what was said is what is so");
    // The same again, with nobody at a terminal.
    let began = Instant::now();
    let again = run(folder, &retry);
    let least = (left as f64 - RATE / 10.0) / RATE;
    assert!(began.elapsed().as_secs_f64() >= least, "{left} in {:?}", began.elapsed());
    assert!(again.status.success() && err(&again).is_empty(), "{again:?}");
    assert_eq!(out(&again), format!("{left} of {left} will be delivered again\n"));
    assert_eq!(states(folder), (0, EVENTS as u64, 0));
    let nothing = run(folder, &["inbox", "retry", "--all", "--json"]);
    let nothing: Value = serde_json::from_str(&out(&nothing)).unwrap();
    assert_eq!((&nothing["requeued"], &nothing["of"], &nothing["interrupted"]), (&0.into(), &0.into(), &false.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_parked_events_go_on_where_they_were_interrupted_at_the_rate_that_was_asked_for() {
    let folder = bench("sqlite:countersign.db");
    let path = folder.path().join("countersign.db");
    park(Arc::new(SqliteStore::open(&path, Arc::new(SystemClock)).unwrap()), EVENTS).await;
    ten_thousand(folder.path());
    let receiver = Receiver::start(folder.path());
    until("everything is delivered", || states(folder.path()) == (0, 0, EVENTS as u64));
    assert_eq!(receiver.stop(), Some(0));
    let text = std::fs::read_to_string(folder.path().join("events.jsonl")).unwrap();
    let mut ids: Vec<_> = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!((ids.len(), text.lines().count()), (EVENTS, EVENTS), "each once");
    // What was delivered stays so: the place where it stopped is told, and is where it goes on.
    let again = ["inbox", "retry", "--state", "delivered", "--rate", "3000"];
    let (said, shown) = interrupted(folder.path(), &again);
    let first = count(&said);
    let place = shown.split("run the same with --after ").nth(1).unwrap().split(' ').next().unwrap();
    let rest = run(folder.path(), &[&again[..4], &["--after", place]].concat());
    assert_eq!(out(&rest), format!("{0} of {0} will be delivered again\n", EVENTS - first));
    assert_eq!(states(folder.path()), (0, EVENTS as u64, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_parked_events_of_a_redis_go_on_where_they_were_interrupted_too() {
    let server = Server::durable(&[]);
    let address = server.url().parse().unwrap();
    let store = RedisStore::open(&address, Arc::new(SystemClock), RedisOptions::default()).await.unwrap();
    park(Arc::new(store), EVENTS).await;
    ten_thousand(bench(&server.url()).path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_does_not_say_of_what_changes_nothing() {
    let folder = bench("sqlite:countersign.db");
    let path = folder.path().join("countersign.db");
    park(Arc::new(SqliteStore::open(&path, Arc::new(SystemClock)).unwrap()), 20).await;
    let listed = out(&run(folder.path(), &["inbox", "list", "--json", "--limit", "2"]));
    let ids: Vec<Value> =
        listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
    let (one, two) = (ids[0].as_str().unwrap(), ids[1].as_str().unwrap());
    for wrong in [
        &[][..],
        &[one, "--all"],
        &[one, "--endpoint", "bench"],
        &["--state", "leased"],
        &["--state", "lost"],
        &["--all", "--rate", "0"],
        &["--since", "yesterday"],
        &["--all", "--rate", "-1"],
        &["not-an-id"],
    ] {
        let output = run(folder.path(), &[&["inbox", "retry"], wrong].concat());
        assert_eq!(output.status.code(), Some(64), "{wrong:?}: {output:?}");
        assert!(err(&output).contains("expected") || err(&output).contains("error:"), "{wrong:?}: {}", err(&output));
    }
    assert_eq!(states(folder.path()), (20, 0, 0));
    // What does not fit stays where it is, and an id that is not there is told.
    for (none, so_many) in
        [(&["--endpoint", "other"][..], 0), (&["--until", "1h"], 0), (&["--type", "payment.updated"], 0)]
    {
        let output = run(folder.path(), &[&["inbox", "retry"], none].concat());
        assert_eq!((output.status.code(), count(&out(&output))), (Some(0), so_many), "{none:?}");
    }
    let missing = "00000000000000000000000000000000";
    let some = run(folder.path(), &["inbox", "retry", one, two, missing]);
    assert_eq!((some.status.code(), out(&some).as_str()), (Some(1), "2 of 3 will be delivered again\n"));
    assert_eq!(states(folder.path()), (18, 2, 0));
}
