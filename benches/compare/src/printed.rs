//! A table as it is printed, aligned for a terminal and Markdown just the same, and read again from there: what is computed of
//! published figures is computed of what was published.

#[derive(Debug, Clone, Default)]
pub struct Printed {
    /// The first line is the head.
    pub lines: Vec<Vec<String>>,
}

impl Printed {
    pub fn text(&self) -> String {
        let columns = self.lines.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let write = |line: &Vec<String>| {
            let cell = |(at, text): (usize, &String)| {
                let width = widths[at];
                if at == 0 { format!(" {text:<width$} |") } else { format!(" {text:>width$} |") }
            };
            format!("|{}\n", line.iter().enumerate().map(cell).collect::<String>())
        };
        let rule = widths.iter().enumerate().map(|(at, width)| {
            let line = "-".repeat(width + 1);
            if at == 0 { format!("{line}-|") } else { format!("{line}:|") }
        });
        let rule = format!("|{}\n", rule.collect::<String>());
        let mut written = self.lines.iter().map(write);
        format!("{}{rule}{}", written.next().unwrap_or_default(), written.collect::<String>())
    }

    /// The first table of a text that has a column of this name.
    pub fn read(text: &str, column: &str) -> Option<Self> {
        let cells = |line: &str| -> Vec<String> {
            line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
        };
        let mut rest =
            text.lines().skip_while(|line| !(line.starts_with('|') && cells(line).iter().any(|cell| cell == column)));
        let head = cells(rest.next()?);
        let body = rest.skip(1).take_while(|line| line.starts_with('|')).map(cells);
        Some(Self { lines: std::iter::once(head).chain(body).collect() })
    }

    pub fn rows(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().skip(1).filter_map(|line| line.first().map(String::as_str))
    }

    /// The number that a cell begins with.
    pub fn figure(&self, row: &str, column: &str) -> Option<f64> {
        let at = self.lines.first()?.iter().position(|name| name == column)?;
        let line = self.lines.iter().skip(1).find(|line| line.first().is_some_and(|name| name == row))?;
        line.get(at)?.split_whitespace().next()?.parse().ok()
    }

    /// All numbers of a column.
    pub fn figures(&self, column: &str) -> Vec<f64> {
        self.rows().filter_map(|row| self.figure(row, column)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Printed;

    fn lines(lines: &[&[&str]]) -> Printed {
        Printed { lines: lines.iter().map(|line| line.iter().map(|cell| (*cell).to_owned()).collect()).collect() }
    }

    #[test]
    fn what_was_printed_is_read() {
        let text = lines(&[&["contender", "requests/s", "p99 ms"], &["a", "12 (10 to 14)", "-"]]).text();
        let read =
            Printed::read(&format!("a line\n\n| other |\n|---|\n\n{text}\nmore"), "requests/s").expect("a table");
        assert_eq!(read.figure("a", "requests/s"), Some(12.0));
        assert_eq!(read.figure("a", "p99 ms"), None);
        assert_eq!(read.figure("b", "requests/s"), None);
        assert_eq!(read.figures("requests/s"), [12.0]);
    }

    #[test]
    fn a_text_without_the_table_has_none() {
        assert!(Printed::read("no figures yet", "requests/s").is_none());
    }
}
