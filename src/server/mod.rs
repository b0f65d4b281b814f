//! The binary's library: configuration, listeners, TLS, operators' pages, sinks and workers.

mod accept;
mod access;
mod admin;
mod callers;
mod certificates;
pub mod config;
pub mod connection;
mod figures;
pub(crate) mod files;
mod forged_state;
mod forged_token;
mod gate;
mod generation;
mod glance;
mod handshaken;
mod http2;
mod keys;
mod live;
mod places;
mod reading;
mod ready;
mod reload;
mod router;
mod run;
mod seldom;
mod self_test;
mod sink;
mod standing;
mod sockets;
mod stored;
mod supervisor;
mod tls;
#[cfg(all(feature = "fail-points", debug_assertions))]
mod torn;
mod traces;
pub mod trial;
mod upkeep;
mod workforce;

pub use certificates::OwnCertificate;
pub(crate) use config::span;
pub use config::{Config, Problem};
pub use router::Router;
pub use run::{Failure, Order, serve};
pub use self_test::self_test;
pub use sockets::Sockets;
pub use stored::Looking;
