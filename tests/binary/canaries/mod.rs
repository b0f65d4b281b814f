//! Personal data and secrets are sent through every refusal there is, and looked for in everything that the program says:
//! its log with nothing left out, its pages, its answers, its commands, its complaints about a configuration.
//!
//! What a command was asked to show is no leak: `inbox show` and an accepted `verify` show the event, and a sink gets it.

mod needles;
mod proxy;
mod refusals;

use std::collections::BTreeSet;
use std::fs;

use countersign::error::Code;

use crate::receiver::{Receiver, err, exchange, out, run, status};
use crate::redis::{on_redis, page, until};
use crate::redis_server::Server;
use needles::{assert_clean, private_lines};
use refusals::{SECRETS, Wire, setting};

/// Reasons that no request of this test brings about, and where each is shown to say nothing.
const ELSEWHERE: [(Code, &str); 8] = [
    (Code::HandlerFailed, "needs a handler of a library; what a sink does is `sink_unavailable`"),
    (Code::TooManyRequests, "more requests at once than a test of this kind sends; its words are constant"),
    (Code::DecryptionBusy, "more decryptions at once than a test can time; its words are constant"),
    (Code::KeysUnavailable, "needs an address of keys; its words are constant but for a time"),
    (Code::KeyUnconfirmed, "needs an address of keys; its words are constant"),
    (Code::ShuttingDown, "needs a receiver that stops; its words are constant"),
    (Code::LeaseLost, "needs a second owner; its words are constant"),
    (Code::StoreUnavailable, "a_store_that_is_gone_leaks_nothing"),
];

/// Everything that operators see of a receiver.
fn shown(receiver: &Receiver) -> Vec<(String, String)> {
    let mut texts = vec![("log".to_owned(), receiver.errors())];
    for path in ["/metrics", "/status", "/readyz", "/healthz", "/canary-state-6b7e"] {
        texts.push((path.to_owned(), page(receiver, path)));
    }
    for command in
        [&["inbox", "list"][..], &["inbox", "list", "--json"], &["inbox", "stats"], &["check"], &["check", "--json"]]
    {
        let output = receiver.run(command);
        texts.push((command.join(" "), out(&output) + &err(&output)));
    }
    texts
}

/// The codes that were counted.
fn counted(receiver: &Receiver) -> BTreeSet<String> {
    let metrics = page(receiver, "/metrics");
    let lines =
        metrics.lines().filter(|line| line.starts_with("countersign_deliveries_total{") && !line.ends_with(" 0"));
    lines.filter_map(|line| Some(line.split("code=\"").nth(1)?.split('"').next()?.to_owned())).collect()
}

fn through_every_refusal(form: &str) {
    let folder = setting();
    let environment: Vec<_> = SECRETS.iter().copied().chain([("RUST_LOG", "trace")]).collect();
    let receiver = Receiver::start_with(folder.path(), &["--log", form], &environment);
    let wire = Wire::new(&receiver, folder.path());
    let mut answers = wire.refusals();
    answers.push(wire.accepted());
    // Operators' listener: what strangers send there.
    let asked = format!(
        "GET /metrics?canary-state-6b7e HTTP/1.1\r\nhost: {}\r\norigin: canary-state-6b7e\r\n\
         authorization: Bearer canary-token-of-a-user-81f3\r\n\r\n",
        receiver.admin
    );
    answers.push(exchange(&receiver.admin, asked.as_bytes()));
    let codes = counted(&receiver);
    let missing: Vec<_> = Code::ALL
        .iter()
        .filter(|code| !codes.contains(code.as_str()))
        .filter(|code| !ELSEWHERE.iter().any(|(elsewhere, _)| elsewhere == *code))
        .filter(|code| !proxy::OF_A_PROXY.contains(code))
        .collect();
    assert!(missing.is_empty(), "no request brings about {missing:?}; produce it, or say why not");
    let too_many: Vec<_> = ELSEWHERE.iter().filter(|(code, _)| codes.contains(code.as_str())).collect();
    assert!(too_many.is_empty(), "{too_many:?}");
    // The worker has tried the sinks that are down and those that talk nonsense, and said so.
    until("sinks failed", || {
        let metrics = page(&receiver, "/metrics");
        let failed = |sink: &str| format!("countersign_sink_attempts_total{{sink=\"{sink}\",outcome=\"failed\"}} ");
        ["down", "garbage"].iter().all(|sink| {
            let lines = metrics.lines().filter(|line| line.starts_with(&failed(sink)));
            lines.into_iter().any(|line| !line.ends_with(" 0"))
        })
    });
    let mut texts = shown(&receiver);
    assert!(texts[0].1.contains("TRACE"), "the log leaves nothing out");
    texts.extend(answers.into_iter().enumerate().map(|(number, answer)| (format!("answer {number}"), answer)));
    texts.extend(wire.verified_from_files());
    assert_clean(&texts, &private_lines(folder.path()));
    // A reason that is in the log is the reason that was counted.
    let logged = |code: &Code| texts[0].1.contains(code.as_str());
    let unlogged: Vec<_> = Code::ALL.iter().filter(|code| codes.contains(code.as_str()) && !logged(code)).collect();
    assert!(unlogged.is_empty(), "{unlogged:?}");
}

