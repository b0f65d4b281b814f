//! Why a Redis was not taken as a store, and what became of a call that failed. The rule: "nothing was stored" is said
//! only where the server itself refused the call before its first step, or never got it.

use std::fmt;

use redis::RedisError;

use super::address::AddressError;
use crate::store::StoreError;

/// Why a Redis was not taken as a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is no address.
    Address(AddressError),
    /// It cannot be reached now.
    Unreachable {
        /// The address, without its password.
        address: String,
        /// What was found.
        why: String,
    },
    /// It is set up in a way that would lose what is acknowledged.
    Unsafe {
        /// The address, without its password.
        address: String,
        /// What was expected and what was found, with the cure.
        why: String,
    },
    /// It holds a store that this program does not know.
    Foreign {
        /// The address, without its password.
        address: String,
        /// What was expected and what was found.
        why: String,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(error) => error.fmt(f),
            Self::Unreachable { address, why } => write!(f, "expected to reach {address}, but found {why}"),
            Self::Unsafe { address, why } | Self::Foreign { address, why } => write!(f, "{address}: {why}"),
        }
    }
}

impl std::error::Error for OpenError {}

/// How a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// What the caller is told.
    pub(super) error: StoreError,
    /// Whether it may have reached a server that has the partition.
    pub(super) sent: bool,
    /// Whether the connection is of no use any more.
    pub(super) broken: bool,
    /// Where the call has to go instead.
    pub(super) moved: Option<String>,
}

impl Failure {
    /// The call was never sent.
    pub(super) fn unsent(why: impl Into<String>) -> Self {
        Self { error: StoreError::NotStored(why.into()), sent: false, broken: false, moved: None }
    }

    /// The call was sent, and no answer came in time.
    pub(super) fn silent() -> Self {
        let error = StoreError::Unknown("no answer of Redis in time".to_owned());
        Self { error, sent: true, broken: true, moved: None }
    }

    /// What an error of a call that was sent means.
    pub(super) fn of(error: &RedisError) -> Self {
        let Some(code) = error.code() else {
            let why = if error.is_timeout() { "no answer of Redis in time" } else { "a broken connection to Redis" };
            return Self { error: StoreError::Unknown(why.to_owned()), sent: true, broken: true, moved: None };
        };
        let moved = match code {
            "MOVED" => error.redirect_node().map(|(address, _)| address.to_owned()),
            _ => None,
        };
        // A former master answers like this: the connection has to be made anew, to whoever is master now.
        let broken = matches!(code, "READONLY" | "UNBLOCKED" | "MASTERDOWN");
        let error = match refusal(code) {
            Some(meaning) => StoreError::NotStored(meaning.to_owned()),
            // A script came to a key that has gone ahead of the one that it names.
            None if error.detail().is_some_and(|detail| detail.contains("non local key")) => {
                StoreError::Unknown(TORN.to_owned())
            }
            None => StoreError::Unknown(format!("Redis's error {code}{}", place(error))),
        };
        // A node that has lost the others refuses before the first step, and those may have another master by now.
        Self { error, sent: code != "CLUSTERDOWN", broken, moved }
    }
}

const TORN: &str = "a slot of the Redis Cluster on its way to another node";

/// What a refusal before the first step of a script means.
fn refusal(code: &str) -> Option<&'static str> {
    Some(match code {
        "OOM" => "Redis at its memory limit, until something is pruned or maxmemory is raised",
        "READONLY" => "a Redis that is a replica now",
        "MISCONF" => "a Redis that cannot write to its disk",
        "NOREPLICAS" => "a Redis with too few replicas for its min-replicas-to-write",
        "LOADING" => "a Redis that still loads its data",
        "MASTERDOWN" => "a replica that has lost its master",
        "CLUSTERDOWN" => "a Redis Cluster that is down",
        "TRYAGAIN" | "ASK" | "MOVED" => TORN,
        "BUSY" => "a Redis that is busy with another program's script",
        "NOAUTH" | "WRONGPASS" => "a Redis that wants another user or password",
        "NOPERM" => "a Redis user without the permission",
        "NOSCRIPT" => "a Redis that forgot a script just given to it",
        _ => return None,
    })
}

/// The place in a script where it failed: a script of ours that fails has met a key of another kind.
fn place(error: &RedisError) -> String {
    let detail = error.detail().unwrap_or_default();
    // Redis repeats arguments of a command that it does not know.
    if detail.contains("with args") || !detail.contains("script") {
        return String::new();
    }
    format!(": {}", detail.chars().take(160).collect::<String>())
}
