//! TLS as a client: whom we trust, and as whom we come. The rule: a host's certificate is always checked, for its name and
//! against the authorities that are named, or else the public ones; nothing here switches that off.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

#[cfg(feature = "redis")]
use crate::clock::Timestamp;
#[cfg(feature = "redis")]
use crate::keys::Certificate;

/// What is not as it has to be, with what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The authorities.
    Authorities(String),
    /// Our certificate.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "key sets are fetched without one"))]
    Certificate(String),
    /// Its private key.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "key sets are fetched without one"))]
    Key(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authorities(found) => write!(f, "expected certificates of authorities in PEM, but found {found}"),
            Self::Certificate(found) => write!(f, "expected our certificate in PEM, but found {found}"),
            Self::Key(found) => {
                write!(f, "expected the certificate's private key in PEM, not encrypted, but found {found}")
            }
        }
    }
}

/// Settings for connections to hosts. `ca` are authorities in PEM, then no others count; `identity` is our certificate,
/// with its chain, and its key, both in PEM.
pub(crate) fn client(ca: Option<&[u8]>, identity: Option<(&[u8], &[u8])>) -> Result<ClientConfig, Wrong> {
    let mut roots = RootCertStore::empty();
    match ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for certificate in certificates(pem).map_err(Wrong::Authorities)? {
                roots.add(certificate).map_err(|error| Wrong::Authorities(error.to_string()))?;
            }
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Wrong::Authorities(error.to_string()))?
        .with_root_certificates(roots);
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let chain = certificates(certificate).map_err(Wrong::Certificate)?;
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| Wrong::Key(unreadable(&error)))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => Wrong::Key("the key of another certificate".to_owned()),
                rustls::Error::InvalidCertificate(error) => Wrong::Certificate(error.to_string()),
                other => Wrong::Key(other.to_string()),
            })
        }
    }
}

/// The last moment of our certificate, the first of a chain in PEM, if it can be read.
#[cfg(feature = "redis")]
pub(crate) fn last_moment(pem: &[u8]) -> Option<Timestamp> {
    let own = certificates(pem).ok()?.into_iter().next()?;
    Certificate::from_der(&own).ok().map(|certificate| certificate.not_after())
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    match all {
        Ok(all) if all.is_empty() => Err("none".to_owned()),
        Ok(all) => Ok(all),
        Err(error) => Err(unreadable(&error)),
    }
}

/// Some of these errors repeat what was read, and that may be a key.
fn unreadable(error: &pem::Error) -> String {
    match error {
        pem::Error::NoItemsFound => "none".to_owned(),
        _ => "a damaged PEM".to_owned(),
    }
}
