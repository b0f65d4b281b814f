//! `[server] trusted_proxies` and what is believed from them. The rule: nothing is believed from anybody unless it is
//! written whom, and what exactly they write.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use http::HeaderName;
use serde::Deserialize;

use super::endpoint::networks;
use super::file::ServerTable;
use crate::error::ConfigError;

/// Whom to believe about who calls, and what they write.
#[derive(Debug, Clone, Default)]
pub struct ProxySettings {
    /// The proxies: an address and the number of its leading bits that count.
    pub networks: Vec<(IpAddr, u8)>,
    /// In which header they write the caller's address.
    pub forwarded: ForwardedForm,
    /// How they bring the caller's certificate.
    pub client_cert: Option<ClientCertSettings>,
    /// Whether a header about the caller's address is refused where nobody trusted wrote it.
    pub refuses_untrusted: bool,
}

/// Where a proxy writes its caller's address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedForm {
    /// Nowhere.
    #[default]
    None,
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// How a proxy brings the certificate of its caller.
#[derive(Debug, Clone)]
pub struct ClientCertSettings {
    /// The form of its value.
    pub form: ClientCertForm,
    /// The header.
    pub header: HeaderName,
    /// Authorities of clients, in PEM.
    pub ca: PathBuf,
    /// Whether a request without one is refused.
    pub required: bool,
}

/// The form of a certificate in a header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientCertForm {
    /// `:base64:`, and the chain in `Client-Cert-Chain` (RFC 9440).
    #[default]
    Rfc9440,
    /// PEM in percent-encoding, as nginx has it in `$ssl_client_escaped_cert`.
    EscapedPem,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientCertTable {
    #[serde(default)]
    form: ClientCertForm,
    header: Option<String>,
    ca: PathBuf,
    #[serde(default)]
    client: Demand,
}

impl ClientCertTable {
    /// Whether a request without a certificate is refused.
    pub(super) fn demands_clients(&self) -> bool {
        self.client == Demand::Required
    }
}

/// Whether a client has to show a certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Demand {
    #[default]
    Required,
    Optional,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum UntrustedWord {
    Ignore,
    Refuse,
}

impl ProxySettings {
    pub(super) fn read(server: &ServerTable, folder: &Path, warnings: &mut Vec<String>) -> Result<Self, ConfigError> {
        let refuses_untrusted = server.untrusted_forwarded == Some(UntrustedWord::Refuse);
        let Some(list) = &server.trusted_proxies else {
            let needing = [("forwarded", server.forwarded.is_some()), ("client_cert", server.client_cert.is_some())];
            if let Some((field, _)) = needing.into_iter().find(|(_, there)| *there) {
                return Err(ConfigError::new(
                    field,
                    "expected trusted_proxies beside it, or anybody could write it, but found none",
                ));
            }
            return Ok(Self { refuses_untrusted, ..Self::default() });
        };
        let networks = networks("trusted_proxies", list)?;
        if networks.iter().any(|(_, bits)| *bits == 0) {
            let message = "expected the networks of your proxies, but found everybody";
            return Err(ConfigError::new("trusted_proxies", message));
        }
        let Some(forwarded) = server.forwarded else {
            let message = "expected \"x-forwarded-for\", \"forwarded\" or \"none\" beside trusted_proxies, \
                           which of them the proxy writes, but found nothing";
            return Err(ConfigError::new("forwarded", message));
        };
        let client_cert =
            server.client_cert.as_ref().map(|table| ClientCertSettings::read(table, folder)).transpose()?;
        let proves_itself = server.tls.as_ref().is_some_and(|tls| tls.get_ref().demands_clients());
        if client_cert.is_some() && !proves_itself && !networks.iter().all(|(address, _)| address.is_loopback()) {
            warnings.push(
                "client_cert rests on the proxy's address alone; [server] tls with client_ca makes the proxy prove itself"
                    .to_owned(),
            );
        }
        Ok(Self { networks, forwarded, client_cert, refuses_untrusted })
    }

    /// Whether there is somebody to believe.
    pub fn is_behind_one(&self) -> bool {
        !self.networks.is_empty()
    }
}

impl ClientCertSettings {
    fn read(table: &ClientCertTable, folder: &Path) -> Result<Self, ConfigError> {
        let wrong = |message: String| Err(ConfigError::new("client_cert", message));
        let header = match (&table.header, table.form) {
            (Some(name), _) => name.as_str(),
            (None, ClientCertForm::Rfc9440) => "client-cert",
            (None, ClientCertForm::EscapedPem) => {
                return wrong("expected the header that the proxy writes, but found none".to_owned());
            }
        };
        let taken = ["client-cert-chain", "x-forwarded-for", "forwarded", "authorization", "host"];
        let header = match HeaderName::try_from(header) {
            // A name with an underscore is refused in every request.
            Ok(name) if !name.as_str().contains('_') && !taken.contains(&name.as_str()) => name,
            _ => return wrong(format!("expected the name of a header of its own, but found {header:?}")),
        };
        let ca = folder.join(&table.ca);
        if let Err(error) = std::fs::File::open(&ca) {
            return wrong(format!("expected a file at {}, but found {error}", ca.display()));
        }
        Ok(Self { form: table.form, header, ca, required: table.demands_clients() })
    }
}
