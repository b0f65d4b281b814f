//! Files of keys that decrypt: PKCS#8 in PEM, or private JSON Web Keys.
//!
//! The rule: the file is taken as a whole or not at all; keys that say themselves that they sign are passed over.

use super::error::KeyError;
use super::id::KeyId;
use super::jwk;
use super::private::one_block;
use crate::crypto::DecryptionKey;

/// Reads the keys in `bytes`: one block "PRIVATE KEY" in PEM (PKCS#8, RFC 5958, unencrypted), or a private JWK or a
/// set of them (RFC 7517, RFC 7518 section 6, RFC 8037), each with its "kid" if it has one. The "alg" of a JWK is the
/// only algorithm that the key takes then.
///
/// # Errors
/// The bytes are none of these; another form of a private key, which is told with the command that turns it into this
/// one; a JWK as [`jwk::read_set`] refuses it, without a private member, or whose public half is not its own; or no key
/// is left.
pub fn read_decryption(bytes: &[u8]) -> Result<Vec<(Option<KeyId>, DecryptionKey)>, KeyError> {
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        return of_set(bytes);
    }
    match str::from_utf8(bytes) {
        Ok(text) if text.contains("-----BEGIN ") => {
            let der = one_block(text)?;
            Ok(vec![(None, DecryptionKey::from_pkcs8(der.expose())?)])
        }
        _ => Err(KeyError::expected("a private key in pem or as a json web key", "neither")),
    }
}

fn of_set(text: &[u8]) -> Result<Vec<(Option<KeyId>, DecryptionKey)>, KeyError> {
    let mut keys = Vec::new();
    for (number, one) in (1_usize..).zip(&jwk::members(text)?) {
        let key = one.decryption_key().map_err(|error| error.within(format_args!("key {number} of the set")))?;
        keys.extend(key);
    }
    if keys.is_empty() {
        return Err(KeyError::expected("a key to decrypt with", "none in the set"));
    }
    Ok(keys)
}

#[cfg(test)]
#[path = "decryption_file_tests.rs"]
mod tests;
