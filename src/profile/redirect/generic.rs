//! A bank that follows RFC 6749 and says no more.
//!
//! | fact | value | source |
//! |---|---|---|
//! | success | `code` and `state` | RFC 6749, section 4.1.2 |
//! | refusal | `error`, `error_description`, `error_uri` and `state` | section 4.1.2.1 |
//! | unknown parameters | are ignored | section 4.1.2 |
//! | code | at most 10 minutes are recommended; the bank's own time is not known | section 4.1.2 |
//! | `iss` | the bank's issuer, if it names one | RFC 9207 |

use super::{Facts, RequestSpelling};
use crate::event::CallbackGrammar;

pub(super) fn facts() -> Facts {
    Facts { name: "redirect", grammar: CallbackGrammar::OAuth, request: RequestSpelling::RFC_6749, code_lifetime: None }
}
