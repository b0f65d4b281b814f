//! The keys of an endpoint, from the files that the configuration names.

use std::path::Path;

use super::file::KeyTable;
use super::secret;
use crate::crypto::{Algorithm, Backend};
use crate::error::ConfigError;
use crate::keys::{self, Key, KeyId, KeySet};
use crate::profile::Profile;

/// Largest file of keys, in bytes.
const LARGEST: u64 = 1024 * 1024;

pub(super) fn read(
    tables: &[KeyTable],
    folder: &Path,
    profile: &Profile,
    der_signatures: bool,
    warnings: &mut Vec<String>,
) -> Result<Option<KeySet>, ConfigError> {
    if tables.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for table in tables {
        all.extend(one(table, folder, profile, der_signatures, warnings)?);
    }
    KeySet::new(all).map(Some).map_err(wrong)
}

fn one(
    table: &KeyTable,
    folder: &Path,
    profile: &Profile,
    der_signatures: bool,
    warnings: &mut Vec<String>,
) -> Result<Vec<Key>, ConfigError> {
    let algorithm = match &table.algorithm {
        Some(name) => Some(name.parse::<Algorithm>().map_err(wrong)?),
        None => profile.algorithm(),
    };
    let files = [&table.certificate, &table.public_key, &table.jwks];
    let mut named = files.into_iter().flatten();
    let mut found = match (named.next(), named.next(), &table.secret, &table.jwks_url) {
        (Some(path), None, None, None) => {
            let path = folder.join(path);
            let bytes = bytes(&path).map_err(wrong)?;
            let keys = keys::file::read(Backend::default(), &bytes, algorithm);
            keys.map_err(|error| wrong(format!("{}: {error}", path.display())))?
        }
        (None, None, Some(secret), None) => {
            let (secret, _) = secret::read(secret, folder, "keys")?;
            if secret.is_weak() {
                warnings.push("keys: a secret is shorter than 32 bytes".to_owned());
            }
            let algorithm = algorithm.unwrap_or(Algorithm::Hs256);
            vec![Key::secret(algorithm, &secret).map_err(wrong)?]
        }
        (None, None, None, Some(_)) => {
            return Err(wrong("expected jwks = \"FILE\", but found jwks_url, which this build does not fetch"));
        }
        _ => {
            return Err(wrong(
                "expected one of certificate, public_key, jwks or secret, but found none or more than one",
            ));
        }
    };
    if let Some(id) = &table.key_id {
        if found.len() > 1 {
            return Err(wrong(format!("expected one key for key_id, but found {}", found.len())));
        }
        let id = KeyId::new(id).map_err(wrong)?;
        found = found.into_iter().map(|key| key.with_id(id.clone())).collect();
    }
    if table.ignore_validity {
        found = found.into_iter().map(Key::ignoring_validity).collect();
    }
    if der_signatures {
        found = found.into_iter().map(Key::accepting_der).collect::<Result<_, _>>().map_err(wrong)?;
    }
    Ok(found)
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let named = |error: std::io::Error| format!("expected a key in {}, but found {error}", path.display());
    if std::fs::metadata(path).map_err(named)?.len() > LARGEST {
        return Err(format!("expected a file of at most 1 MiB, but found a larger one: {}", path.display()));
    }
    std::fs::read(path).map_err(named)
}

fn wrong(message: impl ToString) -> ConfigError {
    ConfigError::new("keys", message.to_string())
}
