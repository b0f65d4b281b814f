//! Wrong configuration stops the program before a socket opens, with file, line and field; nothing is off by accident.

use crate::receiver::{PROGRAM, err, folder, out, run};

/// Starts with a changed configuration, which has to be refused, and gives the message.
fn refused(change: impl FnOnce(String) -> String) -> String {
    let folder = folder(change);
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(64), "{output:?}");
    let served = run(folder.path(), &["serve"]);
    assert_eq!(served.status.code(), Some(64), "{served:?}");
    assert!(!err(&served).contains("ready:"), "no socket was opened: {}", err(&served));
    err(&output)
}

/// Changes a piece that has to be there.
fn replace(from: &'static str, to: &'static str) -> impl FnOnce(String) -> String {
    move |text| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    }
}

#[track_caller]
fn says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "expected {word:?} in: {message}");
    }
}

#[test]
fn an_unknown_field_is_named_with_its_line() {
    let message = refused(replace(
        "mode    = \"queue\"\nsink    = \"stdout\"\n\n[[endpoint]]",
        "mode    = \"queue\"\nverifyy = false\nsink = \"stdout\"\n\n[[endpoint]]",
    ));
    says(&message, &["countersign.toml:18", "verifyy"]);
}

#[test]
fn no_endpoint_without_keys() {
    says(
        &refused(replace("keys    = [{ certificate = \"keys/worldline/signing.crt\" }]", "keys = []")),
        &["countersign.toml:16", "worldline", "keys", "expected at least one key"],
    );
}

#[test]
fn a_key_file_that_is_not_there_is_named() {
    says(
        &refused(replace("keys/worldline/signing.crt", "keys/worldline/missing.crt")),
        &["countersign.toml:16", "missing.crt"],
    );
}

#[test]
fn a_signature_cannot_be_switched_off() {
    let message = refused(replace("profile = \"worldline\"", "profile = \"worldline\"\nsignature = \"off\""));
    says(&message, &["signature", "required", "if-present"]);
}

#[test]
fn an_optional_signature_without_a_bearer_token_proves_nothing() {
    let message = refused(replace("profile = \"worldline\"", "profile = \"worldline\"\nsignature = \"if-present\""));
    says(&message, &["bearer", "if-present"]);
}

#[test]
fn demo_keys_are_not_trusted_off_loopback() {
    says(&refused(|text| text.replacen("127.0.0.1:0", "0.0.0.0:0", 1)), &["demo", "loopback"]);
}

#[test]
fn a_demo_secret_is_not_trusted_off_loopback() {
    let message = refused(|text| {
        let text = text.replacen("127.0.0.1:0", "0.0.0.0:0", 1);
        let (head, tail) = text.split_once("[[endpoint]]").unwrap();
        let tail = tail.split_once("[[endpoint]]").unwrap().1;
        format!("{head}[[endpoint]]{tail}")
    });
    says(&message, &["tribe", "demo"]);
}

#[test]
fn a_shorter_memory_than_the_longest_retry_does_not_start() {
    says(&refused(replace("retain = \"168h\"", "retain = \"167h\"")), &["retain", "168h"]);
}

#[test]
fn an_empty_or_short_secret_does_not_start() {
    for secret in ["", "too-short"] {
        let folder = folder(replace("keys/tribe/api-key", "short"));
        std::fs::write(folder.path().join("short"), secret).unwrap();
        let mode = std::process::Command::new("chmod").arg("600").arg(folder.path().join("short")).status().unwrap();
        assert!(mode.success());
        let output = run(folder.path(), &["check"]);
        assert_eq!(output.status.code(), Some(64));
        says(&err(&output), &["api_key", "at least 16 bytes"]);
    }
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_does_not_start_and_the_cure_is_named() {
    let folder = folder(replace("keys/tribe/api-key", "secret"));
    std::fs::write(folder.path().join("secret"), "0123456789012345678901234567890123456789").unwrap();
    let mode = std::process::Command::new("chmod").arg("644").arg(folder.path().join("secret")).status().unwrap();
    assert!(mode.success());
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(64));
    says(&err(&output), &["api_key", "chmod 600"]);
}

