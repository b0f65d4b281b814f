//! The binary's library: configuration, listeners, TLS, operators' pages, sinks and workers.

mod accept;
mod admin;
pub mod config;
pub mod connection;
mod forged_token;
mod gate;
mod generation;
mod keys;
mod live;
mod places;
mod reading;
mod reload;
mod router;
mod run;
mod self_test;
mod sink;
mod sockets;
mod stored;
mod supervisor;
mod tls;
#[cfg(all(feature = "fail-points", debug_assertions))]
mod torn;
pub mod trial;
mod upkeep;
mod workforce;

pub use config::{Config, Problem};
pub use router::Router;
pub use run::{Failure, Order, serve};
pub use self_test::self_test;
pub use sockets::Sockets;
pub use stored::Looking;
