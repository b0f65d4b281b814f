//! What a store says about itself: version, number of partitions, and the key of its seals. The rule: nothing is written
//! to a store before it is known to be one that this program knows.

use zeroize::Zeroizing;

use super::calls::call;
use super::error::OpenError;
use super::nodes::Nodes;
use super::partition::{PARTITIONS, Partition};
use super::reply::{bytes, members, text};
use super::{RedisOptions, script};
use crate::clock::Timestamp;
use crate::crypto::{Algorithm, MacKey, Secret};
use crate::store::{Seal, StoreError};

/// Version of the keys and scripts.
const VERSION: &str = "2";

/// Reads the plan, and makes one if there is none and it may be made. Answers the seals of this store.
pub(super) async fn found(
    nodes: &Nodes,
    address: &str,
    prefix: &str,
    options: &RedisOptions,
    observe: bool,
) -> Result<Seal, OpenError> {
    let unreachable = |error: StoreError| OpenError::Unreachable { address: address.to_owned(), why: reason(error) };
    let foreign = |why: String| OpenError::Foreign { address: address.to_owned(), why };
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
    let mut plan = members(nodes.run(home, &asking, None).await.map_err(unreachable)?).into_iter();
    let (version, partitions) = (text(&mut plan), text(&mut plan));
    let (kept, found) = (Zeroizing::new(bytes(&mut plan)), bytes(&mut plan));
    if version.is_empty() {
        return Err(foreign(format!("expected an inbox under the prefix {prefix:?}, but found none")));
    }
    if version != VERSION || partitions != PARTITIONS.to_string() {
        return Err(foreign(format!(
            "expected an inbox of version {VERSION} with {PARTITIONS} partitions, but found version {version:?} with \
             {partitions:?}; use the release that wrote it, or a later one"
        )));
    }
    if check != found {
        return Err(foreign(
            "expected the seal that this inbox was made with, but found another one, or none; see [store] seal"
                .to_owned(),
        ));
    }
    let key = options.seal.as_ref().map_or(kept.as_slice(), Secret::expose);
    Seal::new(key).map_err(|_| foreign("expected the key of the seals, but found none".to_owned()))
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
