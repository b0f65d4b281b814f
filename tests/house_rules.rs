//! Rules of the house that a compiler does not keep: sizes, names that only one file may use, who may claim that something
//! was verified, and codes that operators find in the README. Each fails with file and line.

mod sources;

use std::collections::BTreeSet;

use countersign::error::Code;
use sources::{Source, sources};

/// Longest file, in lines.
const LONGEST: usize = 400;
/// Largest median, in lines.
const MEDIAN: usize = 150;

/// Lines outside comments that hold `word` in a file that is not allowed to.
fn strays(word: &str, allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !allowed.contains(&source.path.as_str())) {
        for (number, line) in source.code() {
            if line.contains(word) {
                found.push(format!("{}:{number}: {word}: {}", source.path, line.trim()));
            }
        }
    }
    found
}

fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let long = |source: &Source| source.lines().len() > LONGEST;
    let found: Vec<_> = sources().iter().filter(|source| long(source)).map(|source| source.path.clone()).collect();
    assert_none(&found);
}

#[test]
fn the_median_file_is_small() {
    let mut lengths: Vec<usize> = sources().iter().map(|source| source.lines().len()).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= MEDIAN, "{median}");
}

#[test]
fn every_file_says_first_what_it_is() {
    let says = |source: &Source| source.text.starts_with("//!");
    let found: Vec<_> = sources().iter().filter(|source| !says(source)).map(|source| source.path.clone()).collect();
    assert_none(&found);
}

#[test]
fn one_folder_names_the_cryptographic_libraries() {
    let outside = |found: Vec<String>| found.into_iter().filter(|line| !line.starts_with("crypto/backend/"));
    // rustls is told which of its providers to use, and certificates are made for demos: neither verifies a message.
    assert_none(&outside(strays("aws_lc_rs", &["server/tls.rs", "tls.rs"])).collect::<Vec<_>>());
    assert_none(&outside(strays("ring::", &[])).filter(|line| names_ring(line)).collect::<Vec<_>>());
    assert_none(&strays("rcgen::", &["cli/demo_keys.rs"]));
}

/// `ring::` as a path of its own, and not as the end of `String::`; the first hit is the word that was looked for.
fn names_ring(line: &str) -> bool {
    let inside = |before: char| before.is_alphanumeric() || before == '_';
    line.match_indices("ring::").skip(1).any(|(at, _)| !line[..at].ends_with(inside))
}

#[test]
fn only_three_files_claim_that_something_was_verified() {
    assert_none(&strays("Verified::assertion", &["verified.rs", "signing_input.rs", "store/seal.rs"]));
    // A certificate whose key was proved in a handshake is the other proof, and the contract of an API the only user.
    assert_none(&strays("Verified::by_client", &["contract/calls.rs"]));
    // The literal would be another way, and only the file with the fields could write it.
    assert_none(&strays("Verified {", &["verified.rs"]));
}

#[test]
fn only_crypto_claims_that_a_signature_is_valid() {
    let found = strays("SignatureValid::assertion", &[]);
    assert_none(&found.into_iter().filter(|line| !line.starts_with("crypto/")).collect::<Vec<_>>());
}

#[test]
fn one_file_asks_the_wall_clock() {
    assert_none(&strays("SystemTime::now", &["clock.rs"]));
    // Tokio's `Instant` is a test's clock too; the standard library's is the machine's.
    let found = strays("Instant::now", &["clock.rs"]);
    let of_the_machine = |line: &String| {
        let path = line.split(':').next().unwrap_or_default();
        let source = sources().into_iter().find(|source| source.path == path).expect("the file that was read before");
        !path.starts_with("cli/send/") && !source.text.contains("tokio::time::")
    };
    assert_none(&found.into_iter().filter(of_the_machine).collect::<Vec<_>>());
}

/// The names in the first column of the tables below a heading of the README, up to the next heading.
fn explained<'a>(readme: &'a str, heading: &str) -> BTreeSet<&'a str> {
    let (_, below) = readme.split_once(heading).expect("the README has this heading");
    let section = below.split("\n## ").next().unwrap_or_default();
    let first = section.lines().filter_map(|line| line.strip_prefix('|')?.split('|').next());
    first.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

/// The codes of log lines, each with the place where one is written.
fn logged() -> Vec<(String, String)> {
    const BEFORE: &str = "code = \"";
    let mut found = Vec::new();
    for source in sources() {
        for (number, line) in source.code() {
            for (at, _) in line.match_indices(BEFORE) {
                let code = line[at + BEFORE.len()..].split('"').next().unwrap_or_default();
                let is_code = !code.is_empty() && code.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
                if is_code && !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
                    found.push((code.to_owned(), format!("src/{}:{number}", source.path)));
                }
            }
        }
    }
    found
}

#[test]
fn the_readme_says_what_to_do_about_every_code() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the README");
    let known = explained(&readme, "\n## At three in the morning\n");
    let codes = Code::ALL.iter().map(|code| (code.as_str().to_owned(), "src/error.rs".to_owned()));
    let logged = logged();
    assert!(logged.len() > 20, "expected the codes of log lines, but found {logged:?}");
    let missing = codes.chain(logged).filter(|(code, _)| !known.contains(code.as_str()));
    let missing: BTreeSet<String> =
        missing.map(|(code, place)| format!("{place}: {code}: no row in the README")).collect();
    assert_none(&missing.into_iter().collect::<Vec<_>>());
}

/// Examples that serve, and those of the README, each with where it is.
fn servers() -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(root.join("examples")).expect("the examples").map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let files = files.map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap()));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let samples =
        readme.split("\n```rust").skip(1).map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned());
    let samples = samples.enumerate().map(|(number, text)| (format!("README.md, sample {}", number + 1), text));
    files.chain(samples).filter(|(_, text)| text.contains("Store::") && text.contains("TcpListener::bind")).collect()
}

#[test]
fn no_example_has_a_store_that_grows_for_ever() {
    let servers = servers();
    assert!(servers.len() > 5, "expected examples that serve, but found {}", servers.len());
    let growing: Vec<_> =
        servers.into_iter().filter(|(_, text)| !text.contains("upkeep(")).map(|(place, _)| place).collect();
    assert_none(&growing);
}
