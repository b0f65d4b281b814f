//! What an endpoint is called, and where it lies. The rule: the name is part of every identity and of an address, the path is
//! compared letter by letter with that of a request; what could never fit, or could fit twice, is neither.

use crate::error::ConfigError;

/// Letters, digits, `-`, `_` and `.`.
///
/// # Errors
/// [`ConfigError`] for another letter, or none.
pub(crate) fn is_name(name: &str) -> Result<(), ConfigError> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Err(ConfigError::new("name", "expected letters, digits, '-', '_' and '.', but found another or none"));
    }
    Ok(())
}

/// `/`, or segments that each have a `/` in front; a `/` at the end says nothing.
///
/// # Errors
/// [`ConfigError`] for a query, an escape, or a segment without a letter.
pub(crate) fn is_path(path: &str) -> Result<(), ConfigError> {
    if !path.starts_with('/') || path.contains(['?', '#', '%', ' ']) || path.contains("//") {
        return Err(ConfigError::new("path", format!("expected a path such as /hooks/bank, but found {path:?}")));
    }
    Ok(())
}
