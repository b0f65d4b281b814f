//! The files of `src`, for tests about the source. Comments and tests are taken out, line numbers stay.
#![allow(dead_code, reason = "each test uses a part")]

use std::fs;
use std::path::{Path, PathBuf};

/// One file of `src`.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path below `src`, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl Source {
    /// All lines.
    pub fn lines(&self) -> Vec<&str> {
        self.text.lines().collect()
    }

    /// The top-level module that the file belongs to.
    pub fn module(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// What the paths of modules begin with that are declared here for tests alone: `keys/fixtures.`, `keys/fixtures/`.
    fn test_modules(&self) -> Vec<String> {
        let folder = match self.path.rsplit_once('/') {
            Some((folder, "mod.rs")) => format!("{folder}/"),
            _ if self.path == "lib.rs" => String::new(),
            _ => format!("{}/", self.path.trim_end_matches(".rs")),
        };
        let lines = self.lines();
        let declared = lines.windows(2).filter(|pair| pair[0].starts_with("#[cfg(") && pair[0].contains("test"));
        let names = declared.filter_map(|pair| pair[1].split_once("mod ")?.1.strip_suffix(';'));
        names.flat_map(|name| [format!("{folder}{name}."), format!("{folder}{name}/")]).collect()
    }

    /// Lines of code with their numbers from 1, without comments and without what is only compiled for tests.
    pub fn code(&self) -> Vec<(usize, String)> {
        let mut kept = Vec::new();
        // While skipping an item of a test: how many braces are open, and whether one was opened at all.
        let mut skipping: Option<(i32, bool)> = None;
        for (number, line) in (1..).zip(self.text.lines()) {
            let code = without_comment(line);
            if skipping.is_none() && code.trim().starts_with("#[cfg(test)]") {
                skipping = Some((0, false));
                continue;
            }
            let Some((open, opened)) = &mut skipping else {
                kept.push((number, code.to_owned()));
                continue;
            };
            for byte in code.bytes() {
                match byte {
                    b'{' => (*open, *opened) = (*open + 1, true),
                    b'}' => *open -= 1,
                    _ => {}
                }
            }
            // `mod tests { … }` ends with its last brace, `mod tests;` and `use …;` with their semicolon.
            if *open == 0 && (*opened || code.trim_end().ends_with(';')) {
                skipping = None;
            }
        }
        kept
    }
}

/// The line up to `//`, unless that stands in a string, as in a URL.
fn without_comment(line: &str) -> &str {
    let mut from = 0;
    while let Some(at) = line[from..].find("//").map(|at| at + from) {
        if line[..at].matches('"').count().is_multiple_of(2) {
            return &line[..at];
        }
        from = at + 2;
    }
    line
}

/// Every file that is compiled into the library or the binary.
pub fn sources() -> Vec<Source> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    assert!(found.len() > 20, "expected the files of src, but found {}", found.len());
    let tests: Vec<String> = found.iter().flat_map(Source::test_modules).collect();
    found.retain(|source| !tests.iter().any(|test| source.path.starts_with(test.as_str())));
    found.sort_by(|one: &Source, other| one.path.cmp(&other.path));
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder of src") {
        let path = entry.expect("an entry of src").path();
        if path.is_dir() {
            collect(root, &path, found);
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.ends_with(".rs") || name.ends_with("_tests.rs") || name == "tests.rs" {
            continue;
        }
        let below = path.strip_prefix(root).expect("a path below src");
        let path_text = below.to_string_lossy().replace('\\', "/");
        found.push(Source { path: path_text, text: fs::read_to_string(&path).expect("text") });
    }
}
