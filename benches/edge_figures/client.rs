//! Senders: good ones, forgers and those who trickle.

use std::time::Duration;

use countersign::clock::{Clock, SystemClock};
use countersign::crypto::{Algorithm, Digest, MacKey, Secret};
use countersign::keys::{VerifyingKey, file};
use countersign::wire::encoding::Encoding;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub const SECRET: [u8; 32] = *b"for measuring, and nothing else.";
/// Refused as not authenticated, which does not end a connection.
pub const UNSIGNED: &[u8] =
    b"POST /hmac HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

#[derive(Clone)]
pub struct Target {
    pub address: String,
    pub tls: Option<TlsConnector>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub struct Connection(Box<dyn Stream>);

impl Connection {
    pub async fn open(target: &Target) -> Self {
        let stream = TcpStream::connect(&target.address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        match &target.tls {
            None => Self(Box::new(stream)),
            Some(tls) => {
                let name = ServerName::try_from("localhost").expect("a name");
                Self(Box::new(tls.connect(name, stream).await.expect("a handshake")))
            }
        }
    }

    /// The status of the answer, once all of it is there.
    pub async fn exchange(&mut self, request: &[u8]) -> Option<u16> {
        self.0.write_all(request).await.ok()?;
        let (mut text, mut piece) = (Vec::new(), [0; 2048]);
        loop {
            let count = self.0.read(&mut piece).await.ok()?;
            text.extend_from_slice(&piece[..count]);
            if let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = std::str::from_utf8(&text[..end]).ok()?;
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
                if text.len() >= end + 4 + length.unwrap_or(0) {
                    return head.get(9..12)?.parse().ok();
                }
            }
            if count == 0 {
                return None;
            }
        }
    }
}

pub async fn exchange(target: &Target, request: &[u8]) -> Option<u16> {
    Connection::open(target).await.exchange(request).await
}

/// Signs for the endpoint with the secret.
pub struct Signer(MacKey);

impl Signer {
    pub fn new() -> Self {
        Self(MacKey::new(Algorithm::Hs256, &Secret::new(SECRET).expect("a secret")).expect("a key"))
    }

    pub fn request(&self, id: &str) -> Vec<u8> {
        let body = body(id);
        let signature = Encoding::Base64.encode(&self.0.sign(&[body.as_bytes()]));
        post(&signature, &body)
    }

    pub fn forged(&self) -> Vec<u8> {
        post(&Encoding::Base64.encode(&[7; 32]), &body("forged"))
    }
}

fn body(id: &str) -> String {
    format!("{{\"id\":\"{id}\",\"pad\":\"{}\"}}", "x".repeat(1024 - 30))
}

fn post(signature: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST /hmac HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-signature: {signature}\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Checks as many wrong signatures with the bare key as were refused over the wire.
pub fn bare_verifications(count: usize) {
    let keys = file::read(Default::default(), include_bytes!("../../keys/worldline/signing.crt"), None).expect("a key");
    let VerifyingKey::Public(key) = keys[0].verifier().clone() else { unreachable!("the key of a certificate") };
    let message = [b'x'; 160];
    for _ in 0..count {
        assert!(std::hint::black_box(&key).verify(&[&message], &[0x5a; 256]).is_err());
    }
}

/// Complete and fresh, with the id of the right key and a signature that is none.
pub fn worldline_forged() -> Vec<u8> {
    let certificate = include_bytes!("../../keys/worldline/signing.crt");
    let keys = file::read(Default::default(), certificate, None).expect("a key");
    let (body, time, base64) = (body("forged"), SystemClock.now(), |bytes: &[u8]| Encoding::Base64.encode(bytes));
    let digest = base64(&Digest::sha256_of(body.as_bytes()));
    let (key, length, signature) = (keys[0].id().as_str(), body.len(), base64(&[0x5a; 256]));
    format!(
        "POST /v3/notification/status HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         x-request-id: 00000000-0000-4000-8000-000000000000\r\nmessagecreatedatetime: {time}\r\n\
         digest: SHA-256={digest}\r\nsignature: keyId=\"{key}\",algorithm=\"rsa-sha256\",\
         headers=\"messagecreatedatetime x-request-id digest\",signature=\"{signature}\"\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A byte now and then, of a head or of a body, again and again for as long as it is let.
pub async fn trickle(target: &Target, number: usize) {
    let head = b"POST /hmac HTTP/1.1\r\nhost: x\r\nx-padding: ";
    let body = b"POST /hmac HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-signature: AA==\r\ncontent-length: 900\r\n\r\n";
    loop {
        let Ok(mut stream) = TcpStream::connect(&target.address).await else { continue };
        let _ = stream.write_all(if number.is_multiple_of(2) { head } else { body }).await;
        // Until it is hung up on.
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100 + number as u64 % 50)).await;
            if stream.try_read(&mut [0; 512]).is_ok() {
                break;
            }
        }
    }
}
