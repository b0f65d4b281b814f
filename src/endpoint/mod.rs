//! The edge: strict HTTP, limits and routes on the way in; the sender's dialect on the way out.
//!
//! [`Endpoint`] is a [`tower_service::Service`] for any HTTP server: `hyper::service::service_fn`-style or on an axum
//! route. [`Endpoint::builder`] builds the whole stack, each layer at the height that its comment explains.

mod admission;
mod answer;
mod body;
mod budget;
mod builder;
mod edge;
mod fault;
mod line;
pub(crate) mod log_limit;
mod mounted;
mod promises;
mod stack;
mod strict;

pub use admission::Peer;
#[cfg(feature = "server")]
pub(crate) use admission::is_in;
pub use answer::{Outcome, answer};
pub use body::Limits;
pub use budget::BodyBudget;
#[cfg(feature = "server")]
pub(crate) use budget::Share;
pub use builder::{Chosen, EndpointBuilder, Undecided};
pub use edge::Endpoint;
pub use fault::BodyFault;
#[cfg(feature = "server")]
pub(crate) use line::Lines;
#[cfg(feature = "server")]
pub(crate) use mounted::{is_name, is_path};
pub use promises::acceptable;
