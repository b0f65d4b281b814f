//! Calls of scripts in one store. The rule: the one key that is declared leads to the server, and the script makes the
//! others from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redis::{Script, ScriptInvocation, Value};
use tokio::sync::Notify;

use super::copies::{Copies, Wait};
use super::nodes::Nodes;
use super::partition::Partition;
use super::plan::Plan;
use crate::clock::{Clock, Timestamp};
use crate::store::StoreError;

/// Where a store is, and what every call of it needs.
pub(super) struct Calls {
    pub(super) nodes: Nodes,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) prefix: Box<str>,
    /// Where what is kept has to be before it is answered.
    pub(super) wait: Wait,
    /// What is done when a server has come back empty.
    pub(super) plan: Plan,
    /// Whether the store was made anew by another receiver: what this one seals, nobody opens.
    pub(super) foreign: AtomicBool,
    /// Told when a record may have become ready.
    pub(super) ready: Notify,
}

impl Calls {
    /// Runs a script whose effect has to last: it is waited for until it is wherever it was asked to be.
    pub(super) async fn keep(&self, partition: Partition, call: &ScriptInvocation<'_>) -> Result<Value, StoreError> {
        let touched = key(&self.prefix, partition, "touched");
        let copies = Copies { touched: &touched, wait: self.wait };
        self.nodes.run(partition, call, (!self.wait.is_none()).then_some(copies)).await
    }

    /// Runs a script that keeps sealed records, in a store that is still ours. Where it came back empty it is made again.
    pub(super) async fn keep_sealed(
        &self,
        partition: Partition,
        call: &ScriptInvocation<'_>,
    ) -> Result<Value, StoreError> {
        self.sealed(partition, || self.keep(partition, call)).await
    }

    /// The same with a script whose effect may be lost with the server: what it hands out is due again then.
    pub(super) async fn run_sealed(
        &self,
        partition: Partition,
        call: &ScriptInvocation<'_>,
    ) -> Result<Value, StoreError> {
        self.sealed(partition, || self.run(partition, call)).await
    }

    async fn sealed<F: Future<Output = Result<Value, StoreError>>>(
        &self,
        partition: Partition,
        run: impl Fn() -> F,
    ) -> Result<Value, StoreError> {
        for _ in 0..2 {
            let said = run().await?;
            match &said {
                Value::BulkString(word) if word == b"unsealed" => {
                    tracing::error!(
                        code = "store_emptied",
                        "Redis has come back without what it had; the store is made again"
                    );
                    self.plan.make_again(self, partition).await?;
                }
                Value::BulkString(word) if word == b"foreign" => return Err(self.halt()),
                _ => return Ok(said),
            }
        }
        Err(StoreError::NotStored("a Redis that comes back empty again and again".to_owned()))
    }

    /// Nothing is kept any more until the receiver is started again.
    pub(super) fn halt(&self) -> StoreError {
        self.foreign.store(true, Ordering::SeqCst);
        StoreError::NotStored("a store that another receiver has made anew; start this one again".to_owned())
    }

    /// Runs a script that only reads, or whose effect need not last.
    pub(super) async fn run(&self, partition: Partition, call: &ScriptInvocation<'_>) -> Result<Value, StoreError> {
        self.nodes.run(partition, call, None).await
    }

    /// A call of a script in a partition; its first argument is the time.
    pub(super) fn call<'a>(&self, script: &'a Script, partition: Partition) -> ScriptInvocation<'a> {
        call(script, &self.prefix, partition, self.clock.now())
    }
}

/// A call of a script of the store with this prefix.
pub(super) fn call<'a>(script: &'a Script, prefix: &str, partition: Partition, now: Timestamp) -> ScriptInvocation<'a> {
    let mut call = script.key(key(prefix, partition, "last"));
    call.arg(now.millis());
    call
}

fn key(prefix: &str, partition: Partition, name: &str) -> String {
    format!("{{{prefix}:{}}}:{name}", partition.number())
}
