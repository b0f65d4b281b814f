//! UAE Open Finance (CBUAE): webhooks of the API Hub, versions 1.2 to 2.1.
//!
//! | fact | value | source |
//! |---|---|---|
//! | content | a JWS (PS256) inside of a JWE (RSA-OAEP-256, A256GCM), compact; claim `message` is the event | webhook template 2.1 |
//! | which event | the one id in `Meta`, and `PaymentId` or `EventResource` for a payment | the same |
//! | `Data` | left out when the resource was deleted; may be anything before 2.1 | the same |
//! | answer | 202, empty; 204 in 1.2 and 2.0 | the same, developer guide |
//! | correlation | `x-fapi-interaction-id`, a UUID, to be sent back | webhook guides |
//! | errors | `{"Errors": [{Code, Message}]}` as a signed JWT for 400, 403 and 500, otherwise no body | webhook template 2.1 |
//! | 422 | not in the template; as a 400 | assumed |
//! | without a key to sign replies | no body: an unsigned one would break the contract | assumed |

mod decode;
mod dialect;
mod reply_signer;

pub use reply_signer::{ReplySigner, UnfitSigner};

/// The header of a request that its answer repeats.
const INTERACTION_ID: &str = "x-fapi-interaction-id";
