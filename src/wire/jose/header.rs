//! The protected header of a JWS or a JWE (RFC 7515 section 4, RFC 7516 section 4).
//!
//! The rule: the header names; it never brings. Keys in it, compression and unknown extensions are refused, and an
//! address of keys is handed out only to be compared with one that is configured.

use crate::wire::GrammarError;
use crate::wire::encoding::Encoding;

use super::object::{JoseObject, string};
use super::{LARGEST_HEADER, compact};

/// Names of RFC 7515, 7516, 7518 and 7797, which no `crit` may list, `b64` apart (RFC 7515 section 4.1.11).
const REGISTERED: [&str; 20] = [
    "alg", "enc", "zip", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "epk", "apu",
    "apv", "iv", "tag", "p2s", "p2c",
];
/// What would bring a key, unpack something, or make work that grows with a number.
const REFUSED: [&str; 5] = ["jwk", "x5c", "zip", "p2c", "p2s"];
/// Longest party information of a key agreement, in bytes.
const LARGEST_PARTY: usize = 512;
/// Critical extensions of one header.
const MOST_CRITICAL: usize = 8;

/// The members of a protected header that are acted on.
#[derive(Debug, Clone)]
pub struct JoseHeader {
    json: Vec<u8>,
    /// `alg`: only ever compared with the algorithm of a key.
    pub alg: Box<str>,
    /// `enc`, of a JWE.
    pub enc: Option<Box<str>>,
    /// `kid`.
    pub kid: Option<Box<str>>,
    /// `typ`, the media type of the whole.
    pub typ: Option<Box<str>>,
    /// `cty`, the media type of the content.
    pub cty: Option<Box<str>>,
    /// `b64` of RFC 7797: whether the payload is signed in base64url. `false` only where `crit` lists it.
    pub b64: bool,
    /// Whether `crit` lists `b64`, which has no meaning but in a JWS.
    pub lists_b64: bool,
    /// The names in `crit`, `b64` apart; each of them is a member of the header.
    pub critical: Vec<Box<str>>,
    /// `jku` and `x5u`, in this order: compared at most, never followed.
    pub addresses: Vec<Box<str>>,
    /// `epk`, of a key agreement.
    pub epk: Option<EphemeralKey>,
    /// `apu`, decoded.
    pub apu: Vec<u8>,
    /// `apv`, decoded.
    pub apv: Vec<u8>,
}

/// The sender's half of a key agreement (RFC 7518 section 4.6.1.1), not checked to lie on its curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EphemeralKey {
    /// An uncompressed point of P-256, 65 bytes.
    P256(Vec<u8>),
    /// A value of X25519, 32 bytes.
    X25519(Vec<u8>),
}

impl JoseHeader {
    /// Reads a protected header in base64url.
    ///
    /// # Errors
    /// It is no JSON object with distinct members, larger than 4 KiB, without `alg`, has a member of the wrong type,
    /// a `crit` that breaks RFC 7515 section 4.1.11, a `b64` that breaks RFC 7797 section 6, or a member that would
    /// bring a key, compress or stretch.
    pub fn parse(part: &str) -> Result<Self, GrammarError> {
        if part.len() > LARGEST_HEADER {
            return Err(GrammarError::expected("a header of at most 4096 characters", "a longer one"));
        }
        let json = compact::decode(part, LARGEST_HEADER)?;
        let members = JoseObject::parse(&json)?;
        if let Some(name) = REFUSED.into_iter().find(|name| members.has(name)) {
            return Err(GrammarError::expected("a header that only names its key and algorithm", name));
        }
        let owned = |name| Ok(members.text(name)?.map(|text| Box::from(&*text)));
        let alg = owned("alg")?.ok_or_else(|| GrammarError::expected("a member alg", "none"))?;
        let (enc, kid, typ, cty) = (owned("enc")?, owned("kid")?, owned("typ")?, owned("cty")?);
        let addresses = [owned("jku")?, owned("x5u")?].into_iter().flatten().collect();
        let mut critical = critical(&members)?;
        let b64 = match members.get("b64") {
            None => true,
            // RFC 7797 section 6: who does not know the extension would sign and verify something else.
            Some(_) if !critical.iter().any(|name| &**name == "b64") => {
                return Err(GrammarError::expected("b64 to be listed in crit", "it left out"));
            }
            Some(value) => match value {
                "true" => true,
                "false" => false,
                _ => return Err(GrammarError::expected("b64 to be a boolean", "another type")),
            },
        };
        let lists_b64 = critical.iter().any(|name| &**name == "b64");
        critical.retain(|name| &**name != "b64");
        let party = |name| match members.text(name)? {
            Some(text) => compact::decode(&text, LARGEST_PARTY),
            None => Ok(Vec::new()),
        };
        let epk = members.get("epk").map(ephemeral).transpose()?;
        let (apu, apv) = (party("apu")?, party("apv")?);
        drop(members);
        Ok(Self { json, alg, enc, kid, typ, cty, b64, lists_b64, critical, addresses, epk, apu, apv })
    }

