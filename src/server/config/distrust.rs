//! The keys that an endpoint trusts no more, beside those that it has. The rule: whoever misspells an id, or leaves out another id
//! of the same key, is told.

use super::EndpointSettings;
use crate::error::ConfigError;
use crate::keys::{Key, KeyId, KeySet};
use crate::profile::{Presence, Scheme};
use crate::verify::BEARER;

/// One id of `distrust`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distrusted {
    /// As it was written.
    pub id: KeyId,
    /// Whether it is the id of a key that the endpoint has now, or of the bearer token where that vouches alone.
    pub is_known: bool,
    /// Other ids that the same key has now, and that are not listed themselves.
    pub also: Vec<KeyId>,
}

pub(super) fn read(ids: &[String]) -> Result<Vec<KeyId>, ConfigError> {
    let read = |id: &String| KeyId::new(id).map_err(|error| ConfigError::new("distrust", error.to_string()));
    ids.iter().map(read).collect()
}

impl EndpointSettings {
    /// What `distrust` means beside the keys that are there now.
    pub fn distrusted(&self) -> Vec<Distrusted> {
        let keys = || self.keys.iter().flat_map(KeySet::iter);
        let named = |id: &KeyId| keys().filter(|key| same(key.id(), id)).collect::<Vec<&Key>>();
        let is_listed = |key: &&Key| self.distrust.iter().any(|listed| same(listed, key.id()));
        let of = |id: &KeyId| {
            let named = named(id);
            let others = keys().filter(|key| named.iter().any(|one| one.is_same_as(key)) && !is_listed(key));
            let is_known = !named.is_empty() || self.may_rest_on_bearer() && id.as_str().eq_ignore_ascii_case(BEARER);
            Distrusted { id: id.clone(), is_known, also: others.map(|key| key.id().clone()).collect() }
        };
        self.distrust.iter().map(of).collect()
    }

    /// Says in the log what is to be mended of it.
    pub(in crate::server) fn warn_of_distrust(&self) {
        let endpoint = &*self.name;
        for Distrusted { id, is_known, also } in self.distrusted() {
            if !is_known {
                tracing::warn!(code = "distrust_unknown", endpoint, key_id = %id, "a key is distrusted that is none of those that there are now");
            }
            for other in also {
                tracing::warn!(code = "distrust_incomplete", endpoint, key_id = %id, also = %other, cure = "list the other id, too", "a distrusted key has another id, under which it would be trusted once this one is gone");
            }
        }
    }

    /// Whether a bearer token vouches where no signature does.
    fn may_rest_on_bearer(&self) -> bool {
        let is_optional =
            matches!(self.profile.scheme(), Scheme::Http(scheme) if scheme.presence == Presence::IfPresent);
        is_optional && self.wants_bearer()
    }
}

fn same(one: &KeyId, other: &KeyId) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}
