//! How far a command is, on standard error. The rule: only where a person looks, and only if it takes longer than a second.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::time::Duration;

use tokio::time::Instant;

/// What takes no longer shows nothing.
const SOON: Duration = Duration::from_secs(1);
const BETWEEN: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    total: Option<u64>,
    began: Instant,
    shown: Option<Instant>,
    is_seen: bool,
}

impl Progress {
    pub(super) fn of(what: &'static str, total: Option<u64>) -> Self {
        Self { what, total, began: Instant::now(), shown: None, is_seen: stderr().is_terminal() }
    }

    /// Beside lines on standard output, which tell as much where that is a terminal too.
    pub(super) fn beside_output(mut self) -> Self {
        self.is_seen &= !stdout().is_terminal();
        self
    }

    pub(super) fn at(&mut self, done: u64) {
        let recent = self.shown.is_some_and(|shown| shown.elapsed() < BETWEEN);
        if !self.is_seen || recent || self.began.elapsed() < SOON {
            return;
        }
        self.shown = Some(Instant::now());
        self.write(&self.line(done));
    }

    fn line(&self, done: u64) -> String {
        let (what, took) = (self.what, self.began.elapsed().as_secs_f64());
        let rate = done as f64 / took.max(0.001);
        let Some(total) = self.total else { return format!("{what}: {done}, {rate:.0} a second") };
        let part = done.saturating_mul(100).checked_div(total).unwrap_or(100);
        let left = total.saturating_sub(done) as f64 / rate.max(0.001);
        format!("{what}: {done} of {total} ({part} %), {rate:.0} a second, {left:.0} s left")
    }

    fn write(&self, text: &str) {
        let mut out = stderr().lock();
        // Nothing to be done if the terminal is gone.
        let _ = write!(out, "\r\x1b[2K{text}").and_then(|()| out.flush());
    }
}

impl Drop for Progress {
    /// What is said next begins on an empty line.
    fn drop(&mut self) {
        if self.shown.is_some() {
            self.write("");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_says_how_much_is_done_how_fast_and_how_long_it_takes() {
        let mut progress = Progress::of("retry", Some(10_000));
        progress.is_seen = false;
        tokio::time::sleep(Duration::from_secs(2)).await;
        progress.at(4000);
        assert!(progress.shown.is_none(), "nobody looks");
        assert_eq!(progress.line(4000), "retry: 4000 of 10000 (40 %), 2000 a second, 3 s left");
        assert_eq!(Progress::of("list", None).line(0), "list: 0, 0 a second");
        assert!(Progress::of("retry", Some(0)).line(0).contains("(100 %)"));
    }
}
