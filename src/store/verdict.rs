//! What becomes of a record, given what a store remembers of its two names. The rule: every store decides here, so
//! that no two stores decide differently.

use bytes::Bytes;

use super::{Identity, Record, StoredAnswer};
use crate::clock::Timestamp;
use crate::crypto::Sha256;

/// What is said of a record that an operator discarded, in front of why it was parked.
pub(super) const DISCARDED: &str = "discarded by an operator";

/// The same as a sentence.
pub(super) fn discarded(parked_for: Option<&str>) -> String {
    parked_for.map_or_else(|| DISCARDED.to_owned(), |why| format!("{DISCARDED}: {why}"))
}

/// What a store remembers of an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// The identity, also where it was found through its fence.
    pub(super) owner: Identity,
    /// SHA-256 of the content it came with.
    pub(super) fingerprint: Sha256,
    /// What it is taken by.
    pub(super) hold: Hold,
}

/// What an identity is taken by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hold {
    /// A record in the inbox.
    Kept,
    /// A handler, until the lease ends.
    InFlight { until: Timestamp },
    /// The answer of a handler.
    Done(StoredAnswer),
}

/// What to do with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nobody had it: take it.
    Free,
    /// Its owner's lease ended: take it from this identity, which may be the record's own.
    Abandoned(Identity),
    /// Somebody handles it now.
    Busy,
    /// It was handled, with this answer.
    Done(StoredAnswer),
    /// The identity came with other content before.
    Conflict,
}

/// Judges a record by what is remembered of its identity and, if nobody holds that, of its fence.
pub(super) fn judge(record: &Record, identity: Option<Taken>, fence: Option<Taken>, now: Timestamp) -> Verdict {
    // A conflict concerns the identity alone: whoever repeats a fence repeats what the sender signed.
    if identity.as_ref().is_some_and(|taken| taken.fingerprint != record.compared) {
        return Verdict::Conflict;
    }
    match (identity.map(|taken| taken.verdict(now)), fence.map(|taken| taken.verdict(now))) {
        // An identity that was abandoned is as good as free: its fence may have been handled under another one.
        (None | Some(Verdict::Abandoned(_)), Some(by_fence)) => by_fence,
        (Some(by_identity), _) => by_identity,
        (None, None) => Verdict::Free,
    }
}

impl Taken {
    fn verdict(self, now: Timestamp) -> Verdict {
        match self.hold {
            Hold::Kept => Verdict::Done(kept_answer()),
            Hold::Done(answer) => Verdict::Done(answer),
            Hold::InFlight { until } if until > now => Verdict::Busy,
            Hold::InFlight { .. } => Verdict::Abandoned(self.owner),
        }
    }
}

/// The answer to a copy of a record that was accepted into the inbox: the profile's own success, nothing more.
fn kept_answer() -> StoredAnswer {
    StoredAnswer { status: 0, content_type: "".into(), body: Bytes::new() }
}

/// What is kept of an answer: one with a large body loses the body.
pub(super) fn kept_part(answer: StoredAnswer) -> StoredAnswer {
    if answer.body.len() <= StoredAnswer::LARGEST {
        return answer;
    }
    StoredAnswer { status: answer.status, content_type: "".into(), body: Bytes::new() }
}

/// Reason on a record whose identity is taken by other content.
pub(super) const CONFLICT: &str = "the identity came with other content before";

/// Why `accept` declines while a handler owns the event: a duplicate's answer would promise what is not kept yet.
pub(super) const BUSY: &str = "a handler that owns the event now";
