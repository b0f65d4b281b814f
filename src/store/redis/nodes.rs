//! Which server has which partition. The rule: a call goes to another server only where the first one refused it or was
//! never reached.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use redis::{ScriptInvocation, Value};
use tokio::time::timeout;

use super::address::{Kind, Node, RedisAddress};
use super::copies::Copies;
use super::error::Failure;
use super::line::{ANSWER, CONNECT, End, Line};
use super::partition::{PARTITIONS, Partition};
use super::survey::{Demands, Survey};
use crate::store::StoreError;

/// How often one call is sent on to where it is said to belong.
const HOPS: usize = 8;

/// The servers behind one address.
#[derive(Debug)]
pub(super) enum Nodes {
    /// One, or one at a time.
    One(Line),
    /// Those of a Cluster.
    Cluster(Cluster),
}

/// The nodes of a Cluster, and what was learned about them.
#[derive(Debug)]
pub(super) struct Cluster {
    address: RedisAddress,
    demands: Demands,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    lines: BTreeMap<String, Arc<Line>>,
    /// The node that had a partition last.
    owners: BTreeMap<Partition, String>,
    /// Which of the nodes that are not connected is asked next.
    turn: usize,
}

impl Nodes {
    pub(super) fn new(address: &RedisAddress, demands: Demands) -> Self {
        let line = |end| Self::One(Line::new(end, address.clone(), demands));
        match (&address.kind, address.nodes.as_slice()) {
            (Kind::Sentinel(name), nodes) => line(End::Master(name.clone(), nodes.to_vec())),
            (Kind::Single, [node, ..]) => line(End::Server(node.clone())),
            (_, nodes) => {
                // A node that is a replica says where its master is.
                let demands = Demands { replica: true, ..demands };
                let cluster = Cluster { address: address.clone(), demands, known: Mutex::default() };
                nodes.iter().for_each(|node| drop(cluster.line(node)));
                Self::Cluster(cluster)
            }
        }
    }

    /// Runs a script where its partition is.
    pub(super) async fn run(
        &self,
        partition: Partition,
        call: &ScriptInvocation<'_>,
        copies: Option<Copies<'_>>,
    ) -> Result<Value, StoreError> {
        let outcome = match self {
            Self::One(line) => line.run(call, copies).await,
            Self::Cluster(cluster) => {
                let work = cluster.run(partition, call, copies);
                let bound = copies.map_or(ANSWER, |copies| copies.wait.bound()).saturating_add(CONNECT);
                timeout(bound, work).await.unwrap_or_else(|_| Err(Failure::silent()))
            }
        };
        outcome.map_err(|failure| failure.error)
    }

    /// Looks again at how the servers are set up.
    ///
    /// # Errors
    /// The first that is not as it has to be.
    pub(super) async fn survey(&self) -> Result<(), String> {
        match self {
            Self::One(line) => line.survey().await,
            Self::Cluster(cluster) => {
                cluster.discover().await?;
                let owners = cluster.owners();
                // Before the first call nobody is known to own anything: whoever answers speaks for all.
                let all = if owners.is_empty() { cluster.lines() } else { owners };
                let (mut met, mut last) = (false, Ok(()));
                for line in all {
                    match line.survey().await {
                        Ok(()) => met = true,
                        Err(why) if why.starts_with("expected") => return Err(why),
                        // The others know who has taken over from a node that is gone.
                        Err(why) => last = Err(why),
                    }
                }
                if met { Ok(()) } else { last }
            }
        }
    }

    /// A partition for each server, and each of which nobody knows where it is.
    pub(super) fn apart(&self) -> Vec<Partition> {
        match self {
            Self::One(_) => all().take(1).collect(),
            Self::Cluster(cluster) => cluster.apart(),
        }
    }

    /// What was found when the servers were last looked at.
    pub(super) fn seen(&self) -> Vec<Survey> {
        match self {
            Self::One(line) => line.seen().into_iter().collect(),
            Self::Cluster(cluster) => {
                cluster.lines().iter().filter_map(|line| line.seen()).filter(|seen| seen.master).collect()
            }
        }
    }
}

impl Cluster {
    async fn run(
        &self,
        partition: Partition,
        call: &ScriptInvocation<'_>,
        copies: Option<Copies<'_>>,
    ) -> Result<Value, Failure> {
        let mut last = Failure::unsent("no node of the Redis Cluster");
        let mut asked = BTreeSet::new();
        for _ in 0..HOPS {
            let Some((name, line)) = self.owner(partition, &asked) else { return Err(last) };
            match line.run(call, copies).await {
                Ok(value) => {
                    self.learn(partition, Some(name));
                    return Ok(value);
                }
                Err(failure) if failure.moved.is_some() => {
                    let moved = failure.moved.as_deref().and_then(|address| self.named(address, &name));
                    let moved = moved.filter(|owner| !asked.contains(owner));
                    // Who names one that is gone does not know better yet; another one may.
                    match moved.is_some() {
                        true => last = failure,
                        false => drop(asked.insert(name)),
                    }
                    self.learn(partition, moved);
                }
                // Not reached, or left by the others: another node knows who has the partition now.
                Err(failure) if matches!(failure.error, StoreError::NotStored(_)) && !failure.sent => {
                    self.learn(partition, None);
                    asked.insert(name);
                    last = failure;
                }
                Err(failure) => {
                    if failure.broken {
                        self.learn(partition, None);
                    }
                    return Err(failure);
                }
            }
        }
        Err(last)
    }