#[cfg(unix)]
#[test]
fn a_group_reads_a_secret_only_where_systemd_put_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(replace("keys/tribe/api-key", "credentials/secret"));
    let credentials = folder.path().join("credentials");
    std::fs::create_dir(&credentials).unwrap();
    let secret = credentials.join("secret");
    std::fs::write(&secret, "0123456789012345678901234567890123456789").unwrap();
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o440)).unwrap();
    for (directory, status) in [(Some("credentials"), 0), (Some("keys"), 64), (None, 64)] {
        let mut command = std::process::Command::new(crate::receiver::PROGRAM);
        command.current_dir(folder.path()).arg("check").env_remove("CREDENTIALS_DIRECTORY");
        directory.map(|directory| command.env("CREDENTIALS_DIRECTORY", directory));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{directory:?}: {}", err(&output));
    }
}

#[test]
fn a_secret_is_never_written_into_the_file() {
    let message = refused(replace(
        "api_key = { file = \"keys/tribe/api-key\" }",
        "api_key = \"0123456789012345678901234567890123456789\"",
    ));
    says(&message, &["countersign.toml"]);
    assert!(!message.contains("01234567890123456789"), "{message}");
}

#[test]
fn http_signature_without_a_word_on_freshness_does_not_start() {
    let settings = |signature: &str| {
        format!(
            "[[endpoint]]\nname = \"form3\"\npath = \"/hooks/form3\"\nprofile = \"http-signature\"\nsink = \"stdout\"\nkeys = [{{ key_id = \"k\", certificate = \"keys/worldline/signing.crt\" }}]\nsignature = {signature}\n\n[[sink]]"
        )
    };
    let message = refused(|text| text.replacen("[[sink]]", &settings("{ cover = [\"date\", \"digest\"] }"), 1));
    says(&message, &["form3", "signature.fresh", "off"]);
    let message = refused(|text| {
        text.replacen("[[sink]]", &settings("{ cover = [\"host\", \"digest\"], fresh = { header = \"date\" } }"), 1)
    });
    says(&message, &["form3", "signature.fresh", "covers"]);
    let message = refused(|text| text.replacen("[[sink]]", &settings("{ cover = [\"date\"], fresh = \"off\" }"), 1));
    says(&message, &["form3", "digest"]);
}

#[test]
fn a_template_that_leaves_the_body_out_does_not_start() {
    let message = refused(|text| {
        text.replacen("[[sink]]", "[[endpoint]]\nname = \"b\"\npath = \"/b\"\nprofile = \"body-signature\"\nsink = \"stdout\"\nkeys = [{ certificate = \"keys/worldline/signing.crt\" }]\nsignature = { header = \"x-s\", input = \"{path}\" }\n\n[[sink]]", 1)
    });
    says(&message, &["signature.input", "{body}"]);
}

#[test]
fn two_endpoints_at_one_path_and_an_unknown_sink_or_profile_do_not_start() {
    says(
        &refused(replace("path    = \"/tribe\"", "path = \"/v3/notification/tribe\"")),
        &["tribe", "path", "worldline"],
    );
    says(&refused(replace("sink    = \"stdout\"", "sink = \"nowhere\"")), &["sink", "nowhere", "stdout"]);
    says(&refused(replace("profile = \"tribe\"", "profile = \"tribes\"")), &["profile", "tribes", "worldline"]);
}

#[test]
fn an_inline_endpoint_whose_sink_takes_nothing_does_not_start() {
    let message = refused(|text| {
        let none = "\n[[sink]]\nname = \"nowhere\"\ntype = \"none\"\n";
        let inline = text.replacen("mode    = \"queue\"", "mode = \"inline\"", 1);
        inline.replacen("sink    = \"stdout\"", "sink = \"nowhere\"", 1) + none
    });
    says(&message, &["countersign.toml:", "worldline", "sink", "inline", "\"nowhere\" of type none", "queue"]);
}

