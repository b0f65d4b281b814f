//! How long a peer may take, and the clock that watches it while a head is awaited. The rule: time counts only while we
//! wait for the peer, and new bytes of a head do not begin it anew.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Deadlines of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// From the first byte of a head to its last; also how long a new connection may be silent.
    pub head: Duration,
    /// From an answer to the next request.
    pub idle: Duration,
    /// How long the peer may read nothing of an answer.
    pub answer: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self { head: Duration::from_secs(5), idle: Duration::from_secs(30), answer: Duration::from_secs(10) }
    }
}

/// One timer that is made when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl Alarm {
    /// Ready when `patience` has passed since the first call after [`Alarm::stop`].
    pub(super) fn poll(&mut self, context: &mut Context<'_>, patience: Duration) -> Poll<()> {
        let sleep = match &mut self.sleep {
            Some(sleep) => {
                if !self.armed {
                    sleep.as_mut().reset(deadline(patience));
                }
                sleep
            }
            none => none.insert(Box::pin(sleep_until(deadline(patience)))),
        };
        self.armed = true;
        sleep.as_mut().poll(context)
    }

    pub(super) fn stop(&mut self) {
        self.armed = false;
    }
}

/// Longer than this is for ever.
fn deadline(patience: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(patience.min(Duration::from_secs(86_400))).unwrap_or(now)
}

/// How long somebody who is silent may still begin a request once the receiver stops: one that is on its way is answered.
const LAST: Duration = Duration::from_millis(500);

/// What the peer is silent after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// It has just connected.
    First,
    /// It got an answer.
    Between,
    /// The receiver stops.
    Last,
}

/// Watches the wait for a head.
#[derive(Debug)]
pub(super) struct Watch {
    times: Times,
    alarm: Alarm,
    /// The alarm is that of a head that has begun, or of a silence.
    of: Option<Silence>,
}

impl Watch {
    pub(super) fn new(times: Times) -> Self {
        Self { times, alarm: Alarm::default(), of: None }
    }

    /// Nothing arrived. `begun`: a part of a head is there.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, begun: bool, silence: Silence) -> Poll<()> {
        let of = (!begun).then_some(silence);
        if of != self.of {
            self.alarm.stop();
            self.of = of;
        }
        let patience = match of {
            None | Some(Silence::First) => self.times.head,
            Some(Silence::Between) => self.times.idle,
            Some(Silence::Last) => LAST.min(self.times.idle),
        };
        self.alarm.poll(context, patience)
    }

    /// A head is whole, or a body is read.
    pub(super) fn rest(&mut self) {
        self.alarm.stop();
        self.of = None;
    }
}
