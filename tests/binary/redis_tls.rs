//! The binary on a Redis over TLS: what it refuses to start with, and that it works with the right files.

use std::path::Path;

use crate::receiver::{Receiver, err, folder, run, status};
use crate::redis_server::{Authority, Server};

/// A folder whose store is what these lines say, above the other members of the table.
fn with_store(lines: &str) -> tempfile::TempDir {
    folder(|text| {
        assert!(text.contains("url = \"sqlite:countersign.db\""), "{text}");
        text.replacen("url = \"sqlite:countersign.db\"", lines, 1)
    })
}

fn line_of(folder: &Path, word: &str) -> usize {
    let text = std::fs::read_to_string(folder.join("countersign.toml")).unwrap();
    1 + text.lines().position(|line| line.starts_with(word)).unwrap()
}

#[test]
fn files_of_tls_that_are_not_what_they_have_to_be_do_not_start() {
    let authority = Authority::new();
    let (one, two) = (authority.issue(&["one"]), authority.issue(&["two"]));
    let open = authority.issue(&["open"]);
    std::process::Command::new("chmod").arg("644").arg(&open.key).status().unwrap();
    let client = |certificate: &Path, key: &Path| {
        format!("client = {{ certificate = \"{}\", key = \"{}\" }}", certificate.display(), key.display())
    };
    for (url, member, words) in [
        ("rediss://127.0.0.1", "ca = \"missing.pem\"".to_owned(), &["missing.pem", "No such file"][..]),
        ("rediss://127.0.0.1", "ca = \"countersign.toml\"".to_owned(), &["authorities in PEM", "found none"]),
        ("rediss://127.0.0.1", "ca = \".\"".to_owned(), &["expected certificates of authorities", "directory"]),
        ("rediss://127.0.0.1", client(&one.certificate, &two.key), &["client.key", "key of another certificate"]),
        ("rediss://127.0.0.1", client(&one.key, &one.key), &["client.certificate", "found none"]),
        ("rediss://127.0.0.1", client(&one.certificate, Path::new("missing")), &["client.key", "missing"]),
        ("rediss://127.0.0.1", client(&open.certificate, &open.key), &["client.key", "chmod 600"]),
        ("redis://127.0.0.1", format!("ca = \"{}\"", authority.ca.display()), &["write rediss"]),
        ("rediss://127.0.0.1", "sentinel = { password = { env = \"HOME\" } }".to_owned(), &["redis+sentinel:"]),
    ] {
        let folder = with_store(&format!("{member}\nurl = \"{url}\""));
        for command in ["serve", "check"] {
            let refused = run(folder.path(), &[command]);
            assert_eq!(refused.status.code(), Some(64), "{member}: {}", err(&refused));
            let (said, field) = (err(&refused), member.split(' ').next().unwrap());
            let place = format!("countersign.toml:{}: [store]: {field}", line_of(folder.path(), field));
            assert!(said.contains(&place) && words.iter().all(|word| said.contains(word)), "{place}: {said}");
        }
    }
}

#[test]
fn no_url_switches_the_check_of_a_certificate_off() {
    for url in ["rediss://127.0.0.1:1/#insecure", "rediss://127.0.0.1:1#insecure"] {
        let folder = with_store(&format!("url = \"{url}\""));
        assert_eq!(run(folder.path(), &["serve"]).status.code(), Some(64), "{url}");
    }
}

#[test]
fn events_are_received_over_tls_with_our_certificate_and_not_without() {
    let authority = Authority::new();
    let (here, receiver) = (authority.issue(&["127.0.0.1"]), authority.issue(&["receiver"]));
    let server = Server::secure(&authority, &here, &[]);
    let ca = format!("url = \"rediss://127.0.0.1:{}\"\nca = \"{}\"", server.tls_port, authority.ca.display());
    let files = (receiver.certificate.display(), receiver.key.display());
    let right = with_store(&format!("{ca}\nclient = {{ certificate = \"{}\", key = \"{}\" }}", files.0, files.1));
    let receiver = Receiver::start(right.path());
    let raw = receiver.run(&["send", "worldline", "payment", "--print"]).stdout;
    assert_eq!(status(&receiver.raw(&raw)), Some(204));
    assert!(receiver.run(&["inbox", "stats"]).status.success());
    for (lines, words) in [
        (ca, "wants a certificate of ours"),
        (format!("url = \"rediss://127.0.0.1:{}\"", server.tls_port), "not trusted"),
        (format!("url = \"redis://127.0.0.1:{}\"", server.tls_port), "write rediss"),
    ] {
        let refused = run(with_store(&lines).path(), &["serve"]);
        assert_eq!(refused.status.code(), Some(69), "{}", err(&refused));
        assert!(err(&refused).contains(words), "{words}: {}", err(&refused));
    }
}
