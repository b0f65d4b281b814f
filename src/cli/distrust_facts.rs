//! What `check` says of the keys that an endpoint trusts no more. The rule: each id is said to be a key or not, and a key under
//! all its names, so that none is missed.

use serde_json::{Value, json};

use crate::keys::{Key, KeyId, KeySet};
use crate::server::config::EndpointSettings;

/// One id of `distrust`.
struct Fact<'a> {
    id: &'a str,
    is_known: bool,
    /// Other ids of the same key.
    also: Vec<&'a str>,
}

fn facts(endpoint: &EndpointSettings) -> Vec<Fact<'_>> {
    let keys = || endpoint.keys.iter().flat_map(KeySet::iter);
    let fact = |id: &'_ KeyId| {
        let is_it = |key: &&Key| key.id().as_str().eq_ignore_ascii_case(id.as_str());
        let same = keys().filter(|key| keys().filter(is_it).any(|one| one.is_same_as(key)) && !is_it(key));
        (endpoint.has_key(id), same.map(|key| key.id().as_str()).collect())
    };
    let ids = endpoint.distrust.iter();
    ids.map(|id| {
        let (is_known, also) = fact(id);
        Fact { id: id.as_str(), is_known, also }
    })
    .collect()
}

/// For people.
pub(super) fn words(endpoint: &EndpointSettings) -> String {
    let one = |Fact { id, is_known, also }: Fact<'_>| match (is_known, also.is_empty()) {
        (false, _) => format!("{id}, which is none of the keys"),
        (true, true) => format!("{id}, of which NOTHING IS TAKEN"),
        (true, false) => format!("{id}, of which NOTHING IS TAKEN, nor under its other id {}", also.join(", ")),
    };
    facts(endpoint).into_iter().map(one).collect::<Vec<_>>().join("; ")
}

/// For machines.
pub(super) fn documents(endpoint: &EndpointSettings) -> Vec<Value> {
    let one = |Fact { id, is_known, also }: Fact<'_>| json!({"keyid": id, "isOneOfTheKeys": is_known, "also": also});
    facts(endpoint).into_iter().map(one).collect()
}
