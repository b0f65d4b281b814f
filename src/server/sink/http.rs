//! `POST` to a URL of the configuration, with an idempotency key and a signature of ours. The rule: what the sink answers is
//! bounded in bytes and in time, and changes neither where nor what is sent.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, HeaderName, Request, Uri};
use http_body_util::{BodyExt, Collected, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connect::Connector;
use super::passing_on::{answered, located, passed_on};
use super::statement::statement;
use super::{failed, line, refused};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::crypto::{Algorithm, MacKey};
use crate::error::{Code, Rejection};
use crate::once::Once;
use crate::reply::Reply;
use crate::server::config::{HttpForm, HttpSettings};
use crate::store::StoredAnswer;
use crate::wire::encoding::Encoding;
use crate::wire::header::only;
use crate::wire::time::parse_imf_fixdate;

/// Largest answer that acknowledges an event, in bytes.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;
/// Largest head of an answer, in bytes, and its headers.
const LARGEST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 100;
/// How much earlier than the sender's patience ends that of ours with the upstream, at most.
const MARGIN: Duration = Duration::from_millis(500);
/// How long a connection is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone)]
pub(in crate::server) struct HttpSink {
    url: Uri,
    timeout: Duration,
    key: Option<MacKey>,
    form: HttpForm,
    /// Whom a statement is for; of an endpoint whose sender waits.
    name: Box<str>,
    waiting: bool,
    client: Client<Connector, Full<Bytes>>,
    settings: Option<HttpForm>,
}

impl HttpSink {
    pub(super) fn new(settings: &HttpSettings, name: &str, concurrency: usize) -> Result<Self, String> {
        let key = settings.secret.as_ref().and_then(|secret| MacKey::new(Algorithm::Hs256, secret));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(concurrency)
            .http1_max_buf_size(LARGEST_HEAD)
            .http1_max_headers(MOST_HEADERS)
            .build(Connector::new(settings)?);
        let (url, timeout) = (settings.url.clone(), settings.timeout);
        let (form, name, waiting) = (HttpForm::Event, name.into(), false);
        Ok(Self { url, timeout, key, form, name, waiting, client, settings: settings.form })
    }

    /// From now on somebody waits for its answers, at most so long.
    pub(super) fn asked(&mut self, within: Duration) {
        self.waiting = true;
        self.form = self.settings.unwrap_or(HttpForm::Request);
        // Its own failure is told before everybody's patience ends.
        let rest = within.checked_div(10).unwrap_or_default().min(MARGIN);
        self.timeout = self.timeout.min(within.saturating_sub(rest));
    }

    /// The sink's answer. Redirects are not followed: they would carry the event to an address nobody configured.
    pub(super) async fn send(&self, once: &Once) -> Result<Reply, Rejection> {
        let answer = self.exchange(once).await;
        if self.waiting { answer.map_err(upstream) } else { answer }
    }

    async fn exchange(&self, once: &Once) -> Result<Reply, Rejection> {
        let request = self.request(once)?;
        let largest = if self.waiting { StoredAnswer::LARGEST } else { LARGEST_ANSWER };
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| failed(&causes(&error)))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, largest);
            // What nobody passes on is read and not kept.
            let read = if self.waiting { body.collect().await.map(Collected::to_bytes) } else { drained(body).await };
            match read {
                Ok(body) => Ok((head, Some(body))),
                Err(error) if error.is::<LengthLimitError>() => Ok((head, None)),
                Err(error) => Err(failed(&causes(&*error))),
            }
        };
        let answer = tokio::time::timeout(self.timeout, exchange).await;
        let (head, body) = answer.map_err(|_| failed(&"no answer in time"))??;
        let asked = retry_after(&head.headers, SystemClock.now());
        let status = head.status;
        if status.is_redirection() || status.is_informational() {
            return Err(refused(&format!("status {}", status.as_u16())));
        }
        if status.is_server_error() {
            let rejection = failed(&format!("status {}", status.as_u16()));
            return Err(asked.map_or(rejection.clone(), |delay| rejection.with_retry_after(delay)));
        }
        // Of what is not success the status says enough.
        let body = body.or_else(|| (!self.waiting && !status.is_success()).then(Bytes::new));
        let body = body.ok_or_else(|| refused(&format!("an answer of more than {largest} bytes")))?;
        let reply = answered(self.form, status, &head.headers, body)?;
        Ok(match asked.filter(|_| status.is_client_error()) {
            Some(delay) => reply.with_retry_after(delay),
            None => reply,
        })
    }

    fn request(&self, once: &Once) -> Result<Request<Full<Bytes>>, Rejection> {
        let url = located(&self.url, once.action()).map_err(|error| refused(&error))?;
        let (mut request, body) = match self.form {
            HttpForm::Event => {
                (Request::post(url).header(CONTENT_TYPE, "application/cloudevents+json"), Bytes::from(line(once)?))
            }
            HttpForm::Request => {
                let statement = self.key.as_ref().map(|key| statement(key, &self.name, once, SystemClock.now()));
                passed_on(Request::post(url), once, statement.as_deref())
            }
        };
        request = request.header("idempotency-key", once.id().as_str());
        if let Some(key) = &self.key {
            let (id, at) = (once.id().as_str(), SystemClock.now().seconds().to_string());
            let tag = key.sign(&[id.as_bytes(), b".", at.as_bytes(), b".", &body]);
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
        request.body(Full::new(body)).map_err(|error| refused(&error))
    }
}

/// Reads an answer to its end; nothing of it is left.
async fn drained(mut body: Limited<Incoming>) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    while let Some(frame) = body.frame().await {
        drop(frame?);
    }
    Ok(Bytes::new())
}

/// Whatever went wrong, the sender waits for the upstream, and it is the upstream that failed.
fn upstream(rejection: Rejection) -> Rejection {
    let unavailable = Rejection::new(Code::SinkUnavailable, rejection.detail().to_owned());
    rejection.retry_after().map_or(unavailable.clone(), |delay| unavailable.with_retry_after(delay))
}

/// How long the sink asks to be left alone (RFC 9110 section 10.2.3); what is in neither form does not count.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = only(headers, RETRY_AFTER.as_str())?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number too large for us asks for the longest delay there is.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let at = parse_imf_fixdate(text).ok()?;
    Some(Timestamp::from_millis(at).since(now))
}

/// An error with its causes, the last of which is what happened.
fn causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        next = cause.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_read_in_both_forms_and_in_no_other() {
        let now = Timestamp::from_seconds(784_111_777);
        let read = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(text).unwrap())]);
            retry_after(&headers, now).map(|delay| delay.as_secs())
        };
        assert_eq!(read("120"), Some(120));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0), "a moment that has passed");
        assert_eq!(read("99999999999999999999999999"), Some(u64::MAX));
        for text in ["", "-1", "1.5", "soon", "1 minute", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
