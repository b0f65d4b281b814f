//! Example requests of Tribe Open Banking, one for each action: every published member is there.

use serde_json::{Value, json};

use super::SampleIds;

/// A sample for `action` and the path it is posted to; none for a word that is no action.
///
/// The sample of `v2_accounts` is `null`: it has no body. [`super::body`] makes the bytes.
pub fn sample(action: &str, ids: &SampleIds) -> Option<(&'static str, Value)> {
    Some(match action {
        "v2_accounts" => ("/v2_accounts", Value::Null),
        "v2_account" => ("/v2_account", json!({ "account_id": ids.id })),
        "v2_account_balances" => ("/v2_account_balances", json!({ "account_id": ids.id })),
        "v2_account_transactions" => ("/v2_account_transactions", transactions(ids)),
        "v2_payment_single" => ("/v2_payment_single", single(ids)),
        "v2_payment_single_status" => ("/v2_payment_single_status", json!({ "payment_id": ids.short() })),
        "v2_payment_bulk" => ("/v2_payment_bulk", bulk(ids)),
        "v2_payment_bulk_status" => ("/v2_payment_bulk_status", json!({ "payment_id": ids.short() })),
        "v2_payment_direct_single" => ("/v2_payment_direct_single", single(ids)),
        "v2_funds_confirmations" => ("/v2_funds_confirmations", funds(ids)),
        "v2_payment_status" => ("/v2_payment_status", status_notice(ids)),
        "v2_payment_confirmation_link_expire" => {
            ("/v2_payment_confirmation_link_expire", json!({ "paymentId": ids.short() }))
        }
        _ => return None,
    })
}

fn transactions(ids: &SampleIds) -> Value {
    json!({
        "account_id": ids.id,
        "booking_status": "both",
        "date_from": "2024-01-01",
        "date_to": ids.day(),
        "page_key": "1",
        "page_size": 100,
    })
}

fn single(ids: &SampleIds) -> Value {
    json!({
        "payment_scheme": "SCTI",
        "debtor_account": account("DE89370400440532013000", "370400440532013000"),
        "debtor_name": "Ann Example",
        "creditor_account": account("NL91ABNA0417164300", "0417164300"),
        "creditor_name": "Cookie Factory",
        "creditor_bank": { "name": "Example Bank", "bic": "ABNANL2A", "country": "NL" },
        "instructedAmount": amount(ids),
        "remittanceInformationUnstructured": format!("Order {}", ids.number),
        "remittanceInformationStructured": remittance("reference_type"),
        "creditorAddress": address(),
        "callback_url": format!("https://tpp.example/callback/{}", ids.number),
    })
}

fn bulk(ids: &SampleIds) -> Value {
    json!({
        "payment_scheme": "SCT",
        "debtor_account": account("DE89370400440532013000", "370400440532013000"),
        "debtor_name": "Ann Example",
        "callback_url": format!("https://tpp.example/callback/{}", ids.number),
        "instructed_totals": amount(ids),
        "payments": [{
            "creditor_account": account("NL91ABNA0417164300", "0417164300"),
            "creditorName": "Cookie Factory",
            "instructedAmount": amount(ids),
            "remittanceInformationUnstructured": format!("Order {}", ids.number),
            "remittanceInformationStructured": remittance("reference_type"),
            "creditorAddress": address(),
        }],
    })
}

fn funds(ids: &SampleIds) -> Value {
    json!({
        "account": {
            "resource_id": ids.id,
            "iban": "GB29NWBK60161331926819",
            "bban": "NWBK60161331926819",
            "account_number": 31926819,
            "sort_code": 601613,
            "currency": "GBP",
            "name": "Current account",
            "payment_schemes": ["FPS", "CHAPS"],
        },
        "instructed_amount": { "amount": ids.amount(), "currency": "GBP" },
    })
}

fn status_notice(ids: &SampleIds) -> Value {
    json!({
        "paymentId": ids.short(),
        "paymentStatus": "ACSC",
        "accountTransaction": {
            "transactionId": format!("transaction-{}", ids.number),
            "creditorName": "Cookie Factory",
            "creditorAccount": notice_account("NL91ABNA0417164300", "0417164300"),
            "debtorName": "Ann Example",
            "debtorAccount": notice_account("GB29NWBK60161331926819", "NWBK60161331926819"),
            "remittanceInformationUnstructured": format!("Order {}", ids.number),
            "remittanceInformationStructured": remittance("referenceType"),
            "transactionAmount": {
                "amount": ids.amount(),
                "currency": "EUR",
                "valueDate": ids.day(),
                "bookingDate": ids.day(),
            },
        },
    })
}

fn account(iban: &str, bban: &str) -> Value {
    json!({ "iban": iban, "bban": bban })
}

fn notice_account(iban: &str, bban: &str) -> Value {
    json!({ "iban": iban, "bban": bban, "accountNumber": "31926819", "sortCode": "601613" })
}

fn amount(ids: &SampleIds) -> Value {
    json!({ "amount": ids.amount(), "currency": "EUR" })
}

fn remittance(type_name: &str) -> Value {
    json!({ "reference": "RF18539007547034", type_name: "SCOR" })
}

fn address() -> Value {
    json!({
        "street_name": "Voorbeeldstraat",
        "building_number": "100",
        "town_name": "Amsterdam",
        "postal_code": "1234AB",
        "country": "NL",
    })
}
