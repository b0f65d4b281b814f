//! What a store says about itself: version, number of partitions, and the key of its seals. The rule: nothing is written
//! to a store before it is known to be one that this program knows.

use redis::Value;
use zeroize::Zeroizing;

use super::calls::{Calls, call};
use super::error::OpenError;
use super::nodes::{Nodes, all};
use super::partition::{PARTITIONS, Partition};
use super::reply::{bytes, members, text, word};
use super::{RedisOptions, script};
use crate::clock::Timestamp;
use crate::crypto::{Algorithm, MacKey, Secret};
use crate::store::{Seal, StoreError};
use crate::wire::encoding::Encoding;

/// Version of the keys and scripts.
const VERSION: &str = "4";

/// Finds what a start would find, and makes nothing: whether there is a store.
///
/// # Errors
/// A start would refuse what is there.
pub(super) async fn examined(
    nodes: &Nodes,
    address: &str,
    prefix: &str,
    options: &RedisOptions,
) -> Result<bool, OpenError> {
    let mut own: Option<Option<Plan>> = None;
    for partition in all() {
        let asking = call(&script::PLAN, prefix, partition, Timestamp::default());
        let unreachable = |error| OpenError::Unreachable { address: address.to_owned(), why: reason(error) };
        let mut told = members(nodes.run(partition, &asking, None).await.map_err(unreachable)?).into_iter();
        let said = Told::read(&mut told);
        let mark = text(&mut told);
        // The first partition has the plan.
        let own = match &own {
            Some(own) => own,
            None if said.version.is_empty() && mark.is_empty() => own.insert(None),
            None => own.insert(Some(said.plan(address, options)?.1)),
        };
        if !mark.is_empty() && own.as_ref().is_none_or(|plan| plan.mark != mark) {
            return Err(another_ones(address, partition));
        }
    }
    Ok(own.flatten().is_some())
}

/// What a store says of itself.
struct Told {
    version: String,
    partitions: String,
    kept: Zeroizing<Vec<u8>>,
    check: Vec<u8>,
}

impl Told {
    fn read(told: &mut impl Iterator<Item = Value>) -> Self {
        let (version, partitions) = (text(told), text(told));
        Self { version, partitions, kept: Zeroizing::new(bytes(told)), check: bytes(told) }
    }

    /// The seals of this store, if it is one that this program knows.
    fn plan(self, address: &str, options: &RedisOptions) -> Result<(Seal, Plan), OpenError> {
        let Self { version, partitions, kept, check } = self;
        let foreign = |why: &str| OpenError::Foreign { address: address.to_owned(), why: why.to_owned() };
        if version.is_empty() {
            return Err(foreign(
                "expected the plan of this inbox, but found records without it; put back what Redis had, or name another \
                 prefix",
            ));
        }
        if version != VERSION || partitions != PARTITIONS.to_string() {
            return Err(foreign(&format!(
                "expected an inbox of version {VERSION} with {PARTITIONS} partitions, but found version {version:?} with \
                 {partitions:?}; use the release that wrote it, or another prefix: no version of an inbox in Redis is read \
                 by the other"
            )));
        }
        if check != options.seal.as_ref().map(checked).unwrap_or_default() {
            return Err(foreign(
                "expected the seal that this inbox was made with, but found another one, or none; see [store] seal",
            ));
        }
        let key = options.seal.as_ref().map_or(kept.as_slice(), Secret::expose);
        let seal = Seal::new(key).map_err(|_| foreign("expected the key of the seals, but found none"))?;
        let mark = Secret::new(key).map(|key| checked(&key)).unwrap_or_default();
        let mark = Encoding::Hex.encode(mark.first_chunk::<8>().map_or(&[], |first| first.as_slice()));
        Ok((seal, Plan { kept, check, mark }))
    }
}

