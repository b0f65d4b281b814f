//! The binary as an operator runs it: real processes, real sockets, a real SIGKILL.

mod activation;
mod canaries;
mod cbuae;
mod configuration;
mod check_store;
mod core;
mod distrust;
mod edge;
#[cfg(all(feature = "fail-points", debug_assertions))]
mod fail_points;
mod faults;
mod figures;
mod flood;
mod inbox;
mod inbox_example;
#[path = "../../examples/inbox.rs"]
mod inbox_of_an_app;
mod inbox_retry;
mod inbox_stranded;
mod inbox_tail;
mod inline;
mod kill;
mod operators;
mod proxy;
#[path = "../../benches/receipts/mod.rs"]
mod receipts;
mod receiver;
mod redirect;
mod redis;
mod redis_faults;
#[path = "../redis_server/mod.rs"]
mod redis_server;
mod redis_tls;
mod reload;
mod reload_keys;
mod reload_sinks;
mod secrets;
mod signer;
mod sink_kills;
mod sinks;
mod stop;
mod tokens;
#[cfg(feature = "otlp")]
mod traces;
#[path = "../../examples/upstream.rs"]
mod upstream;
mod verify;
mod without_secrets;

#[cfg(not(all(feature = "fail-points", debug_assertions)))]
#[test]
fn fail_points_are_tested_where_they_are_compiled_in() {
    eprintln!("left out: the failure table; cargo test --features fail-points --test binary fail_points");
}
