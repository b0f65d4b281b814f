//! What a Redis is set up to promise. The rule: a server that may forget what it acknowledged is refused, and what is
//! weaker than the best is said.

use std::collections::BTreeMap;

use redis::aio::MultiplexedConnection;

use super::copies::Wait;
use crate::store::Durability;

/// The first release that refuses a script as a whole when memory is full or the server is a replica.
const OLDEST: (u32, u32) = (7, 0);
/// The first release with `WAITAOF`.
const WAITS_FOR_DISKS: (u32, u32) = (7, 2);

/// What the settings of the store demand, or of a sink.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Demands {
    /// A Redis that keeps nothing on a disk is taken all the same.
    pub(super) volatile: bool,
    /// A replica will do: for looking at a store.
    pub(super) replica: bool,
    /// What an answer waits for.
    pub(super) wait: Wait,
    /// It is no store, but a place for others to read.
    pub(super) is_sink: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Survey {
    pub(super) version: (u32, u32),
    /// Which process it is; empty where that is not told.
    pub(super) run: String,
    pub(super) master: bool,
    pub(super) policy: String,
    /// The append-only file and its `appendfsync`, if there is one.
    pub(super) flush: Option<String>,
    /// Whether nothing is flushed while the append-only file is rewritten: `no-appendfsync-on-rewrite`.
    pub(super) pauses: bool,
    /// Whether the last write to the append-only file went well.
    pub(super) writes: bool,
    /// Replicas that are connected and have caught up.
    pub(super) replicas: u32,
    /// `min-replicas-to-write` and `min-replicas-max-lag`, in seconds, if they could be asked.
    pub(super) at_least: Option<(u32, u32)>,
}

impl Survey {
    /// Asks a server.
    ///
    /// # Errors
    /// It did not say.
    pub(super) async fn take(connection: &mut MultiplexedConnection) -> Result<Self, String> {
        let told: String =
            redis::cmd("INFO").query_async(connection).await.map_err(|error| super::link::words(&error))?;
        let mut survey = Self::read(&told);
        // Some hosted servers do not let a client ask: what is not known counts as the weaker one.
        let set = settings(connection).await;
        if let (Some(flush), Some(word)) = (&mut survey.flush, set.get("appendfsync")) {
            flush.clone_from(word);
        }
        survey.pauses = set.get("no-appendfsync-on-rewrite").is_some_and(|word| word == "yes");
        let number = |name: &str| set.get(name).and_then(|word| word.parse::<u32>().ok());
        survey.at_least = number("min-replicas-to-write").zip(number("min-replicas-max-lag"));
        Ok(survey)
    }

    /// What the answer to `INFO` says.
    fn read(told: &str) -> Self {
        let member = |name: &str| {
            told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim).unwrap_or_default()
        };
        let mut version = member("redis_version").split('.').map(|part| part.parse().unwrap_or(0));
        let online = |line: &&str| line.starts_with("slave") && line.contains(",state=online,");
        Self {
            version: (version.next().unwrap_or(0), version.next().unwrap_or(0)),
            run: member("run_id").to_owned(),
            master: member("role") == "master",
            policy: member("maxmemory_policy").to_owned(),
            flush: (member("aof_enabled") == "1").then(|| "not known".to_owned()),
            pauses: false,
            writes: member("aof_last_write_status") != "err",
            replicas: u32::try_from(told.lines().filter(online).count()).unwrap_or(u32::MAX),
            at_least: None,
        }
    }

    /// What an answer of this server is worth.
    pub(super) fn durability(&self, wait: Wait) -> Durability {
        match (wait.replicas, self.flush.as_deref()) {
            (1.., _) => Durability::Replicated(wait.replicas),
            (_, None) => Durability::Memory,
            (_, Some("no")) => Durability::Os,
            // While the file is rewritten the system flushes when it sees fit.
            (_, Some(_)) if self.pauses => Durability::Os,
            (_, Some("always")) => Durability::Fsync,
            (_, Some(_)) => Durability::EverySecond,
        }
    }

    /// The same for operators.
    pub(super) fn words(&self, wait: Wait) -> String {
        let flush = match self.flush.as_deref() {
            Some(_) if !self.writes => "ITS LAST WRITE TO THE DISK FAILED".to_owned(),
            Some(word @ ("always" | "everysec")) if self.pauses => {
                format!("appendfsync {word}, but not flushed during rewrites: no-appendfsync-on-rewrite is yes")
            }
            Some("always") => "flushed to disk before an answer".to_owned(),
            Some("everysec") if wait.fsync => {
                "flushed to disk every second: releases from 7.4 on answer WAITAOF before that, so a power cut may lose the \
                 last one; appendfsync always does not"
                    .to_owned()
            }
            Some("everysec") => "flushed to disk every second: a power cut may lose the last one".to_owned(),
            Some("no") => "flushed to disk when the system sees fit".to_owned(),
            Some(_) => "appendfsync is not known, so counted as every second".to_owned(),
            None => "NOT ON A DISK: lost when Redis ends".to_owned(),
        };
        let replicas = match (self.replicas, self.at_least) {
            (0, None | Some((0, _))) => "no replica".to_owned(),
            (count, Some((least @ 1.., lag @ 1..))) if count < least => {
                format!("{count} replicas, TOO FEW: at least {least} for a write, none more than {lag} s behind")
            }
            (count, Some((least @ 1.., lag @ 1..))) => {
                format!("{count} replicas, at least {least} for a write, none more than {lag} s behind")
            }
            (count, _) => format!("{count} replicas, none of them awaited by min-replicas-to-write"),
        };
        let short = if self.replicas < u32::from(wait.replicas) {
            format!("; TOO FEW: an answer waits for {}, so nothing is accepted", wait.replicas)
        } else {
            String::new()
        };
        format!("{flush}; {replicas}{short}")
    }
}

impl Demands {
    /// Whether a server may be used.
    ///
    /// # Errors
    /// What it lacks, with the cure.
    pub(super) fn meet(&self, survey: &Survey) -> Result<(), String> {
        let (major, minor) = survey.version;
        if survey.version < OLDEST {
            return Err(format!("expected Redis 7.0 or later, but found {major}.{minor}"));
        }
        if self.wait.fsync && survey.version < WAITS_FOR_DISKS {
            return Err(format!(
                "expected Redis 7.2 or later, which can wait for disks, but found {major}.{minor}; leave wait_fsync out, \
                 and set appendfsync always"
            ));
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
        // Without a file Redis refuses to wait for one, and without flushes the wait says nothing.
        if self.wait.fsync && !self.replica && matches!(survey.flush.as_deref(), None | Some("no")) {
            return Err(
                "expected appendonly yes with appendfsync always or everysec beside wait_fsync, but found neither; \
                        set them, or leave wait_fsync out"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// The settings that `INFO` leaves out, as far as they may be asked.
async fn settings(connection: &mut MultiplexedConnection) -> BTreeMap<String, String> {
    let mut command = redis::cmd("CONFIG");
    command.arg("GET").arg("appendfsync").arg("no-appendfsync-on-rewrite");
    command.arg("min-replicas-to-write").arg("min-replicas-max-lag");
    command.query_async(connection).await.unwrap_or_default()
}
