//! `verify` says what `serve` says, for the same bytes.

use std::fs;

use serde_json::Value;

use crate::receiver::{Receiver, folder, out, run, status};

fn printed(folder: &std::path::Path, profile: &str, event: &str, more: &[&str]) -> Vec<u8> {
    let output = run(folder, &[&["send", profile, event, "--print"], more].concat());
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

fn verdict(folder: &std::path::Path, endpoint: &str, raw: &[u8], more: &[&str]) -> Value {
    fs::write(folder.join("request.http"), raw).unwrap();
    let output = run(folder, &[&["verify", "--endpoint", endpoint, "--json", "request.http"], more].concat());
    let text = out(&output);
    let verdict: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    assert_eq!(output.status.code(), Some(i32::from(verdict["verdict"] != "accepted")));
    verdict
}

#[test]
fn verify_and_serve_give_one_verdict_for_the_same_bytes() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let good = printed(folder.path(), "worldline", "payment", &[]);
    let text = String::from_utf8(good.clone()).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    };
    let doubled = |name: &str| {
        let line = text.split("\r\n").find(|line| line.starts_with(name)).unwrap();
        changed(line, &format!("{line}\r\n{line}"))
    };
    let mut cases = vec![
        ("good", good.clone()),
        ("one more byte of body", [good.as_slice(), b" "].concat()),
        ("one less byte of body", good[..good.len() - 1].to_vec()),
        ("another path", changed("/v3/notification/status", "/v3/notification/other")),
        ("another method", changed("POST ", "PUT ")),
        ("a dot segment", changed("/v3/notification/status", "/v3/notification/./status")),
        ("absolute form", changed("POST /v3", "POST http://other.example/v3")),
        ("no host", changed("host: ", "x-host: ")),
        ("two hosts", doubled("host:")),
        ("an underscore", changed("x-request-id:", "x_request: 1\r\nx-request-id:")),
        ("a gzip coding", changed("content-type:", "content-encoding: gzip\r\ncontent-type:")),
        ("another content type", changed("content-type: application/json", "content-type: text/plain")),
        ("another charset", changed("application/json", "application/json; charset=utf-16")),
        ("no length", changed("content-length:", "x-length:")),
        ("two codings", changed("content-length:", "transfer-encoding: gzip, chunked\r\nx-length:")),
        ("another expectation", changed("content-type:", "expect: y\r\ncontent-type:")),
        ("HTTP/1.0", changed("HTTP/1.1", "HTTP/1.0")),
        ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("no HTTP", b"\x16\x03\x01 hello".to_vec()),
        ("nothing", Vec::new()),
    ];
    cases.extend(
        ["signature:", "digest:", "x-request-id:", "messagecreatedatetime:", "content-type:", "content-length:"].map(
            |name| {
                let line = text.split("\r\n").find(|line| line.starts_with(name)).unwrap();
                (name, changed(&format!("{line}\r\n"), ""))
            },
        ),
    );
    cases
        .extend(["signature:", "digest:", "x-request-id:", "messagecreatedatetime:"].map(|name| (name, doubled(name))));
    for fault in ["bad-signature", "bad-digest", "tampered-body", "unknown-key", "stale", "future"] {
        cases.push((fault, printed(folder.path(), "worldline", "payment", &["--fault", fault])));
    }
    for (name, raw) in cases {
        let verdict = verdict(folder.path(), "worldline", &raw, &[]);
        let answer = receiver.raw(&raw);
        // Nothing at all is no request; `verify` has to say something about it all the same.
        let served = status(&answer).unwrap_or(400);
        assert_eq!(u64::from(served), verdict["status"].as_u64().unwrap(), "{name}: {verdict} against {answer}");
        assert_eq!(verdict["verdict"] == "accepted", served == 204, "{name}");
        assert_eq!(
            verdict["verdict"] == "accepted",
            verdict["code"].is_null() && verdict["event"].is_object(),
            "{name}"
        );
    }
}

#[test]
fn the_clock_of_verify_is_a_parameter() {
    let folder = folder(|text| text);
    let raw = printed(folder.path(), "worldline", "consent", &[]);
    let at = |time: &str| verdict(folder.path(), "worldline", &raw, &["--at", time])["code"].clone();
    let signed = String::from_utf8(raw.clone()).unwrap();
    let signed = signed.split("\r\n").find_map(|line| line.strip_prefix("messagecreatedatetime: ")).unwrap().to_owned();
    let seconds = countersign::wire::time::parse(&signed).unwrap() / 1000;
    assert_eq!(at(&signed), Value::Null);
    assert_eq!(at(&(seconds + 1800).to_string()), Value::Null);
    assert_eq!(at(&(seconds + 1802).to_string()), "timestamp_stale");
    assert_eq!(at(&(seconds - 59).to_string()), Value::Null);
    assert_eq!(at(&(seconds - 62).to_string()), "timestamp_future");
    assert_eq!(at("2001-01-01T00:00:00Z"), "timestamp_future");
}

#[test]
fn verify_touches_no_store() {
    let folder = folder(|text| text);
    let raw = printed(folder.path(), "tribe", "v2_payment_single", &[]);
    assert_eq!(verdict(folder.path(), "tribe", &raw, &[])["verdict"], "accepted");
    assert_eq!(verdict(folder.path(), "tribe", &raw, &[])["verdict"], "accepted");
    assert!(!folder.path().join("countersign.db").exists());
}

