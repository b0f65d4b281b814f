//! The stack composed by hand: each layer takes what the one before it proved.

use std::time::Duration;

use bytes::Bytes;
use countersign::decode::DecodeLayer;
use countersign::dedup::{DedupLayer, InlineTimes, OnUndecodable};
use countersign::delivery::Delivery;
use countersign::error::Code;
use countersign::profile::Profile;
use countersign::verify::VerifyLayer;
use http_body_util::BodyExt;
use tower::{ServiceBuilder, ServiceExt};

use crate::parties::{Counter, ID, NOW, PAYMENT, Sender, memory};

#[tokio::test]
async fn layers_by_hand_verify_decode_claim_and_dispatch() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let verifier = builder.verifier().unwrap();
    let decoder = builder.decoder().unwrap();
    let times = InlineTimes::of(&Profile::worldline());
    let counter = Counter::default();
    let stack = ServiceBuilder::new()
        .layer(VerifyLayer::new(verifier))
        .layer(DecodeLayer::new(decoder))
        .layer(DedupLayer::new(memory(&clock), times, OnUndecodable::Keep))
        .service(counter.dispatch());
    let (head, body) = sender.worldline(ID, PAYMENT).into_parts();
    let body: Bytes = body.collect().await.unwrap().to_bytes();
    let delivery = |body: Bytes| {
        let mut request = http::Request::new(body);
        request.headers_mut().clone_from(&head.headers);
        Delivery::new(request, "status", NOW)
    };
    assert!(stack.clone().oneshot(delivery(body.clone())).await.is_ok());
    assert!(stack.clone().oneshot(delivery(body)).await.unwrap().is_duplicate());
    let refused = stack.oneshot(delivery(Bytes::from_static(b"{}"))).await.unwrap_err();
    assert_eq!((refused.code(), counter.count()), (Code::DigestMismatch, 1));
}

#[test]
fn a_stage_by_hand_is_refused_what_the_builder_refuses() {
    let sender = Sender::new();
    let (builder, _) = sender.endpoint(Profile::worldline());
    let builder = builder.retain(Duration::from_secs(1));
    assert!(builder.verifier().is_err());
    assert_eq!(builder.decoder().unwrap_err().field(), "retain", "what is forgotten so soon could take effect twice");
    assert!(countersign::Endpoint::builder("bank", Profile::worldline()).verifier().is_err(), "no keys");
}
