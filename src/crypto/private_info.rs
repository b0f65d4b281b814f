//! PKCS#8 (RFC 5958) as far as it says what kind of private key it holds, and the keys of X25519 in it (RFC 8410).
//!
//! The rule: the kind is read here and only from the identifier; the library then reads the key as that kind.

use der::asn1::{AnyRef, BitStringRef, ContextSpecific, ObjectIdentifier, OctetStringRef};
use der::{Decode, Reader, SliceReader, TagNumber};
use x509_cert::spki::AlgorithmIdentifierRef;

use super::DecryptionKind;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");

/// A private key of X25519.
pub(super) struct MontgomeryKey<'a> {
    /// 32 bytes.
    pub(super) scalar: &'a [u8],
    /// The public half, if the file holds it.
    pub(super) public: Option<&'a [u8]>,
}

/// The kind of the key in `pkcs8`; else what it is, for people.
pub(super) fn kind(pkcs8: &[u8]) -> Result<DecryptionKind, String> {
    let identifier = identifier(pkcs8).map_err(|_| "bytes that are none".to_owned())?;
    let parameters = identifier.parameters;
    match identifier.oid {
        RSA if parameters.is_some_and(AnyRef::is_null) => Ok(DecryptionKind::Rsa),
        RSA => Err("an RSA key with other parameters than NULL".to_owned()),
        PSS => Err("an RSA key that may only sign (RSASSA-PSS)".to_owned()),
        EC => match parameters.map(AnyRef::decode_as::<ObjectIdentifier>) {
            Some(Ok(P256)) => Ok(DecryptionKind::P256),
            Some(Ok(other)) => Err(format!("a key of the curve {other}")),
            Some(Err(_)) | None => Err("a curve without a name".to_owned()),
        },
        X25519 if parameters.is_none() => Ok(DecryptionKind::X25519),
        X25519 => Err("an X25519 key with parameters".to_owned()),
        other => Err(format!("one of type {other}")),
    }
}

fn identifier(pkcs8: &[u8]) -> der::Result<AlgorithmIdentifierRef<'_>> {
    let outer: AnyRef<'_> = AnyRef::from_der(pkcs8)?;
    let mut reader = SliceReader::new(outer.value())?;
    let _version: u8 = reader.decode()?;
    reader.decode()
}

/// The key in `pkcs8`, which is one of X25519; `None` if it is malformed or has attributes.
pub(super) fn montgomery(pkcs8: &[u8]) -> Option<MontgomeryKey<'_>> {
    read_montgomery(pkcs8).ok().flatten()
}

fn read_montgomery(pkcs8: &[u8]) -> der::Result<Option<MontgomeryKey<'_>>> {
    let outer: AnyRef<'_> = AnyRef::from_der(pkcs8)?;
    let mut reader = SliceReader::new(outer.value())?;
    let version: u8 = reader.decode()?;
    let _identifier: AlgorithmIdentifierRef<'_> = reader.decode()?;
    let inner: &OctetStringRef = reader.decode()?;
    let scalar = <&OctetStringRef>::from_der(inner.as_bytes())?.as_bytes();
    let public = ContextSpecific::<BitStringRef<'_>>::decode_implicit(&mut reader, TagNumber(1))?;
    let fits = version == u8::from(public.is_some()) && reader.is_finished();
    let public = public.and_then(|field| field.value.as_bytes());
    Ok(fits.then_some(MontgomeryKey { scalar, public }))
}