#[test]
fn a_document_that_is_not_as_documented_is_said_to_be_so() {
    let folder = folder(|text| text);
    let raw = printed(folder.path(), "worldline", "payment", &["--set", "CommonPaymentData.PaymentId=5"]);
    let verdict = verdict(folder.path(), "worldline", &raw, &[]);
    assert_eq!((verdict["verdict"].as_str(), verdict["code"].as_str()), (Some("refused"), Some("payload_undecodable")));
    assert_eq!(verdict["status"], 204, "the sender gets success: it is kept, and a retry cannot mend it");
    assert!(verdict["event"].is_null());
}

#[test]
fn an_unknown_endpoint_is_bad_usage_and_names_the_known_ones() {
    let folder = folder(|text| text);
    let output = run(folder.path(), &["verify", "--endpoint", "nobody", "request.http"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("worldline, tribe, cbuae, joompay, younify"));
}

#[test]
fn a_capture_is_judged_as_if_from_where_the_endpoint_expects_it() {
    let folder = folder(|text| {
        text.replacen("profile = \"worldline\"", "profile = \"worldline\"\nallow_ip = [\"192.0.2.0/24\"]", 1)
    });
    let raw = printed(folder.path(), "worldline", "payment", &[]);
    assert_eq!(verdict(folder.path(), "worldline", &raw, &[])["verdict"], "accepted");
    let checked = out(&run(folder.path(), &["check"]));
    assert_eq!(checked.matches("a request with a wrong signature was refused").count(), 3, "{checked}");
    let receiver = Receiver::start(folder.path());
    assert_eq!(status(&receiver.raw(&raw)), Some(401), "loopback is not on the list");
}

#[test]
fn verify_and_serve_give_one_verdict_for_tokens() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let good = printed(folder.path(), "cbuae", "payment", &[]);
    let mut cases = vec![
        ("good", good.clone()),
        ("no token in authorization", printed(folder.path(), "cbuae", "consent", &["--without-authorization"])),
        ("a line feed at the end", [good.as_slice(), b"\n"].concat()),
        ("less of the tag", good[..good.len() - 1].to_vec()),
    ];
    let faults = [
        "bad-signature",
        "bad-digest",
        "tampered-body",
        "unknown-key",
        "stale",
        "future",
        "unsigned",
        "unencrypted",
        "wrong-audience",
        "other-encryption-key",
    ];
    for fault in faults {
        cases.push((fault, printed(folder.path(), "cbuae", "payment", &["--fault", fault])));
    }
    for (name, raw) in cases {
        let verdict = verdict(folder.path(), "cbuae", &raw, &[]);
        // `verify` takes what content-length announces; the end of a cut request never comes to either.
        let served = status(&receiver.raw(&raw)).unwrap_or(400);
        assert_eq!(u64::from(served), verdict["status"].as_u64().unwrap(), "{name}: {verdict}");
        assert_eq!(verdict["verdict"] == "accepted", served == 202, "{name}");
        assert_eq!(served == 401, faults.contains(&name), "{name}: {served}");
    }
}

#[test]
fn verify_accounts_for_each_layer_also_of_what_is_refused() {
    let folder = folder(|text| text);
    let layers = |more: &[&str]| -> Vec<String> {
        let raw = printed(folder.path(), "cbuae", "payment", more);
        let verdict = verdict(folder.path(), "cbuae", &raw, &[]);
        verdict["layers"].as_array().unwrap().iter().map(|layer| layer.as_str().unwrap().to_owned()).collect()
    };
    let begin = |layers: &[String], expected: &[&str]| {
        assert_eq!(layers.len(), expected.len(), "{layers:?}");
        for (layer, start) in layers.iter().zip(expected) {
            assert!(layer.starts_with(start), "{start}: {layers:?}");
        }
    };
    let caller = "authorization: JWS PS256, key demo-hub-signing";
    let jwe = "JWE RSA-OAEP-256 A256GCM, key demo-receiver-encryption";
    let claims = "claims iss demo-api-hub, aud demo-receiver, exp in ";
    let jws = "JWS PS256, key demo-hub-signing, typ JWT";
    begin(&layers(&[]), &[caller, jwe, claims, jws]);
    begin(&layers(&["--without-authorization"]), &[jwe, claims, jws]);
    begin(&layers(&["--fault", "bad-signature"]), &[caller, jwe, claims]);
    begin(&layers(&["--fault", "stale"]), &[caller, jwe]);
    begin(&layers(&["--fault", "unsigned"]), &[caller, jwe]);
    begin(&layers(&["--fault", "tampered-body"]), &[caller]);
    begin(&layers(&["--fault", "unencrypted"]), &[caller]);
    begin(&layers(&["--fault", "unknown-key"]), &[]);
    fs::write(folder.path().join("request.http"), printed(folder.path(), "cbuae", "payment", &["--fault", "stale"]))
        .unwrap();
    let account = out(&run(folder.path(), &["verify", "--endpoint", "cbuae", "request.http"]));
    assert!(account.contains("layer      JWE RSA-OAEP-256 A256GCM") && account.contains("token_expired"), "{account}");
    let raw = printed(folder.path(), "worldline", "payment", &["--fault", "bad-signature"]);
    let verdict = verdict(folder.path(), "worldline", &raw, &[]);
    assert_eq!(verdict["layers"][0], "digest of the body");
    assert!(verdict["layers"][1].as_str().unwrap().starts_with("signed time "), "{verdict}");
    assert!(verdict["layers"][2].is_null(), "{verdict}");
}
