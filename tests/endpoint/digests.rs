//! A `Digest` under a genuine signature: every digest in it is the body's, or the request is refused.

use bytes::Bytes;
use countersign::crypto::{Digest, Hash};
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::profile::Profile;
use countersign::store::Store;
use countersign::wire::encoding::Encoding;
use http_body_util::Full;

use crate::parties::{ID, PAYMENT, Sender, memory, post};

/// Of the same length as [`PAYMENT`], and as good a document.
const OTHER: &str = r#"{"CommonPaymentData":{"PaymentId":"p-2","PaymentStatus":"SettlementCompleted"}}"#;

fn sha256(body: &str) -> String {
    format!("SHA-256={}", Encoding::Base64.encode(&Digest::sha256_of(body.as_bytes())))
}

fn sha512(body: &str) -> String {
    format!("SHA-512={}", Encoding::Base64.encode(Digest::of(Hash::Sha512, &[body.as_bytes()]).bytes()))
}

#[tokio::test]
async fn another_body_under_any_of_its_digests_is_refused_and_touches_no_store() {
    let sender = Sender::new();
    let zeros = format!("SHA-512={}", Encoding::Base64.encode(&[0; 64]));
    let mismatch = Outcome::Refused(Code::DigestMismatch);
    for (digest, body, outcome) in [
        (sha512(PAYMENT), PAYMENT, Outcome::Accepted),
        (sha512(PAYMENT), OTHER, mismatch),
        (zeros.clone(), PAYMENT, mismatch),
        (sha256(PAYMENT), OTHER, mismatch),
        (format!("{},{}", sha256(PAYMENT), sha512(PAYMENT)), PAYMENT, Outcome::Accepted),
        (format!("{},{}", sha256(PAYMENT), sha512(PAYMENT)), OTHER, mismatch),
        (format!("{},{zeros}", sha256(PAYMENT)), PAYMENT, mismatch),
        (format!("{zeros},{}", sha256(PAYMENT)), PAYMENT, mismatch),
        (format!("{},{}", sha256(PAYMENT), sha512(OTHER)), PAYMENT, mismatch),
        (format!("{},{}", sha256(OTHER), sha512(PAYMENT)), PAYMENT, mismatch),
    ] {
        let (builder, clock) = sender.endpoint(Profile::worldline());
        let store = memory(&clock);
        let endpoint = builder.queue(store.clone()).build().unwrap();
        let mut request = sender.worldline_with_digest(ID, PAYMENT, &digest);
        *request.body_mut() = Full::new(Bytes::from_static(body.as_bytes()));
        assert_eq!(post(&endpoint, request).await.outcome, outcome, "{digest} of {body}");
        assert_eq!(store.stats().await.unwrap().ready, u64::from(outcome == Outcome::Accepted));
    }
}
