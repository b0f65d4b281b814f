//! TLS for senders: 1.2 and 1.3, no early data; a client's certificate is demanded if authorities for it are named.
//!
//! The rule: what cannot be read, or does not belong together, is not served; it stops the start, or changes nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::config::TlsSettings;
use super::live::Live;
use crate::clock::Timestamp;
use crate::crypto::{Digest, Sha256};
use crate::error::{Code, Rejection};
use crate::tls::last_moment;

/// What ALPN calls HTTP/2 over TLS (RFC 9113 section 3.2).
pub(super) const HTTP2: &[u8] = b"h2";

/// What a handshake is made with.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) config: Arc<ServerConfig>,
    /// The last moment of our certificate.
    pub(super) not_after: Option<Timestamp>,
    /// Authorities of clients, if they are asked for certificates.
    pub(super) clients: Option<Authority>,
}

/// The listener's certificate, key and authorities of clients, as the files are now.
pub(super) fn open(settings: &TlsSettings) -> Result<Arc<Live<Listening>>, String> {
    let mut files = vec![settings.certificate.clone(), settings.key.clone()];
    files.extend(settings.client_ca.clone());
    let (settings, key) = (settings.clone(), Some(settings.key.clone()));
    Live::open("listener", files, key, move |contents| server(&settings, contents))
}

fn server(settings: &TlsSettings, contents: &[Vec<u8>]) -> Result<Listening, String> {
    let [certificate, key, rest @ ..] = contents else { return Err("expected two files, but found fewer".to_owned()) };
    let provider = provider();
    let chain = certificates(&settings.certificate, certificate)?;
    // What is wrong with it is not said: the error may repeat what was read.
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| found(&settings.key, &"no private key"))?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let clients = match (&settings.client_ca, rest.first()) {
        (Some(path), Some(pem)) => Some(Authority::read(path, pem, settings.client_required, provider)?),
        (Some(path), None) => return Err(found(path, &"nothing")),
        (None, _) => None,
    };
    let builder = match &clients {
        Some(clients) => builder.with_client_cert_verifier(Arc::clone(&clients.verifier)),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| {
        let (certificate, key) = (settings.certificate.display(), settings.key.display());
        format!("expected a TLS certificate and its own key in {certificate} and {key}, but found {error}")
    })?;
    if settings.http2 {
        config.alpn_protocols.push(HTTP2.to_vec());
    }
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Ok(Listening { config: Arc::new(config), not_after: last_moment(certificate), clients })
}

/// Authorities of the clients whose certificates a proxy brings.
pub(super) fn authority(path: &Path) -> Result<Arc<Live<Authority>>, String> {
    let named = path.to_owned();
    Live::open("client_cert", vec![path.to_owned()], None, move |contents| {
        let pem = contents.first().map(Vec::as_slice).unwrap_or_default();
        Authority::read(&named, pem, true, provider())
    })
}

/// Checks a chain as a handshake would.
#[derive(Debug)]
pub(super) struct Authority {
    verifier: Arc<dyn ClientCertVerifier>,
    /// Whether a client without a certificate is turned away.
    pub(super) required: bool,
    /// Of the file: authorities with the same are the same.
    pub(super) digest: Sha256,
}

impl Authority {
    fn read(path: &Path, pem: &[u8], required: bool, provider: Arc<CryptoProvider>) -> Result<Self, String> {
        let verifier = verifier(path, pem, required, provider)?;
        Ok(Self { verifier, required, digest: Digest::sha256_of(pem) })
    }

    /// Checks a chain at a moment; that its holder has the key is for the proxy to have seen.
    pub(super) fn verify(&self, client: &[u8], chain: &[Vec<u8>], now: Timestamp) -> Result<(), Rejection> {
        let seconds = u64::try_from(now.seconds()).unwrap_or(0);
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let chain: Vec<_> = chain.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
        let Err(error) = self.verifier.verify_client_cert(&CertificateDer::from(client), &chain, now) else {
            return Ok(());
        };
        use rustls::CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
        let code = match &error {
            rustls::Error::InvalidCertificate(
                Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
            ) => Code::ClientCertificateExpired,
            _ => Code::ClientCertificateInvalid,
        };
        Err(Rejection::new(
            code,
            "expected a client's certificate of a known authority, but found another or an ended one",
        ))
    }
}

/// Why handshakes fail.
pub(super) const REASONS: [&str; 5] =
    ["client_certificate_missing", "client_certificate_invalid", "protocol", "connection", "timeout"];

/// Why a handshake failed, from [`REASONS`].
pub(super) fn reason(error: &std::io::Error) -> &'static str {
    use rustls::Error::{InvalidCertificate, NoCertificatesPresented};
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(NoCertificatesPresented) => "client_certificate_missing",
        Some(InvalidCertificate(_)) => "client_certificate_invalid",
        Some(_) => "protocol",
        None => "connection",
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn verifier(
    path: &Path,
    pem: &[u8],
    required: bool,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in certificates(path, pem)? {
        roots.add(certificate).map_err(|error| found(path, &error))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if required { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|error| found(path, &error))
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let all = all.map_err(|_| found(path, &"a damaged PEM"))?;
    if all.is_empty() { Err(found(path, &"none")) } else { Ok(all) }
}

fn found(path: &Path, what: &impl ToString) -> String {
    format!("expected TLS certificates and keys in PEM in {}, but found {}", path.display(), what.to_string())
}
