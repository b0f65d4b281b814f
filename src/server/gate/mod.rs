//! Stands between a connection and hyper, which forgives what a verifier must not, and forgets it before we could see it.
//! The rule: hyper gets the very bytes that arrived, but no byte of a head before the whole head was checked; what was
//! refused becomes one request of ours, so that its answer comes in its turn and is made where all answers are made.

mod ledger;
mod outgoing;
mod times;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};

use crate::endpoint::Share;
use crate::error::{Code, Rejection};
use crate::wire::http1::{Fault, Follow, target};

pub(super) use ledger::Ledger;
use outgoing::Outgoing;
pub use times::Times;
use times::{Silence, Watch};

/// Of a longer first line the target is not kept: no URI of hyper's is as long.
const LONGEST_LINE: usize = 60 * 1024;
/// How much of a head that comes in pieces is read at once.
const PIECE: usize = 4096;
/// As much of a head as any connection may hold; what is more needs room among the bytes in flight.
const FREE: usize = 2048;

/// A connection whose requests are checked while they are read.
pub(super) struct Gate<IO> {
    io: IO,
    follow: Follow,
    /// The beginning of a head, or what of it may go on.
    held: BytesMut,
    /// As many bytes at the front of `held` may go on.
    free: usize,
    room: Share,
    /// As many bytes of what is held have room.
    roomed: usize,
    state: State,
    ledger: Arc<Ledger>,
    watch: Watch,
    outgoing: Outgoing,
}

enum State {
    Open,
    /// What stands for the head that was refused.
    Refused(Bytes),
    /// A body cannot be read to its end.
    Broken,
    /// Nothing follows.
    Ended,
}

impl<IO> Gate<IO> {
    pub(super) fn new(io: IO, times: Times, room: Share, ledger: Arc<Ledger>) -> Self {
        Self {
            io,
            follow: Follow::default(),
            held: BytesMut::new(),
            free: 0,
            room,
            roomed: 0,
            state: State::Open,
            ledger,
            watch: Watch::new(times),
            outgoing: Outgoing::new(times),
        }
    }

    /// Looks at bytes that begin where the last ones ended to be let through; says how many may go on.
    fn pass(follow: &mut Follow, ledger: &Ledger, state: &mut State, bytes: &[u8]) -> usize {
        let passed = follow.pass(bytes);
        ledger.let_through(passed.heads);
        if let Some(fault) = passed.fault {
            let rejection = Rejection::new(code(fault), fault.detail());
            *state = if fault.is_of_body() {
                ledger.break_body(rejection);
                State::Broken
            } else {
                ledger.refuse(rejection);
                State::Refused(stand_in(bytes.get(passed.bytes..).unwrap_or_default()))
            };
        }
        passed.bytes
    }

    fn refuse(&mut self, rejection: Rejection) {
        self.ledger.refuse(rejection);
        self.state = State::Refused(stand_in(&self.held));
        self.let_go();
    }

    /// Holds more of a head, if there is room for it.
    fn hold(&mut self, more: &[u8]) -> bool {
        let wanted = self.held.len().saturating_add(more.len()).saturating_sub(FREE);
        let lacking = wanted.saturating_sub(self.roomed);
        if lacking > 0 {
            if let Err(rejection) = self.room.take(lacking) {
                self.ledger.refuse(rejection);
                self.state = State::Refused(stand_in(if self.held.is_empty() { more } else { &self.held }));
                self.let_go();
                return false;
            }
            self.roomed = wanted;
        }
        self.held.extend_from_slice(more);
        true
    }

    /// Nothing is held any more: an idle connection keeps no memory of its last head.
    fn let_go(&mut self) {
        self.held = BytesMut::new();
        self.room.give_back();
        self.roomed = 0;
    }

    /// Hands on what is free of what was held.
    fn hand_on(&mut self, into: &mut ReadBuf<'_>) {
        let count = self.free.min(into.remaining());
        into.put_slice(self.held.get(..count).unwrap_or_default());
        self.held.advance(count);
        self.free = self.free.saturating_sub(count);
        if self.held.is_empty() {
            self.let_go();
        }
    }

    /// Whether the peer may still be sending what nobody will read.
    fn is_unread(&self) -> bool {
        !matches!(self.state, State::Open | State::Ended) || !self.held.is_empty() || !self.follow.is_in_head()
    }
}

