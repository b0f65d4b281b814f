//! Keys that rotate: sources that fail in every way, under load, and in the real program.

mod address;
mod bank;
mod host;
mod load;
mod outage;
mod program;
#[allow(dead_code, reason = "each target uses a part")]
#[path = "../binary/receiver.rs"]
mod receiver;
mod storm;
