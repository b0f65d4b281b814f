//! Tests of reading claims: which kind they are, and all that is refused.

use serde_json::json;

use super::*;

fn meta(resource: &str) -> Value {
    json!({"EventDateTime": "2026-03-02T08:00:00Z", "EventResource": resource, "EventType": "Resource.Updated",
        "ConsentId": "c-1"})
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object.as_object_mut().unwrap().insert(name.to_owned(), value);
    object
}

fn claims(data: Value, meta: &Value) -> String {
    let mut message = json!({"Meta": meta});
    if !data.is_null() {
        message = with(message, "Data", data);
    }
    json!({"iss": "https://auth1.lfi.example", "aud": ["us"], "exp": 1772442000, "message": message}).to_string()
}

fn read(data: Value, meta: &Value) -> Result<Notice, String> {
    parse(claims(data, meta).as_bytes()).map_err(|error| error.to_string())
}

fn payment() -> Value {
    json!({"PaymentId": "p-1", "Status": "Pending", "ConsentId": "c-1"})
}

fn consent() -> Value {
    json!({"ConsentId": "c-1", "Status": "Authorized"})
}

#[test]
fn a_payment_id_in_data_makes_a_payment() {
    for resource in ["/payments/p-1", "/open-finance/payment/v2.1/payments/p-1", "/events/7", ""] {
        let notice = read(payment(), &meta(resource)).unwrap();
        assert!(matches!(notice, Notice::Payment { id, .. } if &*id == "p-1"), "{resource}");
    }
}

#[test]
fn without_data_the_path_names_the_payment() {
    for resource in ["/payments/p-2", "/file-payments/p-2", "https://hub.example/v2/payments/p-2?x=1", "/payments/p-2/"]
    {
        let notice = read(Value::Null, &meta(resource)).unwrap();
        assert!(matches!(notice, Notice::Payment { id, .. } if &*id == "p-2"), "{resource}");
    }
    let deleted = with(meta("/payments/p-2"), "EventType", "Resource.Deleted".into());
    assert!(matches!(read(Value::Null, &deleted), Ok(Notice::Payment { .. })));
}

#[test]
fn a_path_of_payments_without_a_payment_is_no_consent() {
    for resource in ["/payments", "/payments/", "/payments/?id=p-1", &format!("/payments/{}", "p".repeat(41))] {
        assert!(read(Value::Null, &meta(resource)).unwrap_err().contains("identifier"), "{resource}");
    }
    assert!(read(consent(), &meta("/payments/p-1")).unwrap_err().contains("PaymentId"));
}

#[test]
fn every_other_path_with_a_consent_id_is_a_consent() {
    for resource in ["/payment-consents/c-1", "/account-access-consents/c-1", "/insurance-consents/c-1", ""] {
        for data in [consent(), Value::Null] {
            let notice = read(data, &meta(resource)).unwrap();
            assert!(matches!(&notice, Notice::Consent { id, .. } if &**id == "c-1"), "{resource}");
            assert_eq!(notice.meta().event_type, ResourceChange::Updated);
        }
    }
}

#[test]
fn quotes_and_accounts_are_something_else() {
    for (name, resource) in [
        ("QuoteId", OtherResource::Quote),
        ("FxQuoteId", OtherResource::FxQuote),
        ("AccountId", OtherResource::Account),
    ] {
        let other = with(with(meta("/x/1"), "ConsentId", Value::Null), name, "1".into());
        let notice = read(json!({"QuoteStatus": "Expired", "n": 1}), &other).unwrap();
        let Notice::Other { resource: found, id, message } = notice else { panic!("{name}") };
        assert_eq!((found, id.as_str(), message.data.unwrap().len()), (resource, "1", 2));
        assert_eq!(format!("{}Id", found.as_str()), name);
    }
}

#[test]
fn no_id_or_several_in_meta_are_refused() {
    let none = with(meta("/payments/p-1"), "ConsentId", Value::Null);
    assert!(read(payment(), &none).unwrap_err().contains("found none"));
    for name in ["QuoteId", "FxQuoteId", "AccountId"] {
        let two = with(meta("/payments/p-1"), name, "1".into());
        assert!(read(payment(), &two).unwrap_err().contains("found several"), "{name}");
        let again = with(with(none.clone(), name, "1".into()), "FxQuoteId", "2".into());
        assert_eq!(read(Value::Null, &again).is_err(), name != "FxQuoteId", "{name}");
    }
}

