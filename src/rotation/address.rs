//! An https address of a key set, checked when the configuration is read.
//!
//! The rule: the address comes from the operator and from nobody else; no message, answer or redirect changes it. Only
//! its host is ever shown, because a path may hold a token.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use super::public::is_public;
use crate::error::ConfigError;

/// Shortest time between two fetches, and the longest hard limit.
const BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30 * 24 * 60 * 60));

/// How an address is asked.
#[derive(Debug, Clone)]
pub struct AddressOptions {
    /// How often it is fetched.
    pub refresh: Duration,
    /// How long a set may be used that could not be confirmed.
    pub max_stale: Duration,
    /// Authorities for the host's certificate in PEM; then no others count.
    pub ca: Option<Vec<u8>>,
    /// Whether the host may lie in a private network or on this machine.
    pub allow_private: bool,
}

impl Default for AddressOptions {
    fn default() -> Self {
        Self {
            refresh: Duration::from_secs(5 * 60),
            max_stale: Duration::from_secs(24 * 60 * 60),
            ca: None,
            allow_private: false,
        }
    }
}

/// An https address of a key set.
#[derive(Clone)]
pub struct Address {
    pub(super) host: Box<str>,
    pub(super) port: u16,
    pub(super) authority: Box<str>,
    pub(super) target: Box<str>,
    pub(super) server: ServerName<'static>,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) refresh: Duration,
    pub(super) max_stale: Duration,
    pub(super) allow_private: bool,
}

impl Address {
    /// Takes an address such as `https://bank.example/jwks.json`.
    ///
    /// # Errors
    /// [`ConfigError`] if it is not https, has no host, has a user, a password or a fragment, or names a private
    /// address that is not allowed; or an option is out of bounds.
    pub fn new(url: &str, options: &AddressOptions) -> Result<Self, ConfigError> {
        let wrong = |found: &str| {
            let message = format!("expected an address such as https://bank.example/jwks.json, but found {found}");
            ConfigError::new("keys.jwks_url", message)
        };
        let uri: Uri = url.parse().map_err(|_| wrong("another text"))?;
        if uri.scheme_str() != Some("https") {
            return Err(wrong("no https"));
        }
        if url.contains('#') {
            return Err(wrong("one with a fragment"));
        }
        let authority = uri.authority().ok_or_else(|| wrong("none"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("one with a user or a password, which would be shown to everybody who sees the file"));
        }
        let host = authority.host().trim_matches(['[', ']']);
        let server = ServerName::try_from(host.to_owned()).map_err(|_| wrong("one without a host"))?;
        // Brackets of an IPv6 address, or nothing; `host:` and `host:0` are no addresses.
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => 443,
            _ => authority.port_u16().filter(|port| *port > 0).ok_or_else(|| wrong("one without a port"))?,
        };
        if let Ok(literal) = host.parse::<IpAddr>()
            && !is_public(literal)
            && !options.allow_private
        {
            return Err(ConfigError::new(
                "keys.jwks_url",
                "expected a public host, or allow_private = true, but found a private address",
            ));
        }
        let (shortest, longest) = BOUNDS;
        if options.refresh < shortest
            || options.max_stale > longest
            || options.max_stale < options.refresh.saturating_mul(2)
        {
            let message = "expected refresh of 1s or more, and max_stale of twice that to 30d, but found others";
            return Err(ConfigError::new("keys.refresh", message));
        }
        Ok(Self {
            host: host.into(),
            port,
            authority: authority.as_str().into(),
            target: uri.path_and_query().map_or("/", |target| target.as_str()).into(),
            server,
            tls: Arc::new(tls(options.ca.as_deref())?),
            refresh: options.refresh,
            max_stale: options.max_stale,
            allow_private: options.allow_private,
        })
    }

    /// What may be shown of it: the host, with its port if one is written.
    pub fn shown(&self) -> &str {
        &self.authority
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("host", &self.authority).finish_non_exhaustive()
    }
}

/// Settings of TLS, for HTTP/1.1.
fn tls(ca: Option<&[u8]>) -> Result<ClientConfig, ConfigError> {
    let mut config = crate::tls::client(ca, None).map_err(|wrong| ConfigError::new("keys.ca", wrong.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_with_a_host_and_no_credentials_is_an_address() {
        let private = AddressOptions { allow_private: true, ..AddressOptions::default() };
        for url in [
            "",
            "bank.example",
            "/jwks",
            "http://bank.example/jwks",
            "ftp://bank.example/",
            "https:///jwks",
            "https://",
            "https://user:password@bank.example/",
            "https://user@bank.example/",
            "https://bank.example/#keys",
            "https://bank.example:/",
            "https://bank.example:0/",
            "https://bank.example:65536/",
            "https://ba nk/",
        ] {
            let error = Address::new(url, &private).expect_err(url);
            assert!(!error.message().contains("password@"), "{error}");
        }
        for url in
            ["https://bank.example", "https://bank.example:8443/a?b", "https://1.1.1.1/", "https://[2606:4700::1]:1/"]
        {
            Address::new(url, &AddressOptions::default()).expect(url);
        }
    }

    #[test]
    fn a_private_literal_has_to_be_allowed() {
        for url in ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/"] {
            assert!(Address::new(url, &AddressOptions::default()).unwrap_err().message().contains("allow_private"));
            Address::new(url, &AddressOptions { allow_private: true, ..AddressOptions::default() }).expect(url);
        }
    }

    #[test]
    fn a_path_is_not_shown() {
        let address = Address::new("https://bank.example/token-7", &AddressOptions::default()).unwrap();
        assert!(!format!("{address:?}").contains("token-7"));
    }

    #[test]
    fn times_are_bounded() {
        for (refresh, max_stale) in [(0, 10), (20, 10), (1, 31 * 24 * 60 * 60)] {
            let (refresh, max_stale) = (Duration::from_secs(refresh), Duration::from_secs(max_stale));
            let options = AddressOptions { refresh, max_stale, ..AddressOptions::default() };
            assert!(Address::new("https://bank.example/", &options).is_err());
        }
    }
}
