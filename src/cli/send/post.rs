//! One connection to a receiver.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::craft::Crafted;
use crate::wire::header::only;

/// Largest answer that is read, in bytes.
const LARGEST: usize = 1024 * 1024;
/// How long making a connection may take, and an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where to send.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) path: String,
    pub(super) host: String,
    name: String,
    port: u16,
}

impl Target {
    /// Reads the endpoint's URL and appends the profile's route, unless it is there already.
    pub(super) fn new(url: &str, route: String) -> Result<Self, String> {
        let wrong = || format!("--to: expected http://HOST:PORT/PATH, but found {url:?}");
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(wrong()) };
        let base = uri.path().trim_end_matches('/');
        let path = if base.ends_with(&route) { base.to_owned() } else { format!("{base}{route}") };
        let name = authority.host().trim_matches(['[', ']']).to_owned();
        Ok(Self { path, host: authority.to_string(), name, port: authority.port_u16().unwrap_or(80) })
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.name == "localhost" || self.name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// An answer.
pub(super) struct Received {
    pub(super) status: u16,
    pub(super) result: Option<String>,
    pub(super) body: String,
}

impl Received {
    /// Success, or the way on of a person whose authorization was taken.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status) || (self.status == 303 && self.result.is_some())
    }
}

pub(super) struct Connection<'t> {
    target: &'t Target,
    sender: SendRequest<Full<Bytes>>,
}

impl<'t> Connection<'t> {
    pub(super) async fn open(target: &'t Target) -> Result<Self, String> {
        Ok(Self { target, sender: in_time(connect(target)).await? })
    }

    pub(super) async fn post(&mut self, crafted: &Crafted) -> Result<Received, String> {
        in_time(self.exchange(crafted)).await
    }

    async fn exchange(&mut self, crafted: &Crafted) -> Result<Received, String> {
        if self.sender.ready().await.is_err() {
            self.sender = connect(self.target).await?;
        }
        let mut request = Request::builder().method(&crafted.method).uri(&crafted.path).header("host", &crafted.host);
        for (name, value) in &crafted.headers {
            request = request.header(name, value);
        }
        let body = Full::new(Bytes::from(crafted.body.clone()));
        let request = request.body(body).map_err(|error| format!("expected a header, but found {error}"))?;
        let response = self.sender.send_request(request).await.map_err(|error| self.broken(&error))?;
        let status = response.status().as_u16();
        let result = only(response.headers(), "countersign-result").map(str::to_owned);
        let body = Limited::new(response.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| self.broken(&error))?.to_bytes();
        Ok(Received { status, result, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn broken(&self, error: &impl ToString) -> String {
        format!("expected an answer from {}, but found: {}", self.target.host, error.to_string())
    }
}

async fn in_time<T>(step: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = || format!("expected an answer within {} s, but found none", PATIENCE.as_secs());
    timeout(PATIENCE, step).await.unwrap_or_else(|_| Err(late()))
}

async fn connect(target: &Target) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream = TcpStream::connect((target.name.as_str(), target.port)).await.map_err(|error| {
        format!("expected a receiver at {}, but found: {error}; start one with `countersign serve`", target.host)
    })?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::send::cbuae::TokenOptions;
    use crate::cli::send::craft::{Sender, Wishes};
    use crate::cli::send::signer::Signer;

    #[tokio::test]
    async fn a_receiver_that_takes_a_connection_and_never_answers_ends_in_time() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let target = Target::new(&url, "/events".to_owned()).unwrap();
        let mut connection = Connection::open(&target).await.unwrap();
        let sender = Sender::named("worldline", "payment").unwrap();
        let wishes = Wishes { fault: None, set: &[], token: &TokenOptions::default() };
        let crafted = Crafted::new(sender, &Signer::demo(sender).unwrap(), &target, 0, wishes).unwrap();
        tokio::time::pause();
        let answer = timeout(Duration::from_secs(120), connection.post(&crafted)).await.expect("an end");
        assert_eq!(answer.err().as_deref(), Some("expected an answer within 30 s, but found none"));
    }
}