#[test]
fn canaries_through_every_refusal_are_nowhere_in_json() {
    through_every_refusal("json");
}

#[test]
fn canaries_through_every_refusal_are_nowhere_in_lines_for_people() {
    through_every_refusal("human");
}

#[test]
fn a_store_that_is_gone_leaks_nothing() {
    let mut server = Server::durable(&["--requirepass", "canary-shared-secret-0123456789abcdef"]);
    let folder = on_redis(&server);
    let path = folder.path().join("countersign.toml");
    let text = fs::read_to_string(&path).unwrap();
    let password = "[store]\npassword = { env = \"STAMP_SECRET\" }";
    fs::write(&path, text.replacen("[store]", password, 1)).unwrap();
    let environment: Vec<_> = SECRETS.iter().copied().chain([("RUST_LOG", "trace")]).collect();
    let receiver = Receiver::start_with(folder.path(), &["--log", "json"], &environment);
    let body =
        ["--set", "CommonPaymentData.DebtorInformation={\"Name\":\"Edsger Wybe\",\"Account\":\"NL91ABNA0417164300\"}"];
    let print = [&["--print"][..], &body].concat();
    let raw = receiver.run(&[&["send", "worldline", "payment"], &print[..]].concat()).stdout;
    server.kill();
    let mut texts = Vec::new();
    until("it is gone", || {
        texts.push(("answer".to_owned(), receiver.raw(&raw)));
        status(&texts.last().unwrap().1) == Some(503)
    });
    for path in ["/metrics", "/status", "/readyz"] {
        texts.push((path.to_owned(), page(&receiver, path)));
    }
    receiver.logged(Code::StoreUnavailable.as_str(), 1);
    texts.push(("log".to_owned(), receiver.errors()));
    assert!(receiver.errors().contains(Code::StoreUnavailable.as_str()), "{}", receiver.errors());
    assert_clean(&texts, &[]);
}

#[test]
fn a_configuration_that_is_wrong_is_told_of_without_its_secrets() {
    let secret = SECRETS[0].1;
    let mut texts = Vec::new();
    for (from, to) in [
        ("api_key = { file = \"keys/tribe/api-key\" }", format!("api_key = \"{secret}\"")),
        ("api_key = { file = \"keys/tribe/api-key\" }", format!("api_key = {{ env = \"X\", value = \"{secret}\" }}")),
        ("api_key = { file = \"keys/tribe/api-key\" }", format!("api_key = [\"{secret}\"]")),
        ("api_key = { file", "api_key = { env = \"STAMP_SECRET\", encoding = \"hex\" }\n# {".to_owned()),
        ("api_key = { file", "api_key = { file = \"open\" }\n# {".to_owned()),
        ("[server]", format!("[server]\nadmin_token = \"{secret}\"")),
        ("[server]", format!("[server]\nadmin_token = {secret}")),
        ("[server]", format!("[server]\n{secret} = 1\nadmin_token = \"\"\"\n{secret}")),
        ("sqlite:countersign.db", format!("redis://user:{secret}@127.0.0.1:1/")),
        ("sqlite:countersign.db", format!("rediss://:{secret}@127.0.0.1:1/?x={secret}")),
        ("keys/worldline/signing.crt", "keys/cbuae/encryption.key.pem".to_owned()),
        ("jwks = \"keys/cbuae/signing.jwks.json\"", "jwks = \"private.jwks\"".to_owned()),
        (
            "decrypt = [{ private_key = \"keys/cbuae/encryption.key.pem\"",
            "decrypt = [{ private_key = \"broken.pem\"".to_owned(),
        ),
    ] {
        let folder = crate::receiver::folder(|text| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, &to, 1)
        });
        fs::write(folder.path().join("open"), secret).unwrap();
        let pem = fs::read_to_string(folder.path().join("keys/cbuae/encryption.key.pem")).unwrap();
        let middle = pem.lines().nth(3).unwrap().to_owned();
        fs::write(folder.path().join("broken.pem"), pem.replacen(&middle, &format!("{middle}!"), 1)).unwrap();
        let jwk = format!(
            "{{\"keys\":[{{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"d\":\"{secret}\"}}]}}"
        );
        fs::write(folder.path().join("private.jwks"), jwk).unwrap();
        let private = private_lines(folder.path());
        for command in [&["check"][..], &["serve"], &["inbox", "list"]] {
            let mut program = std::process::Command::new(crate::receiver::PROGRAM);
            program.current_dir(folder.path()).args(command).envs(SECRETS).env("RUST_LOG", "trace");
            let output = program.output().unwrap();
            assert_ne!(output.status.code(), Some(0), "{to}");
            texts.push((
                format!("{} with {}", command.join(" "), to.replace(secret, "…")),
                out(&output) + &err(&output),
            ));
        }
        assert_clean(&texts, &private);
    }
    let folder = crate::receiver::folder(|text| text);
    let inspected = run(folder.path(), &["keys", "inspect", "keys/cbuae/encryption.key.pem"]);
    assert_clean(&[("inspect".to_owned(), out(&inspected) + &err(&inspected))], &private_lines(folder.path()));
}
