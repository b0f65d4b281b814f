//! `POST` of a CloudEvent to a URL of the configuration, with an idempotency key and a signature of ours.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderName, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::{failed, line};
use crate::clock::{Clock, SystemClock};
use crate::crypto::{Algorithm, MacKey, Secret};
use crate::error::Rejection;
use crate::once::Once;
use crate::reply::Reply;
use crate::wire::encoding::Encoding;
use crate::wire::header::only;

/// Largest answer that is passed on, in bytes; of a larger one the first copy is refused although the sink has acted.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

#[derive(Debug, Clone)]
pub(in crate::server) struct HttpSink {
    url: Uri,
    timeout: Duration,
    key: Option<MacKey>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl HttpSink {
    pub(super) fn new(url: &str, timeout: Duration, secret: Option<Secret>) -> Result<Self, String> {
        let url = url.parse().map_err(|_| "expected a URL, but found another text".to_owned())?;
        let key = secret.and_then(|secret| MacKey::new(Algorithm::Hs256, &secret));
        Ok(Self { url, timeout, key, client: Client::builder(TokioExecutor::new()).build(HttpConnector::new()) })
    }

    /// The sink's answer. Redirects are not followed: they would carry the event to an address nobody configured.
    pub(super) async fn send(&self, once: &Once) -> Result<Reply, Rejection> {
        let request = self.request(once)?;
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| failed(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER).collect().await;
            Ok::<_, Rejection>((head, body.map_err(|error| failed(&error))?.to_bytes()))
        };
        let answer = tokio::time::timeout(self.timeout, exchange).await;
        let (head, body) = answer.map_err(|_| failed(&"no answer in time"))??;
        if head.status.is_redirection() || head.status.is_server_error() || head.status.is_informational() {
            return Err(failed(&format!("status {}", head.status)));
        }
        let content_type = only(&head.headers, CONTENT_TYPE.as_str()).unwrap_or_default();
        let mut reply = Reply::accepted();
        if !body.is_empty() {
            reply = reply.with_body(content_type, body);
        }
        // A plain success takes the profile's own success status, and a refusal is the sink's to choose.
        let plain = matches!(head.status, StatusCode::OK | StatusCode::ACCEPTED | StatusCode::NO_CONTENT);
        Ok(if plain { reply } else { reply.with_status(head.status) })
    }

    fn request(&self, once: &Once) -> Result<Request<Full<Bytes>>, Rejection> {
        let body = line(once)?;
        let mut request = Request::post(self.url.clone())
            .header(CONTENT_TYPE, "application/cloudevents+json")
            .header("idempotency-key", once.id().as_str());
        if let Some(key) = &self.key {
            let (id, at) = (once.id().as_str(), SystemClock.now().seconds().to_string());
            let tag = key.sign(&[id.as_bytes(), b".", at.as_bytes(), b".", body.as_bytes()]);
            request = request
                .header("webhook-id", id)
                .header("webhook-timestamp", at)
                .header("webhook-signature", format!("v1,{}", Encoding::Base64.encode(&tag)));
        }
        if let Some(token) = once.event().user_token()
            && let Ok(mut value) = HeaderValue::from_str(token.unsigned())
        {
            value.set_sensitive(true);
            request = request.header(HeaderName::from_static("x-auth-token"), value);
        }
        request.body(Full::new(Bytes::from(body))).map_err(|error| failed(&error))
    }
}
