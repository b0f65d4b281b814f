//! What carries traces to their collector: the program's own HTTP client, on its own runtime. The rule: an answer is read up
//! to a bound, and nothing is followed.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;

/// Largest answer, in bytes.
const LARGEST_ANSWER: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Carrier {
    client: Client<HttpConnector, Full<Bytes>>,
    runtime: Handle,
}

impl Carrier {
    /// On the runtime that it is made on.
    pub(super) fn new() -> Self {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { client, runtime: Handle::current() }
    }
}

impl HttpClient for Carrier {
    fn send_bytes<'this, 'future>(
        &'this self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'future>>
    where
        'this: 'future,
        Self: 'future,
    {
        let client = self.client.clone();
        // Spans are sent by a thread of their own, which has no runtime.
        let sent = self.runtime.spawn(async move {
            let (head, body) = client.request(request.map(Full::new)).await?.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER).collect().await?.to_bytes();
            Ok(Response::from_parts(head, body))
        });
        Box::pin(async move { sent.await? })
    }
}
