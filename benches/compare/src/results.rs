//! The published file. Between two marks of its own stands each block: a table of one workload, a steady run, the bars. The
//! rule: what was measured takes the place of its own block, and of no other one.

use std::io::{Error, Result};
use std::path::Path;

use crate::bars::{BARE, RATE, Tables, bars};
use crate::printed::Printed;

/// A block: its name and its text.
pub type Block = (String, String);

/// Where blocks are added that the file does not have yet.
const END: &str = "<!-- compare: end -->";

fn marks(name: &str) -> (String, String) {
    (format!("<!-- compare {name}: begin -->\n"), format!("<!-- compare {name}: end -->\n"))
}

/// Puts blocks into the file, and the bars computed of all that stand there then.
pub fn write(file: &Path, blocks: &[Block]) -> Result<()> {
    let mut whole = std::fs::read_to_string(file)?;
    for block in blocks {
        whole = replaced(&whole, block)?;
    }
    let bars = ("bars".to_owned(), bars(&tables(&whole)).text());
    std::fs::write(file, replaced(&whole, &bars)?)
}

fn replaced(whole: &str, (name, text): &Block) -> Result<String> {
    let (begin, end) = marks(name);
    let parts = whole.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    if let Some((before, after)) = parts {
        return Ok(format!("{before}{begin}{text}{end}{after}"));
    }
    let (before, after) =
        whole.split_once(END).ok_or_else(|| Error::other(format!("expected {END} in the file, but found none")))?;
    Ok(format!("{before}{begin}{text}{end}\n{END}{after}"))
}

/// All tables with rates by the name of their block, and that of the endpoint without a socket.
pub fn tables(whole: &str) -> Tables {
    let begins = |line: &str| Some(line.strip_prefix("<!-- compare ")?.strip_suffix(": begin -->")?.to_owned());
    let names = whole.lines().filter_map(begins);
    let table = |name: String| {
        let (begin, end) = marks(&name);
        let text = whole.split_once(&begin)?.1.split_once(&end)?.0;
        Some((name, Printed::read(text, RATE)?))
    };
    let mut tables: Tables = names.filter_map(table).collect();
    tables.extend(Printed::read(whole, BARE).map(|table| ("verification".to_owned(), table)));
    tables
}

#[cfg(test)]
mod tests {
    use super::{replaced, tables};

    const FILE: &str = "before\n<!-- compare a: begin -->\nno figures yet\n<!-- compare a: end -->\n\
                        <!-- compare b: begin -->\n| contender | requests/s |\n|---|--:|\n| x | 7 (6 to 8) |\n\
                        <!-- compare b: end -->\n<!-- compare: end -->\nafter\n";

    #[test]
    fn a_block_takes_its_own_place_alone() {
        let text = replaced(FILE, &("a".into(), "figures\n".into())).expect("a file with marks");
        assert_eq!(text, FILE.replace("no figures yet", "figures"));
    }

    #[test]
    fn a_new_block_comes_last() {
        let text = replaced(FILE, &("c".into(), "new\n".into())).expect("a file with marks");
        assert!(text.contains("<!-- compare b: end -->\n<!-- compare c: begin -->\nnew\n<!-- compare c: end -->\n"));
        assert!(text.starts_with("before\n") && text.ends_with("<!-- compare: end -->\nafter\n"));
    }

    #[test]
    fn the_published_file_has_a_place_for_each_block_and_the_bars_read_it() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../RESULTS.md");
        let whole = std::fs::read_to_string(file).expect("the published file");
        let names = crate::plan::workloads().into_iter().map(|workload| workload.name);
        for name in names.chain(["machine", "bars", "rsa-2048 on 1 core", "steady SQLite"]) {
            let text = replaced(&whole, &(name.into(), "figures\n".into())).expect("a file with marks");
            assert!(text.len() < whole.len() + 100 && text.matches(&super::marks(name).0).count() == 1, "{name}");
            assert_eq!(text.matches("<!-- compare").count(), whole.matches("<!-- compare").count(), "{name}");
        }
        let endpoint = tables(&whole)["verification"].figure("Tribe: accepted", crate::bars::BARE);
        assert!(endpoint.is_some_and(|found| found > 1.0), "{endpoint:?}");
    }

    #[test]
    fn a_file_without_marks_is_left_alone() {
        assert!(replaced("nothing", &("a".into(), "x".into())).is_err());
    }

    #[test]
    fn tables_are_found_by_their_block() {
        let tables = tables(FILE);
        assert_eq!(tables.keys().collect::<Vec<_>>(), ["b"]);
        assert_eq!(tables["b"].figure("x", "requests/s"), Some(7.0));
    }
}