fn to_http(members: &str) -> impl Fn(&str) -> String {
    let sink = format!("\n[[sink]]\nname = \"core\"\ntype = \"http\"\n{members}\n");
    move |text| text.replacen("sink    = \"stdout\"", "sink = \"core\"", 1) + &sink
}

#[test]
fn a_timeout_that_a_queue_would_cut_off_does_not_start() {
    let message = refused(|text| to_http("url = \"http://127.0.0.1:1/\"\ntimeout = \"46s\"")(&text));
    says(&message, &["countersign.toml:", "worldline", "sink", "45 s", "\"core\" with 46 s"]);
    let inline = |text: &str| text.replacen("mode    = \"queue\"", "mode = \"inline\"", 1);
    let folder = folder(|text| inline(&to_http("url = \"http://127.0.0.1:1/\"\ntimeout = \"46s\"")(&text)));
    let checked = run(folder.path(), &["check"]);
    assert_eq!(checked.status.code(), Some(0), "{}", err(&checked));
}

#[test]
fn a_sink_that_is_reached_in_the_clear_is_a_warning_off_this_machine() {
    for (url, warned) in [
        ("http://127.0.0.1:1/", false),
        ("http://[::1]:1/", false),
        ("http://localhost:1/", false),
        ("https://core.example/", false),
        ("http://192.0.2.1/", true),
        ("http://core.example/", true),
    ] {
        let folder = folder(|text| to_http(&format!("url = \"{url}\""))(&text));
        let checked = run(folder.path(), &["check"]);
        let said = out(&checked) + &err(&checked);
        assert_eq!(said.contains("\"core\" goes over the network as it is"), warned, "{url}: {said}");
    }
}

#[test]
fn an_open_admin_listener_needs_a_token() {
    says(
        &refused(|text| text.replacen("admin  = \"127.0.0.1:0\"", "admin = \"0.0.0.0:0\"", 1)),
        &["admin", "admin_token"],
    );
}

#[test]
fn tls_files_that_are_not_there_do_not_start() {
    let message = refused(replace(
        "[store]",
        "tls = { certificate = \"a.crt\", key = \"a.key\", client_ca = \"missing.pem\" }\n\n[store]",
    ));
    says(&message, &["tls", "a.crt"]);
}

#[test]
fn no_file_at_all_is_bad_usage_and_names_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["serve"]);
    assert_eq!(output.status.code(), Some(64));
    says(&err(&output), &["countersign.toml", "--config"]);
}