/// Reads the plan, and makes one if there is none and it may be made. Answers the seals of this store.
pub(super) async fn found(
    nodes: &Nodes,
    address: &str,
    prefix: &str,
    options: &RedisOptions,
    observe: bool,
) -> Result<(Seal, Plan), OpenError> {
    let unreachable = |error: StoreError| OpenError::Unreachable { address: address.to_owned(), why: reason(error) };
    let key = match &options.seal {
        Some(_) => Zeroizing::new([0; Seal::KEY_LENGTH]),
        None => {
            Zeroizing::new(Seal::generate().map_err(|error| unreachable(StoreError::NotStored(error.to_string())))?)
        }
    };
    let check = options.seal.as_ref().map(checked).unwrap_or_default();
    let home = Partition::numbered(0);
    let script = if observe { &script::PLAN } else { &script::FOUND };
    let mut asking = call(script, prefix, home, Timestamp::default());
    if !observe {
        let kept: &[u8] = if options.seal.is_some() { &[] } else { key.as_slice() };
        asking.arg(VERSION).arg(PARTITIONS).arg(kept).arg(&check);
    }
    let told = Told::read(&mut members(nodes.run(home, &asking, None).await.map_err(unreachable)?).into_iter());
    if told.version.is_empty() && observe {
        let why = format!("expected an inbox under the prefix {prefix:?}, but found none");
        return Err(OpenError::Foreign { address: address.to_owned(), why });
    }
    told.plan(address, options)
}

/// What this receiver knows of the plan.
pub(super) struct Plan {
    /// The key of the seals, if the store keeps it itself.
    kept: Zeroizing<Vec<u8>>,
    /// The check of a key that the store does not keep.
    check: Vec<u8>,
    mark: String,
}

impl Plan {
    /// Tells the key of the seals from another one, and nothing else of it.
    pub(super) fn mark(&self) -> &str {
        &self.mark
    }

    /// Makes a store again that has come back empty, with the same key: what is sealed with it stays readable.
    pub(super) async fn make_again(&self, calls: &Calls, partition: Partition) -> Result<(), StoreError> {
        let home = Partition::numbered(0);
        let mut asking = calls.call(&script::FOUND, home);
        asking.arg(VERSION).arg(PARTITIONS).arg(self.kept.as_slice()).arg(&self.check);
        let mut plan = members(calls.keep(home, &asking).await?).into_iter().skip(2);
        let (kept, check) = (Zeroizing::new(bytes(&mut plan)), bytes(&mut plan));
        if kept != self.kept || check != self.check || self.note(calls, partition).await? != self.mark {
            return Err(calls.halt());
        }
        Ok(())
    }

    /// Notes by which key a partition is sealed, if nothing is noted; answers what is. Nobody waits for copies of it: they
    /// come before those of the first record.
    async fn note(&self, calls: &Calls, partition: Partition) -> Result<String, StoreError> {
        let mut call = calls.call(&script::SEAL, partition);
        Ok(word(calls.run(partition, call.arg(&self.mark)).await?))
    }
}

/// Notes in every partition by which key it is sealed.
///
/// # Errors
/// A partition is sealed with another key: a part of the store outlived its plan, and nobody could open it.
pub(super) async fn mark_all(calls: &Calls, address: &str) -> Result<(), OpenError> {
    for partition in all() {
        let found = calls
            .plan
            .note(calls, partition)
            .await
            .map_err(|error| OpenError::Unreachable { address: address.to_owned(), why: reason(error) })?;
        if found != calls.plan.mark {
            return Err(another_ones(address, partition));
        }
    }
    Ok(())
}

fn another_ones(address: &str, partition: Partition) -> OpenError {
    let why = format!(
        "expected the records of partition {} to be sealed with this inbox's key, but found another one's, as where a part \
         of Redis came back empty; put back what it had, or name another prefix",
        partition.number()
    );
    OpenError::Foreign { address: address.to_owned(), why }
}

/// Tells one key of seals from another without giving it away.
fn checked(secret: &Secret) -> Vec<u8> {
    let key = MacKey::new(Algorithm::Hs256, secret);
    key.map(|key| key.sign(&[b"countersign: the key of the seals"])).unwrap_or_default()
}

fn reason(error: StoreError) -> String {
    match error {
        StoreError::NotStored(why) | StoreError::Unknown(why) => why,
        StoreError::LeaseLost => error.to_string(),
    }
}
