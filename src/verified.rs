//! Values that are proved to come from the sender. A [`Verified`] is made only with a token of [`crate::crypto`].

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

#[cfg(feature = "grpc")]
use crate::client::ClientCertificate;
use crate::clock::Timestamp;
use crate::crypto::{Algorithm, Digest, Sha256, SignatureValid};

/// A value that a signature vouches for, with how we know.
///
/// It can be read, not changed, and there is no way to make one but to verify.
pub struct Verified<T> {
    value: T,
    provenance: Provenance,
}

impl<T> Verified<T> {
    /// What a signature proves; `grep Verified::assertion` lists every place that claims a verification.
    pub(crate) fn assertion(value: T, provenance: Provenance, _proof: SignatureValid) -> Self {
        Self { value, provenance }
    }

    /// What the client of a connection says for itself, whose key was proved in the handshake.
    #[cfg(feature = "grpc")]
    pub(crate) fn by_client(value: T, provenance: Provenance, _proof: &ClientCertificate) -> Self {
        Self { value, provenance }
    }

    /// How we know.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Gives the proof up and keeps the value.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Reads the value as something else. Not public: the result would claim what nobody checked.
    pub(crate) fn map<U>(self, read: impl FnOnce(T) -> U) -> Verified<U> {
        Verified { value: read(self.value), provenance: self.provenance }
    }

    /// Like [`Verified::map`], where reading may fail.
    pub(crate) fn try_map<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Verified<U>, E> {
        Ok(Verified { value: read(self.value)?, provenance: self.provenance })
    }

    /// The same, with the time that the sender signed, where it was read from what is proved.
    pub(crate) fn signed_at(mut self, at: Option<Timestamp>) -> Self {
        self.provenance.signed_at = at;
        self
    }

    /// Takes the value apart; both parts are as proved as the whole was.
    pub(crate) fn fork<A, B>(self, split: impl FnOnce(T) -> (A, B)) -> (Verified<A>, Verified<B>) {
        let (first, second) = split(self.value);
        let provenance = self.provenance.clone();
        (Verified { value: first, provenance }, Verified { value: second, provenance: self.provenance })
    }
}

impl<T: Clone> Clone for Verified<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), provenance: self.provenance.clone() }
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> fmt::Debug for Verified<T> {
    /// Shows the provenance; the value may hold personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("provenance", &self.provenance).finish_non_exhaustive()
    }
}

/// How we know that a value comes from its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provenance {
    /// Name of the endpoint that received it.
    pub endpoint: Arc<str>,
    /// Name of the profile that verified it.
    pub profile: Arc<str>,
    /// Id of the key that fits; `bearer` where only a token vouches for the sender.
    pub key_id: Arc<str>,
    /// The key's algorithm; `None` where only a token vouches for the sender.
    pub algorithm: Option<Algorithm>,
    /// The time that the sender signed, if it signed one.
    pub signed_at: Option<Timestamp>,
    /// When we received it.
    pub received_at: Timestamp,
    /// What the signature covers, in the terms of its standard; `body` stands for the content.
    pub covered: Arc<[Box<str>]>,
}

/// A value from a header that the signature does not cover: whoever captured the request may have changed it.
#[derive(Clone, PartialEq, Eq)]
pub struct Unsigned<T>(T);

impl<T> Unsigned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, by a name that shows in a review.
    pub fn unsigned(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Unsigned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unsigned(..)")
    }
}

/// The sender's id of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId {
    value: Box<str>,
    signed: bool,
}

impl RequestId {
    pub(crate) fn new(value: impl Into<Box<str>>, signed: bool) -> Self {
        Self { value: value.into(), signed }
    }

    /// The id as sent.
    pub fn as_str(&self) -> &str {
        &self.value
    }

    pub(crate) fn into_value(self) -> Box<str> {
        self.value
    }

    /// Whether the signature covers it.
    pub fn is_signed(&self) -> bool {
        self.signed
    }
}

/// The part of a delivery that its signature vouches for: the content, and the headers it covers. A header that was
/// not signed is not in here; what is needed all the same is marked [`Unsigned`].
#[derive(Clone)]
pub struct Covered {
    pub(crate) action: Arc<str>,
    pub(crate) content: Bytes,
    pub(crate) fingerprint: OnceLock<Sha256>,
    pub(crate) headers: CoveredHeaders,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) issuer: Option<Box<str>>,
    pub(crate) user_token: Option<Unsigned<Box<str>>>,
}

impl Covered {
    /// The profile's name for the route that was asked; whether it is signed is in the provenance.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The content, exactly as it was signed.
    pub fn content(&self) -> &Bytes {
        &self.content
    }

    /// SHA-256 of the content.
    pub fn fingerprint(&self) -> &Sha256 {
        self.fingerprint.get_or_init(|| Digest::sha256_of(&self.content))
    }

    /// A header that the signature covers; `None` for every other, whether it was sent or not.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The sender's id of the request, which says itself whether it is signed.
    pub fn request_id(&self) -> Option<&RequestId> {
        self.request_id.as_ref()
    }

    /// Who issued the token whose claim is the id: an id is an id of its issuer (RFC 7519 section 4.1.7).
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The token of the user on whose behalf the request is made (Tribe's `X-Auth-Token`), never signed.
    pub fn user_token(&self) -> Option<&Unsigned<Box<str>>> {
        self.user_token.as_ref()
    }
}

/// Headers with their values, one behind the other in one text.
#[derive(Debug, Clone, Default)]
pub(crate) struct CoveredHeaders {
    text: String,
    /// Where each name and each value ends.
    ends: Vec<(usize, usize)>,
}

impl CoveredHeaders {
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        // Room for what senders of this field sign.
        if self.ends.is_empty() {
            self.ends.reserve(4);
            self.text.reserve(256);
        }
        self.text.push_str(name);
        let end_of_name = self.text.len();
        self.text.push_str(value);
        self.ends.push((end_of_name, self.text.len()));
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut start = 0;
        self.ends.iter().find_map(|(end_of_name, end)| {
            let known = self.text.get(start..*end_of_name)?;
            start = *end;
            known.eq_ignore_ascii_case(name).then(|| self.text.get(*end_of_name..*end)).flatten()
        })
    }
}

impl fmt::Debug for Covered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Covered")
            .field("action", &self.action)
            .field("content_bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}
