//! Endpoints that take tokens, with a signer's key that nobody here has: whatever arrives is refused, and nothing is
//! stored. What is to be encrypted is encrypted by the target, so that what lies inside is reached.
//!
//! Input: one byte that chooses the endpoint and whether the body is encrypted first, a line for the header that holds
//! a token there, and the body.
#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::{FixedClock, Timestamp};
use countersign::crypto::{Algorithm, Backend, ContentEncryption, EncryptionKey, Hash, KeyManagement};
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::keys::{DecryptingKey, DecryptionKeys, KeyId, KeySet, file, read_decryption};
use countersign::profile::{BodyHash, ClaimRules, Form, Fresh, Identification, Input, Jose, Nesting, Profile};
use countersign::store::{MemoryStore, Store};
use countersign::wire::encoding::Encoding;
use http::header::{HeaderName, HeaderValue};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;
use tower_service::Service;

/// Its private key was thrown away when it was made.
const NOBODYS_KEY: &[u8] = include_bytes!("../keys/nobody.pub.pem");
/// A demo key: everybody can encrypt for us, which is the point.
const OURS: &[u8] = include_bytes!("../../keys/tribe/signing.key.pem");
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// The header of a JWE that gets as far as the private key.
const HEAD: &str = r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"ours","cty":"JWT"}"#;

/// One for each way in.
const SEEDS: [(&str, &[u8]); 7] = [
    ("bound", include_bytes!("../corpus/jose_endpoint/bound")),
    ("cbuae", include_bytes!("../corpus/jose_endpoint/cbuae")),
    ("detached", include_bytes!("../corpus/jose_endpoint/detached")),
    ("jws", include_bytes!("../corpus/jose_endpoint/jws")),
    ("nested", include_bytes!("../corpus/jose_endpoint/nested")),
    ("reversed", include_bytes!("../corpus/jose_endpoint/reversed")),
    ("unencoded", include_bytes!("../corpus/jose_endpoint/unencoded")),
];

struct World {
    runtime: Runtime,
    store: Arc<MemoryStore>,
    encrypt: EncryptionKey,
    endpoints: Vec<Endpoint>,
}

fn decryption() -> DecryptionKeys {
    let (_, key) = read_decryption(OURS).expect("a key").remove(0);
    let id = KeyId::new("ours").expect("a name");
    let key = DecryptingKey::new(id, key, DecryptingKey::DEFAULT_MANAGEMENT, DecryptingKey::DEFAULT_ENCRYPTION)
        .expect("ours");
    DecryptionKeys::new(vec![key]).expect("a set")
}

fn profiles() -> Vec<Profile> {
    let body = |nesting| {
        let mut scheme = Jose::new(Form::Body, Some(ClaimRules::default()));
        scheme.nesting = nesting;
        scheme
    };
    let detached =
        |unencoded| Jose::new(Form::Detached { header: "x-token".into(), input: Input::body(), unencoded }, None);
    let body_hash = BodyHash { claim: "hash".into(), encoding: Encoding::Hex, hash: Hash::Sha256, prefix: None };
    let bound = Jose::new(Form::Token { header: "x-token".into(), body_hash }, Some(ClaimRules::default()));
    let custom =
        [body(Nesting::Jws), body(Nesting::JweOfJws), body(Nesting::JwsOfJwe), detached(false), detached(true), bound];
    let custom = custom.map(|scheme| {
        let fresh = if scheme.claims.is_some() { Fresh::Expiry } else { Fresh::Off };
        Profile::jose(scheme, Identification::Fingerprint).with_fresh(fresh, Duration::ZERO)
    });
    std::iter::once(Profile::cbuae()).chain(custom).map(Profile::accepting_tokens_for_others).collect()
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(FixedClock::at(NOW));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let endpoints = profiles().into_iter().map(|profile| {
            let key = file::read(Backend::AwsLc, NOBODYS_KEY, Some(Algorithm::Ps256)).expect("a key").remove(0);
            let key = key.with_id(KeyId::new("bank").expect("a name"));
            let builder = Endpoint::builder("jose", profile.clone()).path("/hooks").clock(clock.clone());
            let builder = builder.keys(KeySet::new(vec![key]).expect("a set")).trusting_demo_keys_on_loopback();
            let decrypts = match profile.scheme() {
                countersign::profile::Scheme::Jose(scheme) => scheme.nesting.decrypts(),
                _ => false,
            };
            let builder = if decrypts { builder.decryption_keys(decryption()) } else { builder };
            builder.queue(store.clone()).build().expect("an endpoint")
        });
        let endpoints = endpoints.collect();
        let (_, ours) = read_decryption(OURS).expect("a key").remove(0);
        let encrypt = EncryptionKey::rsa(ours.public_material().expect("a public half")).expect("a key");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        Self { runtime, store, encrypt, endpoints }
    }

    fn encrypted(&self, plaintext: &[u8]) -> String {
        let b64 = |bytes: &[u8]| Encoding::Base64Url.encode(bytes);
        let head = b64(HEAD.as_bytes());
        let (management, encryption) = (KeyManagement::RsaOaep256, ContentEncryption::A256Gcm);
        let sealed = self.encrypt.encrypt(management, encryption, head.as_bytes(), plaintext).expect("a message");
        [head, b64(&sealed.encrypted_key), b64(&sealed.iv), b64(&sealed.ciphertext), b64(&sealed.tag)].join(".")
    }
}

thread_local! {
    static WORLD: World = World::new();
}

/// Sends one input, if it is a request at all, and holds that nothing came of it.
fn refused(data: &[u8]) -> Option<Outcome> {
    let (first, rest) = data.split_first()?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, body) = (&rest[..end], &rest[end + 1..]);
    let value = HeaderValue::from_bytes(line).ok()?;
    WORLD.with(|world| {
        let mut endpoint = world.endpoints[usize::from(*first & 0x7f) % world.endpoints.len()].clone();
        let body = if first & 0x80 == 0 { body.to_vec() } else { world.encrypted(body).into_bytes() };
        let mut request = http::Request::post("/hooks").body(Full::new(Bytes::from(body))).expect("a request");
        request.headers_mut().insert("host", HeaderValue::from_static("hooks.example"));
        request.headers_mut().insert("content-type", HeaderValue::from_static("application/jwe"));
        let name = if endpoint.profile().name() == "cbuae" { "authorization" } else { "x-token" };
        if !line.is_empty() {
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        world.runtime.block_on(async {
            let Ok(response) = endpoint.call(request).await;
            assert!(response.status().as_u16() >= 400, "{}", response.status());
            let stats = world.store.stats().await.expect("the counts");
            assert_eq!((stats.identities, stats.ready, stats.quarantined), (0, 0, 0), "{stats:?}");
            response.extensions().get::<Outcome>().copied()
        })
    })
}

/// That each seed gets as far as the signature, without which a refusal of what is made of them would show nothing.
static REACHED: LazyLock<()> = LazyLock::new(|| {
    for (name, seed) in SEEDS {
        assert_eq!(refused(seed), Some(Outcome::Refused(Code::SignatureMismatch)), "{name}");
    }
});

fuzz_target!(|data: &[u8]| {
    LazyLock::force(&REACHED);
    refused(data);
});