    /// A member that was listed in `crit`, as it stands there.
    pub fn extension(&self, name: &str) -> Option<String> {
        JoseObject::parse(&self.json).ok()?.get(name).map(str::to_owned)
    }

    /// The header as text, for people.
    pub fn json(&self) -> &[u8] {
        &self.json
    }
}

/// RFC 7515 section 4.1.11, every sentence of it.
fn critical(members: &JoseObject<'_>) -> Result<Vec<Box<str>>, GrammarError> {
    let Some(raw) = members.get("crit") else { return Ok(Vec::new()) };
    let wrong = |found: &'static str| GrammarError::expected("crit to list extensions that the header has", found);
    let names: Vec<String> = serde_json::from_str(raw).map_err(|_| wrong("another type"))?;
    if names.is_empty() || names.len() > MOST_CRITICAL {
        return Err(wrong("an empty or a long list"));
    }
    for (index, name) in names.iter().enumerate() {
        if REGISTERED.contains(&name.as_str()) {
            return Err(wrong("a name that every reader knows"));
        }
        if !members.has(name) {
            return Err(wrong("a name that is not there"));
        }
        if names.iter().skip(index.saturating_add(1)).any(|other| other == name) {
            return Err(wrong("a name twice"));
        }
    }
    Ok(names.into_iter().map(Box::from).collect())
}

fn ephemeral(raw: &str) -> Result<EphemeralKey, GrammarError> {
    let members = JoseObject::parse(raw.as_bytes())?;
    if members.has("d") || members.has("k") {
        return Err(GrammarError::expected("a public ephemeral key", "a private one"));
    }
    let required = |name| {
        members.text(name)?.ok_or_else(|| GrammarError::expected("an ephemeral key", format!("one without {name}")))
    };
    let coordinate = |name| {
        let bytes = Encoding::Base64Url.decode(&required(name)?, 32)?;
        if bytes.len() == 32 { Ok(bytes) } else { Err(GrammarError::expected("a coordinate of 32 bytes", "another")) }
    };
    match (&*required("kty")?, &*required("crv")?) {
        ("EC", "P-256") => {
            let mut point = vec![4];
            point.extend(coordinate("x")?);
            point.extend(coordinate("y")?);
            Ok(EphemeralKey::P256(point))
        }
        ("OKP", "X25519") => coordinate("x").map(EphemeralKey::X25519),
        _ => Err(GrammarError::expected("an ephemeral key on P-256 or X25519", "another")),
    }
}

/// Whether a media type in `typ` or `cty` is `expected`: case does not count, and neither does a leading
/// `application/` (RFC 7515 sections 4.1.9 and 4.1.10).
pub(super) fn is_type(found: &str, expected: &str) -> bool {
    let bare = |name: &str| -> String {
        let lower = name.to_ascii_lowercase();
        match lower.strip_prefix("application/") {
            Some(rest) if !rest.contains('/') => rest.to_owned(),
            _ => lower,
        }
    };
    found.eq_ignore_ascii_case(expected) || bare(found) == bare(expected)
}

impl JoseHeader {
    /// Whether `typ` is one of `expected`; `None` if there is none.
    pub fn typ_is(&self, expected: &[Box<str>]) -> Option<bool> {
        self.typ.as_deref().map(|found| expected.iter().any(|expected| is_type(found, expected)))
    }

    /// Whether the content is said to be a JOSE object of its own.
    pub fn holds_jwt(&self) -> bool {
        self.cty.as_deref().is_some_and(|found| is_type(found, "JWT"))
    }

    /// Whether a string is a member of the extension's value, for extensions that are compared.
    pub fn extension_is(&self, name: &str, expected: &str) -> bool {
        self.extension(name).is_some_and(|raw| string(&raw).is_some_and(|text| text == expected))
    }
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
