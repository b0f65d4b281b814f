//! The scripts: one for each thing that a store does, one round trip each. The rule: a script is refused as a whole when
//! memory is full or the server is a replica, unless it only reads, or leads to what frees memory.

use std::sync::LazyLock;

use redis::Script;

use super::batch::MOST;
use crate::store::LARGEST_LEASE;

const SHARED: &str = include_str!("script/shared.lua");
const CLAIMING: &str = include_str!("script/claiming.lua");
const UNTRIED: &str = include_str!("script/untried.lua");
const HEADER: &str = include_str!("script/header.lua");
const DUE: &str = include_str!("script/due.lua");

/// With its first line a script may touch one slot only, and is looked at as a whole before it runs.
fn script(flags: &str, parts: &[&str]) -> Script {
    Script::new(&format!("#!lua{flags}\nlocal MOST, LARGEST = {MOST}, {LARGEST_LEASE}\n{SHARED}\n{}", parts.join("\n")))
}

const WRITES: &str = "";
/// Runs with full memory too: what is not handed out and settled is never pruned. Until then it takes some more.
const FREES: &str = " flags=allow-oom";
const READS: &str = " flags=no-writes";

macro_rules! scripts {
    ($($name:ident = $flags:ident, [$($part:expr),*], $file:literal;)+) => {
        $(pub(super) static $name: LazyLock<Script> =
            LazyLock::new(|| script($flags, &[$($part,)* include_str!(concat!("script/", $file))]));)+

        /// For the test that each of them is taken by a server.
        #[cfg(test)]
        pub(super) const EACH: &[(&str, &LazyLock<Script>)] = &[$((stringify!($name), &$name),)+];
    };
}

scripts! {
    FOUND = WRITES, [], "found.lua";
    SEAL = WRITES, [], "seal.lua";
    PLAN = READS, [], "plan.lua";
    PROBE = WRITES, [], "probe.lua";
    ACCEPT = WRITES, [CLAIMING], "accept.lua";
    CLAIM = WRITES, [CLAIMING], "claim.lua";
    COMPLETE = WRITES, [CLAIMING], "complete.lua";
    RENEW = FREES, [], "renew.lua";
    RELEASE = FREES, [], "release.lua";
    PEEK = READS, [UNTRIED, DUE], "peek.lua";
    TAKE = FREES, [UNTRIED, DUE], "take.lua";
    SETTLE = FREES, [], "settle.lua";
    REQUEUE = FREES, [], "requeue.lua";
    DISCARD = FREES, [], "discard.lua";
    PRUNE = FREES, [], "prune.lua";
    LIST = READS, [UNTRIED, HEADER], "list.lua";
    SHOW = READS, [], "show.lua";
    STATS = READS, [UNTRIED, HEADER], "stats.lua";
}
