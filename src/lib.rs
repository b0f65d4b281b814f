//! Webhook receiver and signature-verification middleware for open banking.
//!
//! # Layout
//! The modules from the ground up; a module imports only from modules above it in this list.
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
pub mod wire;
pub mod clock;
pub mod error;
pub mod delivery;
pub mod crypto;
pub mod keys;
// Proofs, and the plain data that they carry.
pub mod verified;
pub mod signing_input;
pub mod event;
// Senders, and what remembers.
pub mod profile;
pub mod store;
// The stages, one layer each.
pub mod reply;
pub mod stage;
pub mod verify;
pub mod decode;
pub mod once;
pub mod dedup;
pub mod inbox;
pub mod dispatch;
// The edge of the library.
pub mod endpoint;

// The binary.
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod server;

pub use endpoint::Endpoint;
pub use event::Event;
pub use verified::Verified;
