//! The names in a certificate that can be pinned.
//!
//! The rule: each name keeps its kind, so that a URI never counts as a host name; what is there twice, or cannot be read,
//! is not there.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use der::asn1::ObjectIdentifier;
use der::{Decode, Tag, Tagged};
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// organizationIdentifier (X.520).
const ORGANIZATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");

/// An alternative name of a certificate's subject. It is written with its kind: `dns:client.bank.example`,
/// `uri:spiffe://bank.example/hub`, `ip:192.0.2.1`, `email:ops@bank.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AltName {
    /// A host name; letters count as small ones, and a wildcard stands for nothing but itself.
    Dns(Box<str>),
    /// A URI, byte for byte.
    Uri(Box<str>),
    /// An address.
    Ip(IpAddr),
    /// A mailbox, byte for byte.
    Email(Box<str>),
}

/// Text that is no [`AltName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownName;

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected dns:…, uri:…, ip:… or email:…, without a wildcard, but found another")
    }
}

impl std::error::Error for UnknownName {}

impl FromStr for AltName {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let (kind, value) = text.split_once(':').ok_or(UnknownName)?;
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*') {
            return Err(UnknownName);
        }
        match kind.to_ascii_lowercase().as_str() {
            "dns" => Ok(Self::Dns(value.to_ascii_lowercase().into())),
            "uri" => Ok(Self::Uri(value.into())),
            "ip" => value.parse().map(Self::Ip).map_err(|_| UnknownName),
            "email" => Ok(Self::Email(value.into())),
            _ => Err(UnknownName),
        }
    }
}

impl fmt::Display for AltName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Uri(name) => write!(f, "uri:{name}"),
            Self::Ip(address) => write!(f, "ip:{address}"),
            Self::Email(name) => write!(f, "email:{name}"),
        }
    }
}

/// The organisation identifier and the alternative names of a certificate in DER.
pub(super) fn read(der: &[u8]) -> (Option<Box<[u8]>>, Box<[AltName]>) {
    let Ok(certificate) = Certificate::from_der(der) else { return (None, Box::default()) };
    let body = certificate.tbs_certificate();
    let mut organizations = body.subject().iter().filter(|one| one.oid == ORGANIZATION_IDENTIFIER);
    let organization = match (organizations.next(), organizations.next()) {
        // In other kinds of strings the same bytes would be other letters.
        (Some(only), None) if matches!(only.value.tag(), Tag::Utf8String | Tag::PrintableString) => {
            Some(only.value.value().into())
        }
        _ => None,
    };
    let found = body.get_extension::<SubjectAltName>();
    let names = found.ok().flatten().map(|(_, names)| names.0.iter().filter_map(alt_name).collect());
    (organization, names.unwrap_or_default())
}

fn alt_name(name: &GeneralName) -> Option<AltName> {
    match name {
        GeneralName::DnsName(name) => Some(AltName::Dns(name.as_str().to_ascii_lowercase().into())),
        GeneralName::UniformResourceIdentifier(name) => Some(AltName::Uri(name.as_str().into())),
        GeneralName::Rfc822Name(name) => Some(AltName::Email(name.as_str().into())),
        GeneralName::IpAddress(bytes) => {
            let address = <[u8; 4]>::try_from(bytes.as_bytes()).map(IpAddr::from);
            address.or_else(|_| <[u8; 16]>::try_from(bytes.as_bytes()).map(IpAddr::from)).ok().map(AltName::Ip)
        }
        _ => None,
    }
}
