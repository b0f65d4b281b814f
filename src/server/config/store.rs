//! The store as the configuration names it. The rule: a URL is never repeated in a message, as it may hold a password.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::file::StoreTable;
use super::secret;
use crate::error::ConfigError;
use crate::store::{RedisAddress, RedisOptions};

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
            ("prefix", table.prefix.is_some()),
            ("wait_replicas", table.wait_replicas.is_some()),
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
    let own = |field: &'static str, table: &Option<super::file::SecretTable>| {
        let read = table.as_ref().map(|table| secret::read(table, folder, field)).transpose()?;
        match read {
            Some((_, true)) => Err(ConfigError::new(field, "expected a secret of your own, but found a demo secret")),
            read => Ok(read.map(|(secret, _)| secret)),
        }
    };
    if let Some(password) = own("password", &table.password)? {
        let text = std::str::from_utf8(password.expose())
            .map_err(|_| ConfigError::new("password", "expected text, but found other bytes"))?;
        address = address.with_password(Zeroizing::new(text.to_owned()));
    }
    if address.shows_password() {
        warnings.push("the store's password goes over the network as it is; rediss encrypts it".to_owned());
    }
    let usual = RedisOptions::default();
    let options = RedisOptions {
        prefix: table.prefix.as_deref().map_or(usual.prefix, Into::into),
        wait_replicas: table.wait_replicas.unwrap_or(0),
        volatile: table.volatile.unwrap_or(false),
        seal: own("seal", &table.seal)?,
    };
    if options.volatile {
        warnings.push("the store may be volatile: what was accepted may be forgotten when Redis ends".to_owned());
    }
    Ok(StoreSettings::Redis(Box::new((address, options))))
}
