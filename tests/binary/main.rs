//! The binary as an operator runs it: real processes, real sockets, a real SIGKILL.

mod cbuae;
mod configuration;
mod faults;
mod figures;
mod inbox;
mod inline;
mod kill;
mod receiver;
mod redis;
mod redis_faults;
#[path = "../redis_server/mod.rs"]
mod redis_server;
mod redis_tls;
mod secrets;
mod tokens;
mod verify;
