//! What is parked without a try. The rule: an event that would end the receiver again, or whose key is trusted no more, is
//! handed to nobody.

use tower_service::Service;

use super::rounds::Rounds;
use super::worker::Duty;
use crate::error::{Code, Rejection};
use crate::once::Once;
use crate::reply::Reply;
use crate::store::Leased;

/// What an operator does about an event that is parked.
pub(super) const RETRY: &str = "find out why, then: countersign inbox retry ID";

/// Why a record is not to be tried, and what an operator does about it.
type Objection<S> = fn(&Duty<S>, &Leased) -> Option<(Rejection, &'static str)>;

/// The round of tries is used up, and the last of them ended without a word: it may be what ended the process, and would
/// again. An operator's retry grants one more round, as it does to what failed.
pub(super) fn used_up<S>(duty: &Duty<S>, leased: &Leased) -> Option<(Rejection, &'static str)> {
    let before = leased.attempt.saturating_sub(1);
    let is_used_up = before > 0 && before.checked_rem(duty.retry.attempts) == Some(0);
    let found =
        "expected an answer before its tries were used up, but found that a receiver ended while it held the event";
    (leased.is_abandoned && is_used_up).then(|| (Rejection::new(Code::HandlerFailed, found), RETRY))
}

/// Its key was trusted when it came, and is not any more.
pub(super) fn distrusted<S>(duty: &Duty<S>, leased: &Leased) -> Option<(Rejection, &'static str)> {
    let cure = "find out who sent it, then: countersign inbox discard ID; or trust the key again and: countersign inbox retry ID";
    duty.decoder.trusts(&leased.record.provenance().key_id).err().map(|rejection| (rejection, cure))
}

impl<S> Rounds<'_, S>
where
    S: Service<Once, Response = Reply, Error = Rejection> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Parks a record if there is an objection.
    pub(super) fn unless(&mut self, objection: Objection<S>, leased: Leased) -> Option<Leased> {
        let Some((rejection, cure)) = objection(&self.duty, &leased) else { return Some(leased) };
        let (attempt, reason, endpoint) =
            (leased.attempt, rejection.to_string(), &*leased.record.provenance().endpoint);
        let because = rejection.code().as_str();
        tracing::error!(code = "parked", because, endpoint, event_id = %leased.id, attempt, reason, cure, "an event is parked untried");
        self.waiting.finished(leased.record.subject.as_deref(), &leased.id);
        self.settlement.failed((leased.id, leased.fence), None, reason);
        None
    }
}
