//! Logs: one line an event on standard error, JSON or for people. The rule: no value can break a line, move a cursor or
//! pass for a field of ours, and each is cut.

mod fields;
mod text;
mod waiting;

use std::fmt::{self, Write};
use std::io::IsTerminal;
use std::sync::Arc;

use clap::ValueEnum;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::clock::{Clock, SystemClock};
use fields::Fields;
pub(super) use waiting::Flushed;
use waiting::Waiting;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people on a terminal, otherwise JSON.
    Auto,
    /// For people.
    Human,
    /// One JSON document a line.
    Json,
}

/// Starts logging; `RUST_LOG` chooses how much, `info` unless set. What waits is written once the answer is dropped.
pub(super) fn start(form: Form) -> Flushed {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let terminal = std::io::stderr().is_terminal();
    let is_human = form == Form::Human || (form == Form::Auto && terminal);
    let format = Lines { is_human, in_colour: terminal, clock: Arc::new(SystemClock) };
    let waiting = Waiting::start();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(waiting.clone());
    // A second start in one process keeps the first.
    let _ = builder.event_format(format).try_init();
    Flushed(waiting)
}

/// Writes events.
struct Lines {
    is_human: bool,
    in_colour: bool,
    clock: Arc<dyn Clock>,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let fields = Fields::of(event, self.is_human);
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        let mut line = String::with_capacity(512);
        if self.is_human {
            self.human(&mut line, level, &fields)?
        } else {
            self.json(&mut line, level, target, &fields)?
        }
        line.push('\n');
        out.write_str(&line)
    }
}

impl Lines {
    fn human(&self, line: &mut String, level: Level, fields: &Fields) -> fmt::Result {
        let (colour, plain) = match (self.in_colour, level) {
            (false, _) => ("", ""),
            (true, Level::ERROR) => ("\u{1b}[31m", "\u{1b}[0m"),
            (true, Level::WARN) => ("\u{1b}[33m", "\u{1b}[0m"),
            (true, _) => ("\u{1b}[2m", "\u{1b}[0m"),
        };
        write!(line, "{} {colour}{level:>5}{plain} ", self.clock.now())?;
        text::plain(line, &fields.message);
        line.push_str(&fields.others);
        Ok(())
    }

    fn json(&self, line: &mut String, level: Level, target: &str, fields: &Fields) -> fmt::Result {
        write!(line, "{{\"timestamp\":\"{}\",\"level\":\"{level}\",\"message\":", self.clock.now())?;
        text::json(line, &fields.message);
        line.push_str(&fields.others);
        line.push_str(",\"target\":");
        text::json(line, target);
        line.push('}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::clock::{FixedClock, Timestamp};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is written, at a moment, of what `log` logs.
    fn written(is_human: bool, log: impl FnOnce()) -> String {
        let sink = Sink::default();
        let clock = Arc::new(FixedClock::at(Timestamp::from_seconds(1_800_000_000)));
        let format = Lines { is_human, in_colour: false, clock };
        let writer = sink.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).event_format(format).finish();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = sink.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).unwrap()
    }

    const HOSTILE: &str = "\u{1b}[31m\r\nlevel=info \"x\"\\ \u{9b}2J \u{202e}\u{2028} \u{0} é ${jndi:ldap://x}";

    #[test]
    fn no_value_breaks_a_line_or_moves_a_cursor() {
        for is_human in [true, false] {
            let line = written(is_human, || {
                let error = std::io::Error::other(HOSTILE);
                tracing::warn!(key_id = HOSTILE, %error, debugged = ?HOSTILE, "{HOSTILE}");
            });
            assert_eq!(line.matches('\n').count(), 1, "{line:?}");
            let hidden = |one: char| one.is_control() || matches!(one, '\u{202e}' | '\u{2028}');
            assert!(!line.trim_end_matches('\n').contains(hidden), "{line:?}");
            assert!(line.contains('é'), "{line:?}");
        }
        let line = written(false, || tracing::warn!(key_id = HOSTILE, "words"));
        let document: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(document["key_id"], HOSTILE);
        assert_eq!(document["level"], "WARN");
    }

    #[test]
    fn no_value_passes_for_a_field() {
        let line = written(true, || tracing::info!(key_id = "x level=error code=none", count = 7, "words"));
        assert_eq!(line, "2027-01-15T08:00:00.000Z  INFO words key_id=\"x level=error code=none\" count=7\n");
        let line =
            written(false, || tracing::info!(key_id = "x\",\"code\":\"none", none = None::<u8>, on = true, "words"));
        let document: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(document["key_id"], "x\",\"code\":\"none");
        assert_eq!((&document["code"], &document["none"]), (&serde_json::Value::Null, &serde_json::Value::Null));
        assert_eq!(document["on"], true);
    }

    #[test]
    fn a_long_value_is_cut() {
        for is_human in [true, false] {
            let line = written(is_human, || tracing::info!(one = "é".repeat(100_000), "{}", "x".repeat(100_000)));
            assert!(line.len() < 3000, "{}", line.len());
        }
    }
}
