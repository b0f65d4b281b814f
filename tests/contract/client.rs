//! A caller without a network: requests as a server hands them over, and answers as a client reads them.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{BufMut, Bytes, BytesMut};
use countersign::client::{ClientCertificate, Pin, Pins};
use countersign::clock::SystemClock;
use countersign::contract::{CallBody, Caller, HeaderContract};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full, StreamBody};
use tower::{Layer, ServiceExt};

pub const ONCE: &str = "/example.payments.v1.Payments/ExecuteTransfer";
pub const ID: &str = "4be2dbd5-8b7c-4f0b-9a3f-6a5ad1c0a3a8";
pub const TPP: &str = "PSDLT-LB-0001";

/// The certificate of an organisation, with a key of its own.
pub fn certificate(organization: &str) -> ClientCertificate {
    certificate_until(organization, 4095)
}

/// One that is over after a year.
pub fn certificate_until(organization: &str, year: i32) -> ClientCertificate {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.not_after = rcgen::date_time_ymd(year, 12, 31);
    params.distinguished_name.push(rcgen::DnType::CustomDnType(vec![2, 5, 4, 97]), organization);
    let key = rcgen::KeyPair::generate().unwrap();
    ClientCertificate::vouched_for(params.self_signed(&key).unwrap().der()).unwrap()
}

pub fn contract() -> HeaderContract {
    HeaderContract::joompay(Arc::new(SystemClock)).client(TPP, Pins::any_of([Pin::organization_identifier(TPP)]))
}

/// One message of gRPC.
pub fn message(text: &str) -> Bytes {
    let mut bytes = BytesMut::from(&[0][..]);
    bytes.put_u32(text.len().try_into().unwrap());
    bytes.put_slice(text.as_bytes());
    bytes.freeze()
}

pub fn request(path: &str, headers: &[(&str, &str)], body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::post(path).body(Full::new(body)).unwrap();
    request.extensions_mut().insert(certificate(TPP));
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request
}

/// Every header that is demanded, with its value; for tests that leave one out.
pub const GOOD: [(&str, &str); 5] = [
    ("content-type", "application/grpc"),
    ("x-tpp-id", TPP),
    ("x-request-id", ID),
    ("user-time-zone", "Europe/London"),
    ("authorization", "Bearer a-token"),
];

/// An answer, read whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub http: u16,
    pub headers: HeaderMap,
    pub data: Bytes,
    pub trailers: HeaderMap,
}

impl Told {
    pub async fn read<B: Body<Data = Bytes>>(response: Response<CallBody<B>>) -> Self
    where
        B::Error: std::fmt::Debug,
    {
        let (head, body) = response.into_parts();
        let read = body.collect().await.unwrap();
        let trailers = read.trailers().cloned().unwrap_or_default();
        Self { http: head.status.as_u16(), headers: head.headers, data: read.to_bytes(), trailers }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.trailers.get_all(name).iter().chain(self.headers.get_all(name));
        values.next().map(|value| value.to_str().unwrap())
    }

    /// The status of gRPC.
    pub fn grpc(&self) -> Option<u16> {
        self.header("grpc-status").map(|status| status.parse().unwrap())
    }

    pub fn message(&self) -> &str {
        self.header("grpc-message").unwrap_or_default()
    }

    pub fn is_copy(&self) -> bool {
        self.header("countersign-result") == Some("duplicate")
    }
}

/// An API that counts its calls and answers as it is told.
#[derive(Debug, Clone, Default)]
pub struct Api {
    pub calls: Arc<AtomicU64>,
    pub seen: Arc<std::sync::Mutex<Vec<Caller>>>,
}

impl Api {
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Answers `text` and the number of the call, with this status in the trailers.
    pub fn answer<B>(&self, request: &Request<B>, status: u16, text: &str) -> Response<Trailed> {
        self.seen.lock().unwrap().extend(request.extensions().get::<Caller>().cloned());
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from(status))]);
        let frames = [Frame::data(message(&format!("{text} {number}"))), Frame::trailers(trailers)];
        let frames: Vec<Result<_, Infallible>> = frames.into_iter().map(Ok).collect();
        let body = StreamBody::new(tonic::codegen::tokio_stream::iter(frames)).boxed();
        Response::builder().header("content-type", "application/grpc").body(body).unwrap()
    }
}

pub type Trailed = http_body_util::combinators::BoxBody<Bytes, Infallible>;

/// Sends one request through the contract to an API that answers `done`.
pub async fn told(contract: &HeaderContract, api: &Api, request: Request<Full<Bytes>>) -> Told {
    let answering = api.clone();
    let service = tower::service_fn(move |request: Request<CallBody<Full<Bytes>>>| {
        let response = answering.answer(&request, 0, "done");
        async move { Ok::<_, Infallible>(response) }
    });
    let service = contract.clone().layer().layer(service);
    Told::read(service.oneshot(request).await.unwrap()).await
}
