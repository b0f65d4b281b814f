//! One CloudEvent a line on standard output, which holds nothing else. The rule: one thread writes, so that a reader who
//! stops costs one thread, and no line is written for a try that was given up before its turn.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::thread::Builder;

use tokio::sync::{mpsc, oneshot};

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

impl StdoutSink {
    /// There is one standard output, so all of these share one thread.
    pub(super) fn open() -> Result<Self, String> {
        static QUEUE: OnceLock<mpsc::Sender<Entry>> = OnceLock::new();
        if let Some(queue) = QUEUE.get() {
            return Ok(Self(queue.clone()));
        }
        let (queue, entries) = mpsc::channel(MOST);
        let named = |error: io::Error| format!("expected a thread for standard output, but found {error}");
        Builder::new().name("sink-stdout".into()).spawn(|| take(entries, io::stdout())).map_err(named)?;
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

/// Writes what comes, until nobody can send any more.
fn take(mut entries: mpsc::Receiver<Entry>, mut out: impl Write) {
    while let Some(Entry { line, told }) = entries.blocking_recv() {
        // Whoever no longer waits tries again, and would find the line there twice.
        if !told.is_closed() {
            let written = out.write_all(line.as_bytes()).and_then(|()| out.flush());
            let _ = told.send(written.map_err(|error| error.to_string()));
        }
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
        let thread = std::thread::spawn(|| take(entries, Slow { go_on, at }));
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
}
