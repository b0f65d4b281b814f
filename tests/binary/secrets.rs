//! Secrets and personal data do not leave by logs, metrics or errors; operators' pages are not on the senders' port.

use crate::receiver::{Receiver, exchange, folder, run, status};

const CANARIES: [&str; 3] = ["NL91ABNA0417164300", "Edsger", "canary-token-of-a-user"];

#[test]
fn canaries_do_not_leave_by_logs_metrics_or_errors() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let faults = [
        "bad-signature",
        "bad-digest",
        "tampered-body",
        "unknown-key",
        "stale",
        "future",
        "duplicate",
        "same-id-other-body",
    ];
    let mut answers = String::new();
    for fault in faults {
        answers += &String::from_utf8_lossy(&receiver.send("worldline", "payment", &["--fault", fault]).stdout);
    }
    for set in ["CommonPaymentData.PaymentId=5", "CommonPaymentData.DebtorInformation=\"Edsger\"", "ConsentId=1"] {
        receiver.send("worldline", "payment", &["--set", set]);
    }
    for header in [
        "x-auth-token=canary-token-of-a-user",
        "authorization=Bearer canary-token-of-a-user",
        "x-api-key=canary-token-of-a-user",
    ] {
        receiver.send("tribe", "v2_payment_single", &["--header", header, "--fault", "tampered-body"]);
        receiver.send("worldline", "payment", &["--header", header]);
    }
    let raw = run(folder.path(), &["send", "worldline", "payment", "--print"]).stdout;
    for cut in [10, 100, raw.len() / 2, raw.len() - 1] {
        answers += &receiver.raw(&raw[..cut]);
    }
    let metrics =
        exchange(&receiver.admin, format!("GET /metrics HTTP/1.1\r\nhost: {}\r\n\r\n", receiver.admin).as_bytes());
    assert!(metrics.contains("countersign_deliveries_total"), "{metrics}");
    let page =
        exchange(&receiver.admin, format!("GET /status HTTP/1.1\r\nhost: {}\r\n\r\n", receiver.admin).as_bytes());
    let logs = receiver.errors();
    assert!(logs.contains("payload_undecodable") || logs.contains("id_conflict"), "{logs}");
    for canary in CANARIES {
        for (name, text) in [("logs", &logs), ("metrics", &metrics), ("status", &page), ("answers", &answers)] {
            assert!(!text.contains(canary), "{canary} in {name}: {text}");
        }
    }
}

#[test]
fn strangers_make_no_metrics_and_see_none() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    for path in ["/metrics", "/status", "/healthz", "/tribe/../metrics", "/"] {
        let answer = receiver.raw(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
        assert!(matches!(status(&answer), Some(400 | 404)), "{path}: {answer}");
    }
    let ask = |host: &str, more: &str| {
        status(&exchange(&receiver.admin, format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\n{more}\r\n").as_bytes()))
    };
    let size = || {
        exchange(&receiver.admin, format!("GET /metrics HTTP/1.1\r\nhost: {}\r\n\r\n", receiver.admin).as_bytes())
            .lines()
            .count()
    };
    let before = size();
    for number in 0..50 {
        receiver.raw(format!("M{number} /{number} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
    }
    assert_eq!(size(), before, "no stranger makes a new time series");
    assert_eq!(ask(&receiver.admin, ""), Some(200));
    assert_eq!(ask("evil.example", ""), Some(403), "a name that was made to point here");
    assert_eq!(ask(&receiver.admin, "origin: http://evil.example\r\n"), Some(403), "a page in a browser");
}
