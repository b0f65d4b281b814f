//! Calls that take effect once: the same id of the same caller, with the same content, is answered what the first call was.
//!
//! The rule: an id belongs to the caller that its certificate speaks for, and what was asked (method, token, time zone and
//! message) belongs to the id.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, request};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;
use tower_service::Service;

use super::answer::{Answer, frame_length};
use super::body::CallBody;
use super::headers::Caller;
use super::refusal::{self, Log};
use crate::clock::Clock;
use crate::crypto::{Digest, Hash};
use crate::dedup::{Claims, InlineTimes, conflict};
use crate::error::{Code, ConfigError, Rejection};
use crate::stage::oneshot;
use crate::store::{Claim, Identity, Record, Store, StoredAnswer};
use crate::verified::{Provenance, Verified};
use crate::wire::encoding::Encoding;

/// Any error of a body.
pub(super) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// Largest answer that the first call is given.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;
/// Largest message that is read, unless said otherwise.
const LARGEST_MESSAGE: usize = 64 * 1024;
/// How long a call may take unless it is said, and how long a copy waits for it.
const TIMES: InlineTimes = InlineTimes::within(Duration::from_secs(10));
/// How long an id is remembered, at least.
const SHORTEST_RETENTION: Duration = Duration::from_secs(168 * 3600);

/// Which calls take effect once, and what remembers them.
#[derive(Debug, Clone)]
pub struct Calls {
    name: Arc<str>,
    claims: Claims,
    clock: Arc<dyn Clock>,
    retain: Duration,
    largest: usize,
    paths: BTreeSet<Box<str>>,
}

impl Calls {
    /// Remembers in `store`, under a name of the API that nothing else in the store has, for 168 hours. A message has at
    /// most 64 KiB, a call may take ten seconds, and a copy waits two for it.
    pub fn new(name: &str, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let claims = Claims { store, times: TIMES };
        let (retain, largest, paths) = (SHORTEST_RETENTION, LARGEST_MESSAGE, BTreeSet::new());
        Self { name: name.into(), claims, clock, retain, largest, paths }
    }

