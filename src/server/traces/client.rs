//! What carries traces to their collector: the program's own HTTP client, on its own runtime. The rule: an answer is read up
//! to a bound and for so long, and nothing is followed.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

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
    patience: Duration,
}

impl Carrier {
    /// On the runtime that it is made on. The exporter's own limit is one of the clients that it brings, and none of ours.
    pub(super) fn new(patience: Duration) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { client, runtime: Handle::current(), patience }
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
        let (client, patience) = (self.client.clone(), self.patience);
        // Spans are sent by a thread of their own, which has no runtime and no clock of one.
        let sent = self.runtime.spawn(async move {
            let answered = async {
                let (head, body) = client.request(request.map(Full::new)).await?.into_parts();
                let body = Limited::new(body, LARGEST_ANSWER).collect().await?.to_bytes();
                Ok(Response::from_parts(head, body))
            };
            tokio::time::timeout(patience, answered).await?
        });
        Box::pin(async move { sent.await? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_collector_that_is_silent_or_stops_half_way_is_given_up() {
        use tokio::io::AsyncWriteExt;
        for begun in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let collector = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(begun.as_bytes()).await.unwrap();
                std::future::pending::<()>().await;
            });
            let carrier = Carrier::new(Duration::from_millis(100));
            let request = Request::post(format!("http://{address}/v1/traces")).body(Bytes::new()).unwrap();
            // As the exporter does it: from a thread that has no runtime.
            let sending = std::thread::scope(|scope| scope.spawn(|| carrier.send_bytes(request)).join().unwrap());
            let sent = tokio::time::timeout(Duration::from_secs(20), sending).await;
            assert!(sent.expect("an end in time").is_err(), "{begun:?}");
            collector.abort();
        }
    }
}