impl<IO: AsyncRead + Unpin> Gate<IO> {
    /// Nothing held: into the buffer of hyper, where a whole head and a body stay without a copy.
    fn poll_direct(&mut self, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(context, into))?;
        let fresh = into.filled().get(before..).unwrap_or_default();
        if fresh.is_empty() {
            self.state = State::Ended;
            return Poll::Ready(Ok(()));
        }
        let count = Self::pass(&mut self.follow, &self.ledger, &mut self.state, fresh);
        if matches!(self.state, State::Open) && count < fresh.len() {
            self.hold(fresh.get(count..).unwrap_or_default());
        }
        into.set_filled(before.saturating_add(count));
        Poll::Ready(Ok(()))
    }

    /// A head comes in pieces: they are kept until it is whole.
    fn poll_held(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut piece = [0; PIECE];
        let mut piece = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.io).poll_read(context, &mut piece))?;
        if piece.filled().is_empty() {
            self.refuse(Rejection::new(Code::RequestMalformed, "expected a whole head, but found its beginning only"));
            return Poll::Ready(Ok(()));
        }
        if !self.hold(piece.filled()) {
            return Poll::Ready(Ok(()));
        }
        self.free = Self::pass(&mut self.follow, &self.ledger, &mut self.state, &self.held);
        if !matches!(self.state, State::Open) {
            self.held.truncate(self.free);
        }
        Poll::Ready(Ok(()))
    }

    /// Nothing arrived: a head, and the silence before it, may last only so long. A body has its own deadline.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.follow.is_in_head() {
            self.watch.rest();
            return Poll::Pending;
        }
        let begun = !self.held.is_empty();
        let silence = match (self.ledger.is_draining(), self.ledger.is_fresh()) {
            (true, _) => Silence::Last,
            (false, true) => Silence::First,
            (false, false) => Silence::Between,
        };
        ready!(self.watch.poll(context, begun, silence));
        if begun {
            self.refuse(Rejection::new(Code::HeadTimeout, "expected the head in time, but found it unfinished"));
        } else {
            self.state = State::Ended;
        }
        Poll::Ready(())
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Gate<IO> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        let before = into.filled().len();
        loop {
            if gate.free > 0 {
                gate.hand_on(into);
                return Poll::Ready(Ok(()));
            }
            match &mut gate.state {
                State::Open => {}
                State::Refused(rest) => {
                    let count = rest.len().min(into.remaining());
                    into.put_slice(&rest.split_to(count));
                    return Poll::Ready(Ok(()));
                }
                State::Broken => return Poll::Ready(Err(io::Error::from(io::ErrorKind::InvalidData))),
                State::Ended => return Poll::Ready(Ok(())),
            }
            let arrived = if gate.held.is_empty() { gate.poll_direct(context, into) } else { gate.poll_held(context) };
            match arrived {
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) if gate.free > 0 || into.filled().len() > before => gate.watch.rest(),
                Poll::Ready(Ok(())) => {}
                Poll::Pending => ready!(gate.poll_patience(context)),
            }
            if into.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// What hyper parses in the place of a head that was refused; the ledger knows that it is none of the peer's. It keeps
/// the target, if that is one, so that the answer is in the words of the endpoint's sender.
fn stand_in(head: &[u8]) -> Bytes {
    let first = head.get(..LONGEST_LINE).unwrap_or(head);
    let target = target(first).unwrap_or(b"/");
    // The answer to a HEAD has no content, whatever was wrong with it.
    let method: &[u8] = if head.starts_with(b"HEAD ") { b"HEAD " } else { b"GET " };
    [method, target, b" HTTP/1.1\r\nhost: refused.invalid\r\nconnection: close\r\n\r\n"].concat().into()
}

/// The stable code of a fault. What 0.1 called malformed keeps its code.
fn code(fault: Fault) -> Code {
    match fault {
        Fault::LineEnd | Fault::RequestLine | Fault::Target | Fault::Field | Fault::Host => Code::RequestMalformed,
        Fault::Length | Fault::Coding => Code::FramingAmbiguous,
        Fault::CodingUnknown => Code::TransferCodingUnknown,
        Fault::Version => Code::VersionUnsupported,
        Fault::HeadTooLarge => Code::HeadTooLarge,
        Fault::Chunk => Code::ChunkMalformed,
        Fault::Trailer => Code::TrailerRefused,
    }
}
