//! Where events go. The rule: a member that a sink of this type does not have does not start.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use rustls::ClientConfig;
use toml::Spanned;

use super::outgoing_tls::ClientFiles;
use super::problem::{Problem, Source};
use super::sink_table::{FormWord, OrderWord, SinkTable};
use super::{bounded_span, secret, store, units};
use crate::clock::Timestamp;
use crate::crypto::Secret;
use crate::error::ConfigError;
use crate::inbox::{BreakerPlan, Order, RetryPlan};
use crate::store::RedisAddress;

/// One sink.
#[derive(Debug, Clone)]
pub struct SinkSettings {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SinkKind,
    /// When an event that it did not take is tried again.
    pub retry: RetryPlan,
    /// How many events each endpoint delivers to it at once.
    pub concurrency: usize,
    /// In which order.
    pub order: Order,
    /// When nothing more is sent to it for a while.
    pub breaker: BreakerPlan,
}

/// What a sink is.
#[derive(Debug, Clone)]
pub enum SinkKind {
    /// One CloudEvent a line on standard output.
    Stdout,
    /// One CloudEvent a line, appended to a file.
    File(FileSettings),
    /// `POST` to a URL.
    Http(Box<HttpSettings>),
    /// An entry of a Redis Stream.
    Redis(Box<RedisSettings>),
    /// Events stay in the inbox.
    None,
}

/// A file.
#[derive(Debug, Clone)]
pub struct FileSettings {
    /// Where it is.
    pub path: PathBuf,
    /// How large it gets before it makes room for another, in bytes.
    pub rotate: Option<u64>,
    /// How many of those that made room are kept.
    pub keep: u32,
}

/// An HTTP sink.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// `http://host:port/path` or https; `{action}` in its path stands for the route that a request came by.
    pub url: Uri,
    /// How long one try may take.
    pub timeout: Duration,
    /// Signs what is sent, in the form of Standard Webhooks.
    pub secret: Option<Secret>,
    /// What it is sent, if that is said.
    pub form: Option<HttpForm>,
    /// For https.
    pub tls: Option<Arc<ClientConfig>>,
    /// The last moment of the certificate by which we come.
    pub certificate_ends: Option<Timestamp>,
    /// Whether the host's name may lead to a private address.
    pub allow_private: bool,
}

/// What an HTTP sink is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpForm {
    /// A CloudEvent; in queue mode always.
    Event,
    /// The verified request, with its very body and a statement of ours; in inline mode unless said otherwise.
    Request,
}

/// A Redis Stream.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// Where the Redis is.
    pub address: RedisAddress,
    /// The key of the Stream.
    pub stream: String,
    /// About how many entries are kept.
    pub maxlen: Option<u64>,
}

/// Most events at once: each may hold a connection.
const MOST_AT_ONCE: usize = 4096;
/// What stands for the action in a URL.
pub(in crate::server) const ACTION: &str = "{action}";
const TYPES: &str = "expected stdout, file, http, redis or none";

