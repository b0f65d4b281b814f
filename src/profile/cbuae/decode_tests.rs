//! Tests of the decoder: every status, what the events and their envelopes say, and what is refused before.

use serde_json::{Value, json};

use super::*;
use crate::event::samples::{SampleIds, cbuae as samples};

fn ids() -> SampleIds {
    let id = "1af7b333-7a06-41b1-8a61-e9a29fd069bc".to_owned();
    SampleIds { id, at: "2026-03-02T08:00:00.000Z".to_owned(), number: 4711 }
}

fn decoded(message: &Value) -> Result<Event, Undecodable> {
    let claims = json!({"iss": "https://auth1.lfi.example", "exp": 1772442000, "message": message});
    Decoder.decode("", &Bytes::from(claims.to_string()))
}

fn with_status(kind: &str, status: &str) -> Event {
    let mut message = samples::sample(kind, &ids()).unwrap();
    message["Data"]["Status"] = status.into();
    decoded(&message).unwrap()
}

#[test]
fn every_word_for_a_payment_has_a_status() {
    let expected = ["pending", "settled", "received", "in-process", "rejected"];
    for (word, status) in PaymentStatusWord::WORDS.iter().zip(expected) {
        let Event::Payment(event) = with_status("payment", word) else { panic!("{word}") };
        assert_eq!((event.provider_status.as_str(), event.status.as_str()), (*word, status));
    }
    assert_eq!(PaymentStatusWord::WORDS.len(), expected.len());
    let Event::Payment(event) = with_status("payment", "pending") else { panic!("no payment") };
    assert_eq!((event.provider_status.as_str(), event.status), ("pending", PaymentStatus::Unknown));
}

#[test]
fn every_word_for_a_consent_has_a_status() {
    let expected = ["pending", "authorised", "rejected", "revoked", "expired", "consumed", "suspended", "consumed"];
    for (word, status) in ConsentStatusWord::WORDS.iter().zip(expected) {
        let Event::Consent(event) = with_status("consent", word) else { panic!("{word}") };
        assert_eq!((event.provider_status.as_str(), event.status.as_str()), (*word, status));
    }
    assert_eq!(ConsentStatusWord::WORDS.len(), expected.len());
    let Event::Consent(event) = with_status("consent", "Authorised") else { panic!("no consent") };
    assert_eq!((event.provider_status.as_str(), event.status), ("Authorised", ConsentStatus::Unknown));
}

#[test]
fn a_payment_carries_its_consent_too() {
    let event = decoded(&samples::sample("payment", &ids()).unwrap()).unwrap();
    assert_eq!((event.event_type(), event.subject()), (EventType::PaymentUpdated, Some(&*ids().id)));
    let Event::Payment(payment) = event else { panic!("no payment") };
    assert_eq!(payment.consent_id.as_deref(), Some("consent-4711"));
}

#[test]
fn a_deleted_resource_is_named_and_nothing_about_it_is_guessed() {
    for kind in samples::KINDS {
        let mut message = samples::sample(kind, &ids()).unwrap();
        message["Meta"]["EventType"] = "Resource.Deleted".into();
        message.as_object_mut().unwrap().remove("Data");
        let event = decoded(&message).unwrap();
        assert_eq!(event.subject(), Some(&*ids().id), "{kind}");
        let (word, status) = match &event {
            Event::Payment(event) => (&event.provider_status, event.status.as_str()),
            Event::Consent(event) => (&event.provider_status, event.status.as_str()),
            _ => panic!("{kind}"),
        };
        assert_eq!((word.as_str(), status), ("Resource.Deleted", "unknown"), "{kind}");
    }
}

#[test]
fn a_quote_is_an_event_of_another_kind() {
    let meta = json!({"EventDateTime": "2026-03-02T08:00:00Z", "EventResource": "/fx-quotes/q-1",
        "EventType": "Resource.Updated", "FxQuoteId": "q-1"});
    let event = decoded(&json!({"Data": {"Status": "Expired"}, "Meta": meta})).unwrap();
    let Event::Other(event) = event else { panic!("no other event") };
    assert_eq!((event.event_type.as_str(), event.subject.as_deref()), ("openbanking.other", Some("q-1")));
    assert_eq!(event.provider_type.as_deref(), Some("Resource.Updated/FxQuote"));
}

#[test]
fn a_repeated_member_is_refused_at_every_depth() {
    let claims = |text: &str| Decoder.decode("", &Bytes::from(text.to_owned()));
    let meta =
        r#""Meta":{"EventDateTime":"t","EventResource":"/payments/p","EventType":"Resource.Updated","ConsentId":"c"}"#;
    let good = format!(r#"{{"message":{{"Data":{{"PaymentId":"p","Status":"Rejected","X":{{}}}},{meta}}}}}"#);
    assert!(claims(&good).is_ok());
    for (once, twice) in [
        (r#""Status":"Rejected""#, r#""Status":"Rejected","Status":"Pending""#),
        (r#""Status":"Rejected""#, r#""Status":"Rejected","\u0053tatus":"Pending""#),
        (r#""X":{}"#, r#""X":{"a":1,"a":2}"#),
        (r#""ConsentId":"c""#, r#""ConsentId":"c","ConsentId":"d""#),
        (r#"{"message""#, r#"{"message":null,"message""#),
        (r#"{"message""#, r#"{"aud":"a","aud":"b","message""#),
    ] {
        let refused = claims(&good.replacen(once, twice, 1)).expect_err(twice);
        assert!(refused.to_string().contains("repeated"), "{refused}");
    }
}

#[test]
fn a_refusal_does_not_quote_the_content() {
    let mut message = samples::sample("payment", &ids()).unwrap();
    message["Data"]["Instruction"]["Amount"]["Amount"] = "secret-amount".into();
    assert!(!decoded(&message).unwrap_err().to_string().contains("secret"));
}
