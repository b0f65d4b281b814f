//! Making one connection: the way there, TLS, and the login. The rule: a failure says what to change, and nothing of what
//! was sent.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConfig};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::{Login, Node, RedisAddress};
use super::line::CONNECT;
use crate::clock::Timestamp;
use crate::dial;
use crate::error::ConfigError;
use crate::tls::{Wrong, client, last_moment};

/// Whom to trust as a Redis over TLS, and as whom to come. A certificate is always checked, for its host as well.
#[derive(Clone)]
pub struct RedisTls {
    config: Arc<ClientConfig>,
    /// The last moment of our certificate.
    pub(super) not_after: Option<Timestamp>,
}

impl RedisTls {
    /// `ca` are authorities in PEM, then no others count; without them the public ones do. `client` is our certificate,
    /// with its chain, and its private key, both in PEM.
    ///
    /// # Errors
    /// One of them is not that; the field is `ca`, `client.certificate` or `client.key`.
    pub fn new(ca: Option<&[u8]>, client: Option<(&[u8], &[u8])>) -> Result<Self, ConfigError> {
        let config = self::client(ca, client).map_err(|wrong| {
            let field = match wrong {
                Wrong::Authorities(_) => "ca",
                Wrong::Certificate(_) => "client.certificate",
                Wrong::Key(_) => "client.key",
            };
            ConfigError::new(field, wrong.to_string())
        })?;
        let not_after = client.and_then(|(certificate, _)| last_moment(certificate));
        Ok(Self { config: Arc::new(config), not_after })
    }
}

impl fmt::Debug for RedisTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisTls")
    }
}

/// A connection, and the task that drives it, which ends with it: also where a server never answers.
pub(super) struct Link {
    pub(super) connection: MultiplexedConnection,
    driver: JoinHandle<()>,
}

impl Link {
    /// Opens a connection. The caller bounds the time.
    ///
    /// # Errors
    /// What was found in the place of a Redis that lets us in.
    pub(super) async fn open(
        address: &RedisAddress,
        node: &Node,
        login: &Login,
        database: i64,
    ) -> Result<Self, String> {
        let found = tokio::net::lookup_host((&*node.host, node.port)).await.map_err(|error| broken(&error))?;
        let stream = dial::first(&found.collect::<Vec<_>>(), EACH).await.map_err(|error| broken(&error))?;
        // Answers are waited for: filling a packet would only delay them.
        stream.set_nodelay(true).map_err(|error| broken(&error))?;
        let mut settings = RedisConnectionInfo::default().set_db(database);
        if let Some(user) = &login.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &login.password {
            settings = settings.set_password(password.as_str());
        }
        // Each call has its own bound, which covers all of its steps.
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(None);
        let Some(tls) = &address.tls else {
            let made = MultiplexedConnection::new_with_config(&settings, stream, config).await;
            let (connection, driver) = made.map_err(|error| match words(&error) {
                ended if ended == ENDED => format!("{ENDED}; if it wants TLS, write rediss"),
                other => other,
            })?;
            return Ok(Self { connection, driver: tokio::spawn(driver) });
        };
        let name = ServerName::try_from(node.host.to_string()).map_err(|_| "a host that no certificate can name")?;
        let stream = timeout(HANDSHAKE, TlsConnector::from(Arc::clone(&tls.config)).connect(name, stream)).await;
        let stream = stream.map_err(|_| SILENT)?.map_err(|error| broken(&error))?;
        let (connection, driver) =
            MultiplexedConnection::new_with_config(&settings, stream, config).await.map_err(|error| words(&error))?;
        Ok(Self { connection, driver: tokio::spawn(driver) })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// How long one address of a host may take, if there is another.
const EACH: Duration = Duration::from_millis(250);
/// How long a handshake may take: less than all of connecting, so that what was slow is said.
const HANDSHAKE: Duration = Duration::from_millis(800);
/// A server without TLS takes the beginning of a handshake for a long line, and waits for its end.
const SILENT: &str = "no TLS handshake in time; if the server does not speak TLS, write redis in the place of rediss";
const ENDED: &str = "a server that ended the connection";

/// An error of connecting, without anything that was sent.
pub(super) fn words(error: &RedisError) -> String {
    match error.code() {
        Some("WRONGPASS" | "NOAUTH") => LOGIN.to_owned(),
        Some("NOPERM") => "a Redis user without the permission".to_owned(),
        Some(code) => format!("Redis's error {code}"),
        None if error.is_timeout() => "no connection in time".to_owned(),
        None if error.kind() == redis::ErrorKind::AuthenticationFailed => LOGIN.to_owned(),
        None => io(error).map_or_else(|| error.category().to_owned(), broken),
    }
}

const LOGIN: &str = "a Redis that wants another user or password";

/// The error of the stream below, if that was it.
fn io(error: &RedisError) -> Option<&std::io::Error> {
    let inner = error.source()?.downcast_ref::<Arc<dyn std::error::Error + Send + Sync>>()?;
    inner.downcast_ref()
}

/// What a stream's error means.
fn broken(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return refused(error);
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => "a refused connection".to_owned(),
        ErrorKind::TimedOut => "no connection in time".to_owned(),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => ENDED.to_owned(),
        _ => format!("no connection: {error}"),
    }
}

/// What a refused handshake means, with the member of the configuration that changes it.
fn refused(error: &rustls::Error) -> String {
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage};
    match error {
        InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "a certificate of an authority that is not trusted; name its authority with ca".to_owned()
        }
        InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) => {
            "a certificate for another host; name the host as its certificate does".to_owned()
        }
        InvalidCertificate(error) => format!("a certificate that does not hold: {error}"),
        AlertReceived(AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure) => {
            "a server that wants a certificate of ours; name it with client".to_owned()
        }
        AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied,
        ) => "a server that does not take our certificate; see client".to_owned(),
        InvalidMessage(_) => "a server that does not speak TLS; write redis in the place of rediss".to_owned(),
        other => format!("a broken TLS handshake: {other}"),
    }
}
