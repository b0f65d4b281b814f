//! The iDEAL debtor token, body of `POST /debtorToken`. It names the payment it belongs to, or it is refused.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::payment::PaymentId;

/// A token that stands for a debtor in later iDEAL payments.
///
/// The schema requires no member. `PaymentId` and `DebtorToken` are required all the same: without the first the token
/// belongs to nobody, without the second there is no token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DebtorToken {
    /// The user, from the management of users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psu_id: Option<String>,
    /// The payment in which the token came to be.
    pub payment_id: PaymentId,
    /// The token, made by the access point. It is a credential: keep it out of logs.
    pub debtor_token: String,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl fmt::Debug for DebtorToken {
    /// Shows neither the token nor what the schema does not name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DebtorToken").field("payment_id", &self.payment_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::DebtorToken;

    #[test]
    fn a_token_without_its_payment_is_refused() {
        for json in [
            r#"{"DebtorToken":"t"}"#,
            r#"{"PaymentId":"p"}"#,
            r#"{"PaymentId":null,"DebtorToken":"t"}"#,
            r#"{"PaymentId":"","DebtorToken":"t"}"#,
            r#"{"PaymentId":"123456789012345678901234567890123456","DebtorToken":"t"}"#,
        ] {
            assert!(serde_json::from_str::<DebtorToken>(json).is_err(), "{json}");
        }
        let token: DebtorToken = serde_json::from_str(r#"{"PaymentId":"p","DebtorToken":"t"}"#).unwrap();
        assert_eq!((&*token.payment_id, token.psu_id), ("p", None));
    }
}
