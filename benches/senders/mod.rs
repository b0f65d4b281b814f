//! The opposite side: signed requests of two senders, and endpoints that receive them. Nothing in here is timed.

use std::sync::Arc;

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::{FixedClock, Timestamp};
use countersign::crypto::{Algorithm, Backend, Digest, Secret, SigningKey};
use countersign::dedup::WithoutDedupLayer;
use countersign::dispatch::Dispatch;
use countersign::keys::{KeySet, file, read_private};
use countersign::profile::Profile;
use countersign::store::MemoryStore;
use countersign::wire::encoding::Encoding;
use http::Request;
use http_body_util::Full;
use serde_json::json;

/// A request as an HTTP server hands it over.
pub type Webhook = Request<Full<Bytes>>;

const NOW: Timestamp = Timestamp::from_seconds(1_795_240_514);
const API_KEY: &str = include_str!("../../keys/tribe/api-key");
const TRIBE: (&str, &str) =
    (include_str!("../../keys/tribe/signing.key.pem"), include_str!("../../keys/tribe/signing.pub.pem"));
const WORLDLINE: (&str, &str) =
    (include_str!("../../keys/worldline/signing.key.pem"), include_str!("../../keys/worldline/signing.crt"));
/// Length of every body, in bytes.
const BODY: usize = 1024;

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A signature over the body; the answer is the handler's.
    Tribe,
    /// A signature over three headers, one of which is the body's digest; the event is kept.
    Worldline,
}

/// What remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Nothing: what is left is the edge, verification, decoding and a handler that does nothing.
    Nothing,
    /// A store in memory, in the mode that this sender is made for.
    Store,
}

impl Sender {
    fn keys(self) -> (&'static str, &'static str) {
        if self == Self::Tribe { TRIBE } else { WORLDLINE }
    }

    /// The private key.
    pub fn signer(self) -> SigningKey {
        read_private(self.keys().0, Some(Algorithm::Rs256)).expect("a private key")
    }

    /// The public key, with the name that the sender gives it.
    pub fn public(self) -> KeySet {
        KeySet::new(file::read(Backend::AwsLc, self.keys().1.as_bytes(), None).expect("a key")).expect("a set")
    }

    /// An endpoint that has seen nothing yet.
    pub fn endpoint(self, memory: Memory) -> Endpoint {
        let clock = Arc::new(FixedClock::at(NOW));
        let profile = if self == Self::Tribe { Profile::tribe() } else { Profile::worldline() };
        let builder = Endpoint::builder("bench", profile).keys(self.public()).trusting_demo_keys_on_loopback();
        let builder = builder.path("/hook").clock(clock.clone());
        let builder =
            if self == Self::Tribe { builder.api_key(Secret::new(API_KEY.trim()).expect("a key")) } else { builder };
        let handler = Dispatch::new().otherwise(|_| async {});
        let built = match (memory, self) {
            (Memory::Nothing, _) => builder.without_dedup(WithoutDedupLayer::i_accept_replays(), handler).build(),
            (Memory::Store, Self::Tribe) => builder.inline(Arc::new(MemoryStore::new(clock)), handler).build(),
            (Memory::Store, Self::Worldline) => builder.queue(Arc::new(MemoryStore::new(clock))).build(),
        };
        built.expect("an endpoint")
    }

    /// `count` requests, each with an id of its own and honestly signed.
    pub fn webhooks(self, count: usize) -> Vec<Webhook> {
        let signer = self.signer();
        let id = |number: usize| format!("1af7b333-7a06-41b1-8a61-{number:012x}");
        let key_id = self.public().iter().next().expect("a key").id().to_string();
        let body = self.body();
        // Tribe does not sign the id, so that one signature is enough.
        let over_body = base64(&signer.sign(&body).expect("a signature"));
        let sign = |number| match self {
            Self::Tribe => tribe(&body, &id(number), &over_body),
            Self::Worldline => worldline(&body, &id(number), &key_id, &signer),
        };
        (0..count).map(sign).collect()
    }

    /// A document of the sender, made 1 KiB long by a member that nobody knows.
    fn body(self) -> Bytes {
        let with = |padding: usize| {
            let padding = "x".repeat(padding);
            match self {
                Self::Tribe => json!({"account_id": "acc-1", "padding": padding}),
                Self::Worldline => json!({
                    "CommonPaymentData": {"PaymentId": "p-1", "PaymentStatus": "SettlementCompleted"},
                    "Padding": padding
                }),
            }
            .to_string()
        };
        let body = Bytes::from(with(BODY - with(0).len()));
        assert_eq!(body.len(), BODY);
        body
    }
}

/// The same requests with a signature that cannot be right, though it is as long and as well written.
pub fn spoiled(webhooks: Vec<Webhook>) -> Vec<Webhook> {
    let spoil = |mut webhook: Webhook| {
        for name in ["x-signature", "signature"] {
            let Some(value) = webhook.headers().get_all(name).iter().next() else { continue };
            // The last letters are padding and the end of the value: swap two before them.
            let mut text = value.as_bytes().to_vec();
            let at = text.len() - 20;
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            webhook.headers_mut().insert(name, text.try_into().expect("a value"));
        }
        webhook
    };
    webhooks.into_iter().map(spoil).collect()
}

fn tribe(body: &Bytes, id: &str, signature: &str) -> Webhook {
    Request::post("/hook/v2_account")
        .header("host", "hooks.example")
        .header("content-type", "application/json")
        .header("x-api-key", API_KEY.trim())
        .header("x-auth-token", "a-token-of-nobody")
        .header("x-request-id", id)
        .header("x-signature", signature)
        .body(Full::new(body.clone()))
        .expect("a request")
}

fn worldline(body: &Bytes, id: &str, key_id: &str, signer: &SigningKey) -> Webhook {
    let digest = format!("SHA-256={}", base64(&Digest::sha256_of(body)));
    let input = format!("messagecreatedatetime: {NOW}\nx-request-id: {id}\ndigest: {digest}");
    let signature = base64(&signer.sign(input.as_bytes()).expect("a signature"));
    let covered = "messagecreatedatetime x-request-id digest";
    Request::post("/hook/status")
        .header("host", "hooks.example")
        .header("content-type", "application/json")
        .header("messagecreatedatetime", NOW.to_string())
        .header("x-request-id", id)
        .header("digest", digest)
        .header("signature", format!("keyId=\"{key_id}\",headers=\"{covered}\",signature=\"{signature}\""))
        .body(Full::new(body.clone()))
        .expect("a request")
}

fn base64(bytes: &[u8]) -> String {
    Encoding::Base64.encode(bytes)
}
