//! A connection that a fail point ends in the middle of an answer, for the project's own tests. The rule: what was
//! written is half of what was to be written, and the process is gone.

use std::io::Result;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::fail_point::{self, Point};

#[derive(Debug)]
pub(super) struct Torn<IO>(pub(super) IO);

impl<IO: AsyncRead + Unpin> AsyncRead for Torn<IO> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Torn<IO> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<Result<usize>> {
        if fail_point::is_due(Point::HalfAnswer) {
            let (half, _) = buffer.split_at(buffer.len() / 2);
            let _ = ready!(Pin::new(&mut self.0).poll_write(context, half));
            fail_point::kill();
        }
        Pin::new(&mut self.0).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
