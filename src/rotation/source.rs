//! Where keys come from, and how bytes become keys there.
//!
//! The rule: the first reading and every later one are the same code.

use std::path::{Path, PathBuf};

use crate::clock::Timestamp;
use crate::crypto::{Algorithm, Backend};
use crate::keys::{Key, KeyError, KeyId, file};

/// Largest file of keys, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// How the bytes of a source become keys.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// What verifies.
    pub backend: Backend,
    /// The algorithm that every key has to take.
    pub algorithm: Option<Algorithm>,
    /// The name of the one key that the source may hold then.
    pub key_id: Option<KeyId>,
    /// Whether the validity of certificates counts for nothing.
    pub ignore_validity: bool,
    /// Before this moment, none of the keys is valid.
    pub not_before: Option<Timestamp>,
    /// After this moment, none of the keys is valid.
    pub not_after: Option<Timestamp>,
    /// Whether ECDSA signatures are DER.
    pub der_signatures: bool,
}

impl Reading {
    /// The keys in `bytes`, as [`file::read`] says, named and narrowed.
    ///
    /// # Errors
    /// As [`file::read`]; or one name is given and there are several keys.
    pub fn keys(&self, bytes: &[u8]) -> Result<Vec<Key>, KeyError> {
        self.adjust(file::read(self.backend, bytes, self.algorithm)?)
    }

    /// The same with keys that are at hand.
    ///
    /// # Errors
    /// One name is given and there are several keys, or one of them cannot take signatures in DER.
    pub fn adjust(&self, mut keys: Vec<Key>) -> Result<Vec<Key>, KeyError> {
        if self.key_id.is_some() && keys.len() > 1 {
            return Err(KeyError::expected("one key for key_id", keys.len()));
        }
        if let Some(id) = &self.key_id {
            keys = keys.into_iter().map(|key| key.with_id(id.clone())).collect();
        }
        let adjusted = keys.into_iter().map(|key| {
            let key = if self.ignore_validity { key.ignoring_validity() } else { key };
            let key = key.narrowed(self.not_before, self.not_after);
            if self.der_signatures { key.accepting_der() } else { Ok(key) }
        });
        adjusted.collect()
    }
}

/// A source of keys.
#[derive(Debug, Clone)]
pub struct Source {
    pub(super) origin: Origin,
    pub(super) reading: Reading,
}

#[derive(Debug, Clone)]
pub(super) enum Origin {
    Fixed(Vec<Key>),
    File(PathBuf),
    #[cfg(feature = "jwks")]
    Address(std::sync::Arc<super::Address>),
}

impl Source {
    /// Keys that stay as they are, such as secrets.
    pub fn fixed(keys: Vec<Key>) -> Self {
        Self { origin: Origin::Fixed(keys), reading: Reading::default() }
    }

    /// A file of keys of any kind that [`file::read`] takes. It is read again when it changes.
    pub fn file(path: impl Into<PathBuf>, reading: Reading) -> Self {
        Self { origin: Origin::File(path.into()), reading }
    }

    /// A JWK Set at an https address. It is fetched again at the address's pace, and when a message names a key that
    /// is not known.
    #[cfg(feature = "jwks")]
    pub fn address(address: super::Address, reading: Reading) -> Self {
        Self { origin: Origin::Address(std::sync::Arc::new(address)), reading }
    }

    /// The name of the source for people: the path of a file, the host of an address.
    pub fn name(&self) -> String {
        match &self.origin {
            Origin::Fixed(_) => "the configuration".to_owned(),
            Origin::File(path) => path.display().to_string(),
            #[cfg(feature = "jwks")]
            Origin::Address(address) => format!("https://{}", address.shown()),
        }
    }

    /// Whether the keys have to be fetched.
    pub fn is_remote(&self) -> bool {
        match &self.origin {
            Origin::Fixed(_) | Origin::File(_) => false,
            #[cfg(feature = "jwks")]
            Origin::Address(_) => true,
        }
    }

    /// The keys, unless they have to be fetched.
    ///
    /// # Errors
    /// The file cannot be read, or holds what is not taken.
    pub fn at_hand(&self) -> Result<Option<Vec<Key>>, KeyError> {
        match &self.origin {
            Origin::Fixed(keys) => Ok(Some(keys.clone())),
            Origin::File(path) => self.reading.keys(&bytes(path)?).map(Some),
            #[cfg(feature = "jwks")]
            Origin::Address(_) => Ok(None),
        }
    }
}

/// The content of a file of keys.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, KeyError> {
    let named = |error: std::io::Error| KeyError::expected("a key that can be read", error);
    if std::fs::metadata(path).map_err(named)?.len() > LARGEST {
        return Err(KeyError::expected("a file of at most 1 MiB", "a larger one"));
    }
    std::fs::read(path).map_err(named)
}