    /// Who has a partition, or some node that was not asked in vain, which says who has it: one that is connected, as those
    /// that are gone cost a second each; else another one each time.
    fn owner(&self, partition: Partition, asked: &BTreeSet<String>) -> Option<(String, Arc<Line>)> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { lines, owners, turn } = &mut *known;
        let owner = owners.get(&partition).filter(|name| !asked.contains(*name));
        if let Some((name, line)) = owner.and_then(|name| lines.get_key_value(name)) {
            return Some((name.clone(), Arc::clone(line)));
        }
        let rest: Vec<_> = lines.iter().filter(|(name, _)| !asked.contains(*name)).collect();
        let connected = rest.iter().find(|(_, line)| line.is_connected());
        *turn = turn.wrapping_add(1);
        let (name, line) = connected.or_else(|| rest.get(turn.checked_rem(rest.len())?))?;
        Some(((*name).clone(), Arc::clone(line)))
    }

    fn learn(&self, partition: Partition, owner: Option<String>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match owner {
            Some(owner) => known.owners.insert(partition, owner),
            None => known.owners.remove(&partition),
        };
    }

    /// The node at an address that another one named; without a host it is the other one's.
    fn named(&self, address: &str, by: &str) -> Option<String> {
        let (host, port) = address.rsplit_once(':')?;
        let host = if host.is_empty() { by.rsplit_once(':')?.0 } else { host };
        let node = Node { host: host.trim_matches(['[', ']']).into(), port: port.parse().ok()? };
        Some(self.line(&node))
    }

    /// Remembers a node; answers its name.
    fn line(&self, node: &Node) -> String {
        let name = node.to_string();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .lines
            .entry(name.clone())
            .or_insert_with(|| Arc::new(Line::new(End::Server(node.clone()), self.address.clone(), self.demands)));
        name
    }

    fn lines(&self) -> Vec<Arc<Line>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.lines.values().cloned().collect()
    }

    fn apart(&self) -> Vec<Partition> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut met = BTreeSet::new();
        all().filter(|partition| known.owners.get(partition).is_none_or(|owner| met.insert(owner.clone()))).collect()
    }

    fn owners(&self) -> Vec<Arc<Line>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let names: std::collections::BTreeSet<_> = known.owners.values().collect();
        names.into_iter().filter_map(|name| known.lines.get(name).cloned()).collect()
    }

    /// Nodes that left the Cluster would be asked in vain for ever.
    fn forget_all_but(&self, listed: &BTreeSet<String>) {
        let configured: BTreeSet<_> = self.address.nodes.iter().map(ToString::to_string).collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { lines, owners, .. } = &mut *known;
        let stays = |name: &String| listed.contains(name) || configured.contains(name);
        lines.retain(|name, _| stays(name) || owners.values().any(|owner| owner == name));
    }

    /// Learns all nodes from the first one that answers, so that any of them may go.
    ///
    /// # Errors
    /// None answers.
    async fn discover(&self) -> Result<(), String> {
        let mut lines: Vec<_> = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.lines.iter().map(|(name, line)| (name.clone(), Arc::clone(line))).collect()
        };
        lines.sort_by_key(|(_, line)| !line.is_connected());
        let mut listed = BTreeSet::new();
        let mut last = "no node of the Redis Cluster".to_owned();
        for (name, line) in lines {
            let mut command = redis::cmd("CLUSTER");
            match line.ask(command.arg("NODES")).await {
                Ok(value) => {
                    let text: String = redis::from_redis_value(value).map_err(|_| "no list of nodes".to_owned())?;
                    for line in text.lines() {
                        // id, ip:port@bus[,name], flags, …
                        let mut words = line.split(' ').skip(1);
                        let place = words.next().unwrap_or_default();
                        let flags = words.next().unwrap_or_default();
                        let address = place.split('@').next().unwrap_or_default();
                        // A certificate names a host by its name, if the host has one.
                        let named =
                            place.split(',').nth(1).filter(|name| !name.is_empty() && self.address.is_encrypted());
                        let address = match (named, address.rsplit_once(':')) {
                            (Some(host), Some((_, port))) => &format!("{host}:{port}"),
                            _ => address,
                        };
                        if !flags.contains("fail") && !flags.contains("noaddr") && !flags.contains("handshake") {
                            listed.extend(self.named(address, &name));
                        }
                    }
                    self.forget_all_but(&listed);
                    return Ok(());
                }
                Err(failure) => last = failure.error.to_string(),
            }
        }
        Err(last)
    }
}

/// Every partition.
pub(super) fn all() -> impl Iterator<Item = Partition> {
    (0..PARTITIONS).map(Partition::numbered)
}
