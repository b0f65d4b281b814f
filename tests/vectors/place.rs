//! Where the vectors lie: `COUNTERSIGN_VECTORS`, or a folder beside the project.

use std::path::PathBuf;

/// A vector file's JSON; `None`, said aloud, if there is no folder of vectors at all. A folder without the file fails.
pub fn read(name: &str) -> Option<serde_json::Value> {
    let folder = match std::env::var_os("COUNTERSIGN_VECTORS") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"),
    };
    if !folder.is_dir() {
        eprintln!("left out: {name} (no folder of vectors; set COUNTERSIGN_VECTORS)");
        return None;
    }
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap())
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
