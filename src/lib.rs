//! Webhook receiver and signature-verification middleware for open banking: who sent it, once, typed.
//!
//! An [`Endpoint`] is a [`tower_service::Service`] for hyper, axum or anything else that speaks tower. It takes HTTP
//! requests of one sender, proves that the sender made them, makes each take effect once, and hands a
//! [`Verified`] event to your code. A handler cannot be called with something unverified: it does not compile.
//!
//! ```
//! use std::sync::Arc;
//!
//! use countersign::clock::SystemClock;
//! use countersign::dispatch::Dispatch;
//! use countersign::event::PaymentEvent;
//! use countersign::keys::KeySet;
//! use countersign::profile::Profile;
//! use countersign::store::MemoryStore;
//! use countersign::{Endpoint, Verified};
//!
//! async fn on_payment(event: Verified<PaymentEvent>) -> Result<(), std::io::Error> {
//!     println!("{} is {} (signed by {})", event.payment_id, event.provider_status, event.provenance().key_id);
//!     Ok(())
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let keys = countersign::keys::file::read(Default::default(), include_bytes!("../keys/worldline/signing.crt"), None)?;
//! let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
//! let endpoint = Endpoint::builder("worldline", Profile::worldline())
//!     .path("/v3/notification")
//!     .keys(KeySet::new(keys)?)
//!     .trusting_demo_keys_on_loopback() // only because these are the demo keys
//!     .inline(store, Dispatch::new().on_payment(on_payment))
//!     .build()?;
//! # let _ = endpoint;
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//! ```text
//! http::Request<B>
//!   └▶ endpoint    strict request, limits, deadlines, body read once          → Delivery
//!       └▶ verify  credentials → key → digest → signature → freshness         → Verified<Covered>
//!           └▶ decode   the profile's typed event and its identity            → Verified<Receipt>
//!               ├▶ dedup    claim … complete | release                        → Once → dispatch → your handler → Reply
//!               └▶ inbox    claim and append, one atomic step                 → Reply, after it is durable
//!                               └▶ worker                                     → Once → dispatch, until acknowledged
//!   ◀─ endpoint    Reply or Rejection → status, headers, body, in the sender's dialect
//! ```
//! Each stage is a [`tower_layer::Layer`] that changes the type of the request: what a stage accepts is the proof that
//! the stage before it produced, so that a wrong order does not compile. The modules below are listed from the ground
//! up; a module imports only from modules above it in the source of this file, and a test holds it to that.
//!
//! # Features
//! - `server` (default): the standalone receiver and its command line.
//! - `sqlite` (default): the durable inbox in one file.
//! - `redis` (default): the durable inbox that many receivers share.
//! - `jwks` (with `server`): key sets from an https address, see [`rotation`].
//! - `otlp` (with `server`): traces of deliveries, sent to a collector.
//! - `grpc`: the header contract of a gRPC API, see [`contract`].
//! - `ring`: a second cryptographic backend beside the first.
//! - `fail-points` (with `server`): for the project's own tests; nothing in a release build.
//!
//! With `default-features = false` this is the lean library: no server, TLS, command line or database.
#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

// Primitives: no I/O, no policy.
mod fail_point;
pub mod wire;
pub mod clock;
pub mod error;
pub mod delivery;
pub mod crypto;
pub mod keys;
pub mod client;
#[cfg(any(feature = "jwks", feature = "redis"))]
mod dial;
#[cfg(any(feature = "jwks", feature = "redis"))]
mod tls;
// Proofs, and the plain data that they carry.
pub mod verified;
pub mod signing_input;
pub mod state;
pub mod event;
// Senders, and what remembers.
pub mod profile;
pub mod store;
// The stages, one layer each.
pub mod reply;
pub mod stage;
pub mod observed;
pub mod verify;
pub mod decode;
pub mod once;
pub mod dedup;
pub mod inbox;
pub mod dispatch;
// The edge of the library.
pub mod endpoint;
#[cfg(feature = "grpc")]
pub mod contract;
pub mod rotation;
// The binary.
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod cli;

pub use endpoint::Endpoint;
pub use event::Event;
pub use verified::Verified;

/// The code of the README compiles.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct Readme;
