//! The hall in front of the door: authorities, clients with certificates, and a running receiver that they call.

use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use countersign::crypto::Digest;
use countersign::wire::encoding::Encoding;
use rcgen::{BasicConstraints, CertificateParams, DnType, DnValue, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub const SECRET: &str = "a key of this test, and no other";
/// organizationIdentifier.
pub const ORGANIZATION: &str = "PSDDE-BAFIN-123456";

/// An authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
    pub der: CertificateDer<'static>,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Identity {
    pub pem: String,
    pub key: String,
    pub der: CertificateDer<'static>,
    pub public_key: Vec<u8>,
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let (params, key) = (authority_params(name), KeyPair::generate().unwrap());
        let own = params.self_signed(&key).unwrap();
        Self { pem: own.pem(), der: own.der().clone(), issuer: Issuer::new(params, key) }
    }

    /// An authority below this one.
    pub fn below(&self, name: &str) -> Self {
        let (params, key) = (authority_params(name), KeyPair::generate().unwrap());
        let own = params.signed_by(&key, &self.issuer).unwrap();
        Self { pem: own.pem(), der: own.der().clone(), issuer: Issuer::new(params, key) }
    }

    pub fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        change(&mut params);
        let own = params.signed_by(&key, &self.issuer).unwrap();
        let public_key = rcgen::PublicKeyData::subject_public_key_info(&key);
        Identity { pem: own.pem(), key: key.serialize_pem(), der: own.der().clone(), public_key }
    }

    /// A server on loopback.
    pub fn server(&self) -> Identity {
        self.issue(|params| {
            params.distinguished_name.push(DnType::CommonName, "server");
            params.subject_alt_names.push(rcgen::SanType::IpAddress(IpAddr::from([127, 0, 0, 1])));
        })
    }

    /// A client with a name and an organisation.
    pub fn client(&self, name: &str, organization: &str) -> Identity {
        self.issue(|params| {
            params.distinguished_name.push(DnType::CommonName, name);
            params.distinguished_name.push(organization_identifier(), DnValue::from(organization));
            params.subject_alt_names.push(rcgen::SanType::DnsName(name.try_into().unwrap()));
        })
    }

    /// One that ended long ago.
    pub fn ended_client(&self, name: &str) -> Identity {
        self.issue(|params| {
            params.distinguished_name.push(DnType::CommonName, name);
            params.distinguished_name.push(organization_identifier(), DnValue::from(ORGANIZATION));
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        })
    }
}

pub fn organization_identifier() -> DnType {
    DnType::CustomDnType(vec![2, 5, 4, 97])
}

impl Identity {
    pub fn certificate_sha256(&self) -> String {
        Encoding::Hex.encode(&Digest::sha256_of(&self.der))
    }

    pub fn public_key_sha256(&self) -> String {
        Encoding::Hex.encode(&Digest::sha256_of(&self.public_key))
    }
}

pub fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A folder with a configuration: lines of `[server]`, and one endpoint a path with more lines for each.
pub fn folder(server: &str, endpoints: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "secret", SECRET);
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n{server}\n[store]\nurl = \"memory:\"\n\
         [[sink]]\nname = \"nowhere\"\ntype = \"none\"\n"
    );
    for (name, more) in endpoints {
        text += &format!(
            "[[endpoint]]\nname = \"{name}\"\npath = \"/{name}\"\nprofile = \"body-signature\"\n\
             keys = [{{ secret = {{ file = \"secret\" }}, algorithm = \"HS256\" }}]\n\
             signature = {{ header = \"x-signature\", encoding = \"base64\", input = \"{{body}}\" }}\n\
             sink = \"nowhere\"\n{more}\n"
        );
    }
    write(folder.path(), "countersign.toml", &text);
    folder
}

/// Writes the files that [`TLS`] and [`MUTUAL`] name.
pub fn tls_files(folder: &Path, server: &Identity, client_ca: &Authority) {
    write(folder, "tls.crt", &server.pem);
    write(folder, "tls.key", &server.key);
    write(folder, "client_ca.pem", &client_ca.pem);
}

pub const MUTUAL: &str = r#"tls = { certificate = "tls.crt", key = "tls.key", client_ca = "client_ca.pem" }"#;

/// A request that is signed well, with more headers.
pub fn signed(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = Encoding::Base64.encode(hmac::sign(&key, body.as_bytes()).as_ref());
    let length = body.len();
    format!(
        "POST /{path} HTTP/1.1\r\nhost: x\r\nx-signature: {signature}\r\ncontent-type: application/json\r\n\
         {headers}content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A client of TLS, with a certificate or without.
pub fn connector(server_ca: &Authority, own: Option<&Identity>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(server_ca.der.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let chain = CertificateDer::pem_slice_iter(own.pem.as_bytes()).map(Result::unwrap).collect();
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap()).unwrap()
        }
    };
    TlsConnector::from(Arc::new(config))
}

/// A connection from an address of this machine.
pub async fn connect(to: &str, from: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    socket.connect(to.parse().unwrap()).await.unwrap()
}

pub async fn handshake(tls: &TlsConnector, to: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = connect(to, [127, 0, 0, 1]).await;
    tls.connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await
}

/// Sends and reads one answer with its body; the connection stays.
pub async fn exchange<IO: AsyncRead + AsyncWrite + Unpin>(io: &mut IO, request: &[u8]) -> std::io::Result<String> {
    io.write_all(request).await?;
    io.flush().await?;
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase().lines().find_map(|line| {
                line.strip_prefix("content-length:").map(|length| length.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return Ok(text);
            }
        }
        let read = tokio::time::timeout(Duration::from_secs(20), io.read_buf(&mut answer)).await?;
        if read? == 0 {
            let text = String::from_utf8_lossy(&answer).into_owned();
            return if text.is_empty() { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(text) };
        }
    }
}

/// One request over mutual TLS; the handshake of TLS 1.3 is refused in what is read first.
pub async fn ask(tls: &TlsConnector, to: &str, request: &[u8]) -> std::io::Result<String> {
    exchange(&mut handshake(tls, to).await?, request).await
}

/// One request in clear text from an address of this machine.
pub async fn ask_from(from: [u8; 4], to: &str, request: &[u8]) -> String {
    exchange(&mut connect(to, from).await, request).await.unwrap()
}

/// The counters and gauges of a receiver.
pub fn metrics(receiver: &crate::receiver::Receiver) -> String {
    let host = &receiver.admin;
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    crate::receiver::exchange(host, request.as_bytes())
}

/// Waits until something is so; it fails after a while.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("expected {what}, but it did not come");
}
