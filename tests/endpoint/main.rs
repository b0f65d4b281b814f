//! The library through its public interface: an endpoint, a store, a handler, and requests that should not get through.

mod by_hand;
mod created;
mod custom;
mod demo;
mod dialect;
mod digests;
mod distrust;
mod flips;
mod jose;
mod jose_load;
mod jose_others;
mod jose_parties;
mod inline;
mod left_out;
mod observed;
mod parties;
mod queue;
mod queue_large;
mod redirect;
mod retries;
mod strict;
mod timing;
