//! On the way to standard error. The rule: lines leave in the order in which they were logged, none is left out, and only a
//! line that tells of no trouble may wait a moment for others, so that one write takes many.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits at most, but for what the thread that writes has to wait itself.
const MOMENT: Duration = Duration::from_millis(2);

/// As many bytes may wait; whoever logs more writes them itself.
const MOST: usize = 128 * 1024;

/// Lines that wait, as those who log hold them.
#[derive(Debug, Clone)]
pub(super) struct Waiting(Arc<Lines>);

/// The lines, and where they go.
struct Lines {
    lines: Mutex<Vec<u8>>,
    some: Condvar,
    /// Held while lines are taken and written: the next ones stay behind them.
    out: Mutex<Box<dyn Write + Send>>,
    /// Nothing waits: there is no thread, and each line is written as it comes.
    at_once: bool,
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("at_once", &self.at_once).finish_non_exhaustive()
    }
}

/// Writes what waits when it is dropped.
#[derive(Debug)]
pub(in crate::cli) struct Flushed(pub(super) Waiting);

impl Flushed {
    /// Writes what waits, before something else is said in another way.
    pub(in crate::cli) fn flush(&self) {
        self.0.0.flush();
    }
}

impl Drop for Flushed {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Waiting {
    /// Starts the thread. It ends with the process.
    pub(super) fn start() -> Self {
        let lines = Arc::new(Lines::to(Box::new(io::stderr()), false));
        let shared = Arc::clone(&lines);
        match std::thread::Builder::new().name("log-writer".to_owned()).spawn(move || shared.run()) {
            Ok(_) => Self(lines),
            Err(_) => Self(Arc::new(Lines::to(Box::new(io::stderr()), true))),
        }
    }
}

impl Lines {
    fn to(out: Box<dyn Write + Send>, at_once: bool) -> Self {
        Self { lines: Mutex::default(), some: Condvar::new(), out: Mutex::new(out), at_once }
    }

    fn run(&self) {
        loop {
            let some = self.some.wait_while(held(&self.lines), |lines| lines.is_empty());
            drop(some.unwrap_or_else(PoisonError::into_inner));
            std::thread::sleep(MOMENT);
            self.flush();
        }
    }

    /// Takes a line; answers whether it is time to write.
    fn push(&self, line: &[u8]) -> bool {
        let mut lines = held(&self.lines);
        let is_first = lines.is_empty();
        lines.extend_from_slice(line);
        let is_full = lines.len() >= MOST;
        drop(lines);
        if is_first && !self.at_once {
            self.some.notify_one();
        }
        is_full || self.at_once
    }

    fn flush(&self) {
        let mut out = held(&self.out);
        let lines = std::mem::take(&mut *held(&self.lines));
        write(&mut **out, &lines);
    }
}

/// Writes all of it, also where somebody who shares our standard error has made it one that does not wait.
fn write(out: &mut dyn Write, mut lines: &[u8]) {
    while !lines.is_empty() {
        match out.write(lines) {
            Ok(count) if count > 0 => lines = lines.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(MOMENT),
            // Nobody is left to be told that nobody reads.
            Ok(_) | Err(_) => return,
        }
    }
}

/// Lines are bytes: whoever panicked while it held them left none half written.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One line on its way.
#[derive(Debug)]
pub(super) struct Line<'a> {
    lines: &'a Lines,
    may_wait: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.lines.push(line) || !self.may_wait {
            self.lines.flush();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush();
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Waiting {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: &self.0, may_wait: false }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line<'a> {
        Line { lines: &self.0, may_wait: *event.level() > Level::WARN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Paper {
        fn lines(&self) -> Vec<String> {
            String::from_utf8(held(&self.0).clone()).unwrap().lines().map(str::to_owned).collect()
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            held(&self.0).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log(lines: &Lines, text: &str, may_wait: bool) {
        Line { lines, may_wait }.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn an_error_is_written_at_once_and_behind_what_was_logged_before_it() {
        let paper = Paper::default();
        let lines = Lines::to(Box::new(paper.clone()), false);
        log(&lines, "one\n", true);
        assert_eq!(paper.lines(), [""; 0]);
        log(&lines, "two\n", false);
        assert_eq!(paper.lines(), ["one", "two"]);
    }

    /// Takes three bytes at a time, and every other time none.
    struct Narrow(Paper, bool);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 { Err(io::ErrorKind::WouldBlock.into()) } else { self.0.write(&bytes[..bytes.len().min(3)]) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_output_that_does_not_wait_gets_every_byte() {
        let paper = Paper::default();
        let lines = Lines::to(Box::new(Narrow(paper.clone(), false)), true);
        log(&lines, "first line\n", true);
        log(&lines, "second line\n", false);
        assert_eq!(paper.lines(), ["first line", "second line"]);
    }

    #[test]
    fn what_tells_of_trouble_does_not_wait_and_what_does_not_may() {
        let paper = Paper::default();
        let waiting = Waiting(Arc::new(Lines::to(Box::new(paper.clone()), false)));
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(waiting).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("one");
            assert_eq!(paper.lines().len(), 0);
            tracing::warn!("two");
            assert_eq!(paper.lines().len(), 2);
            tracing::info!("three");
            tracing::error!("four");
        });
        assert_eq!(paper.lines().len(), 4);
    }

    #[test]
    fn who_logs_more_than_may_wait_writes_it() {
        let paper = Paper::default();
        let lines = Lines::to(Box::new(paper.clone()), false);
        let line = format!("{}\n", "x".repeat(1023));
        (1..MOST / 1024).for_each(|_| log(&lines, &line, true));
        assert_eq!(paper.lines().len(), 0);
        log(&lines, &line, true);
        assert_eq!(paper.lines().len(), MOST / 1024);
    }

    #[test]
    fn many_who_log_at_once_lose_no_line_and_each_keeps_its_order() {
        let paper = Paper::default();
        let lines = Arc::new(Lines::to(Box::new(paper.clone()), false));
        let writer = Arc::clone(&lines);
        std::thread::spawn(move || writer.run());
        std::thread::scope(|scope| {
            for who in 0..8 {
                let lines = &lines;
                scope.spawn(move || (0..1000).for_each(|at| log(lines, &format!("{who} {at}\n"), at % 97 != 0)));
            }
        });
        lines.flush();
        let mut next = [0; 8];
        for line in paper.lines() {
            let (who, at) = line.split_once(' ').unwrap();
            let next = &mut next[who.parse::<usize>().unwrap()];
            assert_eq!(at.parse(), Ok(*next), "{line}");
            *next += 1;
        }
        assert_eq!(next, [1000; 8]);
    }
}
