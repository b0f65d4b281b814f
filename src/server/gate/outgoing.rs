//! The way out: what hyper writes goes on unchanged. The rule: a peer that reads nothing is let go of, and one that is
//! still sending what nobody reads gets its answer before the connection is torn down.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Gate;
use super::times::{Alarm, Times};

/// How long, and how much, is read and dropped after the answer to a request that was not read to its end: closing at
/// once would make the kernel take the answer back.
const LINGER: Duration = Duration::from_secs(1);
const DROPPED: usize = 512 * 1024;

#[derive(Debug)]
pub(super) struct Outgoing {
    patience: Duration,
    alarm: Alarm,
    lingering: Alarm,
    is_shut: bool,
    dropped: usize,
}

impl Outgoing {
    pub(super) fn new(times: Times) -> Self {
        Self {
            patience: times.answer,
            alarm: Alarm::default(),
            lingering: Alarm::default(),
            is_shut: false,
            dropped: 0,
        }
    }

    /// Ends what makes no progress.
    fn limit<T>(&mut self, context: &mut Context<'_>, progress: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.alarm.stop();
            return progress;
        }
        ready!(self.alarm.poll(context, self.patience));
        Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut)))
    }
}

impl<IO: AsyncRead + Unpin> Gate<IO> {
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut piece = [0; super::PIECE];
        while self.outgoing.dropped < DROPPED {
            if self.outgoing.lingering.poll(context, LINGER).is_ready() {
                return Poll::Ready(());
            }
            let mut piece = ReadBuf::new(&mut piece);
            match ready!(Pin::new(&mut self.io).poll_read(context, &mut piece)) {
                Ok(()) if !piece.filled().is_empty() => {
                    self.outgoing.dropped = self.outgoing.dropped.saturating_add(piece.filled().len());
                }
                _ => return Poll::Ready(()),
            }
        }
        Poll::Ready(())
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gate<IO> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        let written = Pin::new(&mut gate.io).poll_write(context, bytes);
        gate.outgoing.limit(context, written)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        let flushed = Pin::new(&mut gate.io).poll_flush(context);
        gate.outgoing.limit(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        if !gate.outgoing.is_shut {
            let shut = Pin::new(&mut gate.io).poll_shutdown(context);
            ready!(gate.outgoing.limit(context, shut))?;
            gate.outgoing.is_shut = true;
        }
        if gate.is_unread() {
            ready!(gate.poll_linger(context));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        let written = Pin::new(&mut gate.io).poll_write_vectored(context, bytes);
        gate.outgoing.limit(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
