//! A module imports only from modules above it in `src/lib.rs`: the list there is the whole architecture.

mod sources;

use sources::{Source, sources};

/// The modules in the order of `lib.rs`.
fn order() -> Vec<String> {
    let lib = sources().into_iter().find(|source| source.path == "lib.rs").expect("src/lib.rs");
    let declared = |line: &str| {
        let name = line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "))?.strip_suffix(';')?;
        Some(name.to_owned())
    };
    let found: Vec<_> = lib.code().iter().filter_map(|(_, line)| declared(line)).collect();
    assert!(found.len() > 10, "expected the modules of the crate, but found {found:?}");
    found
}

/// The first names of the paths that begin with `crate::` in a statement: `crate::a::B` and `crate::{a::B, c}`.
fn named(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, prefix) in text.match_indices("crate::") {
        // `$crate::` and `pub(in crate::x)` name the same modules; `my_crate::` does not.
        if text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push(first_word(rest));
            continue;
        };
        let (mut depth, mut start) = (0, 0);
        for (index, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    found.push(first_word(group[start..index].trim_start()));
                    start = index + 1;
                    if letter == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// Statements with the number of their first line: a `use` may go over many lines.
fn statements(source: &Source) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in source.code() {
        if let Some((start, mut text)) = open.take() {
            text.push_str(line.trim());
            if line.contains(';') { found.push((start, text)) } else { open = Some((start, text)) }
        } else if line.contains("crate::{") && !line.contains(';') {
            open = Some((number, line));
        } else {
            found.push((number, line));
        }
    }
    found
}

/// Every import in `source` of a module that comes after its own.
fn upward(source: &Source, order: &[String]) -> Vec<String> {
    let position = |module: &str| order.iter().position(|known| known == module);
    let Some(own) = position(source.module()) else { return Vec::new() };
    let mut found = Vec::new();
    for (number, statement) in statements(source) {
        for name in named(&statement) {
            // A type that `lib.rs` re-exports at the root is not spelled that way inside.
            let root = name.starts_with(char::is_uppercase);
            if root || position(&name).is_some_and(|other| other > own) {
                found.push(format!("src/{}:{number}: {} imports crate::{name}", source.path, source.module()));
            }
        }
    }
    found
}

#[test]
fn a_module_imports_only_from_modules_above_it() {
    let order = order();
    let found: Vec<String> = sources().iter().flat_map(|source| upward(source, &order)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_file_belongs_to_a_module_of_the_list() {
    let order = order();
    for source in sources().iter().filter(|source| !["lib.rs", "main.rs"].contains(&source.path.as_str())) {
        assert!(order.iter().any(|module| module == source.module()), "{}", source.path);
    }
}

/// The reader of imports itself.
mod reader {
    use super::{Source, upward};

    fn found(text: &str) -> usize {
        let order = ["low", "middle", "high"].map(str::to_owned);
        upward(&Source { path: "middle/file.rs".to_owned(), text: text.to_owned() }, &order).len()
    }

    #[test]
    fn an_import_from_below_is_found_in_every_spelling() {
        assert_eq!(found("use crate::high::Thing;"), 1);
        assert_eq!(found("use crate::{low::Thing, high::{One, Two}};"), 1);
        assert_eq!(found("use crate::{\n    low,\n    high,\n};\n"), 1);
        assert_eq!(found("let thing = crate::high::thing();"), 1);
        assert_eq!(found("use crate::Endpoint;"), 1);
    }

    #[test]
    fn what_is_no_import_is_let_through() {
        assert_eq!(found("use crate::low::Thing;\nuse crate::middle::Other;"), 0);
        assert_eq!(found("//! [`crate::high`]\n/// [`crate::high::Thing`]\n// crate::high\n"), 0);
        assert_eq!(found("#[cfg(test)]\nmod tests {\n    use crate::high::Thing;\n}\n"), 0);
        assert_eq!(found("use other_crate::high::Thing;"), 0);
    }
}
