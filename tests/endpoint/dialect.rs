//! Refusals in words that an endpoint chooses.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::profile::{Profile, Younify};
use http::{HeaderValue, Method, Request};
use http_body_util::Full;

use crate::parties::{ID, PAYMENT, Sender, memory, post};

type Change = fn(&mut Request<Full<Bytes>>);

/// Each refusal, its status, and the words of Younify's own tables for it.
const REFUSALS: &[(Code, u16, i64, &str, Change)] = &[
    (Code::SignatureMissing, 401, -3, "Invalid access token.", |r| drop(r.headers_mut().remove("signature"))),
    (Code::DigestMismatch, 401, -3, "Invalid access token.", |r| *r.body_mut() = Full::new(Bytes::from_static(b"{}"))),
    (Code::MethodNotAllowed, 405, 1002, "Field method ", |r| *r.method_mut() = Method::PUT),
    (Code::PathUnknown, 404, 1002, "Field path ", |r| *r.uri_mut() = "/hooks/none".parse().unwrap()),
    (Code::ContentTypeUnsupported, 415, 1002, "Field content-type ", |r| {
        r.headers_mut().insert("content-type", HeaderValue::from_static("text/plain"));
    }),
    (Code::RequestIdMissing, 400, 1002, "Field id ", |r| drop(r.headers_mut().remove("x-request-id"))),
    (Code::BodyTooLarge, 413, 1003, "Field body exceeds limit.", |r| {
        *r.body_mut() = Full::new(Bytes::from(vec![b' '; 300 * 1024]));
    }),
    (Code::ExpectationUnknown, 417, 1002, "Field expect ", |r| {
        r.headers_mut().insert("expect", HeaderValue::from_static("tea"));
    }),
];

#[tokio::test]
async fn each_refusal_has_a_code_of_younifys_tables_and_one_face_where_nobody_is_authenticated() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline().with_dialect(Arc::new(Younify)));
    let endpoint = builder.queue(memory(&clock)).build().unwrap();
    let mut faces = BTreeSet::new();
    for (code, status, number, description, change) in REFUSALS {
        let mut request = sender.worldline(ID, PAYMENT);
        change(&mut request);
        let answer = post(&endpoint, request).await;
        assert_eq!((answer.outcome, answer.status), (Outcome::Refused(*code), *status));
        let document: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(document["code"], *number, "{code}");
        assert!(document["description"].as_str().unwrap().starts_with(description), "{document}");
        assert_eq!(document.as_object().unwrap().len(), 2);
        if *status == 401 {
            faces.insert(answer.body);
        }
    }
    assert_eq!(faces.len(), 1);
    // Accepted, then the id for something else.
    assert_eq!(post(&endpoint, sender.worldline(ID, PAYMENT)).await.outcome, Outcome::Accepted);
    let other = format!("{PAYMENT} ");
    let answer = post(&endpoint, sender.worldline(ID, &other)).await;
    let document: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &document["code"]), (422, &serde_json::json!(1004)));
}
