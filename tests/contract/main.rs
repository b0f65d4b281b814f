//! The header contract of a gRPC API: in front of any service, and in front of a real server over mutual TLS.

mod calls;
mod client;
mod generated;
mod headers;
#[path = "../redis_server/mod.rs"]
mod redis_server;
mod server;
