//! UAE Open Finance, from `send` to the event: accepted and typed, refused with nothing said, once only.

use countersign::crypto::Backend;
use countersign::keys::{VerifyingKey, file};
use countersign::wire::encoding::Encoding;

use std::path::Path;

use crate::receiver::{Receiver, err, folder, out, run, status};

/// What is refused as not authenticated, whatever is wrong.
const REFUSED: [(&str, &str); 10] = [
    ("bad-signature", "signature_mismatch"),
    ("bad-digest", "decryption_failed"),
    ("tampered-body", "decryption_failed"),
    ("unknown-key", "key_unknown"),
    ("stale", "token_expired"),
    ("future", "token_not_yet_valid"),
    ("unsigned", "nesting_refused"),
    ("unencrypted", "nesting_refused"),
    ("wrong-audience", "claim_mismatch"),
    ("other-encryption-key", "key_unknown"),
];

fn with(change: &'static str) -> impl FnOnce(String) -> String {
    move |text| text.replacen("profile = \"cbuae\"", &format!("profile = \"cbuae\"\n{change}"), 1)
}

#[test]
fn both_events_are_accepted_and_come_out_typed() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    for event in ["payment", "consent"] {
        for more in [&[][..], &["--without-authorization"]] {
            let sent = out(&receiver.send("cbuae", event, more));
            assert!(sent.starts_with("202 accepted") && sent.lines().count() == 1, "{sent}");
        }
    }
    let events = receiver.events(4);
    assert_eq!(events.len(), 4);
    for event in &events {
        let id = &event["requestid"];
        assert_eq!((&event["provider"], &event["algorithm"]), (&"cbuae".into(), &"PS256".into()), "{event}");
        assert_eq!((&event["keyid"], &event["subject"]), (&"demo-hub-signing".into(), id), "{event}");
        let data = &event["data"];
        if event["type"] == "openbanking.payment.updated" {
            assert_eq!((&data["paymentId"], &data["status"]), (id, &"settled".into()));
            assert_eq!(
                (&data["consentId"], &data["providerStatus"]),
                (&"consent-0".into(), &"AcceptedSettlementCompleted".into())
            );
        } else {
            assert_eq!(event["type"], "openbanking.consent.updated");
            assert_eq!((&data["consentId"], &data["status"]), (id, &"authorised".into()));
        }
        assert_eq!(data["detail"]["message"]["Data"]["ConsentId"], data["consentId"], "{event}");
    }
    let types = events.iter().filter(|event| event["type"] == "openbanking.consent.updated").count();
    assert_eq!(types, 2);
}

#[test]
fn every_fault_gets_one_answer_without_a_body_and_a_reason_in_the_log() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let mut answers = std::collections::BTreeSet::new();
    for (fault, code) in REFUSED {
        let raw = run(folder.path(), &["send", "cbuae", "payment", "--fault", fault, "--print"]).stdout;
        let answer = receiver.raw(&raw);
        assert_eq!(status(&answer), Some(401), "{fault}: {answer}");
        let without = |line: &&str| !line.starts_with("date:") && !line.starts_with("x-fapi-interaction-id:");
        answers.insert(answer.split("\r\n").filter(without).collect::<Vec<_>>().join("\n"));
        let logged = || receiver.errors().lines().any(|line| line.contains(code));
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while !logged() && std::time::Instant::now() < deadline {
            std::thread::yield_now();
        }
        assert!(logged(), "{fault}: {code} in {}", receiver.errors());
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.ends_with("\n\n")), "no body: {answers:?}");
    assert!(receiver.events(0).is_empty());
}

