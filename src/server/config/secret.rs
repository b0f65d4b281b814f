//! Secrets come from the environment or from a file that others cannot read; never from the configuration itself.

use std::path::Path;

use super::file::SecretTable;
use super::permissions::private;
use crate::crypto::Secret;
use crate::error::ConfigError;
use crate::keys::is_demo_key;
use crate::wire::encoding::Encoding;

/// The secret, and whether it is one of the demo secrets, which everybody has.
pub(super) fn read(table: &SecretTable, folder: &Path, field: &'static str) -> Result<(Secret, bool), ConfigError> {
    let wrong = |message: String| ConfigError::new(field, message);
    let (bytes, from) = match (&table.env, &table.file) {
        (Some(name), None) => {
            let value = std::env::var(name)
                .map_err(|_| wrong(format!("expected a secret in the environment variable {name}, but found none")))?;
            (value.into_bytes(), name.clone())
        }
        (None, Some(path)) => {
            let path = folder.join(path);
            let bytes = std::fs::read(&path)
                .map_err(|error| wrong(format!("expected a secret in {}, but found {error}", path.display())))?;
            // Editors end a file with a line feed; a secret that ends with one is not meant.
            let end =
                bytes.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last.saturating_add(1));
            let bytes: Vec<u8> = bytes.into_iter().take(end).collect();
            if !is_demo_key(&bytes) {
                private(&path).map_err(wrong)?;
            }
            (bytes, path.display().to_string())
        }
        _ => return Err(wrong("expected { env = \"…\" } or { file = \"…\" }, but found neither or both".to_owned())),
    };
    let demo = is_demo_key(&bytes);
    let bytes = decode(bytes, table.encoding.as_deref()).map_err(|message| wrong(format!("{from}: {message}")))?;
    let secret = Secret::new(bytes).map_err(|error| wrong(format!("{from}: {error}")))?;
    Ok((secret, demo))
}

fn decode(bytes: Vec<u8>, encoding: Option<&str>) -> Result<Vec<u8>, String> {
    let Some(encoding) = encoding else { return Ok(bytes) };
    let encoding: Encoding = encoding.parse().map_err(|error: crate::wire::GrammarError| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "expected an encoded secret, but found other bytes".to_owned())?;
    let text = text.strip_prefix("whsec_").unwrap_or(&text);
    let decoded = encoding.decode(text, 4096).map_err(|error| error.to_string())?;
    // Everybody has it in the other spelling as well, in which nobody would know it for a demo's.
    if is_demo_key(text.as_bytes()) || is_demo_key(&decoded) {
        return Err("expected a demo secret without encoding, but found one with it".to_owned());
    }
    Ok(decoded)
}
