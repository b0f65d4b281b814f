//! The store as the configuration names it. The rule: a URL is never repeated in a message, as it may hold a password.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::file::{SecretTable, StoreTable};
use super::secret;
use crate::crypto::Secret;
use crate::error::ConfigError;
use crate::store::{RedisAddress, RedisOptions, RedisTls};

/// What remembers.
#[derive(Debug, Clone)]
pub enum StoreSettings {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A Redis, which other receivers may use too.
    Redis(Box<(RedisAddress, RedisOptions)>),
    /// Nothing, after the process ends.
    Memory,
}

const EXPECTED: &str = "sqlite:PATH, redis://…, redis-cluster://…, redis+sentinel://… or memory:";

impl StoreSettings {
    /// Reads the table.
    ///
    /// # Errors
    /// The URL is none, or a member is not the store's.
    pub(super) fn read(table: &StoreTable, folder: &Path, warnings: &mut Vec<String>) -> Result<Self, ConfigError> {
        let wrong = |found: &str| ConfigError::new("url", format!("expected {EXPECTED}, but found {found}"));
        let url = table.url.get_ref();
        let settings = match url.split_once(':') {
            Some((scheme, _)) if scheme.starts_with("redis") => return redis(url, table, folder, warnings),
            Some(("sqlite", path)) if !path.is_empty() => Self::Sqlite(folder.join(path)),
            Some(("memory", "")) => Self::Memory,
            // The rest of a URL may hold a password.
            Some((scheme, _)) => return Err(wrong(&format!("{scheme:?}"))),
            None => return Err(wrong("a text without a scheme")),
        };
        let of_redis = [
            ("password", table.password.is_some()),
            ("sentinel", table.sentinel.is_some()),
            ("ca", table.ca.is_some()),
            ("client", table.client.is_some()),
            ("prefix", table.prefix.is_some()),
            ("wait_replicas", table.wait_replicas.is_some()),
            ("wait_fsync", table.wait_fsync.is_some()),
            ("volatile", table.volatile.is_some()),
            ("seal", table.seal.is_some()),
        ];
        if let Some((field, _)) = of_redis.into_iter().find(|(_, given)| *given) {
            return Err(ConfigError::new(field, "expected it beside a Redis only, but found another store"));
        }
        if matches!(settings, Self::Memory) {
            warnings.push(
                "the store is memory: everything that was accepted is forgotten when the program ends".to_owned(),
            );
        }
        Ok(settings)
    }
}

fn redis(
    url: &str,
    table: &StoreTable,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<StoreSettings, ConfigError> {
    let mut address: RedisAddress =
        url.parse().map_err(|error: crate::store::redis::AddressError| ConfigError::new("url", error.to_string()))?;
    if let Some(secret) = &table.password {
        address = address.with_password(password("password", secret, folder)?);
    }
    if let Some(login) = &table.sentinel {
        if !address.has_sentinels() {
            return Err(ConfigError::new("sentinel", "expected it beside redis+sentinel: only, but found another url"));
        }
        let password = password("sentinel.password", &login.password, folder)?;
        address = address.with_sentinel_login(login.user.as_deref(), password);
    }
    if let Some(tls) = tls(&address, table, folder)? {
        address = address.with_tls(tls);
    }
    if address.shows_password() {
        warnings.push("the store's password goes over the network as it is; rediss encrypts it".to_owned());
    }
    let usual = RedisOptions::default();
    let options = RedisOptions {
        prefix: table.prefix.as_deref().map_or(usual.prefix, Into::into),
        wait_replicas: table.wait_replicas.unwrap_or(0),
        wait_fsync: table.wait_fsync.unwrap_or(false),
        volatile: table.volatile.unwrap_or(false),
        seal: table.seal.as_ref().map(|seal| own("seal", seal, folder)).transpose()?,
    };
    if options.volatile {
        warnings.push("the store may be volatile: what was accepted may be forgotten when Redis ends".to_owned());
    }
    Ok(StoreSettings::Redis(Box::new((address, options))))
}

/// A secret that not everybody has.
fn own(field: &'static str, table: &SecretTable, folder: &Path) -> Result<Secret, ConfigError> {
    match secret::read(table, folder, field)? {
        (_, true) => Err(ConfigError::new(field, "expected a secret of your own, but found a demo secret")),
        (secret, false) => Ok(secret),
    }
}

fn password(field: &'static str, table: &SecretTable, folder: &Path) -> Result<Zeroizing<String>, ConfigError> {
    let secret = own(field, table, folder)?;
    let text = std::str::from_utf8(secret.expose());
    text.map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| ConfigError::new(field, "expected text, but found other bytes"))
}

/// Reads the files of TLS now: what is wrong with one is found before anything is opened.
fn tls(address: &RedisAddress, table: &StoreTable, folder: &Path) -> Result<Option<RedisTls>, ConfigError> {
    let given = [("ca", table.ca.is_some()), ("client", table.client.is_some())];
    let Some((first, _)) = given.into_iter().find(|(_, given)| *given) else { return Ok(None) };
    if !address.is_encrypted() {
        let message = "expected it beside an encrypted url only, but found one without TLS; write rediss there";
        return Err(ConfigError::new(first, message));
    }
    let read = |field: &'static str, what: &str, path: &Path| {
        let path = folder.join(path);
        let bytes = std::fs::read(&path).map_err(|error| {
            ConfigError::new(field, format!("expected {what} in {}, but found {error}", path.display()))
        })?;
        Ok((Zeroizing::new(bytes), path))
    };
    let ca = table.ca.as_ref().map(|path| read("ca", "certificates of authorities", path)).transpose()?;
    let client = match &table.client {
        None => None,
        Some(client) => {
            let certificate = read("client.certificate", "our certificate", &client.certificate)?;
            let key = read("client.key", "its private key", &client.key)?;
            secret::private(&key.1).map_err(|message| ConfigError::new("client.key", message))?;
            Some((certificate, key))
        }
    };
    let identity = client.as_ref().map(|((certificate, _), (key, _))| (certificate.as_slice(), key.as_slice()));
    let made = RedisTls::new(ca.as_ref().map(|(pem, _)| pem.as_slice()), identity);
    made.map(Some).map_err(|error| {
        let file = match (error.field(), &ca, &client) {
            ("ca", Some((_, path)), _) | ("client.certificate", _, Some(((_, path), _))) => path,
            (_, _, Some((_, (_, path)))) => path,
            _ => return error,
        };
        ConfigError::new(error.field().to_owned(), format!("{}: {}", file.display(), error.message()))
    })
}
