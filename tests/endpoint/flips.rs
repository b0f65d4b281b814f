//! Any bit of what is signed, flipped, refuses the request.

use countersign::endpoint::Outcome;
use countersign::profile::Profile;
use countersign::store::Store;
use http_body_util::{BodyExt, Full};

use crate::parties::{ID, PAYMENT, Sender, memory, post};

#[tokio::test]
async fn any_flipped_bit_of_body_digest_signature_id_or_time_is_refused() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let store = memory(&clock);
    let endpoint = builder.queue(store.clone()).build().unwrap();
    let request = || sender.worldline(ID, PAYMENT);
    let mut tried = 0;
    for name in ["signature", "digest", "x-request-id", "messagecreatedatetime", "x-api-key"] {
        let value = request().headers()[name].as_bytes().to_vec();
        for at in 0..value.len() {
            for bit in 0..8 {
                let mut value = value.clone();
                value[at] ^= 1 << bit;
                // The case of a key id in hex means nothing; of a UUID, too, but it is signed as it was written.
                let Ok(header) = http::HeaderValue::from_bytes(&value) else { continue };
                let mut request = request();
                if name == "signature" && only_case_of_the_key_id(request.headers()[name].as_bytes(), &value) {
                    continue;
                }
                // A label that says nothing, an unknown parameter: neither is signed, neither decides.
                let label = name == "signature" && !names_what_decides(&value);
                request.headers_mut().insert(name, header);
                let outcome = post(&endpoint, request).await.outcome;
                assert!(
                    label || matches!(outcome, Outcome::Refused(_)),
                    "{name} byte {at} bit {bit}: {}",
                    String::from_utf8_lossy(&value)
                );
                tried += 1;
            }
        }
    }
    for at in 0..PAYMENT.len() {
        let (head, body) = request().into_parts();
        let mut body = body.collect().await.unwrap().to_bytes().to_vec();
        body[at] ^= 1;
        let outcome = post(&endpoint, http::Request::from_parts(head, Full::new(body.into()))).await.outcome;
        assert!(matches!(outcome, Outcome::Refused(_)), "body byte {at}");
    }
    assert!(tried > 3000, "{tried}");
    assert_eq!(store.stats().await.unwrap().quarantined, 0);
}

fn only_case_of_the_key_id(one: &[u8], other: &[u8]) -> bool {
    let id = |value: &[u8]| value.split(|byte| *byte == b'"').nth(1).unwrap_or_default().to_ascii_uppercase();
    let rest = |value: &[u8]| value.splitn(3, |byte| *byte == b'"').nth(2).unwrap_or_default().to_vec();
    one.starts_with(b"keyId=\"") && other.starts_with(b"keyId=\"") && id(one) == id(other) && rest(one) == rest(other)
}

fn names_what_decides(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value);
    text.contains(",algorithm=\"rsa-sha256\",")
}
