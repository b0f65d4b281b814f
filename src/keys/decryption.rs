//! Keys that decrypt, with what each may be used for.
//!
//! The rule: a message may name a key and algorithms, but the key says which algorithms it has; and that a message was
//! decrypted says nothing about who sent it.

use std::collections::HashSet;
use std::fmt;

use super::demo::is_demo_hash;
use super::error::{KeyError, quoted};
use super::id::KeyId;
use super::{roca, thumbprint};
use crate::clock::Timestamp;
use crate::crypto::{ContentEncryption, DecryptionKey, DecryptionKind, KeyManagement};

/// Keys of one set.
const MOST: usize = 16;

/// A key that decrypts, with its name, its algorithms and its validity.
#[derive(Clone)]
pub struct DecryptingKey {
    id: KeyId,
    key: DecryptionKey,
    management: Vec<KeyManagement>,
    encryption: Vec<ContentEncryption>,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
    demo: bool,
}

impl DecryptingKey {
    /// What a key may be used for where nothing else is said.
    pub const DEFAULT_MANAGEMENT: [KeyManagement; 1] = [KeyManagement::RsaOaep256];

    /// How content may be encrypted where nothing else is said.
    pub const DEFAULT_ENCRYPTION: [ContentEncryption; 1] = [ContentEncryption::A256Gcm];

    /// Takes a key that is valid at any time, for these algorithms only. Without `id` its name is the JWK thumbprint of
    /// its public half (RFC 7638, SHA-256, base64url), or "secret".
    ///
    /// # Errors
    /// One of the lists is empty, or the key cannot be used for one of the algorithms.
    pub fn new(
        id: impl Into<Option<KeyId>>,
        key: DecryptionKey,
        management: impl Into<Vec<KeyManagement>>,
        encryption: impl Into<Vec<ContentEncryption>>,
    ) -> Result<Self, KeyError> {
        let (management, encryption) = (management.into(), encryption.into());
        if management.is_empty() || encryption.is_empty() {
            return Err(KeyError::expected("algorithms that a key may be used for", "none"));
        }
        if let Some(other) = management.iter().find(|one| !key.takes(**one)) {
            let found = format!("one of kind {} for {}", key.kind(), uses(&key));
            return Err(KeyError::expected(format_args!("a key for {other}"), found));
        }
        if key.kind() == DecryptionKind::Rsa {
            roca::check(key.public_material().unwrap_or_default())?;
        }
        let id = match (id.into(), thumbprint::of_decryption(&key)?) {
            (Some(id), _) => id,
            (None, Some(thumbprint)) => KeyId::new(&thumbprint)?,
            (None, None) => KeyId::of_a_secret(),
        };
        Ok(Self {
            id,
            demo: is_demo_hash(&key.sha256()),
            key,
            management,
            encryption,
            not_before: None,
            not_after: None,
        })
    }

    /// The same key, valid from `not_before` to `not_after`, both included; `None` is no bound.
    #[must_use]
    pub fn with_validity(self, not_before: Option<Timestamp>, not_after: Option<Timestamp>) -> Self {
        Self { not_before, not_after, ..self }
    }

    /// The name of the key.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The JWK thumbprint of the public half (RFC 7638), whatever the key is called; a shared secret has none.
    pub fn thumbprint(&self) -> Option<String> {
        thumbprint::of_decryption(&self.key).ok().flatten()
    }

    /// What decrypts.
    pub fn key(&self) -> &DecryptionKey {
        &self.key
    }

    /// How content keys may come.
    pub fn management(&self) -> &[KeyManagement] {
        &self.management
    }

    /// How content may be encrypted.
    pub fn encryption(&self) -> &[ContentEncryption] {
        &self.encryption
    }

    /// Whether a message may use the key in this way.
    pub fn allows(&self, management: KeyManagement, encryption: ContentEncryption) -> bool {
        self.management.contains(&management) && self.encryption.contains(&encryption)
    }

    /// The first moment at which the key is valid.
    pub fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// The last moment at which the key is valid.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.not_after
    }

    /// Whether the key is valid at `at`.
    pub fn is_live(&self, at: Timestamp) -> bool {
        self.not_before.is_none_or(|first| first <= at) && self.not_after.is_none_or(|last| at <= last)
    }

    /// Whether the key is one that anybody can have, see [`is_demo_key`](super::is_demo_key); a private key is known by
    /// its public half.
    pub fn is_demo(&self) -> bool {
        self.demo
    }
}

/// The names of the algorithms that the key can be used for.
fn uses(key: &DecryptionKey) -> String {
    let taken: Vec<_> =
        KeyManagement::ALL.iter().copied().filter(|one| key.takes(*one)).map(KeyManagement::name).collect();
    taken.join(", ")
}

impl fmt::Debug for DecryptingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecryptingKey({:?}, {:?})", self.id.as_str(), self.key)
    }
}

/// The keys that decrypt what is sent to one endpoint, in the order they were given.
#[derive(Debug, Clone)]
pub struct DecryptionKeys {
    keys: Vec<DecryptingKey>,
}

impl DecryptionKeys {
    /// Takes the keys together.
    ///
    /// # Errors
    /// There is none, there are more than 16, or two have one name.
    pub fn new(keys: Vec<DecryptingKey>) -> Result<Self, KeyError> {
        if keys.is_empty() || keys.len() > MOST {
            return Err(KeyError::expected(format_args!("1 to {MOST} keys that decrypt"), keys.len()));
        }
        let mut names = HashSet::new();
        for key in &keys {
            if !names.insert(key.id().clone()) {
                let id = quoted(key.id().as_str());
                return Err(KeyError::expected("key ids that differ", format_args!("{id} twice")));
            }
        }
        Ok(Self { keys })
    }

    /// The key of this name, exactly spelled, if it is valid at `at`. Without a name the one key that is valid then;
    /// of several none is tried.
    pub fn find(&self, kid: Option<&str>, at: Timestamp) -> Option<&DecryptingKey> {
        let mut live = self.keys.iter().filter(|key| key.is_live(at));
        match kid {
            Some(kid) => live.find(|key| key.id().as_str() == kid),
            None => live.next().filter(|_| live.next().is_none()),
        }
    }

    /// All keys.
    pub fn iter(&self) -> impl Iterator<Item = &DecryptingKey> {
        self.keys.iter()
    }

    /// Whether one of the keys is one that anybody can have.
    pub fn has_demo_key(&self) -> bool {
        self.keys.iter().any(DecryptingKey::is_demo)
    }
}

#[cfg(test)]
#[path = "decryption_tests.rs"]
mod tests;
