//! An https host of key sets with a certificate authority of its own; it can be told to fail in every way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What the host answers.
#[derive(Debug, Clone)]
pub enum Answer {
    Set(String),
    Raw(Vec<u8>),
    /// A byte a while, for ever.
    Trickle,
    /// The connection is dropped before a handshake.
    Down,
}

pub struct Host {
    pub port: u16,
    /// Its authority, in PEM.
    pub ca: String,
    answer: Arc<Mutex<Answer>>,
    requests: Arc<AtomicUsize>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Host {
    /// A host with a certificate for localhost, on a thread of its own.
    pub fn start(set: &str) -> Self {
        Self::named("localhost", set)
    }

    pub fn named(name: &str, set: &str) -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let ca = authority.self_signed(&authority_key).unwrap().pem();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .signed_by(&key, &Issuer::new(authority, authority_key))
            .unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let answer = Arc::new(Mutex::new(Answer::Set(set.to_owned())));
        let requests = Arc::new(AtomicUsize::new(0));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        let shared = (Arc::clone(&answer), Arc::clone(&requests));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                let accept = async {
                    loop {
                        let (stream, _) = listener.accept().await.unwrap();
                        let (answer, requests) = shared.clone();
                        tokio::spawn(respond(stream, acceptor.clone(), answer, requests));
                    }
                };
                tokio::select! { () = accept => {}, _ = stopped => {} }
            });
        });
        Self { port, ca, answer, requests, _stop: stop }
    }

    pub fn answer(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    pub fn publish(&self, set: &str) {
        self.answer(Answer::Set(set.to_owned()));
    }

    /// How many requests came whole.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn respond(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    answer: Arc<Mutex<Answer>>,
    requests: Arc<AtomicUsize>,
) -> Option<()> {
    let answer = answer.lock().unwrap().clone();
    if matches!(answer, Answer::Down) {
        return None;
    }
    let mut stream = acceptor.accept(stream).await.ok()?;
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut piece = [0; 1024];
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        head.extend(&piece[..count]);
    }
    let text = String::from_utf8(head).unwrap();
    assert!(text.starts_with("GET /keys?token=hush HTTP/1.1\r\n"), "{text}");
    assert!(!text.to_ascii_lowercase().contains("authorization"), "{text}");
    requests.fetch_add(1, Ordering::SeqCst);
    match answer {
        Answer::Set(set) => {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", set.len());
            stream.write_all(&[head.as_bytes(), set.as_bytes()].concat()).await.ok()?;
        }
        Answer::Raw(bytes) => stream.write_all(&bytes).await.ok()?,
        Answer::Trickle => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{").await.ok()?;
            loop {
                tokio::time::sleep(Duration::from_millis(100)).await;
                stream.write_all(b" ").await.ok()?;
                stream.flush().await.ok()?;
            }
        }
        Answer::Down => unreachable!("dropped before"),
    }
    stream.flush().await.ok()?;
    stream.shutdown().await.ok()
}
