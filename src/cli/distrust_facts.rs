//! What `check` says of the keys that an endpoint trusts no more. The rule: each id is said to be a key or not, and a key under
//! all its ids, so that none is missed.

use serde_json::{Value, json};

use crate::server::config::{Distrusted, EndpointSettings};

/// For people.
pub(super) fn words(endpoint: &EndpointSettings) -> String {
    let one = |Distrusted { id, is_known, also }: Distrusted| match (is_known, also.is_empty()) {
        (false, _) => format!("{id}, which is NONE OF THE KEYS"),
        (true, true) => format!("{id}, of which nothing is taken"),
        (true, false) => {
            let also: Vec<_> = also.iter().map(ToString::to_string).collect();
            format!("{id}, of which nothing is taken; LIST ITS OTHER ID, TOO: {}", also.join(", "))
        }
    };
    endpoint.distrusted().into_iter().map(one).collect::<Vec<_>>().join("; ")
}

/// For machines.
pub(super) fn documents(endpoint: &EndpointSettings) -> Vec<Value> {
    let one = |Distrusted { id, is_known, also }: Distrusted| {
        let also: Vec<_> = also.iter().map(ToString::to_string).collect();
        json!({"keyid": id.as_str(), "isOneOfTheKeys": is_known, "also": also})
    };
    endpoint.distrusted().into_iter().map(one).collect()
}
