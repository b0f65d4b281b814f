//! Waiting until replicas have what was written, or have it on a disk. The rule: a round of waiting begins after what it
//! vouches for, and one round is enough for all who came before it.
//!
//! `WAIT` and `WAITAOF` hold their connection up, so it is one of its own. They ask for what that connection wrote: each
//! round writes a counter first, and who has the counter has everything before it, copies of an event that were stored by
//! others too.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::{Script, Value};
use tokio::sync::Mutex;

use super::error::Failure;
use super::line::ANSWER;
use super::link::Link;
use super::reply::count;
use crate::store::StoreError;

/// How long replicas may take, in milliseconds.
const PATIENCE: u32 = 500;
/// The same with their disks, of which `everysec` flushes once a second.
const DISKS: u32 = 1_500;

/// The counter is written by a script, as a plain command is refused when memory is full: what frees some has to be waited
/// for too.
static TOUCH: LazyLock<(&str, Script)> = LazyLock::new(|| {
    let code = "#!lua flags=allow-oom\nreturn redis.call('INCR', KEYS[1])";
    (code, Script::new(code))
});

/// What an answer waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wait {
    /// So many replicas.
    pub(super) replicas: u8,
    /// The disk of the server, and those of the replicas.
    pub(super) fsync: bool,
}

impl Wait {
    pub(super) fn is_none(self) -> bool {
        self == Self::default()
    }

    /// How long a call may take with it: a round that another call began may have to end first.
    pub(super) fn bound(self) -> Duration {
        let rounds = Duration::from_millis(u64::from(DISKS)).saturating_mul(2);
        if self.fsync { ANSWER.saturating_add(rounds) } else { ANSWER }
    }

    /// The command that waits.
    fn command(self) -> redis::Cmd {
        let mut command = redis::cmd(if self.fsync { "WAITAOF" } else { "WAIT" });
        if self.fsync {
            command.arg(1).arg(self.replicas).arg(DISKS);
        } else {
            command.arg(self.replicas).arg(PATIENCE);
        }
        command
    }

    /// What is missing, if something is.
    fn missing(self, answer: Value) -> Option<String> {
        let (disks, replicas) = match answer {
            Value::Array(both) => {
                let mut both = both.iter().map(count);
                (both.next().unwrap_or(0), both.next().unwrap_or(0))
            }
            alone => (1, count(&alone)),
        };
        if disks < 1 {
            return Some("a Redis that has not flushed it to its disk in time".to_owned());
        }
        let how = if self.fsync { "have it on their disks" } else { "have it" };
        (replicas < u64::from(self.replicas))
            .then(|| format!("{replicas} replicas that {how}, where {} were asked for", self.replicas))
    }
}

/// What a call of a partition waits for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copies<'a> {
    /// The counter of the partition.
    pub(super) touched: &'a str,
    pub(super) wait: Wait,
}

/// A connection for waiting, and the last round on it.
pub(super) struct Copying {
    link: Link,
    /// Rounds that have begun.
    begun: AtomicU64,
    /// The number of the last round that ended, and how.
    last: Mutex<(u64, Result<(), Failure>)>,
}

impl Copying {
    pub(super) fn new(link: Link) -> Self {
        Self { link, begun: AtomicU64::new(0), last: Mutex::new((0, Ok(()))) }
    }

    /// Waits until all that was written before this call is where it has to be.
    pub(super) async fn wait(&self, copies: Copies<'_>) -> Result<(), Failure> {
        let first = self.begun.load(Ordering::SeqCst).saturating_add(1);
        let mut last = self.last.lock().await;
        if last.0 >= first {
            return last.1.clone();
        }
        let number = self.begun.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let outcome = self.round(copies).await;
        *last = (number, outcome.clone());
        outcome
    }

    async fn round(&self, copies: Copies<'_>) -> Result<(), Failure> {
        let mut round = redis::pipe();
        round.cmd("SCRIPT").arg("LOAD").arg(TOUCH.0).ignore();
        round.cmd("EVALSHA").arg(TOUCH.1.get_hash()).arg(1).arg(copies.touched).ignore();
        round.add_command(copies.wait.command());
        let asked: Result<(Value,), _> = round.query_async(&mut self.link.connection.clone()).await;
        let unknown = |why: String| StoreError::Unknown(why);
        match asked {
            Ok((found,)) => match copies.wait.missing(found) {
                None => Ok(()),
                Some(why) => Err(Failure { error: unknown(why), sent: true, broken: false, moved: None }),
            },
            // Whatever was refused here: what was written before may be there.
            Err(error) => {
                let failure = Failure::of(&error);
                Err(Failure { error: unknown("no word of the replicas".to_owned()), moved: None, ..failure })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_and_what_counts_as_enough() {
        let text = |wait: Wait| String::from_utf8(wait.command().get_packed_command()).unwrap();
        let memory = Wait { replicas: 2, fsync: false };
        assert_eq!(text(memory), "*3\r\n$4\r\nWAIT\r\n$1\r\n2\r\n$3\r\n500\r\n");
        assert_eq!((memory.missing(Value::Int(2)), memory.missing(Value::Int(1)).is_some()), (None, true));
        let disks = Wait { replicas: 1, fsync: true };
        assert_eq!(text(disks), "*4\r\n$7\r\nWAITAOF\r\n$1\r\n1\r\n$1\r\n1\r\n$4\r\n1500\r\n");
        let both = |local, replicas| disks.missing(Value::Array(vec![Value::Int(local), Value::Int(replicas)]));
        assert_eq!(both(1, 1), None);
        assert!(both(0, 1).unwrap().contains("its disk") && both(1, 0).unwrap().contains("their disks"));
        assert!(disks.missing(Value::Nil).is_some() && memory.missing(Value::Nil).is_some());
    }
}
