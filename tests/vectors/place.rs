//! Where the vectors lie: `COUNTERSIGN_VECTORS`, or a folder beside the project.

#[path = "../left_out/mod.rs"]
mod left_out;

use std::path::PathBuf;

/// The folder of vectors; `None`, said aloud, if there is none.
pub fn folder(what: &str) -> Option<PathBuf> {
    let folder = match std::env::var_os("COUNTERSIGN_VECTORS") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"),
    };
    if !folder.is_dir() {
        left_out::say(what, "no folder of vectors; set COUNTERSIGN_VECTORS");
        return None;
    }
    Some(folder)
}

/// The text of a vector file. A folder without the file fails.
pub fn text(name: &str) -> Option<String> {
    let path = folder(name)?.join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A vector file's JSON, likewise.
pub fn read(name: &str) -> Option<serde_json::Value> {
    Some(serde_json::from_str(&text(name)?).unwrap())
}

/// Every backend that was built in.
pub fn backends() -> Vec<countersign::crypto::Backend> {
    vec![
        countersign::crypto::Backend::AwsLc,
        #[cfg(feature = "ring")]
        countersign::crypto::Backend::Ring,
    ]
}

pub fn hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
