//! One CloudEvent a line on standard output, which holds nothing else. The rule: one thread writes, so that a reader who
//! stops costs one thread; no line is written for a try that was given up before its turn; and none begins behind half of
//! another.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::thread::Builder;

use tokio::sync::{mpsc, oneshot};

use super::half_line;

/// Most lines that wait for their turn.
const MOST: usize = 1024;

/// Standard output, as those who write hold it.
#[derive(Debug, Clone)]
pub(super) struct StdoutSink(mpsc::Sender<Entry>);

/// A line, and whom to tell when it is written.
#[derive(Debug)]
struct Entry {
    line: String,
    told: oneshot::Sender<Result<(), String>>,
}

/// What the thread writes to, and whether it ends within a line.
#[derive(Debug)]
struct Lines<W> {
    out: W,
    torn: bool,
}

impl StdoutSink {
    /// There is one standard output, so all of these share one thread.
    pub(super) fn open() -> Result<Self, String> {
        static QUEUE: OnceLock<mpsc::Sender<Entry>> = OnceLock::new();
        if let Some(queue) = QUEUE.get() {
            return Ok(Self(queue.clone()));
        }
        let (queue, entries) = mpsc::channel(MOST);
        let named = |error: io::Error| format!("expected a thread for standard output, but found {error}");
        let mut lines = Lines { out: io::stdout(), torn: half_line::ends_standard_output() };
        Builder::new().name("sink-stdout".into()).spawn(move || lines.take(entries)).map_err(named)?;
        // Of two that come at once, the thread of one ends with its queue.
        Ok(Self(QUEUE.get_or_init(|| queue).clone()))
    }

    pub(super) async fn write(&self, line: String) -> Result<(), String> {
        let ended = || "a thread that has ended".to_owned();
        let (told, written) = oneshot::channel();
        self.0.send(Entry { line, told }).await.map_err(|_| ended())?;
        written.await.unwrap_or_else(|_| Err(ended()))
    }
}

impl<W: Write> Lines<W> {
    /// Writes what comes, until nobody can send any more.
    fn take(&mut self, mut entries: mpsc::Receiver<Entry>) {
        while let Some(Entry { line, told }) = entries.blocking_recv() {
            // Whoever no longer waits tries again, and would find the line there twice.
            if !told.is_closed() {
                let _ = told.send(self.write(&line).map_err(|error| error.to_string()));
            }
        }
    }

    /// After an error, some of the line may be there.
    fn write(&mut self, line: &str) -> io::Result<()> {
        if std::mem::replace(&mut self.torn, true) {
            self.out.write_all(b"\n")?;
        }
        self.out.write_all(line.as_bytes())?;
        self.out.flush()?;
        self.torn = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::task::{Context, Waker};

    use super::*;

    /// A reader who takes a line only when it is told to.
    struct Slow {
        go_on: Receiver<()>,
        at: Sender<String>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.at.send(String::from_utf8_lossy(bytes).into_owned()).unwrap();
            self.go_on.recv().unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_try_that_was_given_up_behind_a_slow_reader_is_not_written_later() {
        let (queue, entries) = mpsc::channel(MOST);
        let ((let_go, go_on), (at, seen)) = (channel(), channel());
        let thread = std::thread::spawn(|| Lines { out: Slow { go_on, at }, torn: false }.take(entries));
        let sink = StdoutSink(queue);
        let first = tokio::spawn({
            let sink = sink.clone();
            async move { sink.write("1st\n".to_owned()).await }
        });
        let seen_first = tokio::task::spawn_blocking(move || (seen.recv().unwrap(), seen)).await.unwrap();
        assert_eq!(seen_first.0, "1st\n");
        // The first line is being written and cannot be taken back; the second waits for its turn.
        {
            let mut second = std::pin::pin!(sink.write("2nd\n".to_owned()));
            let mut context = Context::from_waker(Waker::noop());
            assert!(second.as_mut().poll(&mut context).is_pending());
        }
        let third = tokio::spawn(async move { sink.write("3rd\n".to_owned()).await });
        let_go.send(()).unwrap();
        let_go.send(()).unwrap();
        assert_eq!((first.await.unwrap(), third.await.unwrap()), (Ok(()), Ok(())));
        thread.join().unwrap();
        assert_eq!(seen_first.1.iter().collect::<Vec<_>>(), ["3rd\n"]);
    }

    #[test]
    fn a_line_that_a_full_disk_cut_does_not_swallow_the_next_event() {
        /// What was written, and how much of each of the next writes finds room.
        struct Full(Vec<u8>, Vec<usize>);
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let room = self.1.pop().unwrap_or(bytes.len());
                self.0.extend_from_slice(&bytes[..room]);
                if room == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(room) }
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut lines = Lines { out: Full(Vec::new(), Vec::new()), torn: false };
        lines.write("{\"first\":1}\n").unwrap();
        lines.out.1 = vec![0, 4];
        assert_eq!(lines.write("{\"cut\":1}\n").unwrap_err().kind(), io::ErrorKind::StorageFull);
        lines.write("{\"last\":1}\n").unwrap();
        assert_eq!(String::from_utf8(lines.out.0).unwrap(), "{\"first\":1}\n{\"cu\n{\"last\":1}\n");
    }
}
