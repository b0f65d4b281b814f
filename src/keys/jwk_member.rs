//! One JSON Web Key (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2).
//!
//! The rule: every member that is used is used exactly as its standard writes it; a member of a private key in a set
//! of public keys means that the private key is out, and nothing of that set is trusted.

use std::borrow::Cow;
use std::collections::BTreeMap;

use der::asn1::{AnyRef, UintRef};
use der::{Encode, Tag};
use serde_json::value::RawValue;

use super::error::{KeyError, quoted};
use super::id::KeyId;
use super::identifier::Identified;
use super::key::Key;
use super::public::checked;
use crate::crypto::{Algorithm, Backend, Hash, KeyKind, Secret};
use crate::wire::encoding::Encoding;

/// What only private keys have (RFC 7518 sections 6.2.2 and 6.3.2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"];
/// Longest binary value, in bytes: more than any key that is taken, so that those are refused by their size in bits.
const LONGEST: usize = 4096;

/// The members of one key, read when they are used.
pub(super) struct Members<'a>(pub(super) BTreeMap<String, &'a RawValue>);

impl<'a> Members<'a> {
    /// The key; `None` if it says that it is for something else.
    pub(super) fn key(&self, backend: Backend, demanded: Option<Algorithm>) -> Result<Option<Key>, KeyError> {
        self.holds_nothing_private()?;
        if self.0.contains_key("k") && !self.is_symmetric() {
            return Err(KeyError::expected("a public key", "a shared secret (member \"k\")"));
        }
        let id = self.text("kid")?.map(|kid| KeyId::new(&kid)).transpose()?;
        if !self.is_for_verifying()? {
            return Ok(None);
        }
        if let Some(demanded) = demanded
            && !self.can_be_for(demanded)?
        {
            return Ok(None);
        }
        let algorithm = self.algorithm()?.or(demanded);
        let key = match self.required("kty")?.as_ref() {
            "RSA" => self.public(backend, KeyKind::Rsa, &self.rsa()?, algorithm),
            "EC" => {
                let (kind, point) = self.point()?;
                self.public(backend, kind, &point, algorithm)
            }
            "OKP" => self.public(backend, KeyKind::Ed25519, &self.edwards()?, algorithm),
            "oct" => self.secret(algorithm.unwrap_or(Algorithm::Hs256)),
            other => Err(KeyError::expected("\"kty\" RSA, EC, OKP or oct", quoted(other))),
        }?;
        Ok(Some(match id {
            Some(id) => key.with_id(id),
            None => key,
        }))
    }

    /// A private key in a place for public ones is out.
    pub(super) fn holds_nothing_private(&self) -> Result<(), KeyError> {
        match PRIVATE.into_iter().find(|name| self.0.contains_key(*name)) {
            Some(name) => Err(KeyError::expected("a public key", format_args!("a private key (member {name:?})"))),
            None => Ok(()),
        }
    }

    /// Whether the key says that it is a shared secret.
    pub(super) fn is_symmetric(&self) -> bool {
        self.text("kty").is_ok_and(|kty| kty.as_deref() == Some("oct"))
    }

