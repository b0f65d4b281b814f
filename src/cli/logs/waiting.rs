//! On the way to standard error. The rule: lines leave in the order in which they were logged, none is left out, and only a
//! line that tells of no trouble may wait a moment for others, so that one write takes many.

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

/// The lines, and who writes them.
#[derive(Debug, Default)]
struct Lines {
    lines: Mutex<Vec<u8>>,
    some: Condvar,
    /// Held while lines are taken and written: the next ones stay behind them.
    turn: Mutex<()>,
    /// Nothing waits: there is no thread, and each line is written as it comes.
    at_once: bool,
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
        let lines = Arc::new(Lines::default());
        let shared = Arc::clone(&lines);
        match std::thread::Builder::new().name("log-writer".to_owned()).spawn(move || shared.run()) {
            Ok(_) => Self(lines),
            Err(_) => Self(Arc::new(Lines { at_once: true, ..Lines::default() })),
        }
    }
}

impl Lines {
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
        let _turn = held(&self.turn);
        let lines = std::mem::take(&mut *held(&self.lines));
        // Nobody is left to be told that nobody reads.
        let _ = io::stderr().lock().write_all(&lines);
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
