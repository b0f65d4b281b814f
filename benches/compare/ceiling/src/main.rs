//! The least that a receiver can do: hyper reads the body and answers 204; with `CHECK`, after one bare verification of the
//! body by aws-lc-rs, or after it opened a token and verified the one inside. A length above 1 MiB that is announced has its 413.
//! It checks nothing else, remembers nothing and must never receive a real webhook.

use std::convert::Infallible;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as URL};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What the receivers beside it take, in bytes.
const LARGEST: u64 = 1024 * 1024;

enum Check {
    Nothing,
    Public(ParsedPublicKey),
    Mac(Box<hmac::Key>),
    Token(OaepPrivateDecryptingKey, ParsedPublicKey),
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
        "JWE" => {
            let private = std::fs::read(std::env::var("OPENS").expect("OPENS names a file")).expect("a key");
            let private = PrivateDecryptingKey::from_pkcs8(&private).expect("a private key");
            let public = ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &key).expect("a public key");
            Check::Token(OaepPrivateDecryptingKey::new(private).expect("a key for RSA-OAEP"), public)
        }
        "HS256" => Check::Mac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &key))),
        other => panic!("expected an algorithm, but found {other}"),
    }
}

impl Check {
    fn holds(&self, signature: Option<Vec<u8>>, body: &[u8]) -> bool {
        match (self, signature) {
            (Self::Nothing, _) => true,
            (Self::Token(private, public), _) => opened(private, public, body).is_some(),
            (Self::Public(key), Some(signature)) => key.verify_sig(body, &signature).is_ok(),
            (Self::Mac(key), Some(signature)) => hmac::verify(key, body, &signature).is_ok(),
            (_, None) => false,
        }
    }
}

/// RSA-OAEP-256 with A256GCM around PS256, both compact; the headers are not looked at.
fn opened(private: &OaepPrivateDecryptingKey, public: &ParsedPublicKey, body: &[u8]) -> Option<()> {
    let parts: Vec<&[u8]> = body.split(|byte| *byte == b'.').collect();
    let [header, rest @ ..] = &parts[..] else { return None };
    let [wrapped, nonce, content, tag] =
        rest.iter().map(|part| URL.decode(part).ok()).collect::<Option<Vec<_>>>()?.try_into().ok()?;
    let mut room = [0; 256];
    let key = private.decrypt(&OAEP_SHA256_MGF1SHA256, &wrapped, &mut room, None).ok()?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(&nonce).ok()?;
    let mut sealed = [content, tag].concat();
    let token = key.open_in_place(nonce, Aad::from(*header), &mut sealed).ok()?;
    let (input, signature) = token.split_at(token.iter().rposition(|byte| *byte == b'.')?);
    let payload = input.split(|byte| *byte == b'.').nth(1)?;
    URL.decode(payload).ok()?;
    public.verify_sig(input, &URL.decode(&signature[1..]).ok()?).ok()
}

async fn answer(request: Request<Incoming>, check: Arc<Check>) -> Result<Response<Empty<Bytes>>, hyper::Error> {
    if hyper::body::Body::size_hint(request.body()).lower() > LARGEST {
        let mut response = Response::new(Empty::new());
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        // The body is not waited for, so nothing can follow it.
        response.headers_mut().insert(hyper::header::CONNECTION, hyper::header::HeaderValue::from_static("close"));
        return Ok(response);
    }
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
