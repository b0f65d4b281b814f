//! Our private keys, where a sender encrypts.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::file::SecretTable;
use super::{permissions, secret};
use crate::crypto::DecryptionKey;
use crate::error::ConfigError;
use crate::keys::{DecryptingKey, DecryptionKeys, KeyId, read_decryption};

/// A private key of ours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecryptTable {
    pub(super) private_key: Option<PathBuf>,
    pub(super) secret: Option<SecretTable>,
    pub(super) key_id: Option<String>,
    pub(super) algorithms: Option<Vec<String>>,
    pub(super) encryption: Option<Vec<String>>,
}

pub(super) fn read(tables: &[DecryptTable], folder: &Path) -> Result<Option<DecryptionKeys>, ConfigError> {
    if tables.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for table in tables {
        all.extend(one(table, folder)?);
    }
    DecryptionKeys::new(all).map(Some).map_err(wrong)
}

fn one(table: &DecryptTable, folder: &Path) -> Result<Vec<DecryptingKey>, ConfigError> {
    let mut file = None;
    let found: Vec<(Option<KeyId>, DecryptionKey)> = match (&table.private_key, &table.secret) {
        (Some(path), None) => {
            let path = folder.join(path);
            let named = |error: String| wrong(format!("{}: {error}", path.display()));
            let bytes = std::fs::read(&path)
                .map_err(|error| named(format!("expected a private key in this file, but found {error}")))?;
            let keys = read_decryption(&bytes).map_err(|error| named(error.to_string()))?;
            file = Some(path);
            keys
        }
        (None, Some(secret)) => {
            let (secret, _) = secret::read(secret, folder, "decrypt")?;
            vec![(None, DecryptionKey::from_secret(secret).map_err(wrong)?)]
        }
        _ => return Err(wrong("expected private_key or secret, but found neither or both")),
    };
    if table.key_id.is_some() && found.len() > 1 {
        return Err(wrong(format!("expected one key for key_id, but found {}", found.len())));
    }
    let configured = table.key_id.as_deref().map(KeyId::new).transpose().map_err(wrong)?;
    let management = names(table.algorithms.as_deref(), &DecryptingKey::DEFAULT_MANAGEMENT)?;
    let encryption = names(table.encryption.as_deref(), &DecryptingKey::DEFAULT_ENCRYPTION)?;
    let build = |(id, key): (Option<KeyId>, DecryptionKey)| {
        DecryptingKey::new(configured.clone().or(id), key, management.clone(), encryption.clone()).map_err(wrong)
    };
    let keys = found.into_iter().map(build).collect::<Result<Vec<_>, _>>()?;
    // Everybody has the demo keys, so that nothing is lost when everybody can read them.
    if let Some(path) = file
        && !keys.iter().all(DecryptingKey::is_demo)
    {
        permissions::private(&path).map_err(wrong)?;
    }
    Ok(keys)
}

/// The named algorithms, or those that need no name.
fn names<T>(given: Option<&[String]>, unless: &[T]) -> Result<Vec<T>, ConfigError>
where
    T: std::str::FromStr + Clone,
    T::Err: std::fmt::Display,
{
    match given {
        None => Ok(unless.to_vec()),
        Some(list) => list.iter().map(|name| name.parse().map_err(wrong)).collect(),
    }
}

fn wrong(message: impl ToString) -> ConfigError {
    ConfigError::new("decrypt", message.to_string())
}
