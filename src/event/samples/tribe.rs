//! Tribe's documents.

use serde_json::{Value, json};

use super::SampleIds;

/// The document of an action; `None` for `v2_accounts`, which has no body, and for what is no action.
pub fn sample(action: &str, ids: &SampleIds) -> Option<Value> {
    let payment = ids.short();
    Some(match action {
        "v2_account" | "v2_account_balances" => json!({"account_id": "acc-1"}),
        "v2_account_transactions" => json!({
            "account_id": "acc-1", "booking_status": "both", "date_from": "2026-01-01", "date_to": "2026-01-31",
            "page_key": "p2", "page_size": 50
        }),
        "v2_payment_single" | "v2_payment_direct_single" => json!({
            "payment_scheme": "SCT",
            "debtor_account": {"iban": "DE89370400440532013000"}, "debtor_name": "Ada Schmidt",
            "creditor_account": {"iban": "NL91ABNA0417164300"}, "creditor_name": "Koekfabriek B.V.",
            "creditor_bank": {"bic": "ABNANL2A"},
            "instructedAmount": {"amount": "123.45", "currency": "EUR"},
            "remittanceInformationUnstructured": format!("invoice {}", ids.number),
            "remittanceInformationStructured": {"reference": "RF18539007547034"},
            "creditorAddress": {"townName": "Amsterdam", "country": "NL"},
            "callback_url": "https://tpp.example/callback"
        }),
        "v2_payment_bulk" => json!({
            "payment_scheme": "SCT",
            "debtor_account": {"iban": "DE89370400440532013000"}, "debtor_name": "Ada Schmidt",
            "callback_url": "https://tpp.example/callback",
            "instructed_totals": [{"amount": "20.00", "currency": "EUR", "count": 2}],
            "payments": [
                {"creditor_account": {"iban": "NL91ABNA0417164300"}, "instructedAmount": {"amount": "10.00", "currency": "EUR"}},
                {"creditor_account": {"iban": "GB29NWBK60161331926819"}, "instructedAmount": {"amount": "10.00", "currency": "EUR"}}
            ]
        }),
        "v2_payment_single_status" | "v2_payment_bulk_status" => json!({"payment_id": payment}),
        "v2_funds_confirmations" => json!({
            "account": "DE89370400440532013000", "instructed_amount": {"amount": "50.00", "currency": "EUR"}
        }),
        "v2_payment_status" => json!({
            "paymentId": payment, "paymentStatus": "ACSC", "accountTransaction": {"transactionId": format!("t-{}", ids.number)}
        }),
        "v2_payment_confirmation_link_expire" => json!({"paymentId": payment}),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::worldline;
    use super::*;
    use crate::event::tribe::{ACTIONS, Request};
    use crate::event::worldline::{DebtorToken, Status, parse_status};

    fn ids() -> SampleIds {
        SampleIds {
            id: "1af7b333-7a06-41b1-8a61-e9a29fd069bc".to_owned(),
            at: "2020-09-25T08:15:00.856Z".to_owned(),
            number: 7,
        }
    }

    /// No member of a sample is left over as unknown, at any depth: the Debug text of a model shows `other`.
    fn nothing_left_over(model: &impl std::fmt::Debug) {
        let text = format!("{model:?}");
        assert_eq!(text.matches("other: {}").count(), text.matches("other: {").count(), "{text}");
    }

    #[test]
    fn every_sample_of_worldline_is_modelled_to_the_last_member_and_written_back_unchanged() {
        for kind in ["payment", "consent"] {
            let (_, document) = worldline::sample(kind, &ids()).unwrap();
            let (model, back) = match parse_status(document.to_string().as_bytes()).unwrap() {
                Status::Payment(model) => (format!("{model:?}"), serde_json::to_value(&model).unwrap()),
                Status::Consent(model) => (format!("{model:?}"), serde_json::to_value(&model).unwrap()),
            };
            assert_eq!(model.matches("other: {}").count(), model.matches("other: {").count(), "{model}");
            assert_eq!(back, document, "{kind}");
        }
        let (_, document) = worldline::sample("debtor-token", &ids()).unwrap();
        let token: DebtorToken = serde_json::from_value(document.clone()).unwrap();
        nothing_left_over(&token);
        assert_eq!(serde_json::to_value(&token).unwrap(), document);
    }

    #[test]
    fn every_sample_of_tribe_is_modelled() {
        for action in ACTIONS {
            let body = sample(action, &ids()).map(|document| document.to_string()).unwrap_or_default();
            nothing_left_over(&Request::parse(action, body.as_bytes()).unwrap());
        }
    }

    #[test]
    fn a_body_of_another_action_is_refused() {
        let body = sample("v2_account", &ids()).unwrap().to_string();
        for action in ACTIONS.iter().filter(|action| !action.starts_with("v2_account")) {
            assert!(Request::parse(action, body.as_bytes()).is_err(), "{action}");
        }
    }

    #[test]
    fn unknown_words_and_members_pass_through() {
        let (_, mut document) = worldline::sample("payment", &ids()).unwrap();
        document["CommonPaymentData"]["PaymentStatus"] = json!("Teleported");
        document["CommonPaymentData"]["New"] = serde_json::from_str("90071992547409931.23").unwrap();
        let Status::Payment(model) = parse_status(document.to_string().as_bytes()).unwrap() else { panic!() };
        assert_eq!(model.common_payment_data.payment_status.as_str(), "Teleported");
        assert_eq!(model.common_payment_data.other["New"].to_string(), "90071992547409931.23");
        assert_eq!(serde_json::to_value(&model).unwrap(), document);
    }

    #[test]
    fn a_status_about_both_or_neither_or_about_no_id_is_refused() {
        for body in [
            r#"{}"#,
            r#"{"ConsentId":"1","ConsentStatus":"Open","CommonPaymentData":{"PaymentId":"1","PaymentStatus":"Open"}}"#,
            r#"{"ConsentId":"","ConsentStatus":"Open"}"#,
            r#"{"ConsentId":"1"}"#,
            r#"{"CommonPaymentData":{"PaymentId":"123456789012345678901234567890123456","PaymentStatus":"Open"}}"#,
            r#"{"CommonPaymentData":{"PaymentStatus":"Open"}}"#,
        ] {
            assert!(parse_status(body.as_bytes()).is_err(), "{body}");
        }
    }
}
