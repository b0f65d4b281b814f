//! Joompay: the way back from its authorization page.
//!
//! | fact | value | source |
//! |---|---|---|
//! | request | `response_type=code&state=…&redirectUri=…&clientId=…`, spelled so | guide, "Obtaining user token", step 1 |
//! | success | back at the callback with `code` | the same, step 3 |
//! | `state` | comes back, "according to OAuth specification" | the same, step 1; RFC 6749, section 4.1.2 |
//! | code | lives about 10 minutes | the same, step 3 |
//! | refusal | not documented | assumed: RFC 6749, section 4.1.2.1 |
//! | proof | the state alone; nothing is signed | reference of providers, section 0 |
//! | retries | none: it is a browser | the same |

use std::time::Duration;

use super::{Facts, RequestSpelling};
use crate::event::CallbackGrammar;

/// About so long, from the moment the code was made.
const CODE_LIFETIME: Duration = Duration::from_secs(10 * 60);

pub(super) fn facts() -> Facts {
    Facts {
        name: "joompay",
        grammar: CallbackGrammar::OAuth,
        request: RequestSpelling { client_id: "clientId", redirect_uri: "redirectUri", demanded: &[] },
        code_lifetime: Some(CODE_LIFETIME),
    }
}
