//! What whoever is on call asks first: what waits and for how long, what came twice, and what an answer is worth now. The
//! same on a file and on a Redis, beside a running receiver and without one.

use serde_json::Value;

use crate::receiver::{Receiver, folder, out, run};
use crate::redis::{page, until};
use crate::redis_server::Server;

fn stats(folder: &std::path::Path) -> Value {
    let output = run(folder, &["inbox", "stats", "--json"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_str(out(&output).trim()).unwrap()
}

fn figures_of(url: &str) {
    // Nobody takes what arrives.
    let folder = folder(|text| text.replace("sqlite:countersign.db", url).replace("\"stdout\" ", "\"none\" "));
    let receiver = Receiver::start(folder.path());
    let (first, other) = (receiver.run(&["send", "worldline", "payment", "--print"]).stdout, "same-id-other-body");
    for _ in 0..3 {
        receiver.raw(&first);
    }
    assert_eq!(receiver.send("worldline", "payment", &["--fault", other]).status.code(), Some(1));
    let expected = |document: &Value| {
        let member = |name: &str| document[name].as_u64();
        assert_eq!(member("backlog"), Some(2), "{document}");
        assert_eq!((member("duplicates"), member("conflicts")), (Some(2), Some(1)), "{document}");
    };
    let beside = stats(folder.path());
    expected(&beside);
    assert_eq!(beside["durability"], "fsync");
    assert!(beside["oldestWaitingSeconds"].as_u64().is_some(), "{beside}");
    let status: Value = serde_json::from_str(page(&receiver, "/status").split("\r\n\r\n").nth(1).unwrap()).unwrap();
    expected(&status["inbox"]);
    // Until its clock has moved on by a second, what waits is no second old.
    until("it is a second old", || !page(&receiver, "/metrics").contains("oldest_waiting_seconds 0\n"));
    let metrics = page(&receiver, "/metrics");
    for line in [
        "countersign_inbox_backlog 2\n",
        "countersign_store_duplicates_total 2\n",
        "countersign_store_conflicts_total 1\n",
        "countersign_store_available 1\n",
        "countersign_store_durability{level=\"fsync\"} 1\n",
        "countersign_deliveries_total{endpoint=\"worldline\",outcome=\"duplicate\",code=\"\"} 2\n",
        "countersign_deliveries_total{endpoint=\"worldline\",outcome=\"refused\",code=\"id_conflict\"} 1\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    drop(receiver);
    expected(&stats(folder.path()));
    let words = out(&run(folder.path(), &["inbox", "stats"]));
    for line in ["2 duplicates, 1 conflicts since the store was made", "backlog      2 wait", "durability   fsync"] {
        assert!(words.contains(line), "{line} in {words}");
    }
    // They go on where they were.
    Receiver::start(folder.path()).raw(&first);
    assert_eq!(stats(folder.path())["duplicates"], 3);
}

#[test]
fn the_figures_of_a_file() {
    figures_of("sqlite:countersign.db");
}

#[test]
fn the_figures_of_a_redis() {
    let server = Server::durable(&[]);
    figures_of(&server.url());
}
