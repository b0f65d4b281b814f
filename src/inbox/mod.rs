//! Once, later: an event is acknowledged when it is kept, and a worker delivers it until its sink acknowledges it.

mod breaker;
mod layer;
mod recall;
mod retry;
mod rounds;
mod settlement;
mod untried;
mod waiting;
mod worker;

pub use breaker::{Breaker, BreakerPlan, BreakerState};
pub use layer::Inbox;
pub use retry::RetryPlan;
pub use waiting::Order;
pub use worker::{DEADLINE, Reassign, Worker};