#[test]
fn an_id_that_is_empty_too_long_or_no_text_is_refused() {
    let long = "c".repeat(129);
    for id in [json!(""), json!(long), json!(1), json!({"a": 1})] {
        assert!(read(Value::Null, &with(meta("/payment-consents/1"), "ConsentId", id)).is_err());
    }
    for id in [json!(""), json!("p".repeat(41)), json!(1)] {
        assert!(read(with(payment(), "PaymentId", id), &meta("/payments/p-1")).is_err());
    }
    let longest = with(meta("/payment-consents/1"), "ConsentId", "c".repeat(128).into());
    assert!(read(Value::Null, &longest).is_ok());
}

#[test]
fn data_of_another_consent_is_refused() {
    for (data, resource) in [(payment(), "/payments/p-1"), (consent(), "/payment-consents/c-1")] {
        let refused = read(with(data, "ConsentId", "c-2".into()), &meta(resource));
        assert!(refused.unwrap_err().contains("another"), "{resource}");
    }
}

#[test]
fn a_missing_member_is_named() {
    for name in ["EventDateTime", "EventResource", "EventType"] {
        let mut less = meta("/payments/p-1");
        less.as_object_mut().unwrap().remove(name);
        assert!(read(payment(), &less).unwrap_err().contains(name), "{name}");
    }
    for (data, resource) in [(payment(), "/payments/p-1"), (consent(), "/payment-consents/c-1")] {
        let mut less = data;
        less.as_object_mut().unwrap().remove("Status");
        assert!(read(less, &meta(resource)).unwrap_err().contains("Status"), "{resource}");
    }
}

#[test]
fn claims_without_a_message_are_refused() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"message":null}"#,
        r#"{"message":[]}"#,
        r#"{"message":"x"}"#,
        r#"{"message":{}}"#,
        r#"{"message":{"Data":{"PaymentId":"p","Status":"Pending"}}}"#,
        r#"{"message":{"Meta":null}}"#,
    ] {
        assert!(parse(body.as_bytes()).is_err(), "{body}");
    }
    // The document without its envelope, and an array that looks like the claims.
    let bare = json!({"Data": payment(), "Meta": meta("/payments/p-1")});
    assert!(parse(bare.to_string().as_bytes()).is_err());
    assert!(parse(json!([bare]).to_string().as_bytes()).is_err());
}

#[test]
fn data_that_is_no_object_is_refused() {
    for data in [json!([]), json!("x"), json!(1), json!([null]), json!(["p-1", "c-1"])] {
        for resource in ["/payments/p-1", "/payment-consents/c-1"] {
            assert!(read(data.clone(), &meta(resource)).is_err(), "{data}");
        }
    }
}

#[test]
fn an_amount_as_a_number_or_with_three_decimals_is_refused() {
    let paid = |amount: Value| {
        let instruction = json!({"Amount": {"Amount": amount, "Currency": "AED"}});
        read(with(payment(), "Instruction", instruction), &meta("/payments/p-1"))
    };
    assert!(paid(json!("100.00")).is_ok());
    for amount in [json!(100.00), json!(100), json!("100.000"), json!("100"), Value::Null] {
        assert!(paid(amount.clone()).is_err(), "{amount}");
    }
}

#[test]
fn unknown_words_and_members_pass_and_null_counts_as_absent() {
    let data = json!({"ConsentId": "c-1", "Status": "Frozen", "RevokedBy": "Court", "X": 1.10});
    let odd = with(meta("/payment-consents/c-1"), "EventType", "Resource.Moved".into());
    let notice = read(data.clone(), &odd).unwrap();
    assert_eq!(serde_json::to_value(&notice).unwrap(), json!({"Data": data, "Meta": odd}));
    let absent = read(with(consent(), "ControlParameters", Value::Null), &meta("")).unwrap();
    let Notice::Consent { message, .. } = absent else { panic!("no consent") };
    assert_eq!(message.data.unwrap().control_parameters, None);
}
