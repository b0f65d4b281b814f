//! Who is the master, as Sentinels say. The rule: all are asked at once, and most of them decide: one that comes back, or is
//! cut off from the others, still names whom it knew last.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::address::{Node, RedisAddress};
use super::link::{Link, words};

/// How long one may take to answer: half of the time in which a connection is made.
const ANSWER: Duration = Duration::from_millis(500);

/// Whom they name.
pub(super) struct Named {
    pub(super) node: Node,
    /// Whether more than half of those that are configured do.
    pub(super) by_most: bool,
}

/// Whom most of them name, or at least more than name another one.
///
/// # Errors
/// What was found with one of them, if none names anybody.
pub(super) async fn master(address: &RedisAddress, name: &str, sentinels: &[Node]) -> Result<Named, String> {
    let mut asked = JoinSet::new();
    for sentinel in sentinels {
        let (address, sentinel, name) = (address.clone(), sentinel.clone(), name.to_owned());
        asked.spawn(async move {
            match timeout(ANSWER, ask(&address, &sentinel, &name)).await {
                Ok(told) => told.map_err(|why| format!("{why}, at the Sentinel {sentinel}")),
                Err(_) => Err(format!("no answer of the Sentinel at {sentinel} in time")),
            }
        });
    }
    let mut named: Vec<(Node, usize)> = Vec::new();
    let mut last = "no Sentinel".to_owned();
    while let Some(told) = asked.join_next().await {
        let node = match told {
            Ok(Ok(node)) => node,
            Ok(Err(why)) => {
                last = why;
                continue;
            }
            Err(_) => continue,
        };
        let count = match named.iter_mut().find(|(known, _)| *known == node) {
            Some((_, count)) => {
                *count = count.saturating_add(1);
                *count
            }
            None => {
                named.push((node.clone(), 1));
                1
            }
        };
        if count > sentinels.len() / 2 {
            return Ok(Named { node, by_most: true });
        }
    }
    let most = named.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(node, _)| Named { node, by_most: false }).ok_or(last)
}

async fn ask(address: &RedisAddress, sentinel: &Node, name: &str) -> Result<Node, String> {
    let mut link = Link::open(address, sentinel, &address.sentinels, 0).await?;
    let mut command = redis::cmd("SENTINEL");
    command.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
    let told: Option<(String, u16)> = command.query_async(&mut link.connection).await.map_err(|error| words(&error))?;
    let (host, port) = told.ok_or_else(|| format!("a Sentinel that knows no master {name:?}"))?;
    Ok(Node { host: host.into(), port })
}
