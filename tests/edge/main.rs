//! What stands before the signature: strict HTTP, deadlines and budgets, TLS, and proxies that are trusted or are not.

mod certificates;
mod deadlines;
mod drain;
mod gunicorn;
mod hall;
mod handshake;
mod http2;
mod mtls;
mod nginx;
mod nginx_attacks;
mod observed;
mod parties;
mod proxy;
#[path = "../vectors/place.rs"]
#[allow(dead_code, reason = "shared with the vectors")]
mod place;
#[path = "../binary/receiver.rs"]
#[allow(dead_code, reason = "shared with the tests of the binary")]
mod receiver;
mod redirect;
mod reload;
mod segments;
mod slow_disk;
