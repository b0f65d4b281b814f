//! One fetch of a key set: one connection, one request, one answer.
//!
//! The rule: everything is bounded, the bytes of the answer and the time from the name's look-up to the last of them.
//! No redirect is followed and nothing of the answer but its status and body counts.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HOST, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Address;
use super::outcome::{Outcome, Trouble};
use super::public::is_public;
use crate::dial;

/// The whole fetch.
const TIME: Duration = Duration::from_secs(5);
/// The body of the answer, in bytes.
const LARGEST: usize = 256 * 1024;
/// The head of the answer, in bytes, and its headers.
const LARGEST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 100;
/// How many addresses of a host are tried, and how long each but the last, which has what is left of the whole.
const MOST_ADDRESSES: usize = 4;
const EACH: Duration = Duration::from_secs(1);

/// The body that is at `address` now.
pub(super) async fn fetch(address: &Address) -> Result<Bytes, Trouble> {
    let fetched = tokio::time::timeout(TIME, exchange(address)).await;
    fetched.map_err(|_| Trouble::new(Outcome::Timeout, "expected keys within 5 s, but found none"))?
}

async fn exchange(address: &Address) -> Result<Bytes, Trouble> {
    let stream = connect(address).await?;
    let tls = TlsConnector::from(address.tls.clone()).connect(address.server.clone(), stream).await;
    let tls = tls.map_err(|error| {
        Trouble::new(Outcome::Tls, format!("expected a certificate of the host, but found {error}"))
    })?;
    let malformed =
        |error: hyper::Error| Trouble::new(Outcome::Malformed, format!("expected an answer, but found {error}"));
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .handshake(TokioIo::new(tls))
        .await
        .map_err(malformed)?;
    let request = Request::get(&*address.target)
        .header(HOST, &*address.authority)
        .header(ACCEPT, "application/jwk-set+json, application/json")
        .header(USER_AGENT, concat!("countersign/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|error| Trouble::new(Outcome::Malformed, error))?;
    let asked = async {
        let response = sender.send_request(request).await.map_err(malformed)?;
        read(response).await
    };
    // The connection is driven from here, so that nothing of it lives on when the time is over.
    let driven = async {
        // How it ends is told to whoever asked.
        let _ = connection.await;
        std::future::pending::<std::convert::Infallible>().await
    };
    tokio::select! {
        body = asked => body,
        never = driven => match never {},
    }
}

async fn read(response: http::Response<hyper::body::Incoming>) -> Result<Bytes, Trouble> {
    let status = response.status();
    if status.is_redirection() {
        return Err(Trouble::new(Outcome::Redirect, format!("expected status 200, but found {}", status.as_u16())));
    }
    if status != StatusCode::OK {
        return Err(Trouble::new(Outcome::Status, format!("expected status 200, but found {}", status.as_u16())));
    }
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
        Some(_) => Trouble::new(Outcome::TooLarge, "expected at most 256 KiB of keys, but found more"),
        None => Trouble::new(Outcome::Malformed, format!("expected a whole answer, but found {error}")),
    })?;
    Ok(body.to_bytes())
}

/// Connects to an address that was looked at: the name is not looked up again, so that it cannot lead elsewhere.
async fn connect(address: &Address) -> Result<TcpStream, Trouble> {
    let unreachable = |found: &dyn ToString| {
        let message = format!("expected a connection to {}, but found {}", address.authority, found.to_string());
        Trouble::new(Outcome::Unreachable, message)
    };
    let found = tokio::net::lookup_host((&*address.host, address.port)).await.map_err(|error| unreachable(&error))?;
    let found: Vec<SocketAddr> = found.collect();
    let allowed: Vec<SocketAddr> =
        found.iter().copied().filter(|one| address.allow_private || is_public(one.ip())).collect();
    if allowed.is_empty() && !found.is_empty() {
        return Err(Trouble::new(
            Outcome::PrivateAddress,
            format!("expected a public address of {}, but found a private one", address.authority),
        ));
    }
    let tried: Vec<SocketAddr> = allowed.into_iter().take(MOST_ADDRESSES).collect();
    dial::first(&tried, EACH).await.map_err(|error| unreachable(&error))
}
