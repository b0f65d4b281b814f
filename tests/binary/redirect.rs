//! Browsers that come back from a bank, to the real program: who is let in, what operators see, and what nobody sees.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use countersign::crypto::Digest;
use countersign::wire::encoding::Encoding;
use serde_json::Value;

use crate::inline::core;
use crate::receiver::{Receiver, err, folder, out, run, status};
use crate::redis::{on_redis, page};
use crate::redis_server::Server;

const SESSION: &str = "cookie: __Host-session=demo-session-of-nobody\r\n";
const JOOMPAY: &str = "redirect = { session = { cookie = \"__Host-session\" } }                 #";

fn browser(path: &str, query: &str, headers: &str) -> Vec<u8> {
    format!("GET {path}?{query} HTTP/1.1\r\nhost: tpp.example\r\n{headers}connection: close\r\n\r\n").into_bytes()
}

/// A state as the application would issue it.
fn state(receiver: &Receiver, more: &[&str]) -> String {
    let arguments = ["state", "--endpoint", "joompay", "--session", "demo-session-of-nobody"];
    let output = receiver.run(&[&arguments[..], more].concat());
    assert!(output.status.success(), "{}", err(&output));
    out(&output).trim().to_owned()
}

fn body(answer: &str) -> &str {
    answer.split("\r\n\r\n").nth(1).unwrap_or_default()
}

