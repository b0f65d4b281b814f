//! RFC 9421 by `httpsig-hyper` in a hyper app: the signature, the digest, and that the signature covers the digest, which
//! the crate leaves to its user.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Empty;
use httpsig_hyper::prelude::{AlgorithmName, PublicKey};
use httpsig_hyper::{MessageSignatureReq, RequestContentDigest};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

async fn holds(request: Request<Incoming>, key: &PublicKey) -> bool {
    let input = request.headers().get("signature-input").and_then(|value| value.to_str().ok()).unwrap_or_default();
    input.contains("\"content-digest\"")
        && request.verify_message_signature(key, Some("compare")).await.is_ok()
        && request.verify_content_digest().await.is_ok()
}

async fn answer(request: Request<Incoming>, key: Arc<PublicKey>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let status = if holds(request, &key).await { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED };
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    Ok(response)
}

#[tokio::main]
async fn main() -> Result<Infallible, Box<dyn std::error::Error>> {
    let pem = std::fs::read_to_string(std::env::var("KEY")?)?;
    let key = Arc::new(PublicKey::from_pem(&AlgorithmName::RsaV1_5Sha256, &pem)?);
    let listener = TcpListener::bind(format!("127.0.0.1:{}", std::env::var("PORT")?)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let key = Arc::clone(&key);
        let service = service_fn(move |request| answer(request, Arc::clone(&key)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
