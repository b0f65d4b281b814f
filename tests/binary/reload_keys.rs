//! Keys over a reload: what changes while the file is read, who is trusted behind a proxy, and what is counted and shown of keys
//! that are gone.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::receiver::{Receiver, folder, run, status};
use crate::redis::page;
use crate::reload::{HMAC, NEW, OLD, reload, rewrite, signed, write_secret};
use crate::signer::Signer;

/// Keys of our own, in a folder of this name.
fn own_keys(folder: &Path, name: &str) {
    assert!(run(folder, &["keys", "generate", "--out", name]).status.success());
}

fn put_certificate(folder: &Path, from: &str, to: &str) {
    std::fs::copy(folder.join(from).join("worldline/signing.crt"), folder.join(to)).unwrap();
}

/// A configuration with endpoints of one sender: name, certificate, more lines.
fn worldline(server: &str, endpoints: &[(&str, &str, &str)]) -> String {
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n{server}\n[store]\nurl = \"memory:\"\n\
         [[sink]]\nname = \"none\"\ntype = \"none\"\n"
    );
    for (name, certificate, more) in endpoints {
        text += &format!(
            "[[endpoint]]\nname = \"{name}\"\npath = \"/{name}\"\nprofile = \"worldline\"\n\
             keys = [{{ certificate = \"{certificate}\" }}]\nsink = \"none\"\n{more}\n"
        );
    }
    text
}

fn sample(receiver: &Receiver, series: &str) -> String {
    let text = page(receiver, "/metrics");
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{series}: {text}")).to_owned()
}

#[test]
fn a_secret_that_changes_while_the_file_is_read_is_found_by_the_next_reload() {
    // The second secret is read from a pipe, after the first: until somebody writes into it, the reload stands between both.
    let slow = HMAC.split("[[sink]]").next().unwrap().replace("hmac", "slow").replace("\"secret\" }", "\"pipe\" }");
    let folder = folder(|text| text + HMAC + &slow);
    write_secret(folder.path(), OLD);
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().unwrap().success());
    let feed = || {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::write(pipe, OLD).unwrap())
    };
    let fed = feed();
    let receiver = Receiver::start(folder.path());
    fed.join().unwrap();
    receiver.signal("HUP");
    let mut held = OpenOptions::new().write(true).open(&pipe).unwrap();
    write_secret(folder.path(), NEW);
    held.write_all(OLD).unwrap();
    drop(held);
    receiver.logged("\"code\":\"reloaded\"", 1);
    let fed = feed();
    let line = reload(&receiver, "reloaded", 2);
    fed.join().unwrap();
    assert!(line.contains("endpoint \\\"hmac\\\" changed (keys)"), "{line}");
    assert_eq!(status(&receiver.raw(&signed(OLD, "1"))), Some(401));
    assert_eq!(status(&receiver.raw(&signed(NEW, "2"))), Some(200));
}

#[test]
fn a_demo_key_that_comes_after_a_reload_put_a_proxy_in_front_is_not_trusted() {
    let folder = folder(|_| worldline("", &[("bank", "bank.crt", "")]));
    own_keys(folder.path(), "own");
    put_certificate(folder.path(), "own", "bank.crt");
    let receiver = Receiver::start(folder.path());
    rewrite(folder.path(), |text| {
        text.replace("[store]", "trusted_proxies = [\"127.0.0.1/32\"]\nforwarded = \"none\"\n[store]")
    });
    let line = reload(&receiver, "reloaded", 1);
    assert!(!line.contains("endpoint"), "{line}");
    put_certificate(folder.path(), "keys", "bank.crt");
    let text = receiver.logged("\"code\":\"keys_not_refreshed\"", 1);
    assert!(!text.contains("\"code\":\"keys_changed\""), "{text}");
    let forged = Signer::demo().request("00000000-0000-4000-8000-000000000001", "p");
    let forged = String::from_utf8(forged).unwrap().replace("/v3/notification/", "/bank/");
    assert_eq!(status(&receiver.raw(forged.as_bytes())), Some(401));
}

#[test]
fn looks_at_keys_are_counted_on_and_keys_that_are_gone_worry_nobody() {
    let endpoints = [("one", "one.crt", ""), ("gone", "gone.crt", "")];
    let folder = folder(|_| worldline("", &endpoints));
    for name in ["a", "b"] {
        own_keys(folder.path(), name);
    }
    put_certificate(folder.path(), "a", "one.crt");
    put_certificate(folder.path(), "a", "gone.crt");
    let receiver = Receiver::start(folder.path());
    let changed = "countersign_keys_refreshes_total{endpoint=\"one\",result=\"changed\"}";
    put_certificate(folder.path(), "b", "one.crt");
    receiver.logged("\"code\":\"keys_changed\"", 1);
    assert_eq!(sample(&receiver, changed), "1");
    std::fs::remove_file(folder.path().join("gone.crt")).unwrap();
    receiver.logged("\"code\":\"keys_not_refreshed\"", 1);
    assert_eq!(sample(&receiver, "countersign_keys_stale{endpoint=\"gone\"}"), "1");
    let less = worldline("", &[("one", "one.crt", "max_body = \"100KiB\"")]);
    rewrite(folder.path(), |_| less);
    reload(&receiver, "reloaded", 1);
    for (gauge, value) in [("stale", 0.0), ("age_seconds", 0.0), ("expire_seconds", f64::INFINITY)] {
        let found = sample(&receiver, &format!("countersign_keys_{gauge}{{endpoint=\"gone\"}}"));
        assert_eq!(found.parse::<f64>().unwrap(), value, "{gauge}");
    }
    put_certificate(folder.path(), "a", "one.crt");
    receiver.logged("\"code\":\"keys_changed\"", 2);
    assert_eq!(sample(&receiver, changed), "2");
}
