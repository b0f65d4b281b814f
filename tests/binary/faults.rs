//! Every event of both profiles is accepted and comes out typed; every fault is answered as documented.

use crate::receiver::{Receiver, folder, out, status};
use crate::signer::Signer;

#[test]
fn every_event_is_accepted_and_comes_out_typed_on_one_line() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let expected = [
        ("worldline", "payment", "204", "openbanking.payment.updated"),
        ("worldline", "consent", "204", "openbanking.consent.updated"),
        ("worldline", "debtor-token", "204", "openbanking.debtor-token.issued"),
        ("tribe", "v2_accounts", "200", "openbanking.account.requested"),
        ("tribe", "v2_account", "200", "openbanking.account.requested"),
        ("tribe", "v2_account_balances", "200", "openbanking.account.requested"),
        ("tribe", "v2_account_transactions", "200", "openbanking.account.requested"),
        ("tribe", "v2_payment_single", "200", "openbanking.payment.requested"),
        ("tribe", "v2_payment_single_status", "200", "openbanking.payment-status.requested"),
        ("tribe", "v2_payment_bulk", "200", "openbanking.payment.requested"),
        ("tribe", "v2_payment_bulk_status", "200", "openbanking.payment-status.requested"),
        ("tribe", "v2_payment_direct_single", "200", "openbanking.payment.requested"),
        ("tribe", "v2_funds_confirmations", "200", "openbanking.funds.requested"),
        ("tribe", "v2_payment_status", "200", "openbanking.payment.updated"),
        ("tribe", "v2_payment_confirmation_link_expire", "200", "openbanking.payment.updated"),
    ];
    for (profile, event, status, _) in expected {
        let output = receiver.send(profile, event, &[]);
        assert!(output.status.success(), "{profile} {event}: {output:?}");
        assert!(out(&output).starts_with(&format!("{status} accepted")), "{}", out(&output));
    }
    let mut types: Vec<_> =
        receiver.events(expected.len()).iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
    let mut wanted: Vec<_> = expected.iter().map(|(_, _, _, kind)| (*kind).to_owned()).collect();
    types.sort();
    wanted.sort();
    assert_eq!(types, wanted);
    for event in receiver.events(expected.len()) {
        for member in [
            "specversion",
            "id",
            "source",
            "type",
            "time",
            "data",
            "provider",
            "keyid",
            "algorithm",
            "receivedat",
            "requestid",
            "fingerprint",
        ] {
            assert!(!event[member].is_null(), "{member} of {event}");
        }
    }
    assert_eq!(receiver.stop(), Some(0), "SIGTERM ends it well");
}

#[test]
fn every_fault_of_a_sender_is_answered_as_documented_and_401_is_one_body() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let mut bodies = std::collections::BTreeSet::new();
    for fault in ["bad-signature", "bad-digest", "tampered-body", "unknown-key", "stale", "future"] {
        let output = receiver.send("worldline", "payment", &["--fault", fault]);
        assert_eq!(output.status.code(), Some(1), "{fault}");
        let text = out(&output);
        assert!(text.starts_with("401 refused"), "{fault}: {text}");
        bodies.insert(text.lines().nth(1).unwrap().to_owned());
    }
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    for fault in ["bad-signature", "tampered-body", "unknown-key"] {
        let output = receiver.send("tribe", "v2_payment_single", &["--fault", fault]);
        assert!(out(&output).starts_with("401 refused"), "{fault}");
        assert!(out(&output).contains("WRONG_CREDENTIALS"), "{fault}");
    }
    for (profile, event) in [("worldline", "payment"), ("tribe", "v2_payment_single")] {
        let duplicate = out(&receiver.send(profile, event, &["--fault", "duplicate"]));
        assert!(duplicate.contains(" accepted ") && duplicate.contains(" duplicate "), "{duplicate}");
        let conflict = out(&receiver.send(profile, event, &["--fault", "same-id-other-body"]));
        assert!(conflict.contains(" accepted ") && conflict.contains("\n422 refused"), "{conflict}");
    }
    // Two first copies each, and nothing of what was refused.
    assert_eq!(receiver.events(4).len(), 4);
}

#[test]
fn wrong_credentials_look_like_a_wrong_signature() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let bad_signature = out(&receiver.send("tribe", "v2_account", &["--fault", "bad-signature"]));
    let body = |text: &str| -> serde_json::Value {
        let mut body: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        // The document has to say when it was made.
        body.as_object_mut().unwrap().remove("timestamp");
        body
    };
    for header in ["x-api-key=wrong-wrong-wrong-wrong", "x-auth-token=", "x-signature=", "x-signature=AA=="] {
        let refused = out(&receiver.send("tribe", "v2_account", &["--header", header]));
        assert!(refused.starts_with("401"), "{header}: {refused}");
        assert_eq!(body(&refused), body(&bad_signature), "{header}");
    }
    for id in ["not-a-uuid", "{1af7b333-7a06-41b1-8a61-e9a29fd069bc}", ""] {
        let refused = out(&receiver.send("tribe", "v2_account", &["--header", &format!("x-request-id={id}")]));
        assert!(refused.starts_with("401") && refused.contains("REQUEST_ID_NOT_UUID"), "{id}: {refused}");
        let refused = out(&receiver.send("worldline", "payment", &["--header", &format!("x-request-id={id}")]));
        assert!(refused.starts_with("400"), "{id}: {refused}");
    }
    assert!(receiver.events(0).is_empty());
}

#[test]
fn a_forgery_under_an_id_leaves_no_trace_and_the_real_event_is_accepted_after_it() {
    let folder = folder(|text| text);
    let receiver = Receiver::start(folder.path());
    let real = Signer::demo().request("00000001-0000-4000-8000-000000000001", "p-1");
    let forged = String::from_utf8(real.clone()).unwrap().replace("p-1", "p-2").into_bytes();
    for _ in 0..2 {
        assert_eq!(status(&receiver.raw(&forged)), Some(401));
    }
    assert_eq!(out(&receiver.run(&["inbox", "list", "--json"])), "");
    let answer = receiver.raw(&real);
    assert!(status(&answer) == Some(204) && answer.contains("countersign-result: accepted"), "{answer}");
    assert_eq!(out(&receiver.run(&["inbox", "list", "--json"])).lines().count(), 1);
}