#[test]
fn a_message_takes_effect_once_whatever_token_it_comes_in() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let twice = out(&receiver.send("cbuae", "payment", &["--fault", "duplicate"]));
    assert!(twice.contains("202 accepted") && twice.contains("\n202 duplicate"), "{twice}");
    let other = out(&receiver.send("cbuae", "payment", &["--fault", "same-id-other-body"]));
    assert!(other.contains("202 accepted") && other.contains("\n422 refused"), "{other}");
    assert_eq!(other.lines().count(), 2, "no body without a key to sign it: {other}");
    // One message in tokens of its own: only what it says counts.
    let message = ["--set", "Data.PaymentId=p-1", "--set", "Data.CreationDateTime=2026-01-01T00:00:00Z"];
    let fixed =
        ["--set", "Data.StatusUpdateDateTime=2026-01-01T00:00:00Z", "--set", "Meta.EventResource=/payments/p-1"];
    let time = ["--set", "Meta.EventDateTime=2026-01-01T00:00:00Z", "--claim"];
    let send = |claim: &str| out(&receiver.send("cbuae", "payment", &[&message[..], &fixed, &time, &[claim]].concat()));
    assert!(send("jti=one").starts_with("202 accepted"));
    assert!(send("jti=one").starts_with("202 duplicate"), "signed anew, with other times");
    assert!(send("jti=two").starts_with("202 duplicate"), "under another id");
    let sent = send("jti");
    assert!(sent.starts_with("202 duplicate"), "without an id: {sent}");
    assert_eq!(receiver.events(3).len(), 3);
}

#[test]
fn claims_and_protected_members_are_held_to_what_the_profile_demands() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let refused = [
        "--claim=exp",
        "--claim=exp=null",
        "--claim=exp=\"soon\"",
        "--claim=exp=1",
        "--claim=nbf",
        "--claim=iss",
        "--claim=iss=another",
        "--claim=aud",
        "--claim=aud=[]",
        "--claim=message",
        "--claim=exp=99999999999",
        "--protected=alg=none",
        "--protected=alg=RS256",
        "--protected=typ=at+jwt",
        "--protected=kid=another",
        "--protected=crit=[\"exp\"]",
        "--protected=jku=https://example.com/keys",
    ];
    for change in refused {
        let sent = out(&receiver.send("cbuae", "consent", &[change]));
        assert!(sent.starts_with("401 refused") && sent.lines().count() == 1, "{change}: {sent}");
    }
    for change in ["--claim=aud=demo-receiver", "--claim=iat", "--claim=more={\"of\": 1}", "--protected=typ"] {
        let sent = out(&receiver.send("cbuae", "consent", &[change]));
        assert!(sent.starts_with("202 accepted"), "{change}: {sent}");
    }
}

#[test]
fn the_token_in_authorization_is_demanded_taken_or_passed_over_as_configured() {
    let junk = "--header=authorization=Bearer junk";
    for (word, without, wrong) in [("required", "401", "401"), ("if-present", "202", "401"), ("off", "202", "202")] {
        let folder = folder(|text| {
            text.replacen("profile = \"cbuae\"", &format!("profile = \"cbuae\"\nauthorization = \"{word}\""), 1)
        });
        let receiver = Receiver::start(folder.path());
        let status = |more: &[&str]| out(&receiver.send("cbuae", "payment", more))[..3].to_owned();
        assert_eq!(status(&[]), "202", "{word}");
        assert_eq!(status(&["--without-authorization"]), without, "{word}");
        assert_eq!(status(&[junk]), wrong, "{word}");
    }
}

#[test]
fn the_status_of_earlier_versions_can_be_chosen_and_no_other() {
    let chosen = folder(with("success = 204"));
    let receiver = Receiver::start(chosen.path());
    assert!(out(&receiver.send("cbuae", "payment", &[])).starts_with("204 accepted"));
    let other = folder(with("success = 200"));
    assert_eq!(run(other.path(), &["check"]).status.code(), Some(64));
}

