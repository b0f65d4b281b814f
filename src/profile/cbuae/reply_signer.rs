//! Signs the error documents of this sender: a compact JWS that lives five minutes. The key is never shown.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::crypto::{Algorithm, SigningKey};
use crate::keys::{KeyId, is_demo_key};
use crate::wire::encoding::Encoding;

/// How long a reply is valid: what the message signing guide says.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// How far the reader's clock may be behind.
const SKEW: Duration = Duration::from_secs(10);

/// What signs replies: our private key, the name under which our key set publishes its other half, and who we are.
pub struct ReplySigner {
    key: SigningKey,
    key_id: KeyId,
    issuer: Box<str>,
}

impl ReplySigner {
    /// Takes a key for PS256, the one algorithm of this sender, and the issuer that it knows us by: our client id.
    ///
    /// # Errors
    /// [`UnfitSigner`] if the key has another algorithm, or the issuer is empty.
    pub fn new(key: SigningKey, key_id: KeyId, issuer: &str) -> Result<Self, UnfitSigner> {
        if key.algorithm() != Algorithm::Ps256 {
            return Err(UnfitSigner::Algorithm(key.algorithm()));
        }
        if issuer.is_empty() {
            return Err(UnfitSigner::NoIssuer);
        }
        Ok(Self { key, key_id, issuer: issuer.into() })
    }

    /// Whether everybody has the key, see [`is_demo_key`].
    pub(super) fn is_demo(&self) -> bool {
        self.key.public_material().is_some_and(is_demo_key)
    }

    /// `message` as a claim of a token made at `now`; none if the library refuses to sign.
    pub(super) fn sign(&self, message: &Value, now: Timestamp) -> Option<String> {
        let header = json!({"alg": self.key.algorithm().name(), "kid": self.key_id.as_str(), "typ": "JWT"});
        let claims = json!({
            "iss": &*self.issuer,
            "iat": now.seconds(),
            "nbf": now.before(SKEW).seconds(),
            "exp": now.after(LIFETIME).seconds(),
            "message": message,
        });
        let part = |document: &Value| Encoding::Base64Url.encode(document.to_string().as_bytes());
        let input = format!("{}.{}", part(&header), part(&claims));
        let signature = self.key.sign(input.as_bytes()).ok()?;
        Some(format!("{input}.{}", Encoding::Base64Url.encode(&signature)))
    }
}

impl fmt::Debug for ReplySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplySigner")
            .field("key_id", &self.key_id)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Why nothing can be signed with what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnfitSigner {
    /// The key is for another algorithm than PS256.
    Algorithm(Algorithm),
    /// There is no issuer.
    NoIssuer,
}

impl fmt::Display for UnfitSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm(found) => write!(f, "expected a key for PS256, but found one for {found}"),
            Self::NoIssuer => f.write_str("expected an issuer, but found an empty one"),
        }
    }
}

impl std::error::Error for UnfitSigner {}
