//! The binary's library: configuration, listeners, TLS, operators' pages, sinks and workers.

mod accept;
mod admin;
mod callers;
pub mod config;
pub mod connection;
mod figures;
mod forged_token;
mod gate;
mod glance;
mod http2;
mod keys;
mod live;
mod places;
mod ready;
mod router;
mod run;
mod self_test;
mod sink;
mod stored;
mod tls;
#[cfg(all(feature = "fail-points", debug_assertions))]
mod torn;
mod traces;
pub mod trial;
mod upkeep;

pub use config::{Config, Problem};
pub use router::Router;
pub use run::{Failure, serve};
pub use self_test::self_test;
pub use stored::Looking;
