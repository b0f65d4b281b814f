//! The bytes that were signed. A signing input cannot be finished without binding the body, and only a finished one
//! can be verified.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::crypto::{BadSignature, Digest, Hash, PublicKey, Sha256, SignatureValid};
use crate::error::{Code, Rejection};
use crate::keys::VerifyingKey;
use crate::verified::{Covered, CoveredHeaders, Provenance, Verified};
use crate::wire::GrammarError;
use crate::wire::digest::DigestHeader;
use crate::wire::encoding;
use crate::wire::jose::CompactJws;

/// A signing input that does not bind the body yet. It has no way to be verified.
#[derive(Debug, Default)]
pub struct SigningInput {
    head: Vec<u8>,
    headers: CoveredHeaders,
}

impl SigningInput {
    /// Nothing signed so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends bytes that are neither body nor header: separators, method, path.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.head.is_empty() {
            self.head.reserve(512);
        }
        self.head.extend_from_slice(bytes);
    }

    /// Appends the value of a header, which then counts as covered.
    pub fn push_header(&mut self, name: &str, value: &str) {
        self.push(value.as_bytes());
        self.headers.push(name, value);
    }

    /// Binds the body by having it signed itself.
    pub fn body(self, body: &Bytes) -> BoundInput {
        let digest = Digest::of(Hash::Sha256, &[body]);
        BoundInput {
            fingerprint: OnceLock::from(digest.sha256().unwrap_or_default()),
            whole: self.head.is_empty().then_some(digest),
            middle: Some(body.clone()),
            head: self.head,
            tail: Vec::new(),
            content: body.clone(),
            headers: self.headers,
        }
    }

    /// Binds the body as the payload of a JWS that is not sent along: as [`SigningInput::body`], but its own digest is of
    /// no use here, because what is signed has another form.
    pub fn payload(self, body: &Bytes) -> BoundInput {
        BoundInput {
            fingerprint: OnceLock::new(),
            whole: None,
            middle: Some(body.clone()),
            head: self.head,
            tail: Vec::new(),
            content: body.clone(),
            headers: self.headers,
        }
    }

    /// Binds the payload of a compact JWS, which stands inside of what was signed (RFC 7515 section 5.1).
    ///
    /// # Errors
    /// The payload is not canonical base64url.
    pub fn attached(token: &Bytes, jws: &CompactJws<'_>) -> Result<BoundInput, GrammarError> {
        let content = Bytes::from(jws.decode_payload()?);
        Ok(BoundInput {
            // Computed when somebody asks: what is refused has cost one hash, not two.
            fingerprint: OnceLock::new(),
            whole: None,
            middle: Some(shared(token, jws.signing_input.as_bytes())),
            head: Vec::new(),
            tail: Vec::new(),
            content,
            headers: CoveredHeaders::default(),
        })
    }

    /// Binds the body by a hash in a token, whose signing input the caller has appended and which is compared here.
    ///
    /// # Errors
    /// [`Code::DigestMismatch`] if `claimed` is not the body's.
    pub fn hash(self, body: &Bytes, hash: Hash, claimed: &[u8]) -> Result<BoundInput, Rejection> {
        let digest = Digest::of(hash, &[body]);
        if digest.bytes() != claimed {
            let message = "expected the body's hash in the token, but found another";
            return Err(Rejection::new(Code::DigestMismatch, message));
        }
        Ok(BoundInput {
            fingerprint: digest.sha256().map_or_else(OnceLock::new, OnceLock::from),
            whole: None,
            middle: None,
            head: self.head,
            tail: Vec::new(),
            content: body.clone(),
            headers: self.headers,
        })
    }

    /// Binds the query of a redirect, which nobody signs: what the caller has appended is what our state in it is over, and
    /// vouches for who came back, not for what the query says. Not public: it would be a way to forget a body.
    pub(crate) fn redirect(self, query: &Bytes) -> BoundInput {
        BoundInput {
            fingerprint: OnceLock::new(),
            whole: None,
            middle: None,
            head: self.head,
            tail: Vec::new(),
            content: query.clone(),
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
            fingerprint: OnceLock::from(fingerprint),
            whole: None,
            middle: None,
            head: self.head,
            tail: Vec::new(),
            content: body.clone(),
            headers: self.headers,
        })
    }
}

/// A part of a token in the token's own memory: what was received is what is verified. A part of other memory is copied.
fn shared(token: &Bytes, part: &[u8]) -> Bytes {
    let start = part.as_ptr().addr().checked_sub(token.as_ptr().addr());
    let range = start.and_then(|start| Some(start..start.checked_add(part.len())?));
    match range.filter(|range| range.end <= token.len()) {
        Some(range) => token.slice(range),
        None => Bytes::copy_from_slice(part),
    }
}

