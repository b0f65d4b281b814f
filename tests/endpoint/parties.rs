//! A sender with a key of its own, and an endpoint that knows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::{FixedClock, Timestamp};
use countersign::crypto::{Algorithm, Backend, Digest, Secret, SigningKey};
use countersign::dispatch::Dispatch;
use countersign::endpoint::{EndpointBuilder, Outcome, Undecided};
use countersign::keys::{Certificate, Key, KeySet, read_private};
use countersign::profile::Profile;
use countersign::store::MemoryStore;
use countersign::wire::encoding::Encoding;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub const ID: &str = "1af7b333-7a06-41b1-8a61-e9a29fd069bc";
pub const PAYMENT: &str = r#"{"CommonPaymentData":{"PaymentId":"p-1","PaymentStatus":"SettlementCompleted"}}"#;
pub const API_KEY: &str = "0123456789012345678901234567890123456789";

/// Worldline or Tribe with a fresh RSA key.
pub struct Sender {
    key: SigningKey,
    pub certificate: Certificate,
}

impl Sender {
    pub fn new() -> Self {
        let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
        Self {
            key: read_private(&pair.serialize_pem(), Some(Algorithm::Rs256)).unwrap(),
            certificate: Certificate::from_der(certificate.der()).unwrap(),
        }
    }

    pub fn keys(&self) -> KeySet {
        KeySet::new(vec![Key::certificate(&self.certificate, Backend::default(), None).unwrap()]).unwrap()
    }

    pub fn sign(&self, message: &[u8]) -> String {
        Encoding::Base64.encode(&self.key.sign(message).unwrap())
    }

    pub fn worldline(&self, id: &str, body: &str) -> Request<Full<Bytes>> {
        let digest = format!("SHA-256={}", Encoding::Base64.encode(&Digest::sha256_of(body.as_bytes())));
        self.worldline_with_digest(id, body, &digest)
    }

    /// Signed with this header, whatever it says of the body.
    pub fn worldline_with_digest(&self, id: &str, body: &str, digest: &str) -> Request<Full<Bytes>> {
        let signature =
            self.sign(format!("messagecreatedatetime: {NOW}\nx-request-id: {id}\ndigest: {digest}").as_bytes());
        let key_id = self.certificate.thumbprint_sha1_hex();
        let header = format!(
            "keyId=\"{key_id}\",algorithm=\"rsa-sha256\",headers=\"messagecreatedatetime x-request-id digest\",signature=\"{signature}\""
        );
        Request::post("/hooks/status")
            .header("host", "hooks.example")
            .header("content-type", "application/json")
            .header("x-request-id", id)
            .header("messagecreatedatetime", NOW.to_string())
            .header("x-api-key", API_KEY)
            .header("digest", digest)
            .header("signature", header)
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap()
    }

    pub fn tribe(&self, action: &str, id: &str, body: &str) -> Request<Full<Bytes>> {
        Request::post(format!("/hooks/{action}"))
            .header("host", "hooks.example")
            .header("x-request-id", id)
            .header("x-api-key", API_KEY)
            .header("x-auth-token", "token-of-a-user")
            .header("x-signature", self.sign(body.as_bytes()))
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap()
    }

    /// An endpoint for this sender, but for what remembers.
    pub fn endpoint(&self, profile: Profile) -> (EndpointBuilder<Undecided>, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::at(NOW));
        let builder = Endpoint::builder("bank", profile)
            .path("/hooks")
            .keys(self.keys())
            .api_key(Secret::new(API_KEY).unwrap())
            .clock(clock.clone());
        (builder, clock)
    }
}

pub fn memory(clock: &Arc<FixedClock>) -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(clock.clone()))
}

/// Counts the events that reach a handler.
#[derive(Clone, Default)]
pub struct Counter(Arc<AtomicUsize>);

impl Counter {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    pub fn up(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    pub fn dispatch(&self) -> Dispatch {
        let counter = self.clone();
        Dispatch::new().otherwise(move |_| {
            let counter = counter.clone();
            async move {
                counter.up();
            }
        })
    }
}

pub async fn post(endpoint: &Endpoint, request: Request<Full<Bytes>>) -> Answer {
    let response: Response<Full<Bytes>> = endpoint.clone().oneshot(request).await.unwrap();
    let outcome = response.extensions().get::<Outcome>().copied().unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: head.status.as_u16(), headers: head.headers, body, outcome }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Bytes,
    pub outcome: Outcome,
}
