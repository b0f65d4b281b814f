//! The least that a receiver can do: hyper reads the body and answers 204; with `CHECK`, after one bare verification of the
//! body by aws-lc-rs. It checks nothing else, remembers nothing and must never receive a real webhook.

use std::convert::Infallible;
use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

enum Check {
    Nothing,
    Public(ParsedPublicKey),
    Mac(Box<hmac::Key>),
}

fn check() -> Check {
    let word = std::env::var("CHECK").unwrap_or_default();
    if word.is_empty() {
        return Check::Nothing;
    }
    let key = std::fs::read(std::env::var("KEY").expect("KEY names a file")).expect("a key");
    let public = |algorithm| Check::Public(ParsedPublicKey::new(algorithm, &key).expect("a public key"));
    match word.as_str() {
        "RS256" => public(&RSA_PKCS1_2048_8192_SHA256),
        "PS256" => public(&RSA_PSS_2048_8192_SHA256),
        "ES256" => public(&ECDSA_P256_SHA256_FIXED),
        "HS256" => Check::Mac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &key))),
        other => panic!("expected an algorithm, but found {other}"),
    }
}

impl Check {
    fn holds(&self, signature: Option<Vec<u8>>, body: &[u8]) -> bool {
        match (self, signature) {
            (Self::Nothing, _) => true,
            (Self::Public(key), Some(signature)) => key.verify_sig(body, &signature).is_ok(),
            (Self::Mac(key), Some(signature)) => hmac::verify(key, body, &signature).is_ok(),
            (_, None) => false,
        }
    }
}

async fn answer(request: Request<Incoming>, check: Arc<Check>) -> Result<Response<Empty<Bytes>>, hyper::Error> {
    let signature = request.headers().get("x-signature").and_then(|value| STANDARD.decode(value).ok());
    let body = request.into_body().collect().await?.to_bytes();
    let status = if check.holds(signature, &body) { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED };
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    Ok(response)
}

#[tokio::main]
async fn main() -> Result<Infallible, Box<dyn std::error::Error>> {
    let check = Arc::new(check());
    let listener = TcpListener::bind(format!("127.0.0.1:{}", std::env::var("PORT")?)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let check = Arc::clone(&check);
        let service = service_fn(move |request| answer(request, Arc::clone(&check)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
