//! A public RSA key as a JWK Set of one key (RFC 7517, RFC 7518 section 6.3.1), to be published.
//!
//! The rule: it is written from the public half only, so that nothing private can get into it.

use serde_json::json;

use super::error::KeyError;
use super::id::KeyId;
use super::thumbprint::numbers;
use crate::wire::encoding::Encoding;

/// Writes the `RSAPublicKey` of PKCS#1 in `material` under the name `id`: for the algorithm `alg`, and for signatures
/// (`usage` "sig") or encryption ("enc").
///
/// # Errors
/// `material` is no such key.
pub fn write_rsa(material: &[u8], id: &KeyId, alg: &str, usage: &str) -> Result<String, KeyError> {
    let (modulus, exponent) = numbers(material)?;
    let text = |bytes: &[u8]| Encoding::Base64Url.encode(bytes);
    let key = json!({
        "kty": "RSA", "use": usage, "alg": alg, "kid": id.as_str(), "n": text(modulus), "e": text(exponent),
    });
    serde_json::to_string_pretty(&json!({ "keys": [key] }))
        .map_err(|_| KeyError::expected("a key that can be written", "one that cannot"))
}
