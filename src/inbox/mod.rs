//! Once, later: an event is acknowledged when it is kept, and a worker delivers it until its sink acknowledges it.

mod layer;
mod worker;

pub use layer::Inbox;
pub use worker::{Reassign, RetryPlan, Worker};