#[test]
fn what_a_sender_of_tokens_needs_is_bad_usage_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let code = |arguments: &[&str]| run(folder.path(), arguments).status.code();
    for fault in ["unsigned", "unencrypted", "wrong-audience", "other-encryption-key"] {
        assert_eq!(code(&["send", "worldline", "payment", "--print", "--fault", fault]), Some(64), "{fault}");
    }
    assert_eq!(code(&["send", "tribe", "v2_account", "--print", "--claim", "exp=1"]), Some(64));
    assert_eq!(code(&["send", "worldline", "payment", "--print", "--without-authorization"]), Some(64));
    assert_eq!(code(&["send", "cbuae", "payment", "--to", "http://192.0.2.1/hooks"]), Some(64));
    assert_eq!(code(&["send", "cbuae", "debtor-token", "--print"]), Some(64));
}

#[test]
fn keys_of_its_own_take_the_place_of_the_demo_keys() {
    let folder = folder(|text| text);
    let made = run(folder.path(), &["keys", "generate", "--out", "own"]);
    assert!(made.status.success(), "{made:?}");
    let config = std::fs::read_to_string(folder.path().join("countersign.toml")).unwrap();
    let config = config.replace("keys/cbuae/", "own/cbuae/");
    std::fs::write(folder.path().join("countersign.toml"), config).unwrap();
    let receiver = Receiver::start(folder.path());
    let keys = ["--key", "own/cbuae/signing.key.pem", "--key-id", "demo-hub-signing"];
    let own = [&keys[..], &["--encrypt-to", "own/cbuae/encryption.jwks.json"]].concat();
    assert!(out(&receiver.send("cbuae", "payment", &own)).starts_with("202 accepted"));
    assert!(out(&receiver.send("cbuae", "payment", &keys)).starts_with("401"), "encrypted to the demo key");
    assert!(out(&receiver.send("cbuae", "payment", &[])).starts_with("401"), "signed by the demo key");
    assert_eq!(run(folder.path(), &["send", "cbuae", "payment", "--print", keys[0], keys[1]]).status.code(), Some(64));
    let signing = [&keys[..], &["--encrypt-to", "own/cbuae/signing.jwks.json", "--print"]].concat();
    let refused = run(folder.path(), &[&["send", "cbuae", "payment"], &signing[..]].concat());
    assert_eq!(refused.status.code(), Some(64), "a key that signs is none to encrypt to");
}

#[test]
fn what_is_refused_after_it_was_verified_is_told_in_a_signed_document() {
    let folder = folder(with(
        "undecodable = \"refuse\"\nreply_key = { private_key = \"own/cbuae/signing.key.pem\", key_id = \"r-1\", issuer = \"client-7\" }",
    ));
    assert!(run(folder.path(), &["keys", "generate", "--out", "own"]).status.success());
    let receiver = Receiver::start(folder.path());
    let answer = |more: &[&str]| {
        let raw = run(folder.path(), &[&["send", "cbuae", "payment", "--print"], more].concat()).stdout;
        receiver.raw(&raw)
    };
    let told = answer(&["--set", "Meta.EventType=5"]);
    assert_eq!(status(&told), Some(422), "{told}");
    assert!(told.to_ascii_lowercase().contains("content-type: application/jwt"), "{told}");
    let token = told.rsplit("\r\n").next().unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = Encoding::Base64Url.decode(signature, 1024).unwrap();
    let set = std::fs::read(folder.path().join("own/cbuae/signing.jwks.json")).unwrap();
    let keys = file::read(Backend::default(), &set, None).unwrap();
    let VerifyingKey::Public(public) = keys[0].verifier() else { panic!("{keys:?}") };
    assert!(public.verify(&[input.as_bytes()], &signature).is_ok());
    let claims = Encoding::Base64Url.decode(input.split_once('.').unwrap().1, 4096).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(
        (&claims["iss"], &claims["message"]["Errors"][0]["Code"]),
        (&"client-7".into(), &"Event.UnexpectedEvent".into())
    );
    let malformed = receiver.raw(b"POST /cbuae HTTP/1.1\r\nhost: x\r\nhost: y\r\ncontent-length: 0\r\n\r\n");
    assert!(malformed.starts_with("HTTP/1.1 400") && malformed.contains("application/jwt"), "{malformed}");
    let refused = answer(&["--fault", "bad-signature"]);
    assert!(refused.starts_with("HTTP/1.1 401") && refused.ends_with("\r\n\r\n"), "{refused}");
}