#[test]
fn check_says_what_is_signed_and_what_replay_protection_follows() {
    let folder = folder(|text| text);
    let output = run(folder.path(), &["check", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let lines: Vec<serde_json::Value> =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let worldline = serde_json::json!({"body": true, "path": false, "requestId": true, "time": true});
    let tribe = serde_json::json!({"body": true, "path": false, "requestId": false, "time": false});
    assert_eq!((&lines[0]["binds"], &lines[1]["binds"]), (&worldline, &tribe));
    assert!(lines[1]["replay"].as_str().unwrap().contains("UNDER A NEW ID"));
    assert!(lines.iter().all(|line| line["selfTest"]["passed"] == true));
}

/// What names an event, whether the signature covers it, and whether the content is a second fence.
#[test]
fn check_says_which_policy_of_identity_is_in_force() {
    let lines = |output: std::process::Output| -> Vec<serde_json::Value> {
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let shipped = folder(|text| text);
    let policies: Vec<_> =
        lines(run(shipped.path(), &["check", "--json"])).iter().map(|line| line["identity"].clone()).collect();
    let tribe = serde_json::json!(["v2_payment_status", "v2_payment_confirmation_link_expire"]);
    for (policy, kind, signed, fence) in [
        (&policies[0], "header", true, serde_json::json!("none")),
        (&policies[1], "header", false, tribe),
        (&policies[2], "claim", true, serde_json::json!("all")),
    ] {
        let expected = (&serde_json::json!(kind), &serde_json::json!(signed), &fence);
        assert_eq!((&policy["kind"], &policy["signed"], &policy["fingerprintFence"]), expected, "{policy}");
    }
    for (id, words) in [
        (
            "id = { header = \"X-Event\" }",
            "header x-event, NOT SIGNED; the same message under another id is another event",
        ),
        (
            "id = { header = \"X-Event\" }\nreplay = \"refuse-same-body\"",
            "header x-event, NOT SIGNED; the same message under another id is a copy",
        ),
        (
            "id = { json = \"/event/id\" }",
            "member /event/id, signed; the same message under another id is another event",
        ),
        ("id = { fingerprint = true }", "the content, by its fingerprint, signed"),
        ("", "the content, by its fingerprint, signed"),
    ] {
        let endpoint = format!(
            "[[endpoint]]\nname = \"b\"\npath = \"/b\"\nprofile = \"body-signature\"\nsink = \"stdout\"\n\
             keys = [{{ certificate = \"keys/worldline/signing.crt\" }}]\n\
             signature = {{ header = \"x-s\", input = \"{{body}}\" }}\n{id}\n\n[[sink]]"
        );
        let custom = folder(|text| text.replacen("[[sink]]", &endpoint, 1));
        let output = run(custom.path(), &["check"]);
        assert!(output.status.success(), "{id}: {output:?}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let account = text.split("endpoint b ").nth(1).unwrap();
        let line = account.lines().find_map(|line| line.trim().strip_prefix("identity")).unwrap();
        assert_eq!(line.trim(), words, "{id}");
    }
}

#[test]
fn bad_usage_is_64_and_help_is_0() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), &["sned"]).status.code(), Some(64));
    assert_eq!(run(folder.path(), &["verify"]).status.code(), Some(64));
    assert_eq!(run(folder.path(), &["--help"]).status.code(), Some(0));
    assert_eq!(run(folder.path(), &["send", "worldline", "nothing"]).status.code(), Some(64));
    let nobody = run(folder.path(), &["send", "worldline", "payment", "--to", "http://127.0.0.1:1"]);
    assert_eq!(nobody.status.code(), Some(69));
    let far = run(folder.path(), &["send", "worldline", "payment", "--to", "http://192.0.2.1/hooks"]);
    assert_eq!(far.status.code(), Some(64), "demo keys go to loopback only");
}

#[test]
fn an_api_key_that_nobody_compares_is_said_aloud() {
    let folder = folder(replace("api_key = { file = \"keys/tribe/api-key\" }\n", ""));
    let output = run(folder.path(), &["check"]);
    assert!(output.status.success(), "{output:?}");
    says(&String::from_utf8_lossy(&output.stdout), &["warning", "tribe", "X-Api-Key is not compared"]);
}

#[test]
fn check_says_what_a_token_has_to_be_and_warns_of_parties_that_nobody_compares() {
    let folder = folder(|text| text);
    let text = String::from_utf8_lossy(&run(folder.path(), &["check"]).stdout).into_owned();
    says(
        &text,
        &[
            "token        the body, a JWE around a JWS",
            "decrypts     RSA-OAEP-256 with demo-receiver-encryption (A256GCM)",
            "claims       iss demo-api-hub, aud demo-receiver",
            "identity     claim jti, or else the message, signed; the same message under another id is a copy",
            "caller       a token in Authorization is checked if it is there",
            "replies      NOT SIGNED",
        ],
    );
    assert!(!text.contains("does not compare aud"), "{text}");
    let without = crate::receiver::folder(|text| {
        let line = text.lines().find(|line| line.starts_with("claims ")).unwrap().to_owned();
        text.replacen(&line, "", 1)
    });
    let text = String::from_utf8_lossy(&run(without.path(), &["check"]).stdout).into_owned();
    says(&text, &["iss NOT COMPARED, aud NOT COMPARED", "warning", "\"cbuae\" does not compare aud"]);
}

#[test]
fn who_reads_no_further_hears_of_no_broken_pipe() {
    let folder = folder(|text| text);
    for command in [&["check"][..], &["check", "--json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let program =
            std::process::Command::new(PROGRAM).current_dir(folder.path()).args(command).stdout(writer).output();
        let program = program.unwrap();
        assert_eq!((err(&program), program.status.code()), (String::new(), Some(1)), "{command:?}");
    }
}
