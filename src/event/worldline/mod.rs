//! Documents of Worldline's notification API 3.5.0. Unknown members and words pass through; dates stay as written.

mod amounts;
mod consent;
mod debtor;
mod debtor_token;
mod links;
mod payment;
mod sca;

pub use amounts::*;
pub use consent::*;
pub use debtor::*;
pub use debtor_token::*;
pub use links::*;
pub use payment::*;
pub use sca::*;

use serde::Deserialize;
use serde::de::{Error, IgnoredAny};

/// What the body of `/status` is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// A consent.
    Consent(Box<ConsentDetailedInformation>),
    /// A payment.
    Payment(Box<PaymentDetailedInformation>),
}

/// Reads the body of `/status`, which is one of two documents.
///
/// # Errors
/// It is neither, or both, or not as the schema says.
pub fn parse_status(body: &[u8]) -> Result<Status, serde_json::Error> {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "ConsentId")]
        consent: Option<IgnoredAny>,
        #[serde(rename = "CommonPaymentData")]
        payment: Option<IgnoredAny>,
    }
    let kind: Kind = serde_json::from_slice(body)?;
    match (kind.consent, kind.payment) {
        (Some(_), None) => Ok(Status::Consent(serde_json::from_slice(body)?)),
        (None, Some(_)) => Ok(Status::Payment(serde_json::from_slice(body)?)),
        _ => {
            Err(serde_json::Error::custom("expected either ConsentId or CommonPaymentData, but found both or neither"))
        }
    }
}