/// The first words of each line that `send` printed.
fn told(output: &Output) -> Vec<String> {
    out(output).lines().map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn send_plays_the_browser_of_every_sender_and_each_event_is_one() {
    let more = |name: &str, path: &str, profile: &str| {
        format!(
            "[[endpoint]]\nname = \"{name}\"\npath = \"{path}\"\nprofile = \"{profile}\"\nsink = \"stdout\"\n\
             keys = [{{ secret = {{ file = \"keys/redirect/state-secret\" }} }}]\n\
             redirect = {{ session = {{ cookie = \"__Host-session\" }} }}\n\n"
        )
    };
    let both = more("tribe-redirect", "/redirect/tribe", "tribe-redirect")
        + &more("cbuae-redirect", "/redirect/cbuae", "cbuae-redirect");
    let folder = folder(|text| text.replacen("[[sink]]", &(both + "[[sink]]"), 1));
    let receiver = Receiver::start(folder.path());
    for (profile, path) in [
        ("joompay", "/joompay/callback"),
        ("younify", "/younify/callback"),
        ("tribe", "/redirect/tribe"),
        ("cbuae", "/redirect/cbuae"),
    ] {
        let to = format!("http://{}{path}", receiver.address);
        for (event, words) in [("callback", "200 accepted"), ("denied", "200 accepted")] {
            let sent = receiver.run(&["send", profile, event, "--to", &to]);
            assert_eq!(told(&sent), [words], "{profile} {event}: {}", err(&sent));
        }
    }
    let events = receiver.events(8);
    let of = |kind: &str| -> Vec<&Value> {
        events.iter().filter(|event| event["type"] == format!("openbanking.authorization.{kind}")).collect()
    };
    assert_eq!((of("granted").len(), of("denied").len()), (4, 4));
    for event in of("granted") {
        let (data, provider) = (&event["data"], event["provider"].as_str().unwrap());
        assert_eq!(data["status"], "granted");
        assert_eq!(data["reference"], event["requestid"]);
        let named = if provider == "tribe-redirect" { "paymentId" } else { "code" };
        assert!(data[named].as_str().unwrap().starts_with("demo-code-"), "{event}");
        assert_eq!(data["codeExpires"].is_string(), provider == "joompay", "{event}");
        assert_eq!((event["algorithm"].as_str(), event["keyid"].as_str()), (Some("HS256"), Some("secret")));
    }
    for event in of("denied") {
        let word = if event["provider"] == "tribe-redirect" { "CANC" } else { "access_denied" };
        assert_eq!((&event["data"]["providerStatus"], event["data"]["code"].is_null()), (&word.into(), true));
        assert!(event["data"]["message"].is_string());
    }
}

#[test]
fn every_fault_of_a_state_has_one_page_its_own_code_and_no_event() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let mut pages = Vec::new();
    for (fault, answers, code) in [
        ("forged", &["401 refused"][..], "state_mismatch"),
        ("bad-signature", &["401 refused"], "state_mismatch"),
        ("foreign", &["401 refused"], "state_mismatch"),
        ("expired", &["401 refused"], "state_expired"),
        ("future", &["401 refused"], "timestamp_future"),
        ("reused", &["200 accepted", "422 refused"], "id_conflict"),
    ] {
        let sent = receiver.send("joompay", "callback", &["--fault", fault]);
        assert_eq!(told(&sent), answers, "{fault}: {}", err(&sent));
        assert_eq!(sent.status.code(), Some(1));
        receiver.logged(&format!("\"code\":\"{code}\""), 1);
        if fault != "reused" {
            let printed = receiver.run(&["send", "joompay", "callback", "--fault", fault, "--print"]).stdout;
            pages.push(body(&receiver.raw(&printed)).to_owned());
        }
    }
    let used = state(&receiver, &[]);
    let first = receiver.raw(&browser("/joompay/callback", &format!("state={used}&code=a"), SESSION));
    assert_eq!(status(&first), Some(200));
    let again = receiver.raw(&browser("/joompay/callback", &format!("state={used}&code=a"), SESSION));
    assert_eq!((status(&again), body(&again)), (Some(200), body(&first)), "a reload");
    assert!(again.contains("countersign-result: duplicate"));
    let other = receiver.raw(&browser("/joompay/callback", &format!("state={used}&code=b"), SESSION));
    pages.push(body(&other).to_owned());
    // What RFC 3986 lets no address hold is refused at the gate, before anybody's endpoint.
    let fresh = state(&receiver, &[]);
    for letter in ["[", "]", "{", "}", "|", "^", "\\", "\"", "<", ">"] {
        let answer = receiver.raw(&browser("/joompay/callback", &format!("state={fresh}&code=a{letter}"), SESSION));
        assert_eq!((status(&answer), answer.contains("request_malformed")), (Some(400), false), "{letter}");
        assert!(!answer.contains(&fresh), "{answer}");
    }
    let posted = receiver.raw(b"POST /joompay/callback HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
    assert!(posted.starts_with("HTTP/1.1 405") && posted.contains("\r\nallow: GET\r\n"), "{posted}");
    pages.push(body(&posted).to_owned());
    assert!(pages[0].contains("begin again") && pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    let events = receiver.events(2);
    assert_eq!(events.len(), 2, "the first of the reused one, and the one by hand");
    assert_eq!(
        status(&receiver.raw(&browser("/joompay/callback", &format!("state={fresh}&code=a"), SESSION))),
        Some(200)
    );
    // The session and the other endpoint count as well.
    let mine = state(&receiver, &[]);
    for (path, headers) in [
        ("/younify/callback", SESSION),
        ("/joompay/callback", "cookie: __Host-session=somebody\r\n"),
        ("/joompay/callback", "cookie: __Host-session=demo-session-of-nobody; __Host-session=evil\r\n"),
        ("/joompay/callback", ""),
    ] {
        let answer = receiver.raw(&browser(path, &format!("state={mine}&code=a"), headers));
        assert_eq!((status(&answer), body(&answer)), (Some(401), pages[0].as_str()), "{path} {headers}");
    }
}

#[test]
fn the_code_is_in_no_log_no_metric_no_page_and_no_header() {
    let folder = folder(|text| {
        assert!(text.contains(JOOMPAY));
        text.replacen(
            JOOMPAY,
            "redirect = { session = { cookie = \"__Host-session\" }, done = \"https://app.example/done\" }   #",
            1,
        )
    });
    let canary = "canary-code-5e1f";
    let receiver = Receiver::start_with(folder.path(), &["--log", "json"], &[("RUST_LOG", "trace")]);
    let mut seen = Vec::new();
    let state = state(&receiver, &[]);
    for query in [
        format!("state={state}&code={canary}"),
        format!("state={state}&code={canary}"),
        format!("state={state}&code={canary}2"),
        format!("state={state}&code={canary}&code={canary}"),
        format!("state=forged&code={canary}"),
        format!("code={canary}"),
        format!("state={state}&code={canary}%00"),
    ] {
        let answer = receiver.raw(&browser("/joompay/callback", &query, SESSION));
        assert!(
            answer.contains("referrer-policy: no-referrer") && answer.contains("cache-control: no-store"),
            "{answer}"
        );
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
        seen.push(answer);
    }
    assert!(
        seen[0].starts_with("HTTP/1.1 303") && seen[0].contains("location: https://app.example/done\r\n"),
        "{}",
        seen[0]
    );
    assert!(seen[1].starts_with("HTTP/1.1 303") && seen[1].contains("countersign-result: duplicate"), "{}", seen[1]);
    let events = receiver.events(1);
    assert_eq!(events[0]["data"]["code"], canary, "the sink gets it");
    seen.push(receiver.logged("\"code\":\"query_malformed\"", 2));
    for place in ["/metrics", "/status", "/readyz"] {
        seen.push(page(&receiver, place));
    }
    for command in [&["inbox", "list"][..], &["inbox", "list", "--json"], &["inbox", "stats"], &["check"]] {
        let output = receiver.run(command);
        seen.push(out(&output) + &err(&output));
    }
    for text in &seen {
        assert!(!text.contains("canary"), "{text}");
        assert!(!text.contains(&state) && !text.contains("demo-session-of-nobody"), "{text}");
    }
}

#[test]
fn verify_tells_why_a_browser_was_refused_and_touches_nothing() {
    let folder = folder(|text| text);
    let verdict = |more: &[&str], at: &[&str]| -> Value {
        let printed = run(folder.path(), &[&["send", "joompay", "callback", "--print"], more].concat());
        fs::write(folder.path().join("back.http"), &printed.stdout).unwrap();
        let arguments = [&["verify", "--endpoint", "joompay", "--json", "back.http"], at].concat();
        serde_json::from_str(&out(&run(folder.path(), &arguments))).unwrap()
    };
    let good = verdict(&[], &[]);
    assert_eq!((good["verdict"].as_str(), good["status"].as_u64()), (Some("accepted"), Some(200)));
    assert_eq!(good["event"]["type"], "openbanking.authorization.granted");
    let layers = |verdict: &Value| verdict["layers"].as_array().unwrap().len();
    assert_eq!(layers(&good), 3, "{good}");
    for (more, at, code, fitted) in [
        (&["--fault", "forged"][..], &[][..], "state_mismatch", 1),
        (&["--fault", "foreign"], &[], "state_mismatch", 1),
        (&["--fault", "expired"], &[], "state_expired", 2),
        (&[], &["--at", "2031-01-01T00:00:00Z"], "state_expired", 2),
        (&["--set", "code="], &[], "query_malformed", 2),
        (&["--set", "state="], &[], "state_missing", 0),
        (&["--set", "state=UseTheForce"], &[], "state_malformed", 0),
        (&["--header", "cookie=other=1"], &[], "session_missing", 1),
    ] {
        let found = verdict(more, at);
        assert_eq!((found["code"].as_str(), found["status"].as_u64()), (Some(code), Some(401)), "{found}");
        assert_eq!(layers(&found), fitted, "{found}");
        assert!(found["event"].is_null());
    }
    assert!(!folder.path().join("countersign.db").exists());
}

#[test]
fn check_says_what_a_state_is_bound_to_and_warns_where_it_is_not() {
    let checked = |from: &str, to: &str| {
        let folder = folder(|text| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        let output = run(folder.path(), &["check"]);
        (output.status.code(), out(&output) + &err(&output))
    };
    let (code, text) = checked(JOOMPAY, JOOMPAY);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("a browser with a state that nobody issued was refused").count(), 2, "{text}");
    assert!(
        text.contains("GET /joompay/callback")
            && text.contains("for 900 s, bound to the session in cookie __Host-session")
    );
    assert!(text.contains("STAYS IN THE ADDRESS") && text.contains("iss NOT COMPARED"), "{text}");
    let (_, text) = checked(JOOMPAY, "redirect = { session = \"off\", lifetime = \"5m\" } #");
    assert!(
        text.contains("BOUND TO NO SESSION") && text.contains("for 300 s") && text.contains("login CSRF"),
        "{text}"
    );
    let (_, text) = checked(JOOMPAY, "redirect = { session = { cookie = \"sid\", transaction = \"__Host-tx\" } } #");
    assert!(
        text.contains("\"sid\" can be set by a sibling domain") && text.contains("transaction in cookie __Host-tx"),
        "{text}"
    );
    for (to, field) in [
        ("#", "redirect"),
        ("redirect = {} #", "redirect"),
        ("redirect = { session = \"on\" } #", "redirect.session"),
        ("redirect = { session = { cookie = \"a b\" } } #", "redirect.session"),
        ("redirect = { session = { cookie = \"a\", transaction = \"a\" } } #", "redirect.session"),
        ("redirect = { session = { cookie = \"a\", secure = true } } #", "redirect"),
        ("redirect = { session = \"off\", lifetime = \"25h\" } #", "redirect.lifetime"),
        ("redirect = { session = \"off\", lifetime = \"1s\" } #", "redirect.lifetime"),
        ("redirect = { session = \"off\", done = \"//evil.example\" } #", "redirect.done"),
        ("redirect = { session = \"off\", failed = \"javascript:alert(1)\" } #", "redirect.failed"),
        ("redirect = { session = \"off\", issuer = \"bank\" } #", "redirect.issuer"),
        ("redirect = { session = \"off\", next = \"/\" } #", "redirect"),
        ("redirect = { session = \"off\" }\nbearer = { file = \"keys/tribe/api-key\" } #", "bearer"),
        ("redirect = { session = \"off\" }\nclient = [{ certificate_sha256 = \"00\" }] #", "client"),
        ("redirect = { session = \"off\" }\nsignature = \"required\" #", "signature"),
        ("redirect = { session = \"off\" }\ntolerance = \"5m\" #", "tolerance"),
    ] {
        let (code, text) = checked(JOOMPAY, to);
        assert_eq!(code, Some(64), "{to}: {text}");
        assert!(text.contains("countersign.toml:") && text.contains(field), "{to}: {text}");
    }
    let elsewhere = "profile = \"worldline\"\nredirect = { session = \"off\" }";
    let (code, text) = checked("profile = \"worldline\"", elsewhere);
    assert_eq!(code, Some(64), "{text}");
}

#[test]
fn several_secrets_have_names_and_the_first_issues() {
    let keys = "keys     = [{ secret = { file = \"keys/redirect/state-secret\" } }]";
    let new = "{ secret = { env = \"NEW_SECRET\" }, key_id = \"new\" }";
    let old = "{ secret = { file = \"keys/redirect/state-secret\" }, key_id = \"old\" }";
    let folder = folder(|text| text.replacen(keys, &format!("keys = [{new}, {old}]"), 1));
    let environment = [("NEW_SECRET", "the new secret of states, 32 bytes")];
    let receiver = Receiver::start_with(folder.path(), &[], &environment);
    let mut issuing = std::process::Command::new(crate::receiver::PROGRAM);
    let arguments = ["state", "--endpoint", "joompay", "--session", "demo-session-of-nobody"];
    let issued = out(&issuing.current_dir(folder.path()).args(arguments).envs(environment).output().unwrap());
    let by_new = receiver.raw(&browser("/joompay/callback", &format!("state={}&code=a", issued.trim()), SESSION));
    assert_eq!(status(&by_new), Some(200));
    // What an application issued that has the old one in front still.
    assert_eq!(told(&receiver.send("joompay", "callback", &[])), ["200 accepted"]);
    let events = receiver.events(2);
    assert_eq!(events.iter().map(|event| event["keyid"].as_str().unwrap()).collect::<Vec<_>>(), ["new", "old"]);
    let unnamed = crate::receiver::folder(|text| {
        text.replacen(
            keys,
            "keys = [{ secret = { file = \"a\" } }, { secret = { file = \"keys/redirect/state-secret\" } }]",
            1,
        )
    });
    fs::write(unnamed.path().join("a"), "the new secret of states, 32 bytes").unwrap();
    fs::set_permissions(unnamed.path().join("a"), Permissions::from_mode(0o600)).unwrap();
    let output = run(unnamed.path(), &["check"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(err(&output).contains("keys.key_id: expected a name for each of several secrets"), "{}", err(&output));
}

/// Its bytes would be others, and as well known.
#[test]
fn a_demo_secret_is_not_hidden_by_an_encoding() {
    let plain = "{ secret = { file = \"keys/redirect/state-secret\" } }";
    let decoded = "{ secret = { file = \"keys/redirect/state-secret\", encoding = \"base64url\" } }";
    let folder = folder(|text| text.replacen(plain, decoded, 1));
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(err(&output).contains("expected a demo secret without encoding"), "{}", err(&output));
}

#[test]
fn a_demo_secret_of_states_is_refused_off_loopback() {
    let folder = folder(|text| {
        let from = text.find("[[endpoint]]").unwrap();
        let to = text.find("[[endpoint]]\nname     = \"joompay\"").unwrap();
        let text = format!("{}{}", &text[..from], &text[to..]);
        text.replacen("127.0.0.1:0", "0.0.0.0:0", 1)
    });
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(64), "{}", out(&output));
    assert!(err(&output).contains("demo"), "{}", err(&output));
}

#[test]
fn a_state_can_be_issued_to_try_with_and_the_address_to_send_a_person_to() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let document: Value = serde_json::from_str(&state(
        &receiver,
        &[
            "--json",
            "--at",
            "https://psd2-oauth.joompay.com/",
            "--client-id",
            "us",
            "--redirect-uri",
            "https://us.example/joompay/callback",
        ],
    ))
    .unwrap();
    let (state, id) = (document["state"].as_str().unwrap(), document["id"].as_str().unwrap());
    let expected = format!(
        "https://psd2-oauth.joompay.com/?response_type=code&state={state}\
         &redirectUri=https%3A%2F%2Fus.example%2Fjoompay%2Fcallback&clientId=us"
    );
    assert_eq!(document["url"], expected);
    let answer = receiver.raw(&browser("/joompay/callback", &format!("code=a&state={state}"), SESSION));
    assert_eq!(status(&answer), Some(200));
    let event = receiver.events(1).remove(0);
    assert_eq!((event["subject"].as_str(), event["data"]["reference"].as_str()), (Some(id), Some(id)));
    receiver.logged(id, 1);
    for arguments in [
        &["state", "--endpoint", "worldline", "--session", "a"][..],
        &["state", "--endpoint", "nobody", "--session", "a"],
        &["state", "--endpoint", "joompay"],
        &["state", "--endpoint", "joompay", "--session", ""],
        &["state", "--endpoint", "joompay", "--session", "a", "--transaction", "b"],
        &[
            "state",
            "--endpoint",
            "younify",
            "--session",
            "a",
            "--at",
            "https://b/",
            "--client-id",
            "c",
            "--redirect-uri",
            "d",
        ],
        &["send", "joompay", "callback", "--fault", "tampered-body"],
        &["send", "worldline", "payment", "--fault", "foreign"],
        &["send", "worldline", "payment", "--session", "a=b"],
        &["send", "joompay", "callback", "--to", "http://192.0.2.1/"],
        &["send", "joompay", "payment"],
    ] {
        assert_eq!(receiver.run(arguments).status.code(), Some(64), "{arguments:?}");
    }
}

#[test]
fn a_state_is_used_once_also_after_a_kill() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let used = state(&receiver, &[]);
    let query = format!("state={used}&code=a");
    assert_eq!(status(&receiver.raw(&browser("/joompay/callback", &query, SESSION))), Some(200));
    receiver.kill();
    let receiver = Receiver::start(folder.path());
    let again = receiver.raw(&browser("/joompay/callback", &query, SESSION));
    assert!(again.starts_with("HTTP/1.1 200") && again.contains("countersign-result: duplicate"), "{again}");
    assert_eq!(
        status(&receiver.raw(&browser("/joompay/callback", &format!("state={used}&code=b"), SESSION))),
        Some(422)
    );
    let listed = out(&receiver.run(&["inbox", "list", "--json"]));
    let accepted = listed.lines().filter(|line| !line.contains("quarantined")).count();
    assert_eq!(accepted, 1, "{listed}");
}

#[test]
fn check_says_that_a_listener_which_demands_certificates_keeps_browsers_out() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&pair).unwrap();
    for (client, warned) in [("", true), (", client = \"required\"", true), (", client = \"optional\"", false)] {
        let tls = format!(
            "[server]\ntls = {{ certificate = \"tls.pem\", key = \"tls.key\", client_ca = \"tls.pem\"{client} }}"
        );
        let folder = folder(|text| text.replacen("[server]", &tls, 1));
        fs::write(folder.path().join("tls.pem"), certificate.pem()).unwrap();
        fs::write(folder.path().join("tls.key"), pair.serialize_pem()).unwrap();
        fs::set_permissions(folder.path().join("tls.key"), Permissions::from_mode(0o600)).unwrap();
        let output = run(folder.path(), &["check"]);
        let text = out(&output) + &err(&output);
        assert_eq!(text.matches("a browser shows no certificate").count(), if warned { 2 } else { 0 }, "{text}");
    }
}

