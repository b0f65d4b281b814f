//! Younify: the way back from a bank that a user adds.
//!
//! | fact | value | source |
//! |---|---|---|
//! | request | `redirect_uri`, `client_id`, `state`, `response_type=code`, `user_id`, `bank_id` | PSD2 API, "User redirect" |
//! | `user_id` | our own id of the user; `bank_id` from the list of banks | the same |
//! | success | back at `redirect_uri` with `state` and `code` | the same, "Extract Authorization Code" |
//! | `state` | has to be the one that was sent, or the process is to be interrupted | the same |
//! | refusal | RFC 6749, section 4.1.2.1 | the same |
//! | code | how long it lives is not documented | |
//! | proof | the state alone; nothing is signed | reference of providers, section 0 |
//! | retries | none: it is a browser | the same |

use super::{Facts, RequestSpelling};
use crate::event::CallbackGrammar;

pub(super) fn facts() -> Facts {
    Facts {
        name: "younify",
        grammar: CallbackGrammar::OAuth,
        request: RequestSpelling { demanded: &["user_id", "bank_id"], ..RequestSpelling::RFC_6749 },
        code_lifetime: None,
    }
}
