//! Tribe: the way back from a bank, after the confirmation of a payment or the approval of a consent.
//!
//! | fact | value | source |
//! |---|---|---|
//! | where to | the `callback_url` that the third party sent with the payment | "Payment", step 4; providers, section 3.2 |
//! | not confirmed | `status` and `message` | "Payment", step 4 |
//! | confirmed | `status` and `payment_id` | the same |
//! | declined | a cancel `status`, `payment_id` and `message` | "Payment", step 5 |
//! | words of `status` | not documented | so the three cases above are told apart by what else is there |
//! | consent | "authorization data in URL query" | "Authorization", step 6; assumed: RFC 6749, section 4.1.2 |
//! | `state` | not documented | assumed: one that stands in the query of our `callback_url` comes back with it |
//! | proof | the state alone; nothing is signed | follows |
//!
//! A status says what the browser was told. What became of the payment is asked of the API, or told by the webhooks.

use super::{Facts, RequestSpelling};
use crate::event::CallbackGrammar;

pub(super) fn facts() -> Facts {
    Facts {
        name: "tribe-redirect",
        grammar: CallbackGrammar::Tribe,
        request: RequestSpelling::RFC_6749,
        code_lifetime: None,
    }
}