#[test]
fn inline_the_core_answers_the_person_and_is_asked_once() {
    let quiet = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
    let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 17\r\nconnection: close\r\n\r\n<p>Connected.</p>";
    let failing = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    for (answers, first, second, asked) in [
        (vec![page], (200, "<p>Connected.</p>"), (200, "<p>Connected.</p>"), 1),
        (vec![quiet], (200, "close this page"), (200, "close this page"), 1),
        (vec![failing, quiet], (500, "begin again"), (200, "close this page"), 2),
    ] {
        let (address, count, seen) = core(answers);
        let folder = folder(|text| {
            let inline =
                text.replacen("mode     = \"queue\"\nsink     = \"stdout\"", "mode = \"inline\"\nsink = \"core\"", 1);
            assert_ne!(inline, text);
            inline
                + &format!(
                    "[[sink]]\nname = \"core\"\ntype = \"http\"\nurl = \"http://{address}/events\"\ntimeout = \"5s\"\n\
                     secret = {{ file = \"keys/tribe/api-key\" }}\n"
                )
        });
        let receiver = Receiver::start(folder.path());
        let query = format!("state={}&code=c-1", state(&receiver, &[]));
        for (expected, word) in [first, second] {
            let answer = receiver.raw(&browser("/joompay/callback", &query, SESSION));
            assert_eq!((status(&answer), body(&answer).contains(word)), (Some(expected), true), "{answer}");
            assert!(answer.contains("referrer-policy: no-referrer") && !answer.contains("c-1"), "{answer}");
        }
        assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), asked);
        for request in seen.lock().unwrap().iter() {
            assert!(request.contains("content-type: application/x-www-form-urlencoded"), "{request}");
            assert_eq!(body(request), query, "the core gets the query as it came");
            let statement = request.split("countersign-statement: ").nth(1).unwrap().split("\r\n").next().unwrap();
            let claims = Encoding::Base64Url.decode(statement.split('.').nth(1).unwrap(), 4096).unwrap();
            let claims: Value = serde_json::from_slice(&claims).unwrap();
            assert_eq!(claims["fingerprint"], Encoding::Hex.encode(&Digest::sha256_of(query.as_bytes())));
            assert_eq!(claims["type"], "openbanking.authorization.granted");
        }
    }
}

