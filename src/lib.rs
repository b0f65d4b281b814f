#![forbid(unsafe_code)]
pub mod wire;
pub mod clock;
pub mod error;
pub mod crypto;
pub mod delivery;
pub mod verified;
pub mod store;