    /// A method whose calls take effect once, by its path: `/package.Service/Method`. It has one message each way.
    ///
    /// # Errors
    /// [`ConfigError`] if it is no path of a gRPC method.
    pub fn once(mut self, path: &str) -> Result<Self, ConfigError> {
        let parts = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        let word = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte))
        };
        if !parts.is_some_and(|(service, method)| word(service) && word(method)) {
            let message = format!("expected the path of a gRPC method, /package.Service/Method, but found {path:?}");
            return Err(ConfigError::new("once", message));
        }
        self.paths.insert(path.into());
        Ok(self)
    }

    /// How long a call may take, and how long a copy waits for it.
    #[must_use]
    pub fn times(mut self, times: InlineTimes) -> Self {
        self.claims.times = times;
        self
    }

    /// Most bytes of a message.
    #[must_use]
    pub fn largest_message(mut self, bytes: usize) -> Self {
        self.largest = bytes;
        self
    }

    /// How long an id is remembered.
    ///
    /// # Errors
    /// [`ConfigError`] if that is shorter than 168 hours.
    pub fn retain(mut self, retain: Duration) -> Result<Self, ConfigError> {
        if retain < SHORTEST_RETENTION {
            let message = format!("expected at least 168h, but found {} s", retain.as_secs());
            return Err(ConfigError::new("retain", message));
        }
        self.retain = retain;
        Ok(self)
    }

    pub(super) fn are_once(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Answers one call. The service fails as it fails by itself; what is refused is an answer.
    pub(super) async fn answer<S, B, R>(
        self,
        caller: Caller,
        request: Request<B>,
        inner: S,
        log: Arc<Log>,
    ) -> Result<Response<CallBody<R>>, S::Error>
    where
        S: Service<Request<CallBody<B>>, Response = Response<R>> + Send,
        S::Future: Send,
        S::Error: Send,
        B: Body<Data = Bytes> + Send,
        B::Error: Into<BodyError>,
        R: Body<Data = Bytes> + Send,
        R::Error: Into<BodyError>,
    {
        match self.run(caller, request, inner).await {
            Ok(response) => response,
            Err(rejection) => Ok(refusal::response(&rejection, true, &log)),
        }
    }

    async fn run<S, B, R>(
        self,
        caller: Caller,
        request: Request<B>,
        inner: S,
    ) -> Result<Result<Response<CallBody<R>>, S::Error>, Rejection>
    where
        S: Service<Request<CallBody<B>>, Response = Response<R>> + Send,
        S::Future: Send,
        S::Error: Send,
        B: Body<Data = Bytes> + Send,
        B::Error: Into<BodyError>,
        R: Body<Data = Bytes> + Send,
        R::Error: Into<BodyError>,
    {
        let (head, body) = request.into_parts();
        let message = self.message(body).await?;
        let record = self.record(&caller, &head, message.clone());
        let held = match self.claims.claim(&record).await? {
            Claim::Granted(held) => held,
            Claim::Done(stored) => return Answer::again(&stored).map(|answer| Ok(copy(answer))).ok_or_else(too_large),
            Claim::Conflict => return Err(conflict()),
            Claim::InFlight => return Err(self.claims.in_flight()),
        };
        let handler = async {
            let response = match oneshot(inner, Request::from_parts(head, CallBody::whole(message, None))).await {
                Ok(response) => response,
                Err(error) => return Ok(Err(error)),
            };
            let (head, body) = response.into_parts();
            match Limited::new(body, LARGEST_ANSWER).collect().await {
                Ok(read) => {
                    let trailers = read.trailers().cloned();
                    Ok(Ok(Some(Answer::new(head, read.to_bytes(), trailers))))
                }
                Err(error) if error.is::<LengthLimitError>() => Ok(Ok(None)),
                // What the service says of itself may hold anything.
                Err(_) => {
                    Err(Rejection::new(Code::HandlerFailed, "expected the answer of the service, but found a part"))
                }
            }
        };
        let lasting = |answer: &Result<Option<Answer>, S::Error>| match answer {
            Ok(Some(answer)) => answer.lasting(),
            Ok(None) => Some(Answer::none_lasting()),
            Err(_) => None,
        };
        match self.claims.run(held, record, handler, lasting).await? {
            Ok(answer) => answer.map(|answer| Ok(answer.into_response())).ok_or_else(too_large),
            Err(error) => Ok(Err(error)),
        }
    }

    /// The one message of a call, with its prefix.
    async fn message<B>(&self, body: B) -> Result<Bytes, Rejection>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<BodyError>,
    {
        let largest = self.largest;
        let read = timeout(self.claims.times.deadline, Limited::new(body, largest).collect()).await;
        let read =
            read.map_err(|_| Rejection::new(Code::BodyTimeout, "expected the message in time, but found a part"))?;
        let bytes = read.map_err(|error| match error.is::<LengthLimitError>() {
            true => {
                let message = format!("expected a message of at most {largest} bytes, but found a larger one");
                Rejection::new(Code::BodyTooLarge, message)
            }
            false => Rejection::new(Code::BodyUnreadable, "expected the message, but found an error of the connection"),
        })?;
        let bytes = bytes.to_bytes();
        if frame_length(&bytes) != Some(bytes.len()) {
            let message = "expected exactly one message of gRPC, but found another number of bytes";
            return Err(Rejection::new(Code::RequestMalformed, message));
        }
        Ok(bytes)
    }

    fn record(&self, caller: &Caller, head: &request::Parts, message: Bytes) -> Verified<Record> {
        let now = self.clock.now();
        let path = head.uri.path();
        // Two spellings of one UUID are one id.
        let request_id = caller.request_id().to_ascii_lowercase();
        let identity = Identity::new(&self.name, caller.id(), request_id.as_bytes());
        let parts = [path.as_bytes(), caller.token().as_bytes(), caller.time_zone().as_bytes(), &message];
        let lengths = parts.map(|part| (part.len() as u64).to_be_bytes());
        let asked: Vec<&[u8]> = lengths.iter().zip(parts).flat_map(|(length, part)| [&length[..], part]).collect();
        let record = Record {
            identity,
            fence: None,
            fingerprint: Digest::sha256_of(&message),
            compared: Digest::of(Hash::Sha256, &asked).sha256().unwrap_or_default(),
            action: path.into(),
            event_type: "grpc.call".into(),
            subject: Some(caller.id().into()),
            request_id: Some(caller.request_id().into()),
            content: message,
            problem: None,
            retain_until: now.after(self.retain),
        };
        let provenance = Provenance {
            endpoint: Arc::clone(&self.name),
            profile: "grpc".into(),
            key_id: Encoding::Hex.encode(&caller.client().public_key_sha256()).into(),
            algorithm: None,
            signed_at: None,
            received_at: now,
            covered: Arc::new(["client-certificate".into()]),
        };
        Verified::by_client(record, provenance, caller.client())
    }
}

/// What a copy is told.
fn copy<B>(answer: Answer) -> Response<CallBody<B>> {
    let mut response = answer.into_response();
    response.headers_mut().insert("countersign-result", HeaderValue::from_static("duplicate"));
    response
}

fn too_large() -> Rejection {
    let message = format!(
        "expected an answer of at most {} bytes to give again, but found a larger one; the call was handled",
        StoredAnswer::LARGEST
    );
    Rejection::new(Code::BodyTooLarge, message)
}
