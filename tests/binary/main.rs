//! The binary as an operator runs it: real processes, real sockets, a real SIGKILL.

mod cbuae;
mod configuration;
mod edge;
mod faults;
mod inbox;
mod inline;
mod kill;
mod receiver;
mod redis;
#[path = "../redis_server/mod.rs"]
mod redis_server;
mod secrets;
mod tokens;
mod verify;
