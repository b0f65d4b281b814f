//! RSA-OAEP on the vectors of Wycheproof, below the tag: what `DecryptionKey` unwraps with.
//!
//! The rule: a case counts as valid only with the empty label, the one label that JOSE has.

// Tests of the store in Redis have it too.
#[allow(clippy::duplicate_mod, reason = "it holds a function and no state")]
#[path = "../../tests/left_out/mod.rs"]
mod left_out;

use std::path::PathBuf;

use serde_json::Value;

use super::backend::ciphers::{OaepHash, RawRsaDecryption};
use crate::wire::encoding::Encoding;

fn read(name: &str) -> Option<Value> {
    let folder = std::env::var_os("COUNTERSIGN_VECTORS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"), PathBuf::from);
    if !folder.is_dir() {
        left_out::say(name, "no folder of vectors; set COUNTERSIGN_VECTORS");
        return None;
    }
    let path = folder.join("wycheproof").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap())
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    if text.is_empty() { Vec::new() } else { Encoding::Hex.decode(text, 65_536).unwrap() }
}

/// Runs the groups of `file` whose hash we use; how many cases that were.
fn run(file: &str) -> u64 {
    let Some(document) = read(file) else { return 0 };
    let (mut count, mut wrong) = (0, Vec::new());
    for group in document["testGroups"].as_array().unwrap() {
        let hash = match (group["sha"].as_str().unwrap(), group["mgfSha"].as_str().unwrap()) {
            ("SHA-1", "SHA-1") => OaepHash::Sha1,
            ("SHA-256", "SHA-256") => OaepHash::Sha256,
            _ => continue,
        };
        let key = RawRsaDecryption::parse(&hex(&group["privateKeyPkcs8"]));
        if group["keySize"].as_u64().unwrap() < 2048 {
            assert!(key.is_none());
            continue;
        }
        let (key, _) = key.unwrap();
        for test in group["tests"].as_array().unwrap() {
            let valid = test["result"] == "valid" && test["label"] == "";
            let found = key.decrypt(hash, &hex(&test["ct"]));
            // An acceptable case may go either way, but not to another message.
            let right = match found {
                Some(found) => test["result"] != "invalid" && test["label"] == "" && *found == hex(&test["msg"]),
                None => !valid,
            };
            if !right {
                wrong.push(test["tcId"].as_u64().unwrap());
            }
            count += 1;
        }
    }
    assert_eq!(wrong, Vec::<u64>::new(), "{file}: wrong answers");
    assert!(count > 0, "{file}: no case was run");
    count
}

#[test]
fn rsa_oaep_of_the_published_vectors() {
    let files = [
        "rsa_oaep_2048_sha1_mgf1sha1_test.json",
        "rsa_oaep_2048_sha256_mgf1sha256_test.json",
        "rsa_oaep_3072_sha256_mgf1sha256_test.json",
        "rsa_oaep_4096_sha256_mgf1sha256_test.json",
        "rsa_oaep_misc_test.json",
    ];
    let count: u64 = files.into_iter().map(run).sum();
    eprintln!("{count} cases of RSA-OAEP");
}
