//! `client` of an endpoint: which clients of mutual TLS it takes. The rule: an entry has a mark, and a mark has one meaning.

use serde::Deserialize;

use crate::client::{Pin, Pins};
use crate::crypto::Sha256;
use crate::error::ConfigError;
use crate::wire::encoding::Encoding;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PinTable {
    certificate_sha256: Option<String>,
    public_key_sha256: Option<String>,
    organization_identifier: Option<String>,
    san: Option<String>,
}

/// Reads the pins; `known` says whether the listener, or a proxy, knows certificates of clients.
pub(super) fn read(list: Option<&[PinTable]>, known: bool) -> Result<Option<Pins>, ConfigError> {
    let Some(list) = list else { return Ok(None) };
    if list.is_empty() {
        return Err(wrong("expected at least one client, but found none"));
    }
    if !known {
        return Err(wrong(
            "expected client_ca in [server] tls, or client_cert of a trusted proxy, which bring the certificate, \
             but found neither",
        ));
    }
    let pins: Vec<Pin> = list.iter().map(pin).collect::<Result<_, _>>()?;
    Ok(Some(Pins::any_of(pins)))
}

fn pin(table: &PinTable) -> Result<Pin, ConfigError> {
    let certificate = table.certificate_sha256.as_deref().map(digest).transpose()?.map(Pin::certificate_sha256);
    let key = table.public_key_sha256.as_deref().map(digest).transpose()?.map(Pin::public_key_sha256);
    let organization = match table.organization_identifier.as_deref() {
        Some("") => return Err(wrong("expected an organization_identifier, but found an empty one")),
        identifier => identifier.map(Pin::organization_identifier),
    };
    let san = table.san.as_deref().map(str::parse).transpose().map_err(wrong)?.map(Pin::alt_name);
    let marks = [certificate, key, organization, san].into_iter().flatten();
    marks.reduce(Pin::and).ok_or_else(|| {
        wrong("expected certificate_sha256, public_key_sha256, organization_identifier or san, but found none")
    })
}

/// 64 digits of hex, with or without colons as OpenSSL writes them, or base64 as in RFC 7469.
fn digest(text: &str) -> Result<Sha256, ConfigError> {
    let plain = text.replace(':', "");
    let encoding = if plain.len() == 64 { Encoding::Hex } else { Encoding::Base64 };
    let bytes = encoding.decode(&plain, 32).ok().and_then(|bytes| Sha256::try_from(bytes).ok());
    bytes.ok_or_else(|| wrong(format!("expected a SHA-256 in 64 digits of hex or in base64, but found {text:?}")))
}

fn wrong(message: impl ToString) -> ConfigError {
    ConfigError::new("client", message.to_string())
}
