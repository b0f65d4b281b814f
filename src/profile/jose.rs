//! Engine 3 as data: where the token stands, how it binds the body, what it has to say, and how it is nested.

use std::time::Duration;

use super::{Input, Presence};
use crate::crypto::Hash;
use crate::wire::encoding::Encoding;

/// A compact JWS, alone or with a JWE around or inside of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Jose {
    /// Where the token stands, and how it binds the body.
    pub form: Form,
    /// What lies inside of what.
    pub nesting: Nesting,
    /// The types that are taken.
    pub typ: Types,
    /// What the claims have to say; `None` where the payload is no JWT.
    pub claims: Option<ClaimRules>,
    /// The extensions that `crit` has to list, these and no others, `b64` apart, with what each has to hold.
    pub critical: Vec<(Box<str>, Extension)>,
    /// The only address that a header's `jku` or `x5u` may hold. It is compared; keys are never fetched from there.
    pub address: Option<Box<str>>,
    /// A token in `Authorization` beside the signed body. It authenticates the caller, never the body.
    pub authorization: Option<Authorization>,
}

impl Jose {
    /// A token of this form that is neither encrypted nor around something encrypted.
    pub fn new(form: Form, claims: Option<ClaimRules>) -> Self {
        Self {
            form,
            nesting: Nesting::Jws,
            typ: Types::default(),
            claims,
            critical: Vec::new(),
            address: None,
            authorization: None,
        }
    }
}

/// Where a token stands, and how it binds the body.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Form {
    /// The body is the token, and the payload is the content.
    Body,
    /// A header holds `protected..signature`; the payload is not sent along.
    Detached {
        /// The header.
        header: Box<str>,
        /// What the payload is: the body, or a template around it.
        input: Input,
        /// Whether the payload is signed as it is (RFC 7797 `b64` false) and not in base64url.
        unencoded: bool,
    },
    /// A header holds a JWT, one claim of which is a hash of the body.
    Token {
        /// The header; `Bearer ` is expected in front of the token in `authorization`.
        header: Box<str>,
        /// The claim.
        body_hash: BodyHash,
    },
}

/// A claim that binds the body.
#[derive(Debug, Clone)]
pub struct BodyHash {
    /// Its name.
    pub claim: Box<str>,
    /// How the hash is written.
    pub encoding: Encoding,
    /// The hash.
    pub hash: Hash,
    /// What stands in front of it, such as `sha256-`.
    pub prefix: Option<Box<str>>,
}

/// What lies inside of what. It is never guessed from what arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nesting {
    /// A JWS around the content.
    Jws,
    /// A JWE around a JWS around the content: UAE Open Finance.
    JweOfJws,
    /// A JWS around a JWE around the content: UK Open Banking, where it encrypts.
    JwsOfJwe,
}

impl Nesting {
    /// Whether something has to be decrypted.
    pub fn decrypts(self) -> bool {
        self != Self::Jws
    }
}

/// The values of `typ` that are taken.
#[derive(Debug, Clone)]
pub struct Types {
    /// Media types, compared without regard to case and to a leading `application/`.
    pub accepted: Vec<Box<str>>,
    /// Whether `typ` may be left out.
    pub may_be_absent: bool,
}

impl Default for Types {
    /// Absent, `JWT` or `JOSE`.
    fn default() -> Self {
        Self { accepted: vec!["JWT".into(), "JOSE".into()], may_be_absent: true }
    }
}

impl Types {
    /// One of these, and never absent.
    pub fn only<'a>(accepted: impl IntoIterator<Item = &'a str>) -> Self {
        Self { accepted: accepted.into_iter().map(Into::into).collect(), may_be_absent: false }
    }
}

/// What an extension in `crit` has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extension {
    /// This string.
    Equals(Box<str>),
    /// A NumericDate that has passed, by the endpoint's clock and leeway.
    Past,
}

/// Whether a claim has to be there. A claim that is there has to be right in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Demand {
    /// It has to be there.
    Required,
    /// It may be left out.
    Optional,
}

/// What the claims of a token have to say.
#[derive(Debug, Clone)]
pub struct ClaimRules {
    /// The issuers that are taken, byte for byte; empty compares none.
    pub iss: Vec<Box<str>>,
    /// The audiences that we are; the token has to name one of them. Empty compares none.
    pub aud: Vec<Box<str>>,
    /// `exp`.
    pub exp: Demand,
    /// `nbf`.
    pub nbf: Demand,
    /// `iat`.
    pub iat: Demand,
    /// `jti`.
    pub jti: Demand,
    /// How far apart the two clocks may be, at most [`ClaimRules::MOST_LEEWAY`].
    pub leeway: Duration,
    /// The longest time from `iat`, and from now, to `exp`.
    pub max_lifetime: Duration,
    /// Claims that have to be there besides, whatever they hold.
    pub required: Vec<Box<str>>,
    /// Claims that only another kind of token has, so that one cannot stand in for the other.
    pub refused: Vec<Box<str>>,
}

impl ClaimRules {
    /// The most leeway.
    pub const MOST_LEEWAY: Duration = Duration::from_secs(60);
}

impl Default for ClaimRules {
    /// `exp` is demanded, a token lives for a day at most, and the clocks may be a minute apart.
    fn default() -> Self {
        Self {
            iss: Vec::new(),
            aud: Vec::new(),
            exp: Demand::Required,
            nbf: Demand::Optional,
            iat: Demand::Optional,
            jti: Demand::Optional,
            leeway: Self::MOST_LEEWAY,
            max_lifetime: Duration::from_secs(24 * 60 * 60),
            required: Vec::new(),
            refused: Vec::new(),
        }
    }
}

/// A token in `Authorization` that the sender signs for each request.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// Whether it has to be there.
    pub presence: Presence,
    /// The types that are taken.
    pub typ: Types,
    /// What it has to say.
    pub claims: ClaimRules,
}
