//! Aligned columns, and colour only where a person looks.

use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};

/// Rows of equal length, printed with each column as wide as its widest cell so far.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    widths: Vec<usize>,
}

impl Table {
    pub(super) fn new(header: &[&str]) -> Self {
        let header: Vec<_> = header.iter().map(|cell| cell.to_uppercase()).collect();
        Self { widths: vec![0; header.len()], rows: vec![header] }
    }

    pub(super) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// What was pushed since the last time; the header comes with the first.
    pub(super) fn lines(&mut self) -> Vec<String> {
        for (column, width) in self.widths.iter_mut().enumerate() {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            *width = cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(*width);
        }
        let line = |row: Vec<String>| {
            let cells = row.iter().zip(&self.widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.rows.drain(..).map(line).collect()
    }
}

/// Text in a colour, if standard output is a terminal and nobody asked for none.
pub(super) fn coloured(text: &str, colour: AnsiColor) -> String {
    if !std::io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some() {
        return text.to_owned();
    }
    let style = Style::new().fg_color(Some(colour.into())).bold();
    format!("{style}{text}{style:#}")
}

/// Text of a stranger: control characters are shown, not obeyed.
pub(super) fn plain(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["a", "b"]);
        table.push(vec!["long".to_owned(), "x".to_owned()]);
        assert_eq!(table.lines(), ["A     B", "long  x"]);
        table.push(vec!["s".to_owned(), "x".to_owned()]);
        assert_eq!(table.lines(), ["s     x"], "as wide as before");
        assert_eq!(table.lines(), Vec::<String>::new());
    }

    #[test]
    fn escape_sequences_of_strangers_are_not_obeyed() {
        assert_eq!(plain("\x1b[31mred\r\n"), "\\u{1b}[31mred\\r\\n");
    }
}
