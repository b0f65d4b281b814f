//! The sources of an endpoint's keys, as the configuration names them. Files are read here, so that a wrong one is
//! found with its line; addresses are only checked, and fetched after the whole file was checked.

use std::path::Path;

use super::file::{KeyTable, Moment};
use super::{secret, units};
use crate::clock::Timestamp;
use crate::crypto::{Algorithm, Backend};
use crate::error::ConfigError;
use crate::keys::{Key, KeyId, KeySet};
use crate::profile::Profile;
use crate::rotation::{Address, AddressOptions, Reading, Source};
use crate::wire::time;

/// The sources, and the set that those at hand hold.
pub(super) fn read(
    tables: &[KeyTable],
    folder: &Path,
    profile: &Profile,
    der_signatures: bool,
    warnings: &mut Vec<String>,
) -> Result<(Vec<Source>, Option<KeySet>), ConfigError> {
    let mut sources = Vec::new();
    let mut at_hand = Vec::new();
    for table in tables {
        let source = one(table, folder, profile, der_signatures, warnings)?;
        let keys = source.at_hand().map_err(|error| wrong(format!("{}: {error}", source.name())))?;
        at_hand.extend(keys.unwrap_or_default());
        sources.push(source);
    }
    if tables.iter().filter(|table| table.secret.is_some() && table.key_id.is_none()).count() > 1 {
        return Err(ConfigError::new(
            "keys.key_id",
            "expected a name for each of several secrets, by which events and logs tell them apart, but found none",
        ));
    }
    let keys = if at_hand.is_empty() { None } else { Some(KeySet::new(at_hand).map_err(wrong)?) };
    Ok((sources, keys))
}

fn one(
    table: &KeyTable,
    folder: &Path,
    profile: &Profile,
    der_signatures: bool,
    warnings: &mut Vec<String>,
) -> Result<Source, ConfigError> {
    let algorithm = table.algorithm.as_deref().map(str::parse::<Algorithm>).transpose().map_err(wrong)?;
    let reading = Reading {
        backend: Backend::default(),
        algorithm: algorithm.or(profile.algorithm()),
        key_id: table.key_id.as_deref().map(KeyId::new).transpose().map_err(wrong)?,
        ignore_validity: table.ignore_validity,
        not_before: moment("keys.not_before", table.not_before.as_ref())?,
        not_after: moment("keys.not_after", table.not_after.as_ref())?,
        der_signatures,
    };
    if let (Some(first), Some(last)) = (reading.not_before, reading.not_after)
        && first > last
    {
        return Err(ConfigError::new("keys.not_after", "expected a moment after not_before, but found an earlier one"));
    }
    if table.jwks_url.is_none() {
        let set = [
            ("keys.refresh", table.refresh.is_some()),
            ("keys.max_stale", table.max_stale.is_some()),
            ("keys.ca", table.ca.is_some()),
            ("keys.allow_private", table.allow_private.is_some()),
        ];
        if let Some((field, _)) = set.into_iter().find(|(_, set)| *set) {
            return Err(ConfigError::new(field, "expected jwks_url beside it, but found none: remove it, or add one"));
        }
    }
    let files = [&table.certificate, &table.public_key, &table.jwks];
    let mut named = files.into_iter().flatten();
    match (named.next(), named.next(), &table.secret, &table.jwks_url) {
        (Some(path), None, None, None) => Ok(Source::file(folder.join(path), reading)),
        (None, None, Some(secret), None) => {
            let (secret, _) = secret::read(secret, folder, "keys")?;
            if secret.is_weak() {
                warnings.push("keys: a secret is shorter than 32 bytes".to_owned());
            }
            let key = Key::secret(algorithm.unwrap_or(Algorithm::Hs256), &secret).map_err(wrong)?;
            reading.adjust(vec![key]).map(Source::fixed).map_err(wrong)
        }
        (None, None, None, Some(url)) => Ok(Source::address(address(url, table, folder)?, reading)),
        _ => Err(wrong(
            "expected one of certificate, public_key, jwks, jwks_url or secret, but found none or more than one",
        )),
    }
}

fn address(url: &str, table: &KeyTable, folder: &Path) -> Result<Address, ConfigError> {
    let span = |field, text: &Option<String>, default| match text {
        Some(text) => units::span(text).map_err(|message| ConfigError::new(field, message)),
        None => Ok(default),
    };
    let default = AddressOptions::default();
    let ca = match &table.ca {
        None => None,
        Some(path) => {
            let path = folder.join(path);
            let wrong = |error: std::io::Error| {
                ConfigError::new("keys.ca", format!("expected certificates in {}, but found {error}", path.display()))
            };
            Some(std::fs::read(&path).map_err(wrong)?)
        }
    };
    let options = AddressOptions {
        refresh: span("keys.refresh", &table.refresh, default.refresh)?,
        max_stale: span("keys.max_stale", &table.max_stale, default.max_stale)?,
        ca,
        allow_private: table.allow_private.unwrap_or(default.allow_private),
    };
    Address::new(url, &options)
}

fn moment(field: &'static str, moment: Option<&Moment>) -> Result<Option<Timestamp>, ConfigError> {
    let text = match moment {
        None => return Ok(None),
        Some(Moment::Text(text)) => text.clone(),
        Some(Moment::Toml(moment)) => moment.to_string(),
    };
    let millis = time::parse_rfc3339(&text).map_err(|error| ConfigError::new(field, error.to_string()))?;
    Ok(Some(Timestamp::from_millis(millis)))
}

fn wrong(message: impl ToString) -> ConfigError {
    ConfigError::new("keys", message.to_string())
}
