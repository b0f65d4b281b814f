//! Files of keys, told apart by their content: PEM, a certificate in DER, JSON Web Keys.
//!
//! The rule: a file that has a private key in it is refused whole, and told so: it lies in the wrong place.

use der::{Decode, Tag, Tagged, asn1::AnyRef};

use super::certificate::Certificate;
use super::error::{KeyError, quoted};
use super::jwk;
use super::key::Key;
use super::pem::{self, PemBlock};
use super::public::{from_pkcs1, from_spki};
use crate::crypto::{Algorithm, Backend};

const EXPECTED: &str = "a public key or certificate";

/// Reads the keys in `bytes`: blocks "PUBLIC KEY", "RSA PUBLIC KEY" and "CERTIFICATE" in PEM, one certificate in DER,
/// or a JWK or JWK Set. Every key has to take `algorithm` if it is given, except as [`jwk::read_set`] says.
///
/// # Errors
/// The bytes are none of these, one of the keys is not taken, or a private key is among them.
pub fn read(backend: Backend, bytes: &[u8], algorithm: Option<Algorithm>) -> Result<Vec<Key>, KeyError> {
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        return jwk::read_set(backend, bytes, algorithm);
    }
    if let Ok(text) = str::from_utf8(bytes)
        && text.contains("-----BEGIN ")
    {
        return pem::read(text)?.iter().map(|block| of_block(backend, block, algorithm)).collect();
    }
    match AnyRef::from_der(bytes) {
        Ok(outer) if is_private(outer) => Err(KeyError::expected(EXPECTED, "a private key")),
        Ok(_) => of_certificate(backend, bytes, algorithm).map(|key| vec![key]),
        Err(_) => Err(KeyError::expected("pem, a certificate in der or a json web key", "none of them")),
    }
}

fn of_block(backend: Backend, block: &PemBlock, algorithm: Option<Algorithm>) -> Result<Key, KeyError> {
    match block.label.as_str() {
        "PUBLIC KEY" => Key::public(from_spki(backend, &block.der, algorithm)?),
        "RSA PUBLIC KEY" => Key::public(from_pkcs1(backend, &block.der, algorithm)?),
        "CERTIFICATE" => of_certificate(backend, &block.der, algorithm),
        label if label.ends_with("PRIVATE KEY") => Err(KeyError::expected(EXPECTED, "a private key")),
        label => Err(KeyError::expected(EXPECTED, quoted(label))),
    }
}

fn of_certificate(backend: Backend, der: &[u8], algorithm: Option<Algorithm>) -> Result<Key, KeyError> {
    Key::certificate(&Certificate::from_der(der)?, backend, algorithm)
}

/// PKCS#8, PKCS#1 and SEC 1 all begin with a version of 0 or 1; certificates and public keys with something else.
fn is_private(outer: AnyRef<'_>) -> bool {
    outer.tag() == Tag::Sequence && matches!(outer.value(), [0x02, 0x01, 0 | 1, ..])
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
