//! A whole endpoint whose keys nobody here has: whatever arrives is refused, no handler runs, nothing is stored.
//!
//! Input: one byte that chooses the endpoint, the request target, header lines, an empty line, the body.
#![no_main]

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::{FixedClock, Timestamp};
use countersign::crypto::{Algorithm, Backend, Secret, random};
use countersign::dispatch::Dispatch;
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::keys::{Key, KeyId, KeySet, file};
use countersign::once::Once;
use countersign::profile::{BodySignature, Fresh, Identification, Input, Profile};
use countersign::store::{MemoryStore, Store};
use http::header::{HeaderName, HeaderValue};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;
use tower_service::Service;

/// Its private key was thrown away when it was made.
const NOBODYS_KEY: &[u8] = include_bytes!("../keys/nobody.pub.pem");
/// The name of the key that signed the seeds, so that they get as far as the signature.
const SEEDS_KEY_ID: &str = include_str!("../keys/seeds.key-id");
/// The seeds show it: what stands behind the API key is to be reached. Their own, because demo keys are made anew.
const API_KEY: &str = include_str!("../keys/seeds.api-key");
/// When the seeds were signed.
const NOW: Timestamp = Timestamp::from_seconds(1_795_240_514);

/// One for each way in.
const SEEDS: [(&str, &[u8]); 6] = [
    ("custom", include_bytes!("../corpus/endpoint/custom")),
    ("debtor-token", include_bytes!("../corpus/endpoint/debtor-token")),
    ("payment", include_bytes!("../corpus/endpoint/payment")),
    ("v2_account", include_bytes!("../corpus/endpoint/v2_account")),
    ("v2_accounts", include_bytes!("../corpus/endpoint/v2_accounts")),
    ("v2_payment_status", include_bytes!("../corpus/endpoint/v2_payment_status")),
];

struct World {
    runtime: Runtime,
    store: Arc<MemoryStore>,
    endpoints: [Endpoint; 3],
}

fn public() -> KeySet {
    let key = file::read(Backend::AwsLc, NOBODYS_KEY, None).expect("a key").remove(0);
    KeySet::new(vec![key.with_id(KeyId::new(SEEDS_KEY_ID.trim()).expect("a name"))]).expect("a set")
}

/// A secret of this process, which no input can hold.
fn secret() -> KeySet {
    let mut bytes = [0; 32];
    random(&mut bytes).expect("randomness");
    let secret = Secret::new(bytes).expect("a secret");
    KeySet::new(vec![Key::secret(Algorithm::Hs256, &secret).expect("a key")]).expect("a set")
}

fn custom() -> Profile {
    let mut scheme = BodySignature::over_body("x-hook-signature");
    scheme.input = Input::parse("{header:x-time}.{path}.{body}").expect("a template");
    scheme.prefix = Some("v1,".into());
    scheme.separator = Some(" ".into());
    let profile = Profile::body_signature(scheme, Identification::Fingerprint);
    profile.with_fresh(Fresh::Header("x-time".into()), std::time::Duration::from_secs(300))
}

/// Not a panic: that would be caught and answered as a failure of the handler.
async fn reached(_event: Once) {
    std::process::abort();
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(FixedClock::at(NOW));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let handler = Dispatch::new().otherwise(reached);
        let worldline = Endpoint::builder("worldline", Profile::worldline()).keys(public());
        let tribe = Endpoint::builder("tribe", Profile::tribe()).keys(public());
        let custom = Endpoint::builder("custom", custom()).keys(secret());
        let endpoints = [
            worldline.path("/v3/notification").clock(clock.clone()).queue(store.clone()).build().expect("worldline"),
            tribe
                .path("/tribe")
                .api_key(Secret::new(API_KEY.trim()).expect("an api key"))
                .clock(clock.clone())
                .inline(store.clone(), handler)
                .build()
                .expect("tribe"),
            custom.path("/hooks").clock(clock).queue(store.clone()).build().expect("custom"),
        ];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        Self { runtime, store, endpoints }
    }
}

/// As much of a request as an HTTP server would let through.
fn request(data: &[u8]) -> Option<http::Request<Full<Bytes>>> {
    let end = data.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (&data[..end], &data[end + 4..]);
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut request = http::Request::post(lines.next()?).body(Full::new(Bytes::copy_from_slice(body))).ok()?;
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        request.headers_mut().append(name, value);
    }
    Some(request)
}

thread_local! {
    static WORLD: World = World::new();
}

/// Sends one input, if it is a request at all, and holds that nothing came of it.
fn refused(data: &[u8]) -> Option<Outcome> {
    let (first, rest) = data.split_first()?;
    let request = request(rest)?;
    WORLD.with(|world| {
        let mut endpoint = world.endpoints[usize::from(*first) % 3].clone();
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
