//! A bank with keys that it changes, and an endpoint that follows it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::{Clock, FixedClock, Timestamp};
use countersign::crypto::{Algorithm, Digest, SigningKey};
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::keys::{KeyRing, Renewal, read_private};
use countersign::rotation::{Counts, Gauges, Rotation};
use countersign::server::Config;
use countersign::store::MemoryStore;
use countersign::wire::encoding::Encoding;
use http::Request;
use http_body_util::Full;
use tower::ServiceExt;

use crate::host::Host;

pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const BODY: &str = r#"{"payment":"p-1"}"#;
static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// One key of the bank.
pub struct Signer {
    pub id: String,
    pub pair: rcgen::KeyPair,
    key: SigningKey,
}

impl Signer {
    pub fn new(id: &str) -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let key = read_private(&pair.serialize_pem(), Some(Algorithm::Es256)).unwrap();
        Self { id: id.to_owned(), pair, key }
    }

    pub fn jwk(&self) -> String {
        let point = self.pair.public_key_raw();
        let part = |range: std::ops::Range<usize>| Encoding::Base64Url.encode(&point[range]);
        format!(
            r#"{{"kty":"EC","crv":"P-256","alg":"ES256","kid":"{}","x":"{}","y":"{}"}}"#,
            self.id,
            part(1..33),
            part(33..65)
        )
    }

    /// The raw request, as it goes over the wire.
    pub fn raw(&self, date: &str, key_id: &str) -> Vec<(&'static str, String)> {
        let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
        let digest = format!("SHA-256={}", Encoding::Base64.encode(&Digest::sha256_of(BODY.as_bytes())));
        let message = format!("digest: {digest}\ndate: {date}");
        let signature = Encoding::Base64.encode(&self.key.sign(message.as_bytes()).unwrap());
        vec![
            ("host", "hooks.example".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("content-length", BODY.len().to_string()),
            ("x-request-id", format!("00000000-0000-4000-8000-{number:012x}")),
            ("date", date.to_owned()),
            ("digest", digest),
            ("signature", format!("keyId=\"{key_id}\",headers=\"digest date\",signature=\"{signature}\"")),
        ]
    }

    pub fn request(&self, now: Timestamp) -> Request<Full<Bytes>> {
        self.named_request(now, &self.id)
    }

    pub fn named_request(&self, now: Timestamp, key_id: &str) -> Request<Full<Bytes>> {
        let mut request = Request::post("/hooks/bank");
        for (name, value) in self.raw(&now.to_string(), key_id) {
            request = request.header(name, value);
        }
        request.body(Full::new(Bytes::from_static(BODY.as_bytes()))).unwrap()
    }

    pub fn wire(&self) -> Vec<u8> {
        let now = countersign::clock::SystemClock.now().to_string();
        let headers = self.raw(&now, &self.id).into_iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        format!("POST /hooks/bank HTTP/1.1\r\n{}\r\n{BODY}", headers.collect::<String>()).into_bytes()
    }
}

pub fn set(signers: &[&Signer]) -> String {
    let keys: Vec<_> = signers.iter().map(|signer| signer.jwk()).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// The configuration of an endpoint with these keys.
pub fn configuration(keys: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[store]\nurl = \"memory:\"\n\
         [[endpoint]]\nname = \"bank\"\npath = \"/hooks/bank\"\nprofile = \"http-signature\"\nsink = \"none\"\n\
         keys = [{keys}]\n\
         signature = {{ cover = [\"digest\", \"date\"], fresh = {{ header = \"date\", tolerance = \"5m\" }} }}\n\
         id = {{ header = \"x-request-id\" }}\n\
         [[sink]]\nname = \"none\"\ntype = \"none\"\n"
    )
}

/// The configuration's words for a host; `more` follows them.
pub fn by_address(folder: &Path, host: &Host, more: &str) -> String {
    std::fs::write(folder.join("ca.pem"), &host.ca).unwrap();
    format!(
        "{{ jwks_url = \"https://localhost:{}/keys?token=hush\", ca = \"ca.pem\", allow_private = true{more} }}",
        host.port
    )
}

/// An endpoint that follows its sources, at a clock that the test sets.
pub struct Following {
    pub endpoint: Endpoint,
    pub clock: Arc<FixedClock>,
    pub ring: Arc<KeyRing>,
    pub counts: Arc<Counts>,
    running: tokio::task::JoinHandle<()>,
}

impl Following {
    pub async fn start(folder: &Path, keys: &str) -> Self {
        let config = Config::parse(&folder.join("countersign.toml"), &configuration(keys));
        let mut config = config.unwrap_or_else(|problem| panic!("{problem}"));
        let settings = &mut config.endpoints[0];
        let clock = Arc::new(FixedClock::at(NOW));
        let rotation: Rotation = settings.open_keys(clock.clone(), Duration::ZERO).await.unwrap().unwrap();
        let (ring, counts) = (rotation.ring(), rotation.counts());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let builder = settings.builder(clock.clone()).key_ring(Arc::clone(&ring)).in_flight(100_000);
        let endpoint = builder.queue(store).build().unwrap();
        let running = tokio::spawn(rotation.run(std::future::pending()));
        Self { endpoint, clock, ring, counts, running }
    }

    pub async fn post(&self, request: Request<Full<Bytes>>) -> (u16, Outcome) {
        let response = self.endpoint.clone().oneshot(request).await.unwrap();
        (response.status().as_u16(), *response.extensions().get::<Outcome>().unwrap())
    }

    pub async fn outcome(&self, signer: &Signer) -> Outcome {
        self.post(signer.request(self.clock.now())).await.1
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn pass(&self, span: Duration) {
        self.clock.set(self.clock.now().after(span));
    }

    /// Asks the sources, as an unknown key does.
    pub async fn ask(&self) -> Renewal {
        self.pass(Duration::from_secs(60));
        self.ring.renewed(self.ring.version(), self.clock.now()).await
    }

    pub fn gauges(&self) -> Gauges {
        Gauges::of(&self.ring, self.clock.now())
    }

    /// Waits until something is so, which it is within seconds.
    pub async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !holds(self) {
            assert!(Instant::now() < deadline, "expected {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.running.abort();
    }
}

pub const UNKNOWN: Outcome = Outcome::Refused(Code::KeyUnknown);
/// Asked for within the minute after the last look.
pub const UNCONFIRMED: Outcome = Outcome::Refused(Code::KeyUnconfirmed);
pub const UNAVAILABLE: Outcome = Outcome::Refused(Code::KeysUnavailable);