#[test]
fn on_one_redis_a_state_is_used_once_whichever_receiver_it_comes_to() {
    let server = Server::durable(&[]);
    let (one, two) = (on_redis(&server), on_redis(&server));
    let (first, second) = (Receiver::start(one.path()), Receiver::start(two.path()));
    let used = state(&first, &[]);
    let query = format!("state={used}&code=a");
    let answers = [&first, &second].map(|receiver| receiver.raw(&browser("/joompay/callback", &query, SESSION)));
    assert!(answers[0].contains("countersign-result: accepted"), "{}", answers[0]);
    assert!(answers[1].contains("countersign-result: duplicate"), "{}", answers[1]);
    for code in ["b", "c", "d"] {
        let answer = second.raw(&browser("/joompay/callback", &format!("state={used}&code={code}"), SESSION));
        assert_eq!(status(&answer), Some(422), "{answer}");
    }
    let listed = out(&first.run(&["inbox", "list", "--json"]));
    assert_eq!((listed.lines().count(), listed.matches("quarantined").count()), (2, 1), "{listed}");
    // Either of them may have delivered it.
    crate::redis::until("it is delivered", || !first.events(0).is_empty() || !second.events(0).is_empty());
    let event = first.events(0).into_iter().chain(second.events(0)).next().unwrap();
    assert_eq!(event["data"]["code"], "a");
    assert_eq!(event["fingerprint"], Encoding::Hex.encode(&Digest::sha256_of(query.as_bytes())));
}