#[test]
fn nothing_of_a_message_or_a_token_reaches_logs_or_answers_on_any_refusal() {
    let canaries = ["AE070331234567890123456", "Canary-Name", "canary-claim", "canary-token"];
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let canary = [
        "--set",
        "Data.DebtorAccount=AE070331234567890123456",
        "--set",
        "Data.DebtorReference=Canary-Name",
        "--claim",
        "extra=canary-claim",
    ];
    let mut changes: Vec<Vec<&str>> = REFUSED.iter().map(|(fault, _)| vec!["--fault", fault]).collect();
    changes.extend(
        [
            "--claim=iss=canary-claim",
            "--claim=aud=canary-claim",
            "--claim=exp=canary-claim",
            "--claim=jti=canary claim\u{1f}canary-claim",
            "--claim=message=canary-claim",
            "--protected=typ=canary-claim",
            "--protected=kid=canary-claim",
            "--protected=alg=canary-claim",
            "--header=authorization=Bearer canary-token",
            "--header=authorization=canary-token",
            "--set=Meta.EventType=[\"Canary-Name\"]",
            "--set=Data.Status=[\"Canary-Name\"]",
            "--set=Data=Canary-Name",
            "--set=Meta=Canary-Name",
            "--fault=same-id-other-body",
            "--header=content-type=canary/claim",
        ]
        .map(|change| vec![change]),
    );
    let mut answers = String::new();
    for change in &changes {
        // The sender's own words are its own; what came back is the last line, if there is one.
        let sent = receiver.send("cbuae", "payment", &[&canary[..], change].concat());
        answers += &out(&sent);
    }
    let metrics = crate::receiver::exchange(
        &receiver.admin,
        format!("GET /metrics HTTP/1.1\r\nhost: {}\r\n\r\n", receiver.admin).as_bytes(),
    );
    let logs = receiver.errors();
    assert!(logs.contains("decryption_failed") && logs.contains("claim_mismatch"), "{logs}");
    for canary in canaries {
        for (name, text) in [("logs", &logs), ("answers", &answers), ("metrics", &metrics)] {
            assert!(!text.contains(canary), "{canary} in {name}: {text}");
        }
    }
}

#[test]
fn a_demo_key_signs_no_reply_off_loopback() {
    let folder = folder(|text| text);
    assert!(run(folder.path(), &["keys", "generate", "--out", "own"]).status.success());
    let config = |key: &str| {
        format!(
            "[server]\nlisten = \"0.0.0.0:0\"\n[store]\nurl = \"memory:\"\n[[sink]]\nname = \"none\"\ntype = \"none\"\n\
             [[endpoint]]\nname = \"hub\"\npath = \"/hub\"\nprofile = \"cbuae\"\nsink = \"none\"\n\
             keys = [{{ jwks = \"own/cbuae/signing.jwks.json\" }}]\n\
             decrypt = [{{ private_key = \"own/cbuae/encryption.key.pem\" }}]\n\
             claims = {{ aud = \"us\" }}\n\
             reply_key = {{ private_key = \"{key}\", key_id = \"r\", issuer = \"us\" }}\n"
        )
    };
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("keys/cbuae/signing.key.pem");
    for (key, code) in [("own/cbuae/signing.key.pem", 0), (demo.to_str().unwrap(), 64)] {
        std::fs::write(folder.path().join("countersign.toml"), config(key)).unwrap();
        let output = run(folder.path(), &["check"]);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(code == 0 || err(&output).contains("reply_key: expected a private key of your own"), "{output:?}");
    }
}