pub(super) fn read(
    tables: &[Spanned<SinkTable>],
    folder: &Path,
    source: Source<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<SinkSettings>, Problem> {
    let mut sinks: Vec<SinkSettings> = Vec::new();
    for table in tables {
        let inner = table.get_ref();
        let wrong = |error: &ConfigError| source.problem(&table.span(), &format!("sink {:?}", inner.name), error);
        let sink = one(inner, folder, warnings).map_err(|error| wrong(&error))?;
        if sinks.iter().any(|other| other.name == sink.name) {
            return Err(wrong(&ConfigError::new(
                "name",
                "expected a name of its own, but found another sink of that name",
            )));
        }
        sinks.push(sink);
    }
    Ok(sinks)
}

fn one(table: &SinkTable, folder: &Path, warnings: &mut Vec<String>) -> Result<SinkSettings, ConfigError> {
    let kind = match table.r#type.as_str() {
        "stdout" => SinkKind::Stdout,
        "none" => SinkKind::None,
        "file" => SinkKind::File(file(table, folder)?),
        "http" => SinkKind::Http(Box::new(http(table, folder, warnings)?)),
        "redis" => SinkKind::Redis(Box::new(redis(table, folder, warnings)?)),
        other => return Err(ConfigError::new("type", format!("{TYPES}, but found {other:?}"))),
    };
    of_its_type(table)?;
    let mut retry = RetryPlan::default();
    if let Some(table) = &table.retry {
        retry.first = pause("retry.first", table.first.as_deref(), retry.first)?;
        retry.longest = pause("retry.longest", table.longest.as_deref(), retry.longest)?;
        retry.attempts = table.attempts.unwrap_or(retry.attempts).max(1);
    }
    // A sink whose events are tried again soon is looked at again soon.
    let usual = BreakerPlan::default();
    let mut breaker =
        BreakerPlan { first: retry.first, longest: retry.longest.min(usual.longest), ..BreakerPlan::default() };
    if let Some(table) = &table.breaker {
        breaker.failures = table.failures.unwrap_or(breaker.failures);
        breaker.first = pause("breaker.first", table.first.as_deref(), breaker.first)?;
        breaker.longest = pause("breaker.longest", table.longest.as_deref(), breaker.longest)?;
    }
    // Whoever reads standard output expects lines in order, and no waiting is saved there.
    let usual = if matches!(kind, SinkKind::Stdout) { 1 } else { 16 };
    let concurrency = table.concurrency.unwrap_or(usual);
    if !(1..=MOST_AT_ONCE).contains(&concurrency) {
        let message = format!("expected 1 to {MOST_AT_ONCE}, but found {concurrency}");
        return Err(ConfigError::new("concurrency", message));
    }
    let order = match table.order {
        Some(OrderWord::Subject) => Order::Subject,
        Some(OrderWord::None) | None => Order::None,
    };
    Ok(SinkSettings { name: table.name.clone(), kind, retry, concurrency, order, breaker })
}

/// How long nothing is tried. Without a pause at all a sink that fails would be tried again and again without end.
fn pause(field: &'static str, text: Option<&str>, usual: Duration) -> Result<Duration, ConfigError> {
    text.map_or(Ok(usual), |text| bounded_span(field, text, ("1ms", "24h")))
}

