//! The end of the receiving stack in queue mode: claim and append in one step, then answer.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use crate::decode::Receipt;
use crate::dedup::{OnUndecodable, conflict, unavailable, undecodable};
use crate::error::Rejection;
use crate::fail_point::Point;
use crate::observed::{self, Stage};
use crate::reply::Reply;
use crate::stage::StageFuture;
use crate::store::{Acceptance, Store, StoreError, failing};
use crate::verified::Verified;

/// Keeps every verified event once. The answer is given only after the store promised to keep it.
#[derive(Debug, Clone)]
pub struct Inbox {
    store: Arc<dyn Store>,
    undecodable: OnUndecodable,
}

impl Inbox {
    /// Keeps in `store`.
    pub fn new(store: Arc<dyn Store>, undecodable: OnUndecodable) -> Self {
        Self { store, undecodable }
    }
}

impl Service<Verified<Receipt>> for Inbox {
    type Response = Reply;
    type Error = Rejection;
    type Future = StageFuture<Reply, Rejection>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Rejection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, receipt: Verified<Receipt>) -> Self::Future {
        let Self { store, undecodable: setting } = self.clone();
        let record = receipt.map(|receipt| receipt.record);
        let problem = record.problem.clone();
        Box::pin(async move {
            failing(Point::BeforeStore, StoreError::NotStored).map_err(|error| unavailable(&error))?;
            let accepting = pin!(store.accept(record));
            let acceptance = observed::timed(Stage::Accept, accepting).await.map_err(|error| unavailable(&error))?;
            failing(Point::Stored, StoreError::Unknown).map_err(|error| unavailable(&error))?;
            match (problem, acceptance) {
                (Some(problem), _) => undecodable(setting, acceptance, &problem),
                (None, Acceptance::Accepted) => Ok(Reply::accepted()),
                (None, Acceptance::Duplicate) => Ok(Reply::duplicate()),
                (None, Acceptance::Conflict) => Err(conflict()),
            }
        })
    }
}
