//! What a Redis is set up to promise. The rule: a server that may forget what it acknowledged is refused, and what is
//! weaker than the best is said.

use redis::Value;
use redis::aio::MultiplexedConnection;

use crate::store::Durability;

/// The first release that refuses a script as a whole when memory is full or the server is a replica.
const OLDEST: (u32, u32) = (7, 0);

/// What the settings of the store demand.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Demands {
    /// A Redis that keeps nothing on a disk is taken all the same.
    pub(super) volatile: bool,
    /// A replica will do: for looking at a store.
    pub(super) replica: bool,
    /// Replicas are waited for.
    pub(super) copies: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Survey {
    pub(super) version: (u32, u32),
    pub(super) master: bool,
    pub(super) policy: String,
    /// The append-only file and its `appendfsync`, if there is one.
    pub(super) flush: Option<String>,
    /// Replicas that are connected.
    pub(super) replicas: u32,
    /// `min-replicas-to-write`, if that could be asked.
    pub(super) at_least: Option<u32>,
}

impl Survey {
    /// Asks a server.
    ///
    /// # Errors
    /// It did not say.
    pub(super) async fn take(connection: &mut MultiplexedConnection) -> Result<Self, String> {
        let told: String =
            redis::cmd("INFO").query_async(connection).await.map_err(|error| super::link::words(&error))?;
        let member = |name: &str| {
            told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim).unwrap_or_default()
        };
        let mut version = member("redis_version").split('.').map(|part| part.parse().unwrap_or(0));
        let mut survey = Self {
            version: (version.next().unwrap_or(0), version.next().unwrap_or(0)),
            master: member("role") == "master",
            policy: member("maxmemory_policy").to_owned(),
            flush: (member("aof_enabled") == "1").then(|| "not known".to_owned()),
            replicas: member("connected_slaves").parse().unwrap_or(0),
            at_least: None,
        };
        // Some hosted servers do not let a client ask: what is not known counts as the weaker one.
        if survey.flush.is_some()
            && let Some(word) = setting(connection, "appendfsync").await
        {
            survey.flush = Some(word);
        }
        survey.at_least = setting(connection, "min-replicas-to-write").await.and_then(|word| word.parse().ok());
        Ok(survey)
    }

    /// What an answer of this server is worth.
    pub(super) fn durability(&self, replicas: u8) -> Durability {
        match (replicas, self.flush.as_deref()) {
            (1.., _) => Durability::Replicated(replicas),
            (_, None) => Durability::Memory,
            (_, Some("always")) => Durability::Fsync,
            (_, Some("no")) => Durability::Os,
            (_, Some(_)) => Durability::EverySecond,
        }
    }

    /// The same for operators.
    pub(super) fn words(&self) -> String {
        let flush = match self.flush.as_deref() {
            Some("always") => "flushed to disk before an answer".to_owned(),
            Some("everysec") => "flushed to disk every second: a power cut may lose the last one".to_owned(),
            Some("no") => "flushed to disk when the system sees fit".to_owned(),
            Some(_) => "appendfsync is not known, so counted as every second".to_owned(),
            None => "NOT ON A DISK: lost when Redis ends".to_owned(),
        };
        let replicas = match (self.replicas, self.at_least) {
            (0, _) => "no replica".to_owned(),
            (count, Some(least @ 1..)) => format!("{count} replicas, at least {least} for a write"),
            (count, _) => format!("{count} replicas, none of them awaited by min-replicas-to-write"),
        };
        format!("{flush}; {replicas}")
    }
}

impl Demands {
    /// Whether a server may be used.
    ///
    /// # Errors
    /// What it lacks, with the cure.
    pub(super) fn meet(&self, survey: &Survey) -> Result<(), String> {
        if survey.version < OLDEST {
            let (major, minor) = survey.version;
            return Err(format!("expected Redis 7.0 or later, but found {major}.{minor}"));
        }
        if !survey.master && !self.replica {
            return Err("expected a master, but found a replica; name the master, or its Sentinels".to_owned());
        }
        if survey.policy != "noeviction" {
            return Err(format!(
                "expected maxmemory-policy noeviction, but found {:?}, which throws acknowledged events away; set it \
                 with CONFIG SET maxmemory-policy noeviction and in redis.conf",
                survey.policy
            ));
        }
        if survey.flush.is_none() && !self.volatile {
            return Err(
                "expected appendonly yes, but found no append-only file, so that acknowledged events are lost \
                        when Redis ends; set it, or say volatile = true"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// A setting, if it may be asked.
async fn setting(connection: &mut MultiplexedConnection, name: &str) -> Option<String> {
    let mut command = redis::cmd("CONFIG");
    command.arg("GET").arg(name);
    let value: Value = command.query_async(connection).await.ok()?;
    let (_, value): (String, String) = redis::from_redis_value(value).ok()?;
    Some(value)
}
