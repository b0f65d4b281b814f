//! `DebtorToken`: an iDEAL debtor token was issued.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::identifier::Identifier;

/// The body of `/debtorToken`. The schema demands nothing; a token without its payment could be given to nobody, so both
/// are demanded here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DebtorToken {
    /// Id of the user.
    #[serde(rename = "PsuId", default, skip_serializing_if = "Option::is_none")]
    pub psu_id: Option<String>,
    /// The payment that it was issued for; 1 to 35 characters.
    #[serde(rename = "PaymentId")]
    pub payment_id: Identifier<35>,
    /// The token.
    #[serde(rename = "DebtorToken")]
    pub debtor_token: String,
    /// Members that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