/// Whether each member is one of this type.
fn of_its_type(table: &SinkTable) -> Result<(), ConfigError> {
    let members: [(&'static str, bool, &[&str]); 14] = [
        ("path", table.path.is_some(), &["file"]),
        ("rotate", table.rotate.is_some(), &["file"]),
        ("keep", table.keep.is_some(), &["file"]),
        ("url", table.url.is_some(), &["http", "redis"]),
        ("timeout", table.timeout.is_some(), &["http"]),
        ("secret", table.secret.is_some(), &["http"]),
        ("form", table.form.is_some(), &["http"]),
        ("allow_private", table.allow_private.is_some(), &["http"]),
        ("ca", table.ca.is_some(), &["http", "redis"]),
        ("client", table.client.is_some(), &["http", "redis"]),
        ("stream", table.stream.is_some(), &["redis"]),
        ("maxlen", table.maxlen.is_some(), &["redis"]),
        ("password", table.password.is_some(), &["redis"]),
        ("sentinel", table.sentinel.is_some(), &["redis"]),
    ];
    let stray = members.iter().find(|(_, given, types)| *given && !types.contains(&table.r#type.as_str()));
    stray.map_or(Ok(()), |(field, _, types)| {
        let message =
            format!("expected it in a sink of type {} only, but found type {}", types.join(" or "), table.r#type);
        Err(ConfigError::new(*field, message))
    })
}

fn file(table: &SinkTable, folder: &Path) -> Result<FileSettings, ConfigError> {
    let path = table.path.as_ref();
    let path = path.ok_or_else(|| ConfigError::new("path", "expected the path of a file, but found none"))?;
    let rotate = table.rotate.as_ref().map(units::bytes).transpose();
    let rotate = rotate.map_err(|message| ConfigError::new("rotate", message))?;
    if rotate == Some(0) || table.keep == Some(0) || (table.keep.is_some() && rotate.is_none()) {
        let message = "expected a size above 0, with keep above 0 beside it, but found others";
        return Err(ConfigError::new("rotate", message));
    }
    let rotate = rotate.map(|bytes| u64::try_from(bytes).unwrap_or(u64::MAX));
    Ok(FileSettings { path: folder.join(path), rotate, keep: table.keep.unwrap_or(5) })
}

fn http(table: &SinkTable, folder: &Path, warnings: &mut Vec<String>) -> Result<HttpSettings, ConfigError> {
    let wrong = |found: &str| {
        ConfigError::new("url", format!("expected http://HOST:PORT/PATH, or the same with https, but found {found}"))
    };
    let text = table.url.as_deref().ok_or_else(|| wrong("none"))?;
    let url: Uri = text.parse().map_err(|_| wrong("another text"))?;
    let encrypted = match url.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(wrong("another scheme")),
    };
    let authority = url.authority().ok_or_else(|| wrong("no host"))?;
    if authority.as_str().contains('@') || text.contains('#') {
        return Err(wrong("a user, a password or a fragment; a signing secret is better"));
    }
    if authority.host().is_empty() || authority.port_u16() == Some(0) {
        return Err(wrong("no host, or no port"));
    }
    if url.path_and_query().is_some_and(|path| path.as_str().replace(ACTION, "").contains(['{', '}'])) {
        return Err(wrong("a template of another word than {action}"));
    }
    if let (false, true) = (encrypted, table.ca.is_some() || table.client.is_some()) {
        let field = if table.ca.is_some() { "ca" } else { "client" };
        return Err(ConfigError::new(field, "expected it beside an https url only, but found http"));
    }
    if !encrypted && !is_here(authority.host()) {
        let name = &table.name;
        warnings.push(format!("what goes to sink {name:?} goes over the network as it is; https encrypts it"));
    }
    let timeout = table.timeout.as_deref();
    let timeout = timeout.map_or(Ok(Duration::from_secs(10)), |text| bounded_span("timeout", text, ("10ms", "1h")))?;
    let secret = table.secret.as_ref().map(|table| secret::read(table, folder, "secret")).transpose()?;
    let files = encrypted.then(|| ClientFiles::read(table.ca.as_ref(), table.client.as_ref(), folder)).transpose()?;
    Ok(HttpSettings {
        timeout,
        secret: secret.map(|(secret, _)| secret),
        form: table.form.map(|word| match word {
            FormWord::Event => HttpForm::Event,
            FormWord::Request => HttpForm::Request,
        }),
        tls: files.as_ref().map(ClientFiles::http).transpose()?,
        certificate_ends: files.as_ref().and_then(ClientFiles::not_after),
        allow_private: table.allow_private.unwrap_or(false),
        url,
    })
}

/// Whether a host is this machine by its name or address.
fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |address| address.to_canonical().is_loopback())
}

fn redis(table: &SinkTable, folder: &Path, warnings: &mut Vec<String>) -> Result<RedisSettings, ConfigError> {
    let missing = |field: &'static str, what: &str| ConfigError::new(field, format!("expected {what}, but found none"));
    let stream = table.stream.clone().filter(|name| !name.is_empty());
    let stream = stream.ok_or_else(|| missing("stream", "the name of a stream"))?;
    let url = table.url.as_deref().ok_or_else(|| missing("url", "redis://HOST"))?;
    if table.maxlen == Some(0) {
        return Err(ConfigError::new("maxlen", "expected a number above 0, but found 0"));
    }
    let access = store::Access {
        password: table.password.as_ref(),
        sentinel: table.sentinel.as_ref(),
        ca: table.ca.as_ref(),
        client: table.client.as_ref(),
    };
    let address = store::address(url, &access, folder)?;
    if address.shows_password() {
        let name = &table.name;
        warnings.push(format!("the password of sink {name:?} goes over the network as it is; rediss encrypts it"));
    }
    Ok(RedisSettings { address, stream, maxlen: table.maxlen })
}
