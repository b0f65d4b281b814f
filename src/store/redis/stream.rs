//! A Stream for other services, which is no part of a store. The rule: one entry a call, with the event's id beside it, as an
//! entry whose answer was lost is added again.

use std::fmt;
use std::sync::{Arc, LazyLock};

use redis::Script;

use super::address::RedisAddress;
use super::nodes::Nodes;
use super::partition::Partition;
use super::survey::Demands;
use crate::store::StoreError;

/// ARGV: id, event, and about how many entries are kept, or nothing.
static ADD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "#!lua
local call = { 'XADD', KEYS[1] }
if ARGV[3] ~= '' then for _, word in ipairs({ 'MAXLEN', '~', ARGV[3] }) do call[#call + 1] = word end end
for _, word in ipairs({ '*', 'id', ARGV[1], 'event', ARGV[2] }) do call[#call + 1] = word end
return redis.call(unpack(call))",
    )
});

/// A Stream.
#[derive(Clone)]
pub(crate) struct RedisStream(Arc<Inner>);

struct Inner {
    nodes: Nodes,
    key: Box<str>,
    longest: String,
}

impl RedisStream {
    /// Connects with the first entry.
    pub(crate) fn new(address: &RedisAddress, key: &str, longest: Option<u64>) -> Self {
        // What the entries are worth is for those who read them to say.
        let demands = Demands { volatile: true, is_sink: true, ..Demands::default() };
        let longest = longest.map(|most| most.to_string()).unwrap_or_default();
        Self(Arc::new(Inner { nodes: Nodes::new(address, demands), key: key.into(), longest }))
    }

    /// Adds an entry of the members `id` and `event`.
    ///
    /// # Errors
    /// It is not added, or nobody knows.
    pub(crate) async fn add(&self, id: &str, event: &str) -> Result<(), String> {
        let mut call = ADD.key(&*self.0.key);
        call.arg(id).arg(event).arg(&self.0.longest);
        // One key, so one place: which partition stands for it does not matter.
        let added = self.0.nodes.run(Partition::numbered(0), &call, None).await;
        added.map(drop).map_err(|error| match error {
            StoreError::NotStored(why) => format!("expected Redis to take it, but found {why}"),
            StoreError::Unknown(why) => format!("expected an answer of Redis, but found {why}; it may have it"),
            // No script of a sink owns anything.
            StoreError::LeaseLost => error.to_string(),
        })
    }
}

impl fmt::Debug for RedisStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStream").field("key", &self.0.key).finish_non_exhaustive()
    }
}