/// A signing input that binds the body.
#[derive(Debug)]
pub struct BoundInput {
    head: Vec<u8>,
    /// The content, or what stands for it, where it is signed itself and not by its digest.
    middle: Option<Bytes>,
    tail: Vec<u8>,
    content: Bytes,
    /// The digest of the middle, if that is all there is.
    whole: Option<Digest>,
    /// SHA-256 of the content, once it is known.
    fingerprint: OnceLock<Sha256>,
    headers: CoveredHeaders,
}

impl BoundInput {
    /// Appends bytes behind the body.
    pub fn push(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.whole = None;
        }
        if self.middle.is_some() { self.tail.extend_from_slice(bytes) } else { self.head.extend_from_slice(bytes) }
    }

    /// Appends the value of a header behind the body; it then counts as covered.
    pub fn push_header(&mut self, name: &str, value: &str) {
        self.push(value.as_bytes());
        self.headers.push(name, value);
    }

    /// What was bound so far becomes the payload of a JWS whose payload is not sent along: signed in base64url behind
    /// the protected header (RFC 7515 appendix F).
    #[must_use]
    pub fn behind(self, protected: &str) -> Self {
        let mut head = format!("{protected}.");
        match self.pieces().as_slice() {
            [whole] => encoding::append_base64url(&mut head, whole),
            pieces => encoding::append_base64url(&mut head, &pieces.concat()),
        }
        Self { head: head.into_bytes(), middle: None, tail: Vec::new(), whole: None, ..self }
    }

    /// The content that is bound.
    pub fn content(&self) -> &Bytes {
        &self.content
    }

    /// Whether `key` made `signature` over exactly these bytes.
    ///
    /// # Errors
    /// [`BadSignature`], whatever is wrong.
    pub(crate) fn check(&self, key: &VerifyingKey, signature: &[u8]) -> Result<SignatureValid, BadSignature> {
        match (key, &self.whole, &self.middle) {
            (VerifyingKey::Public(key), Some(digest), Some(middle)) => key.verify_hashed(middle, digest, signature),
            // The commonest cases of all need no list.
            (VerifyingKey::Public(key), None, Some(middle)) if self.head.is_empty() && self.tail.is_empty() => {
                self.check_alone(key, middle, signature)
            }
            (VerifyingKey::Public(key), None, None) if self.tail.is_empty() => key.verify(&[&self.head], signature),
            (VerifyingKey::Public(key), ..) => key.verify(self.pieces().as_slice(), signature),
            (VerifyingKey::Mac(key), ..) => key.verify(self.pieces().as_slice(), signature),
        }
    }

    /// Content that is signed as it is, is hashed once: what the signature is over is its fingerprint.
    fn check_alone(&self, key: &PublicKey, middle: &Bytes, signature: &[u8]) -> Result<SignatureValid, BadSignature> {
        let is_content = middle.as_ptr() == self.content.as_ptr() && middle.len() == self.content.len();
        if !is_content || key.algorithm().hash() != Some(Hash::Sha256) {
            return key.verify(&[middle], signature);
        }
        let digest = Digest::of(Hash::Sha256, &[middle]);
        let proof = key.verify_hashed(middle, &digest, signature)?;
        if let Some(fingerprint) = digest.sha256() {
            let _ = self.fingerprint.set(fingerprint);
        }
        Ok(proof)
    }

    /// What is signed, without the parts that are empty: one piece alone needs no copy.
    fn pieces(&self) -> Vec<&[u8]> {
        let middle: &[u8] = self.middle.as_deref().unwrap_or_default();
        [&self.head, middle, &self.tail].into_iter().filter(|piece| !piece.is_empty()).collect()
    }

    /// The covered part of the delivery, once a signature over it was checked.
    pub(crate) fn verified(self, action: Arc<str>, provenance: Provenance, proof: SignatureValid) -> Verified<Covered> {
        let covered = Covered {
            action,
            content: self.content,
            fingerprint: self.fingerprint,
            headers: self.headers,
            request_id: None,
            issuer: None,
            user_token: None,
        };
        Verified::assertion(covered, provenance, proof)
    }

    /// The bytes, for `verify` to show.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.pieces().concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::encoding::Encoding;

    #[test]
    fn a_token_of_other_memory_is_copied_and_no_panic() {
        let header = Encoding::Base64Url.encode(br#"{"alg":"RS256"}"#);
        let text = format!("{header}.AAAA.AAAA");
        let (token, other) = (Bytes::from(text.clone()), Bytes::from_static(b"short"));
        let signed = |token: &Bytes, text: &str| {
            let jws = CompactJws::parse(text, usize::MAX).unwrap();
            let bound = SigningInput::attached(token, &jws).unwrap();
            assert_eq!(bound.to_bytes(), jws.signing_input.as_bytes());
            bound.middle.unwrap().as_ptr()
        };
        assert_eq!(signed(&token, std::str::from_utf8(&token).unwrap()), token.as_ptr(), "its own is not copied");
        assert_ne!(signed(&token, &text), text.as_ptr());
        assert_ne!(signed(&other, &text), text.as_ptr());
        assert_ne!(signed(&Bytes::new(), &text), text.as_ptr());
    }
}
