//! The bytes that were signed. A signing input cannot be finished without binding the body, and only a finished one
//! can be verified.

use std::sync::Arc;

use bytes::Bytes;

use crate::crypto::{BadSignature, Digest, Hash, Sha256, SignatureValid};
use crate::error::{Code, Rejection};
use crate::keys::VerifyingKey;
use crate::verified::{Covered, Provenance, Verified};
use crate::wire::digest::DigestHeader;

/// A signing input that does not bind the body yet. It has no way to be verified.
#[derive(Debug, Default)]
pub struct SigningInput {
    head: Vec<u8>,
    headers: Vec<(Box<str>, Box<str>)>,
}

impl SigningInput {
    /// Nothing signed so far.
    pub fn new() -> Self {
        Self { head: Vec::with_capacity(512), headers: Vec::new() }
    }

    /// Appends bytes that are neither body nor header: separators, method, path.
    pub fn push(&mut self, bytes: &[u8]) {
        self.head.extend_from_slice(bytes);
    }

    /// Appends the value of a header, which then counts as covered.
    pub fn push_header(&mut self, name: &str, value: &str) {
        self.push(value.as_bytes());
        self.headers.push((name.into(), value.into()));
    }

    /// Binds the body by having it signed itself.
    pub fn body(self, body: &Bytes) -> BoundInput {
        let digest = Digest::of(Hash::Sha256, &[body]);
        BoundInput {
            fingerprint: digest.sha256().unwrap_or_default(),
            whole_body: self.head.is_empty().then_some(digest),
            inline_body: true,
            head: self.head,
            tail: Vec::new(),
            body: body.clone(),
            headers: self.headers,
        }
    }

    /// Binds the body by a digest header, which the caller has appended and which is compared here.
    ///
    /// # Errors
    /// [`Code::DigestMismatch`] if any digest of the header is not the digest of the body.
    pub fn digest(self, body: &Bytes, claimed: &DigestHeader) -> Result<BoundInput, Rejection> {
        let mismatch =
            |name| Rejection::new(Code::DigestMismatch, format!("expected the body's {name}, but found another"));
        let fingerprint = Digest::sha256_of(body);
        if claimed.sha256().is_some_and(|value| *value != fingerprint) {
            return Err(mismatch("SHA-256"));
        }
        if let Some(value) = claimed.sha512()
            && Digest::of(Hash::Sha512, &[body]).bytes() != value
        {
            return Err(mismatch("SHA-512"));
        }
        Ok(BoundInput {
            fingerprint,
            whole_body: None,
            inline_body: false,
            head: self.head,
            tail: Vec::new(),
            body: body.clone(),
            headers: self.headers,
        })
    }
}

/// A signing input that binds the body.
#[derive(Debug)]
pub struct BoundInput {
    head: Vec<u8>,
    tail: Vec<u8>,
    body: Bytes,
    inline_body: bool,
    whole_body: Option<Digest>,
    fingerprint: Sha256,
    headers: Vec<(Box<str>, Box<str>)>,
}

impl BoundInput {
    /// Appends bytes behind the body.
    pub fn push(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.whole_body = None;
        }
        if self.inline_body { self.tail.extend_from_slice(bytes) } else { self.head.extend_from_slice(bytes) }
    }

    /// Appends the value of a header behind the body; it then counts as covered.
    pub fn push_header(&mut self, name: &str, value: &str) {
        self.push(value.as_bytes());
        self.headers.push((name.into(), value.into()));
    }

    /// SHA-256 of the body.
    pub fn fingerprint(&self) -> &Sha256 {
        &self.fingerprint
    }

    /// Whether `key` made `signature` over exactly these bytes.
    ///
    /// # Errors
    /// [`BadSignature`], whatever is wrong.
    pub(crate) fn check(&self, key: &VerifyingKey, signature: &[u8]) -> Result<SignatureValid, BadSignature> {
        let pieces: [&[u8]; 3] = [&self.head, if self.inline_body { &self.body } else { &[] }, &self.tail];
        match (key, &self.whole_body) {
            (VerifyingKey::Public(key), Some(digest)) => key.verify_hashed(&self.body, digest, signature),
            (VerifyingKey::Public(key), None) if !self.inline_body => key.verify(&[&self.head], signature),
            (VerifyingKey::Public(key), None) => key.verify(&pieces, signature),
            (VerifyingKey::Mac(key), _) => key.verify(&pieces, signature),
        }
    }

    /// The covered part of the delivery, once a signature over it was checked.
    pub(crate) fn verified(self, action: Arc<str>, provenance: Provenance, proof: SignatureValid) -> Verified<Covered> {
        let covered = Covered {
            action,
            content: self.body,
            fingerprint: self.fingerprint,
            headers: self.headers,
            request_id: None,
            user_token: None,
        };
        Verified::assertion(covered, provenance, proof)
    }

    /// The bytes, for `verify` to show.
    pub fn to_bytes(&self) -> Vec<u8> {
        let body: &[u8] = if self.inline_body { &self.body } else { &[] };
        [self.head.as_slice(), body, &self.tail].concat()
    }
}
