//! What is wrong with a configuration: file, line, field, cause and cure.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::error::ConfigError;

/// One problem. The program does not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    file: PathBuf,
    line: Option<usize>,
    field: String,
    message: String,
}

impl Problem {
    /// Something about the file as a whole.
    pub fn of_file(file: &Path, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, field: String::new(), message: message.into() }
    }

    /// The line, from 1.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The configuration file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What was expected and what was found.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The setting.
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Problem {}

/// The text of a configuration file.
pub(super) fn text_of(path: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(path).map_err(|error| {
        let message = format!("expected a configuration file, but found {error}; name another with --config");
        Problem::of_file(path, message)
    })
}

/// A file's text, to find lines in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// A problem with `field` of the table at `span`, whose line is looked for by name.
    pub(super) fn problem(&self, span: &Range<usize>, table: &str, error: &ConfigError) -> Problem {
        let first = error.field().split('.').next().unwrap_or_default();
        Problem {
            file: self.file.to_owned(),
            line: self.line_of_field(span, first).or_else(|| self.line_at(span.start)),
            field: if table.is_empty() { error.field().to_owned() } else { format!("{table}: {}", error.field()) },
            message: error.message().to_owned(),
        }
    }

    /// A problem that the TOML reader found.
    pub(super) fn unreadable(&self, error: &toml::de::Error) -> Problem {
        let line = error.span().and_then(|span| self.line_at(span.start));
        let field = error.span().and_then(|span| self.word_at(span.start)).unwrap_or_default();
        Problem { file: self.file.to_owned(), line, field, message: without_values(error.message()) }
    }

    /// Where a table begins.
    pub(super) fn table(&self, name: &str) -> Range<usize> {
        let header = format!("[{name}]");
        let mut at = 0_usize;
        for line in self.text.split_inclusive('\n') {
            if line.trim_start().starts_with(&header) {
                return at..at;
            }
            at = at.saturating_add(line.len());
        }
        0..0
    }

    fn line_at(&self, offset: usize) -> Option<usize> {
        let before = self.text.as_bytes().get(..offset.min(self.text.len()))?;
        Some(before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1))
    }

    fn line_of_field(&self, span: &Range<usize>, field: &str) -> Option<usize> {
        let start = self.line_at(span.start)?;
        let rest = self.text.lines().enumerate().skip(start.saturating_sub(1));
        let mut lines = rest.take_while(|(index, line)| index.saturating_add(1) <= start || !line.starts_with('['));
        let names =
            |line: &str| line.trim_start().strip_prefix(field).is_some_and(|rest| rest.trim_start().starts_with('='));
        lines.find(|(_, line)| names(line)).map(|(index, _)| index.saturating_add(1))
    }

    fn word_at(&self, offset: usize) -> Option<String> {
        let line = self.text.lines().nth(self.line_at(offset)?.checked_sub(1)?)?;
        let (name, _) = line.split_once('=')?;
        Some(name.trim().to_owned())
    }
}

/// The reader's message without the strings that it quotes: one may be a secret that was put where a table belongs.
fn without_values(message: &str) -> String {
    match (message.find("string \""), message.rfind("\",")) {
        (Some(from), Some(to)) if from < to => {
            let (head, tail) = (message.get(..from), message.get(to.saturating_add(1)..));
            format!("{}a string{}", head.unwrap_or_default(), tail.unwrap_or_default())
        }
        _ => message.to_owned(),
    }
}
