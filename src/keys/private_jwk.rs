//! One private JSON Web Key (RFC 7518 section 6, RFC 8037 section 2), for decryption.
//!
//! The rule: all members of the key's type have to be there, and the public half has to be the one of the private half;
//! what is made of them on the way is wiped.

use der::asn1::AnyRef;
use der::{Encode, Tag};
use zeroize::Zeroizing;

use super::error::{KeyError, quoted};
use super::id::KeyId;
use super::jwk_member::Members;
use crate::crypto::{Algorithm, DecryptionKey, KeyManagement, Secret};

/// `rsaEncryption` with parameters NULL, as an AlgorithmIdentifier in DER.
const RSA: [u8; 15] = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];
/// The version 0 of PKCS#8 and PKCS#1.
const VERSION: [u8; 3] = [2, 1, 0];
/// What a key is for that decrypts (RFC 7517 section 4.3).
const OPERATIONS: [&str; 4] = ["decrypt", "unwrapKey", "deriveKey", "deriveBits"];

impl Members<'_> {
    /// The key with its name; `None` if it says that it is for something else.
    pub(super) fn decryption_key(&self) -> Result<Option<(Option<KeyId>, DecryptionKey)>, KeyError> {
        let id = self.text("kid")?.map(|kid| KeyId::new(&kid)).transpose()?;
        if !self.is_for(&OPERATIONS, "enc", "sig")? {
            return Ok(None);
        }
        let management =
            match self.text("alg")? {
                None => None,
                // It signs, or verifies.
                Some(name) if name.parse::<Algorithm>().is_ok() => return Ok(None),
                Some(name) => {
                    let known = name.parse::<KeyManagement>();
                    Some(known.map_err(|_| {
                        KeyError::expected("\"alg\" RSA-OAEP-256 or another that is taken", quoted(&name))
                    })?)
                }
            };
        let key = match self.required("kty")?.as_ref() {
            "RSA" => self.private_rsa()?,
            "EC" => self.private_point()?,
            "OKP" => self.private_montgomery()?,
            "oct" => {
                self.without(&["d", "n", "e", "x", "y"])?;
                DecryptionKey::from_secret(Secret::new(self.bytes("k")?)?)?
            }
            other => return Err(KeyError::expected("\"kty\" RSA, EC, OKP or oct", quoted(other))),
        };
        let key = match management {
            Some(management) => key.restricted_to(management)?,
            None => key,
        };
        Ok(Some((id, key)))
    }

    /// PKCS#8 of all members but "oth", which makes a key of more than two primes.
    fn private_rsa(&self) -> Result<DecryptionKey, KeyError> {
        self.without(&["k", "oth"])?;
        let mut body = Zeroizing::new(VERSION.to_vec());
        for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
            let number = Zeroizing::new(self.number(name)?);
            body = Zeroizing::new([body.as_slice(), number.as_slice()].concat());
        }
        let pkcs1 = wrapped(Tag::Sequence, &body)?;
        let content = wrapped(Tag::OctetString, &pkcs1)?;
        let whole = Zeroizing::new([&VERSION[..], &RSA, content.as_slice()].concat());
        Ok(DecryptionKey::from_pkcs8(&wrapped(Tag::Sequence, &whole)?)?)
    }

    fn private_point(&self) -> Result<DecryptionKey, KeyError> {
        self.without(&["k"])?;
        let curve = self.required("crv")?;
        if curve != "P-256" {
            return Err(KeyError::expected("\"crv\" P-256", quoted(&curve)));
        }
        let key = DecryptionKey::from_p256_scalar(&Zeroizing::new(self.bytes("d")?))?;
        let point = [&[4][..], &self.bytes("x")?, &self.bytes("y")?].concat();
        own(key, &point)
    }

    fn private_montgomery(&self) -> Result<DecryptionKey, KeyError> {
        self.without(&["k"])?;
        let curve = self.required("crv")?;
        if curve != "X25519" {
            return Err(KeyError::expected("\"crv\" X25519", quoted(&curve)));
        }
        let key = DecryptionKey::from_x25519(&Zeroizing::new(self.bytes("d")?))?;
        own(key, &self.bytes("x")?)
    }

    fn without(&self, names: &[&str]) -> Result<(), KeyError> {
        match names.iter().find(|name| self.0.contains_key(**name)) {
            Some(name) => Err(KeyError::expected("the members of one type of key", format_args!("{name:?} besides"))),
            None => Ok(()),
        }
    }
}

/// The key, if `public` is its public half.
fn own(key: DecryptionKey, public: &[u8]) -> Result<DecryptionKey, KeyError> {
    if key.public_material() == Some(public) {
        return Ok(key);
    }
    Err(KeyError::expected("the public half of the private key", "another"))
}

fn wrapped(tag: Tag, content: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let der = AnyRef::new(tag, content).and_then(|any| any.to_der());
    der.map(Zeroizing::new).map_err(|_| KeyError::expected("an RSA private key", "numbers that are too large"))
}
