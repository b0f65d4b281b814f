//! Reads a body once, into one buffer. The rule: never more than a limit, later than a deadline, slower than a minimum rate, or
//! beyond the budget of all.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout};

use super::budget::Share;
use crate::error::{Code, Rejection};

/// Limits on one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest body, in bytes.
    pub body: usize,
    /// Longest time for the whole body.
    pub deadline: Duration,
    /// From this time on, a body has to arrive at `rate` or faster.
    pub grace: Duration,
    /// Slowest rate, in bytes per second, on average.
    pub rate: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 256 * 1024, deadline: Duration::from_secs(15), grace: Duration::from_secs(2), rate: 1024 }
    }
}

/// Reads the whole body. Trailers are read and dropped: nothing in them is covered by anything.
pub(super) async fn read<B: Body>(
    mut body: Pin<&mut B>,
    limits: Limits,
    share: &mut Share,
) -> Result<Bytes, Rejection> {
    let mut start = None;
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    loop {
        let received = first.as_ref().map_or(0, Bytes::len).saturating_add(rest.len());
        // What is there already needs no clock: a wait with an end would take it too, whatever the time.
        let there = poll_fn(|context| Poll::Ready(body.as_mut().poll_frame(context))).await;
        let waited = match there {
            Poll::Ready(frame) => Ok(frame),
            Poll::Pending => {
                let start = *start.get_or_insert_with(Instant::now);
                Box::pin(timeout(patience(start, received, limits), body.frame())).await
            }
        };
        let frame = match waited {
            Err(_) => return Err(Rejection::new(Code::BodyTimeout, "expected the body in time, but found it stalled")),
            Ok(None) => break,
            Ok(Some(Err(_))) => {
                return Err(Rejection::new(
                    Code::BodyUnreadable,
                    "expected the whole body, but found the connection broken",
                ));
            }
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(mut data) = frame.into_data() else { continue };
        let length = bytes::Buf::remaining(&data);
        if received.saturating_add(length) > limits.body {
            return Err(too_large(limits));
        }
        share.take(length)?;
        let chunk = bytes::Buf::copy_to_bytes(&mut data, length);
        match (&first, rest.is_empty()) {
            // One frame is the usual case: its buffer is kept and nothing is copied.
            (None, _) => first = Some(chunk),
            (Some(head), true) => {
                rest.extend_from_slice(head);
                rest.extend_from_slice(&chunk);
                first = Some(Bytes::new());
            }
            (Some(_), false) => rest.extend_from_slice(&chunk),
        }
    }
    Ok(if rest.is_empty() { first.unwrap_or_default() } else { rest.freeze() })
}

pub(super) fn too_large(limits: Limits) -> Rejection {
    Rejection::new(
        Code::BodyTooLarge,
        format!("expected a body of at most {} bytes, but found a larger one", limits.body),
    )
}

/// How much longer the next bytes may take: the rest of the deadline, or of what the bytes so far have earned.
fn patience(start: Instant, received: usize, limits: Limits) -> Duration {
    let seconds = received.checked_div(limits.rate.max(1) as usize).unwrap_or(0);
    let earned = limits.grace.saturating_add(Duration::from_secs(seconds as u64));
    limits.deadline.min(earned).saturating_sub(start.elapsed())
}
