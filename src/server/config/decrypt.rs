//! Our private keys, where a sender encrypts.

use std::path::Path;

use super::file::DecryptTable;
use super::secret;
use crate::crypto::{ContentEncryption, DecryptionKey, KeyManagement};
use crate::error::ConfigError;
use crate::keys::{DecryptingKey, DecryptionKeys, KeyId, read_decryption};

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
    let found: Vec<(Option<KeyId>, DecryptionKey)> = match (&table.private_key, &table.secret) {
        (Some(path), None) => {
            let path = folder.join(path);
            let named = |error: String| wrong(format!("{}: {error}", path.display()));
            let bytes = std::fs::read(&path)
                .map_err(|error| named(format!("expected a private key in this file, but found {error}")))?;
            let keys = read_decryption(&bytes).map_err(|error| named(error.to_string()))?;
            // Everybody has the demo keys, so that nothing is lost when everybody can read them.
            if !keys.iter().all(|(_, key)| key.is_demo()) {
                secret::private(&path).map_err(wrong)?;
            }
            keys
        }
        (None, Some(secret)) => {
            let (secret, _) = secret::read(secret, folder, "decrypt")?;
            vec![(None, DecryptionKey::from_secret(secret))]
        }
        _ => return Err(wrong("expected private_key or secret, but found neither or both")),
    };
    if table.key_id.is_some() && found.len() > 1 {
        return Err(wrong(format!("expected one key for key_id, but found {}", found.len())));
    }
    let configured = table.key_id.as_deref().map(KeyId::new).transpose().map_err(wrong)?;
    let management = names::<KeyManagement>(table.algorithms.as_deref(), &[KeyManagement::RsaOaep256])?;
    let encryption = names::<ContentEncryption>(table.encryption.as_deref(), &[ContentEncryption::A256Gcm])?;
    let build = |(id, key): (Option<KeyId>, DecryptionKey)| {
        DecryptingKey::new(configured.clone().or(id), key, management.clone(), encryption.clone()).map_err(wrong)
    };
    found.into_iter().map(build).collect()
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
