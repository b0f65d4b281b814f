//! The store as the configuration names it. The rule: a URL is never repeated in a message, as it may hold a password.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::file::{ClientTable, LoginTable, SecretTable, StoreTable};
use super::outgoing_tls::ClientFiles;
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
    let access = Access {
        password: table.password.as_ref(),
        sentinel: table.sentinel.as_ref(),
        ca: table.ca.as_ref(),
        client: table.client.as_ref(),
    };
    let address = address(url, &access, folder)?;
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

/// How to get into a Redis, beside its URL.
pub(super) struct Access<'a> {
    pub(super) password: Option<&'a SecretTable>,
    pub(super) sentinel: Option<&'a LoginTable>,
    pub(super) ca: Option<&'a PathBuf>,
    pub(super) client: Option<&'a ClientTable>,
}

/// The address of a Redis, of a store or of a sink.
pub(super) fn address(url: &str, access: &Access<'_>, folder: &Path) -> Result<RedisAddress, ConfigError> {
    let mut address: RedisAddress =
        url.parse().map_err(|error: crate::store::redis::AddressError| ConfigError::new("url", error.to_string()))?;
    if let Some(secret) = access.password {
        address = address.with_password(password("password", secret, folder)?);
    }
    if let Some(login) = access.sentinel {
        if !address.has_sentinels() {
            return Err(ConfigError::new("sentinel", "expected it beside redis+sentinel: only, but found another url"));
        }
        let password = password("sentinel.password", &login.password, folder)?;
        address = address.with_sentinel_login(login.user.as_deref(), password);
    }
    let given = [("ca", access.ca.is_some()), ("client", access.client.is_some())];
    let Some((first, _)) = given.into_iter().find(|(_, given)| *given) else { return Ok(address) };
    if !address.is_encrypted() {
        let message = "expected it beside an encrypted url only, but found one without TLS; write rediss there";
        return Err(ConfigError::new(first, message));
    }
    let files = ClientFiles::read(access.ca, access.client, folder)?;
    let tls = RedisTls::new(files.ca(), files.own()).map_err(|error| files.named(error))?;
    Ok(address.with_tls(tls))
}
