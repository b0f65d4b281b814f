//! What the gate let through and what hyper made of it. The rule: a request that the gate did not let through is refused,
//! also if hyper came to see one more.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::endpoint::BodyFault;
use crate::error::{Code, Rejection};

/// Shared by the gate and the service of one connection.
#[derive(Debug, Default)]
pub(in crate::server) struct Ledger {
    passed: AtomicU64,
    seen: AtomicU64,
    draining: AtomicBool,
    refused: OnceLock<Rejection>,
    body: BodyFault,
}

impl Ledger {
    pub(super) fn let_through(&self, heads: u64) {
        self.passed.fetch_add(heads, Ordering::Release);
    }

    /// No head was let through yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.passed.load(Ordering::Acquire) == 0
    }

    /// The receiver stops: who is silent now is not waited for much longer.
    pub(in crate::server) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// The first reason counts: nothing is read after it.
    pub(super) fn refuse(&self, rejection: Rejection) {
        let _ = self.refused.set(rejection);
    }

    pub(super) fn break_body(&self, rejection: Rejection) {
        self.body.set(rejection);
    }

    /// What became of the body that is being read, if it cannot be.
    pub(in crate::server) fn body(&self) -> BodyFault {
        self.body.clone()
    }

    /// Hyper has the next request: why it must be refused, if the gate did not let it through.
    pub(in crate::server) fn next(&self) -> Option<Rejection> {
        let before = self.seen.fetch_add(1, Ordering::AcqRel);
        if before < self.passed.load(Ordering::Acquire) {
            return None;
        }
        let unknown = || Rejection::new(Code::RequestMalformed, "expected as many requests as passed, but found more");
        Some(self.refused.get().cloned().unwrap_or_else(unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_did_not_pass_is_refused_even_without_a_reason() {
        let ledger = Ledger::default();
        ledger.let_through(1);
        assert_eq!(ledger.next(), None);
        assert_eq!(ledger.next().map(|rejection| rejection.code()), Some(Code::RequestMalformed));
    }
}
