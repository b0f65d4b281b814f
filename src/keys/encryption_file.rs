//! The public key of a receiver, to encrypt to, from a file: PEM, a certificate, or a key set (RFC 7517).
//!
//! The rule: one key comes out, with the name that its owner knows it by; of several nothing is guessed.

use super::error::KeyError;
use super::file;
use super::id::KeyId;
use super::jwk;
use super::jwk_member::Members;
use super::key::{Key, VerifyingKey};
use super::thumbprint;
use crate::crypto::{Backend, EncryptionKey, KeyManagement};

/// Reads the one RSA key in `bytes` that encrypts by RSA-OAEP-256. Its name is the "kid" of a key set, or else the JWK
/// thumbprint (RFC 7638). Keys of a set with "use" "sig", another "alg" or other "key_ops" are passed over.
///
/// # Errors
/// The bytes are none of these, a private key is among them, or not one key is left but none or several.
pub fn read_encryption(bytes: &[u8]) -> Result<(KeyId, EncryptionKey), KeyError> {
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        let members = jwk::members(bytes)?;
        let found = members.iter().map(of_member).filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
        return one(found);
    }
    let keys = file::read(Backend::default(), bytes, None)?;
    one(keys.iter().map(of_key).collect::<Result<_, _>>()?)
}

fn one<T>(mut found: Vec<T>) -> Result<T, KeyError> {
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(only),
        (_, others) => {
            let count = if others == 0 { "none".to_owned() } else { others.saturating_add(1).to_string() };
            Err(KeyError::expected("one RSA key to encrypt to", count))
        }
    }
}

fn of_member(one: &Members<'_>) -> Result<Option<(KeyId, EncryptionKey)>, KeyError> {
    one.holds_nothing_private()?;
    let fits = one.text("alg")?.is_none_or(|alg| alg == KeyManagement::RsaOaep256.name());
    if !fits || one.required("kty")? != "RSA" || !one.is_for(&["encrypt", "wrapKey"], "enc", "sig")? {
        return Ok(None);
    }
    let material = one.rsa()?;
    let id = match one.text("kid")? {
        Some(kid) => KeyId::new(&kid)?,
        None => KeyId::new(&thumbprint::of_rsa(&material)?)?,
    };
    Ok(Some((id, EncryptionKey::rsa(&material)?)))
}

fn of_key(key: &Key) -> Result<(KeyId, EncryptionKey), KeyError> {
    match key.verifier() {
        VerifyingKey::Public(public) => {
            Ok((KeyId::new(&thumbprint::of_jwk(public)?)?, EncryptionKey::rsa(public.material())?))
        }
        VerifyingKey::Mac(_) => Err(KeyError::expected("a public key", "a shared secret")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::file::read;

    const SET: &str = include_str!("../../keys/cbuae/encryption.jwks.json");
    const SIGNING: &str = include_str!("../../keys/cbuae/signing.jwks.json");
    const PEM: &str = include_str!("../../keys/tribe/signing.pub.pem");

    #[test]
    fn the_name_is_the_kid_of_a_set_or_else_the_thumbprint() {
        assert_eq!(read_encryption(SET.as_bytes()).unwrap().0.as_str(), "demo-receiver-encryption");
        let without = SET.replace("\"kid\"", "\"x\"");
        let (id, _) = read_encryption(without.as_bytes()).unwrap();
        assert_eq!(id.as_str().len(), 43, "{id:?}");
        let thumbprint = read(Backend::default(), PEM.as_bytes(), None).unwrap().remove(0);
        assert_eq!(read_encryption(PEM.as_bytes()).unwrap().0, *thumbprint.id());
    }

    #[test]
    fn a_key_that_signs_several_keys_and_a_private_key_are_none_to_encrypt_to() {
        let refused = |text: &str| read_encryption(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(refused(SIGNING), "expected one RSA key to encrypt to, but found none");
        let object = SET.trim().trim_start_matches("{\n  \"keys\": [").trim_end_matches("]\n}");
        let two = format!("{{\"keys\": [{object}, {}]}}", object.replace("demo-receiver", "other"));
        assert_eq!(refused(&two), "expected one RSA key to encrypt to, but found 2");
        assert!(refused(&SET.replace("\"kid\"", "\"d\": \"AQ\", \"kid\"")).contains("private key"));
        assert!(refused(&SET.replace("RSA-OAEP-256", "RSA-OAEP")).contains("but found none"));
    }
}
