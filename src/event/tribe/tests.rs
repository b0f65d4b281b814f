//! Faults in requests of Tribe Open Banking. Each test is named after one.

use super::*;

fn refusal(action: &str, body: &str) -> String {
    Request::parse(action, body.as_bytes()).expect_err(body).to_string()
}

#[test]
fn an_unknown_action_is_refused() {
    for action in ["", "v1_accounts", "/v2_accounts", "V2_ACCOUNTS"] {
        assert!(refusal(action, "{}").contains("no such action"), "{action}");
        assert!(!needs_user(action) && !is_notification(action));
    }
}

#[test]
fn accounts_has_no_body() {
    for body in ["", " \r\n", "{}", " { } "] {
        assert_eq!(Request::parse("v2_accounts", body.as_bytes()).unwrap(), Request::Accounts, "{body:?}");
    }
    for body in ["[1]", "null", "1", "{", r#"{"account_id":"a"}"#] {
        assert!(Request::parse("v2_accounts", body.as_bytes()).is_err(), "{body:?}");
    }
}

#[test]
fn a_missing_id_is_refused() {
    for action in ACTIONS.iter().filter(|action| **action != "v2_accounts") {
        assert!(refusal(action, "{}").contains("missing field"), "{action}");
        assert!(Request::parse(action, b"").is_err(), "{action}");
    }
    let cases = [
        ("v2_account_transactions", r#"{"account_id":"a"}"#, "booking_status"),
        ("v2_payment_single", r#"{"instructedAmount":{"amount":"1","currency":"EUR"}}"#, "callback_url"),
        ("v2_payment_bulk", r#"{"callback_url":"u","payments":[]}"#, "instructed_totals"),
        ("v2_funds_confirmations", r#"{"account":"GB29NWBK60161331926819"}"#, "instructed_amount"),
        ("v2_payment_status", r#"{"paymentId":"p"}"#, "paymentStatus"),
        ("v2_payment_status", r#"{"payment_id":"p","payment_status":"ACSC"}"#, "paymentId"),
    ];
    for (action, body, missing) in cases {
        assert!(refusal(action, body).contains(missing), "{action} {body}");
    }
}

#[test]
fn an_empty_or_over_long_id_is_refused() {
    assert!(refusal("v2_account", r#"{"account_id":""}"#).contains("empty"));
    assert!(refusal("v2_payment_confirmation_link_expire", r#"{"paymentId":""}"#).contains("empty"));
    assert!(refusal("v2_payment_single", r#"{"callback_url":""}"#).contains("empty"));
    let long = format!(r#"{{"payment_id":"{}"}}"#, "p".repeat(256));
    assert!(refusal("v2_payment_bulk_status", &long).contains("at most 255 characters"));
}

#[test]
fn an_amount_with_an_exponent_is_refused() {
    for amount in ["1e3", "\"1e3\"", "\"one\"", "null"] {
        let body = format!(r#"{{"callback_url":"u","instructedAmount":{{"amount":{amount},"currency":"EUR"}}}}"#);
        assert!(Request::parse("v2_payment_single", body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn an_amount_keeps_its_digits_in_either_spelling_of_its_name() {
    for name in ["instructedAmount", "instructed_amount"] {
        let body = format!(r#"{{"callback_url":"u","{name}":{{"amount":90071992547409931.23,"currency":"EUR"}}}}"#);
        match Request::parse("v2_payment_direct_single", body.as_bytes()).unwrap() {
            Request::PaymentDirectSingle(payment) => {
                let amount = payment.instructed_amount.unwrap();
                assert_eq!(amount.money().to_string(), "90071992547409931.23 EUR");
                assert!(payment.other.is_empty());
            }
            request => panic!("{request:?}"),
        }
    }
}

#[test]
fn an_amount_in_both_spellings_is_refused() {
    let amount = r#"{"amount":"1","currency":"EUR"}"#;
    let body = format!(r#"{{"callback_url":"u","instructedAmount":{amount},"instructed_amount":{amount}}}"#);
    assert!(refusal("v2_payment_single", &body).contains("duplicate"));
}

#[test]
fn an_unknown_status_word_passes_through() {
    let body = r#"{"paymentId":"p","paymentStatus":"ZZZZ"}"#;
    let request = Request::parse("v2_payment_status", body.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&request).unwrap(), body);
}

#[test]
fn only_user_actions_need_a_user() {
    let without: Vec<_> = ACTIONS.iter().copied().filter(|action| !needs_user(action)).collect();
    let notices = ["v2_payment_status", "v2_payment_confirmation_link_expire"];
    assert_eq!(without, ["v2_payment_direct_single", notices[0], notices[1]]);
    assert_eq!(ACTIONS.iter().copied().filter(|action| is_notification(action)).collect::<Vec<_>>(), notices);
}
