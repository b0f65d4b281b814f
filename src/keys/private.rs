//! Private keys, for signing replies and test messages.
//!
//! The rule: one form, PKCS#8 in PEM; every other is refused with the command that turns it into this one.

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader};
use x509_cert::spki::AlgorithmIdentifierRef;

use super::error::{KeyError, quoted};
use super::identifier::identify;
use super::pem;
use crate::crypto::{Algorithm, Secret, SigningKey};

const EXPECTED: &str = "one pem block PRIVATE KEY";
const CURE: &str = "convert it with: openssl pkcs8 -topk8 -nocrypt";

/// Reads a private key in PKCS#8 (RFC 5958), unencrypted, in PEM. Without `algorithm` the key has the default one of
/// its kind.
///
/// # Errors
/// The text is something else, has more than the one block, or the key is of an unknown type, weak, or cannot have
/// `algorithm`.
pub fn read_private(text: &str, algorithm: Option<Algorithm>) -> Result<SigningKey, KeyError> {
    let der = one_block(text)?;
    let algorithm = of_pkcs8(der.expose())?.algorithm(algorithm)?;
    Ok(SigningKey::from_pkcs8(algorithm, der.expose())?)
}

/// The content of the one block "PRIVATE KEY", wiped when it goes out of scope.
pub(super) fn one_block(text: &str) -> Result<Secret, KeyError> {
    let mut blocks = pem::read(text)?;
    let foreign = blocks.iter().find(|block| block.label != "PRIVATE KEY").map(|block| block.label.clone());
    match foreign.as_deref() {
        None => {}
        Some(label @ ("RSA PRIVATE KEY" | "EC PRIVATE KEY" | "DSA PRIVATE KEY" | "EC PARAMETERS")) => {
            return Err(KeyError::expected(EXPECTED, format_args!("{label} ({CURE})")));
        }
        Some("ENCRYPTED PRIVATE KEY") => {
            let cure = "decrypt it with: openssl pkcs8 -topk8 -nocrypt";
            return Err(KeyError::expected(EXPECTED, format_args!("an encrypted one ({cure})")));
        }
        Some(label) => return Err(KeyError::expected(EXPECTED, quoted(label))),
    }
    let (Some(block), true) = (blocks.pop(), blocks.is_empty()) else {
        return Err(KeyError::expected(EXPECTED, "several"));
    };
    Ok(Secret::new(block.der)?)
}

/// The AlgorithmIdentifier after the version; the rest is read by the library that signs.
fn of_pkcs8(der: &[u8]) -> Result<super::identifier::Identified, KeyError> {
    let none = |_| KeyError::expected("a private key in pkcs#8", "bytes that are none");
    let outer: AnyRef<'_> = AnyRef::from_der(der).map_err(none)?;
    let mut reader = SliceReader::new(outer.value()).map_err(none)?;
    let _version: u8 = reader.decode().map_err(none)?;
    let identifier: AlgorithmIdentifierRef<'_> = reader.decode().map_err(none)?;
    identify(&identifier)
}

#[cfg(test)]
#[path = "private_tests.rs"]
mod tests;