    /// A member that is a string, if it is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, KeyError> {
        let Some(raw) = self.0.get(name) else { return Ok(None) };
        // Borrowed unless it has escapes, so that a secret is not copied on its way.
        serde_json::from_str::<&'a str>(raw.get())
            .map(Cow::Borrowed)
            .or_else(|_| serde_json::from_str::<String>(raw.get()).map(Cow::Owned))
            .map(Some)
            .map_err(|_| KeyError::expected(format_args!("{name:?} to be a string"), "another type"))
    }

    pub(super) fn required(&self, name: &str) -> Result<Cow<'a, str>, KeyError> {
        self.text(name)?.ok_or_else(|| KeyError::expected(format_args!("a member {name:?}"), "none"))
    }

    pub(super) fn bytes(&self, name: &str) -> Result<Vec<u8>, KeyError> {
        Encoding::Base64Url
            .decode(&self.required(name)?, LONGEST)
            .map_err(|_| KeyError::expected(format_args!("{name:?} in unpadded base64url"), "another spelling"))
    }

    pub(super) fn is_for_verifying(&self) -> Result<bool, KeyError> {
        self.is_for(&["verify"], "sig", "enc")
    }

    /// Whether the key says that it is for one of `operations` ("key_ops") and for `wanted` ("use"), or says nothing;
    /// `other` is the use that passes it over.
    pub(super) fn is_for(&self, operations: &[&str], wanted: &str, other: &str) -> Result<bool, KeyError> {
        match self.text("use")?.as_deref() {
            Some(name) if name == other => return Ok(false),
            Some(name) if name != wanted => return Err(KeyError::expected("\"use\" sig or enc", quoted(name))),
            _ => {}
        }
        let Some(raw) = self.0.get("key_ops") else { return Ok(true) };
        let named: Vec<String> = serde_json::from_str(raw.get())
            .map_err(|_| KeyError::expected("\"key_ops\" to be an array of strings", "another type"))?;
        Ok(named.iter().any(|name| operations.contains(&name.as_str())))
    }

    /// Whether the key may be one for an algorithm: its "alg" says so, or, without one, its type and curve. Others may be of
    /// kinds that nobody here knows: a set that gains one still loses what it revokes.
    fn can_be_for(&self, demanded: Algorithm) -> Result<bool, KeyError> {
        if let Some(named) = self.text("alg")? {
            return Ok(named.parse::<Algorithm>().is_ok_and(|named| named == demanded));
        }
        let (kty, crv) = (self.required("kty")?, self.text("crv")?);
        Ok(match demanded.key_kind() {
            KeyKind::Rsa => kty == "RSA",
            KeyKind::P256 => kty == "EC" && crv.as_deref() == Some("P-256"),
            KeyKind::P384 => kty == "EC" && crv.as_deref() == Some("P-384"),
            KeyKind::P521 => kty == "EC" && crv.as_deref() == Some("P-521"),
            KeyKind::Ed25519 => kty == "OKP" && crv.as_deref() == Some("Ed25519"),
            KeyKind::Secret => kty == "oct",
        })
    }

    /// Whether there is an algorithm here that the key may be for.
    pub(super) fn is_for_any(&self) -> Result<bool, KeyError> {
        Algorithm::ALL.iter().copied().try_fold(false, |found, one| Ok(found || self.can_be_for(one)?))
    }

    fn algorithm(&self) -> Result<Option<Algorithm>, KeyError> {
        let Some(name) = self.text("alg")? else { return Ok(None) };
        let known = name.parse().map_err(|_| KeyError::expected("\"alg\" of RFC 7518 section 3.1", quoted(&name)));
        known.map(Some)
    }

    fn public(
        &self,
        backend: Backend,
        kind: KeyKind,
        material: &[u8],
        algorithm: Option<Algorithm>,
    ) -> Result<Key, KeyError> {
        Key::public(checked(backend, Identified::Kind(kind), material, algorithm)?)
    }

    /// A shared secret is no shorter than the hash of its algorithm (RFC 7518 section 3.2).
    fn secret(&self, algorithm: Algorithm) -> Result<Key, KeyError> {
        let secret = Secret::new(self.bytes("k")?)?;
        let (least, found) = (algorithm.hash().map_or(0, Hash::length), secret.expose().len());
        if found < least {
            return Err(KeyError::expected(format_args!("a secret of at least {least} bytes for {algorithm}"), found));
        }
        Key::secret(algorithm, &secret)
    }

    /// `RSAPublicKey` of PKCS#1, from "n" and "e".
    pub(super) fn rsa(&self) -> Result<Vec<u8>, KeyError> {
        let mut body = self.number("n")?;
        body.extend(self.number("e")?);
        AnyRef::new(Tag::Sequence, &body)
            .and_then(|pair| pair.to_der())
            .map_err(|_| KeyError::expected("an RSA public key", "numbers that are too large"))
    }

    pub(super) fn number(&self, name: &str) -> Result<Vec<u8>, KeyError> {
        let bytes = self.bytes(name)?;
        if bytes.first() == Some(&0) {
            return Err(KeyError::expected(format_args!("{name:?} in its fewest bytes"), "a leading zero byte"));
        }
        UintRef::new(&bytes)
            .and_then(|number| number.to_der())
            .map_err(|_| KeyError::expected(format_args!("a number {name:?}"), "one that is too large"))
    }

    /// The uncompressed point of "x" and "y", each of the curve's length (RFC 7518 section 6.2.1.2).
    fn point(&self) -> Result<(KeyKind, Vec<u8>), KeyError> {
        let (kind, length) = match self.required("crv")?.as_ref() {
            "P-256" => (KeyKind::P256, 32),
            "P-384" => (KeyKind::P384, 48),
            "P-521" => (KeyKind::P521, 66),
            other => return Err(KeyError::expected("\"crv\" P-256, P-384 or P-521", quoted(other))),
        };
        let mut point = vec![4];
        for name in ["x", "y"] {
            let coordinate = self.bytes(name)?;
            if coordinate.len() != length {
                let what = format!("{name:?} of {length} bytes");
                return Err(KeyError::expected(what, coordinate.len()));
            }
            point.extend(coordinate);
        }
        Ok((kind, point))
    }

    fn edwards(&self) -> Result<Vec<u8>, KeyError> {
        match self.required("crv")?.as_ref() {
            "Ed25519" => self.bytes("x"),
            other => Err(KeyError::expected("\"crv\" Ed25519", quoted(other))),
        }
    }
}
