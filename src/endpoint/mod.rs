//! The edge: strict HTTP, limits and routes on the way in; the sender's dialect on the way out.
//!
//! [`Endpoint`] is a [`tower_service::Service`] for any HTTP server: `hyper::service::service_fn`-style or on an axum
//! route. [`Endpoint::builder`] builds the whole stack, each layer at the height that its comment explains.

mod answer;
mod body;
mod budget;
mod builder;
mod edge;
mod fault;
mod promises;
mod strict;

pub use answer::{Outcome, answer};
pub use body::Limits;
pub use budget::BodyBudget;
#[cfg(feature = "server")]
pub(crate) use budget::Share;
pub use builder::{Chosen, EndpointBuilder, Undecided};
pub use edge::{Endpoint, Peer};
pub use fault::BodyFault;
pub use promises::acceptable;
