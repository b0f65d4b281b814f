//! Steps at which a test ends the process or fails the step, by name. The rule: without the feature `fail-points`, and in
//! every build without debug assertions, each of them is nothing at all.
//!
//! `COUNTERSIGN_FAIL_POINT=NAME=ACTION[@N]` arms one for `serve`, for its N-th passing (1 unless said) after the receiver
//! is ready. Actions: `kill` is SIGKILL by the process to itself; `panic` is a fault of ours; `error` is the error that the
//! step can really have; `full` is a full disk, where the step writes to one.

#[cfg(all(feature = "fail-points", debug_assertions))]
mod armed;

#[cfg(all(feature = "fail-points", debug_assertions))]
pub(crate) use armed::{arm, clock_ahead, fault, is_due, kill, reached};

macro_rules! points {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)+) => {
        /// A step.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(dead_code, reason = "a step belongs to a feature, as its store does")]
        pub(crate) enum Point { $($(#[$doc])* $variant,)+ }

        #[cfg(all(feature = "fail-points", debug_assertions))]
        impl Point {
            /// Every step with its name.
            const ALL: &[(&'static str, Self)] = &[$(($name, Self::$variant),)+];
        }
    };
}

points! {
    /// The body was read; nothing is verified.
    BodyRead = "body_read";
    /// It is proved who sent it.
    Verified = "verified";
    /// It is an event with an identity.
    Decoded = "decoded";
    /// Queue mode: the store is asked next.
    BeforeStore = "before_store";
    /// Queue mode: the store has promised to keep it.
    Stored = "stored";
    /// SQLite: the transaction is begun, and nothing is asked in it.
    SqliteBegun = "sqlite_begun";
    /// SQLite: the record is appended, and the identity is not settled.
    SqliteBetween = "sqlite_between";
    /// SQLite: everything is done but the commit.
    SqliteCommit = "sqlite_commit";
    /// SQLite: committed, and nobody is told.
    SqliteCommitted = "sqlite_committed";
    /// SQLite: a copy is counted, and the count is not committed.
    SqliteCount = "sqlite_count";
    /// Redis: the script is sent next.
    RedisSend = "redis_send";
    /// Redis: the script's answer is there, and nobody is told.
    RedisAnswered = "redis_answered";
    /// Inline mode: the event is claimed next.
    BeforeClaim = "before_claim";
    /// Inline mode: the event is claimed, and no handler runs.
    Claimed = "claimed";
    /// Inline mode: the handler has answered, and nothing remembers it.
    Answered = "answered";
    /// Inline mode: the answer is remembered.
    Completed = "completed";
    /// The answer is made, and nothing of it is written.
    ReplyMade = "reply_made";
    /// Half of the answer is written.
    HalfAnswer = "half_answer";
    /// A worker has leased a record: its attempt is counted, and no sink has it.
    Leased = "leased";
    /// The sink has taken a record, and the store does not know.
    SinkDone = "sink_done";
    /// The store knows that a record was delivered.
    Acknowledged = "acknowledged";
}

/// How a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "made only where steps are more than nothing")]
pub(crate) enum Fault {
    /// In the way that is usual there.
    Error,
    /// For want of space.
    Full,
}

/// A step that cannot fail by itself is passed.
#[cfg(not(all(feature = "fail-points", debug_assertions)))]
#[inline(always)]
pub(crate) const fn reached(_: Point) {}

/// A step that can fail is passed.
#[cfg(not(all(feature = "fail-points", debug_assertions)))]
#[inline(always)]
#[allow(dead_code, reason = "a step belongs to a feature, as its store does")]
pub(crate) const fn fault(_: Point) -> Option<Fault> {
    None
}
