//! What stands before the signature: strict HTTP, deadlines and budgets, through the connection code of the binary.

mod deadlines;
mod gunicorn;
mod handshake;
mod observed;
mod parties;
#[path = "../vectors/place.rs"]
#[allow(dead_code, reason = "shared with the vectors")]
mod place;
mod segments;
