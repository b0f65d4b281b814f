//! The demo sender of Worldline, without a process for each request.
#![allow(dead_code, reason = "the failure table is compiled with a feature")]

use std::time::Duration;

use countersign::clock::{Clock, SystemClock, Timestamp};
use countersign::crypto::{Algorithm, Backend, Digest, SigningKey};
use countersign::keys::{file, read_private};
use countersign::wire::encoding::Encoding;

pub struct Signer {
    key: SigningKey,
    key_id: String,
}

impl Signer {
    pub fn demo() -> Self {
        let certificate = include_bytes!("../../keys/worldline/signing.crt");
        let key = include_str!("../../keys/worldline/signing.key.pem");
        let keys = file::read(Backend::default(), certificate, None).unwrap();
        let key = read_private(key, Some(Algorithm::Rs256)).unwrap();
        Self { key, key_id: keys[0].id().to_string() }
    }

    /// A signed request of this id about this payment, as it goes over the wire.
    pub fn request(&self, id: &str, payment: &str) -> Vec<u8> {
        self.request_at(SystemClock.now(), id, payment)
    }

    /// The same, of a sender whose clock has jumped ahead.
    pub fn request_ahead(&self, ahead: Duration, id: &str, payment: &str) -> Vec<u8> {
        self.request_at(SystemClock.now().after(ahead), id, payment)
    }

    fn request_at(&self, time: Timestamp, id: &str, payment: &str) -> Vec<u8> {
        let body = format!(r#"{{"PaymentId":"{payment}","DebtorToken":"t-1"}}"#);
        let base64 = |bytes: &[u8]| Encoding::Base64.encode(bytes);
        let digest = format!("SHA-256={}", base64(&Digest::sha256_of(body.as_bytes())));
        let input = format!("messagecreatedatetime: {time}\nx-request-id: {id}\ndigest: {digest}");
        let signature = base64(&self.key.sign(input.as_bytes()).unwrap());
        let (key_id, length) = (&self.key_id, body.len());
        let raw = format!(
            "POST /v3/notification/debtorToken HTTP/1.1\r\nhost: receiver\r\ncontent-type: application/json\r\n\
             x-request-id: {id}\r\nmessagecreatedatetime: {time}\r\ndigest: {digest}\r\n\
             signature: keyId=\"{key_id}\",algorithm=\"rsa-sha256\",\
             headers=\"messagecreatedatetime x-request-id digest\",signature=\"{signature}\"\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        raw.into_bytes()
    }
}
