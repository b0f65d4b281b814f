//! A browser that comes back, to endpoints whose secret nobody has: whatever the query and the cookies, nobody is let in
//! and nothing is stored. What is read of a query is read the same when it is written again.
//!
//! Input: one byte that chooses the sender, the query, a line feed, the cookies.
#![no_main]

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::{FixedClock, Timestamp};
use countersign::crypto::{Algorithm, Secret, random};
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::keys::{Key, KeySet};
use countersign::profile::Profile;
use countersign::state::{Session, StateValue};
use countersign::store::{MemoryStore, Store};
use countersign::wire::cookie::cookie;
use countersign::wire::query::{self, Query};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;
use tower_service::Service;

/// When the seeds were issued.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const COOKIE: &str = "__Host-session";

/// One for each sender, and how far each gets: all but three as far as the state, whose secret nobody has.
const SEEDS: [(&str, &[u8], Code); 9] = [
    ("bare", include_bytes!("../corpus/callback/bare"), Code::SessionMissing),
    ("declined", include_bytes!("../corpus/callback/declined"), Code::StateMismatch),
    ("denied", include_bytes!("../corpus/callback/denied"), Code::StateMismatch),
    ("escapes", include_bytes!("../corpus/callback/escapes"), Code::StateMismatch),
    ("granted", include_bytes!("../corpus/callback/granted"), Code::StateMismatch),
    ("issuer", include_bytes!("../corpus/callback/issuer"), Code::StateMismatch),
    ("tossed", include_bytes!("../corpus/callback/tossed"), Code::SessionMalformed),
    ("tribe", include_bytes!("../corpus/callback/tribe"), Code::StateMismatch),
    ("twice", include_bytes!("../corpus/callback/twice"), Code::QueryMalformed),
];

struct World {
    runtime: Runtime,
    store: Arc<MemoryStore>,
    endpoints: Vec<Endpoint>,
}

fn profiles() -> [Profile; 5] {
    [
        Profile::joompay(),
        Profile::younify(),
        Profile::tribe_redirect(),
        Profile::cbuae_redirect(),
        Profile::redirect().with_issuer("https://bank.example"),
    ]
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(FixedClock::at(NOW));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let mut bytes = [0; 32];
        random(&mut bytes).expect("randomness");
        let secret = Secret::new(bytes).expect("a secret");
        let endpoints = profiles().map(|profile| {
            let keys = KeySet::new(vec![Key::secret(Algorithm::Hs256, &secret).expect("a key")]).expect("a set");
            let profile = profile.with_session(Session::cookie(COOKIE).expect("a name"));
            let builder = Endpoint::builder("bank", profile).path("/back").keys(keys).clock(clock.clone());
            builder.queue(store.clone()).build().expect("an endpoint")
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        Self { runtime, store, endpoints: endpoints.into() }
    }
}

fn read(text: &str, cookies: &str, profile: &Profile) {
    if let Ok(Some(value)) = cookie(cookies, COOKIE) {
        assert!(!value.is_empty() && !value.contains([';', ' ', '"', ',']));
    }
    let Ok(parsed) = Query::parse(text) else { return };
    let mut written = String::new();
    for (name, value) in parsed.iter() {
        query::append(&mut written, name, value);
    }
    assert_eq!(Query::parse(&written).as_ref(), Ok(&parsed));
    if let Ok(state) = StateValue::parse(parsed.value("state").unwrap_or_default()) {
        assert_eq!(Some(state.to_string().as_str()), parsed.value("state"), "one spelling");
    }
    // What a store holds is decoded again, and may be no more than it was.
    let content = Bytes::copy_from_slice(text.as_bytes());
    let Ok(event) = profile.decode("", &content) else { return };
    assert_eq!(event.content(), &content);
    assert!(event.subject().is_some_and(|subject| !subject.is_empty()));
    assert_eq!(profile.decode("", &content).as_ref(), Ok(&event));
}

thread_local! {
    static WORLD: World = World::new();
}

/// Sends one input, if it is a request at all, and holds that nothing came of it.
fn refused(data: &[u8]) -> Option<Outcome> {
    let (first, rest) = data.split_first()?;
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (text, cookies) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
    let which = usize::from(*first) % 5;
    WORLD.with(|world| {
        if let (Ok(text), Ok(cookies)) = (std::str::from_utf8(text), std::str::from_utf8(cookies)) {
            read(text, cookies, world.endpoints[which].profile());
        }
        let uri = [b"/back?", text].concat();
        let uri = http::Uri::from_maybe_shared(Bytes::from(uri)).ok()?;
        let mut request = http::Request::get(uri).header("host", "tpp.example");
        if let Ok(value) = http::HeaderValue::from_bytes(cookies) {
            request = request.header("cookie", value);
        }
        let request = request.body(Full::<Bytes>::default()).ok()?;
        let mut endpoint = world.endpoints[which].clone();
        world.runtime.block_on(async {
            let Ok(response) = endpoint.call(request).await;
            assert!(response.status().as_u16() >= 400, "{}", response.status());
            assert!(response.headers().contains_key("content-security-policy"));
            let stats = world.store.stats().await.expect("the counts");
            assert_eq!((stats.identities, stats.ready, stats.quarantined), (0, 0, 0), "{stats:?}");
            response.extensions().get::<Outcome>().copied()
        })
    })
}

/// That the seeds get where they should, without which a refusal of what is made of them would show nothing.
static REACHED: LazyLock<()> = LazyLock::new(|| {
    for (name, seed, code) in SEEDS {
        assert_eq!(refused(seed), Some(Outcome::Refused(code)), "{name}");
    }
});

fuzz_target!(|data: &[u8]| {
    LazyLock::force(&REACHED);
    refused(data);
});
