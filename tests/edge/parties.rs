//! A connection in memory, with an endpoint behind it that nobody can sign for, or with a probe that tells what it saw.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::{FixedClock, Timestamp};
use countersign::crypto::{Algorithm, Secret};
use countersign::endpoint::{BodyFault, Outcome, answer};
use countersign::error::{Code, Rejection};
use countersign::keys::{Key, KeySet};
use countersign::profile::{BodySignature, Context, Identification, Plain, Profile};
use countersign::server::Router;
use countersign::server::connection::{Refused, Times, serve};
use countersign::store::MemoryStore;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;

pub const NOW: Timestamp = Timestamp::from_seconds(1_795_240_514);
/// Well-formed, so that what stands before the signature decides.
pub const SIGNED: &str = "X-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n";

/// An endpoint at `/a`, whose key nobody has.
pub fn router() -> Router {
    let clock = Arc::new(FixedClock::at(NOW));
    let secret = Secret::new(*b"a key of this test, and no other").unwrap();
    let keys = KeySet::new(vec![Key::secret(Algorithm::Hs256, &secret).unwrap()]).unwrap();
    let profile = Profile::body_signature(BodySignature::over_body("x-signature"), Identification::Fingerprint);
    let builder = Endpoint::builder("edge", profile).path("/a").keys(keys).clock(clock.clone());
    let endpoint = builder.queue(Arc::new(MemoryStore::new(clock.clone()))).build().unwrap();
    Router::new(vec![endpoint], clock)
}

pub type Codes = Arc<Mutex<Vec<Code>>>;

/// Serves one end with the endpoint; each answer's code is kept.
pub async fn serve_endpoint(io: DuplexStream, codes: Codes) {
    let router = router();
    let (_open, closing) = watch::channel(false);
    let respond = move |request| {
        let (router, codes) = (router.clone(), Arc::clone(&codes));
        async move {
            let response = router.respond(request, None).await;
            if let Some(Outcome::Refused(code)) = response.extensions().get() {
                codes.lock().unwrap().push(*code);
            }
            response
        }
    };
    let _ = serve(io, respond, Times::default(), closing).await;
}

/// What the service behind the gate saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Request { method: String, target: String, body: Result<Vec<u8>, Code> },
    Refused(Code),
}

/// Serves one end with a probe.
pub async fn serve_probe(io: DuplexStream, seen: Arc<Mutex<Vec<Seen>>>) {
    let (_open, closing) = watch::channel(false);
    let respond = move |request: hyper::Request<Incoming>| {
        let seen = Arc::clone(&seen);
        async move {
            if let Some(Refused(rejection)) = request.extensions().get() {
                seen.lock().unwrap().push(Seen::Refused(rejection.code()));
                return refuse(rejection.clone());
            }
            let (method, target) = (request.method().to_string(), request.uri().to_string());
            let fault = request.extensions().get::<BodyFault>().cloned().unwrap_or_default();
            let body = match request.into_body().collect().await {
                Ok(body) => Ok(body.to_bytes().to_vec()),
                Err(_) => Err(fault.get().map_or(Code::BodyUnreadable, Rejection::code)),
            };
            let broken = body.as_ref().err().copied();
            seen.lock().unwrap().push(Seen::Request { method, target, body });
            broken.map_or_else(|| hyper::Response::new(Full::default()), |code| refuse(code.into()))
        }
    };
    let _ = serve(io, respond, Times::default(), closing).await;
}

fn refuse(rejection: Rejection) -> hyper::Response<Full<Bytes>> {
    answer(Err(rejection), http::StatusCode::OK, &Plain, Context { now: NOW, request_id: None })
}

/// Sends the pieces, ends, and reads all there is.
pub async fn talk(near: &mut DuplexStream, pieces: &[&[u8]]) -> String {
    let (mut reading, mut writing) = tokio::io::split(near);
    let mut answer = Vec::new();
    let write = async {
        for piece in pieces {
            // The other side may have closed.
            let _ = writing.write_all(piece).await;
            tokio::task::yield_now().await;
        }
        let _ = writing.shutdown().await;
    };
    let (_, _) = tokio::join!(write, reading.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

/// What the endpoint answered, request by request, and the whole answer.
pub async fn endpoint(raw: &[u8]) -> (Vec<Code>, String) {
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    let codes = Codes::default();
    let pieces = [raw];
    let (_, answer) = tokio::join!(serve_endpoint(far, Arc::clone(&codes)), talk(&mut near, &pieces));
    let codes = codes.lock().unwrap().clone();
    (codes, answer)
}

/// What the probe saw of these pieces, and the whole answer.
pub async fn probe(pieces: &[&[u8]], pipe: usize) -> (Vec<Seen>, String) {
    let (mut near, far) = tokio::io::duplex(pipe);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (_, answer) = tokio::join!(serve_probe(far, Arc::clone(&seen)), talk(&mut near, pieces));
    let seen = seen.lock().unwrap().clone();
    (seen, answer)
}

/// The statuses of an answer, in order.
pub fn statuses(answer: &str) -> Vec<u16> {
    let lines = answer.split("\r\n").filter_map(|line| line.split_once("HTTP/1.1 ").map(|(_, status)| status));
    lines.filter_map(|status| status.get(..3)?.parse().ok()).collect()
}
