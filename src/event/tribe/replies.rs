//! What a bank answers, computed at once because the sender relays it. None can be made without its required members.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::accounts::{Account, Balance, Transactions};
use super::requests::PaymentId;
use super::words::{ErrorCode, PaymentStatus};

/// To `v2_accounts`: one account for each currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountsReply {
    /// The accounts of the user.
    pub accounts: Vec<Account>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// To `v2_account`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountReply {
    /// The account asked for.
    pub account: Account,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// To `v2_account_balances`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancesReply {
    /// The balances of the account.
    pub balances: Vec<Balance>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// To `v2_account_transactions`. Links between pages, where a bank gives any, are kept in `other`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionsReply {
    /// The transactions of this page.
    pub transactions: Transactions,
    /// The next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_key: Option<String>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// To `v2_payment_single`, `v2_payment_bulk` and `v2_payment_direct_single`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentInitiated {
    /// The status of the payment now.
    pub status: PaymentStatus,
    /// Where the user confirms the payment.
    pub confirmation_url: String,
    /// What the bank calls the payment; 1 to 255 characters.
    pub payment_id: PaymentId,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// To `v2_payment_single_status` and `v2_payment_bulk_status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionStatus {
    /// The status of the payment now.
    pub transaction_status: PaymentStatus,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// To `v2_funds_confirmations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundsConfirmation {
    /// Whether the amount is there at this moment.
    pub funds_available: bool,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The error answer, the same for all webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TribeError {
    /// What is wrong; at most 255 characters.
    pub code: ErrorCode,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// When it went wrong; ISO 8601, at most 25 characters (seconds and an offset, no fraction).
    pub timestamp: String,
    /// The `X-Request-Id` of the request. The published length of 16 is that of a UUID's bytes, not of its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Members the published text does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reply_without_its_required_members_is_refused() {
        assert!(serde_json::from_str::<PaymentInitiated>(r#"{"status":"RCVD","payment_id":"p"}"#).is_err());
        assert!(serde_json::from_str::<TransactionStatus>("{}").is_err());
        assert!(serde_json::from_str::<FundsConfirmation>("{}").is_err());
        assert!(serde_json::from_str::<TribeError>(r#"{"code":"FORMAT_ERROR"}"#).is_err());
    }

    #[test]
    fn an_error_is_written_in_the_published_names() {
        let error = TribeError {
            code: ErrorCode::WrongCredentials,
            title: None,
            timestamp: "2024-05-01T10:00:00+00:00".into(),
            request_id: Some("1af7b333-7a06-41b1-8a61-e9a29fd069bc".into()),
            other: Map::new(),
        };
        let expected = json!({
            "code": "WRONG_CREDENTIALS",
            "timestamp": "2024-05-01T10:00:00+00:00",
            "requestId": "1af7b333-7a06-41b1-8a61-e9a29fd069bc",
        });
        assert_eq!(serde_json::to_value(&error).unwrap(), expected);
    }

    #[test]
    fn every_reply_survives_reading_and_writing() {
        fn survives<T: serde::de::DeserializeOwned + Serialize>(reply: Value) {
            let typed: T = serde_json::from_value(reply.clone()).unwrap();
            assert_eq!(serde_json::to_value(typed).unwrap(), reply);
        }
        let account = json!({
            "resource_id": "a-1", "iban": "DE89370400440532013000", "bban": "370400440532013000",
            "account_number": 31926819, "sort_code": "601613", "currency": "EUR", "name": "Main", "payment_schemes": ["SCT", "NEW"],
        });
        let transaction = json!({
            "transaction_id": "t-1", "creditor_name": "Bakery", "creditor_account": account, "debtor_name": "Ann",
            "debtor_account": account, "remittance_information_unstructured": "bread",
            "remittance_information_structured": {"reference": "RF18539007547034", "reference_type": "SCOR"},
            "transaction_amount": {"amount": "90071992547409931.23", "currency": "EUR", "value_date": "2024-05-01", "booking_date": "2024-05-02"},
        });
        survives::<AccountsReply>(json!({"accounts": [account]}));
        survives::<AccountReply>(json!({"account": account}));
        survives::<BalancesReply>(
            json!({"balances": [{"balance_amount": {"amount": "-1.50", "currency": "EUR"}, "balance_type": "interimBooked"}]}),
        );
        survives::<TransactionsReply>(
            json!({"transactions": {"booked": [transaction], "pending": []}, "page_key": "2", "_links": {"next": 1}}),
        );
        survives::<PaymentInitiated>(
            json!({"status": "RCVD", "confirmation_url": "https://bank.example/c", "payment_id": "p"}),
        );
        survives::<TransactionStatus>(json!({"transaction_status": "ACSC"}));
        survives::<FundsConfirmation>(json!({"funds_available": true}));
    }
}
