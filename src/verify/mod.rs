//! Who sent it: credentials, coverage, freshness, key, digest, signature, in this order, from the cheapest to the
//! dearest. The decision is one plain function; the layer is thin glue around it.

mod authorization;
mod body_signature;
mod claims;
mod credentials;
mod decryption;
mod fresh;
mod http_signature;
mod jose;
mod journal;
mod layer;
mod permits;
mod redirect;
mod renewal;

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::crypto::SignatureValid;
use crate::delivery::Delivery;
use crate::error::{Code, Rejection};
use crate::keys::{DecryptionKeys, Distrust, Key, KeyRing, KeyRule, KeySet};
use crate::profile::{Identification, Nesting, Profile, Scheme};
use crate::signing_input::BoundInput;
use crate::verified::{Covered, Provenance, RequestId, Unsigned, Verified};
use crate::wire::uuid::is_uuid;

pub use credentials::Credentials;
pub use decryption::{Decrypted, decrypt};
pub(crate) use journal::Account;
pub use journal::Journal;
pub use layer::{Verify, VerifyLayer};
pub use permits::DecryptionPermits;

/// What stands in the place of a key's id where a bearer token alone vouches.
pub(crate) const BEARER: &str = "bearer";

/// Largest id in a header, in bytes.
const LONGEST_ID: usize = 255;

/// Verifies the deliveries of one endpoint.
#[derive(Debug, Clone)]
pub struct Verifier {
    pub(crate) endpoint: Arc<str>,
    pub(crate) profile: Arc<Profile>,
    pub(crate) keys: Option<Arc<KeyRing>>,
    /// As long as it is held, the ring takes no set that this endpoint would not be built with.
    #[allow(dead_code, reason = "it is held, and asked by the ring")]
    pub(crate) rule: Option<KeyRule>,
    pub(crate) decryption: Option<Arc<DecryptionKeys>>,
    pub(crate) permits: DecryptionPermits,
    pub(crate) credentials: Credentials,
    pub(crate) public_url: Option<Box<str>>,
    pub(crate) distrust: Distrust,
    /// What a signature covers that covers what it has to and nothing else.
    pub(crate) covered: Arc<[Box<str>]>,
    /// Who wants to know what fits, step by step.
    pub(crate) account: Option<Account>,
}

/// What a signature of this scheme has to cover at least, where the message is not needed to tell.
pub(crate) fn always_covered(scheme: &Scheme) -> Arc<[Box<str>]> {
    let body = std::iter::once("body".into());
    match scheme {
        Scheme::Body(scheme) => body.chain(body_signature::covered_names(&scheme.input)).collect(),
        Scheme::Http(scheme) => body.chain(scheme.cover.iter().cloned()).collect(),
        Scheme::Jose(_) | Scheme::Redirect(_) => Arc::new([]),
    }
}

/// What an engine found out before any cryptography.
struct Prepared<'k> {
    input: BoundInput,
    keys: Vec<&'k Key>,
    signatures: Vec<Vec<u8>>,
    signed_at: Option<Timestamp>,
    covered: Arc<[Box<str>]>,
}

impl Verifier {
    /// Proves that a delivery comes from the endpoint's sender.
    ///
    /// # Errors
    /// A [`Rejection`] that says precisely why not, for operators. No store was asked and nothing was written.
    pub fn verify(&self, delivery: &Delivery) -> Result<Verified<Covered>, Rejection> {
        journal::accounted(self.account.as_ref(), |journal| self.verify_with(delivery, journal))
    }

    /// Like [`Verifier::verify`], and writes down each layer that fits.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_with(&self, delivery: &Delivery, journal: &mut Journal) -> Result<Verified<Covered>, Rejection> {
        let request_id = self.request_id(delivery)?;
        let user_token = self.user_token(delivery)?;
        let bearer = self.credentials.check(delivery)?;
        if bearer.is_some() {
            journal.note(|| "bearer token".to_owned());
        }
        // One set from beginning to end, whatever is swapped meanwhile.
        let keys = self.keys(delivery)?;
        let keys = keys.as_deref();
        let prepared = match &self.profile.scheme {
            Scheme::Body(scheme) => Some(body_signature::prepare(self, scheme, keys, delivery)?),
            Scheme::Http(scheme) => {
                let prepared = http_signature::prepare(self, scheme, keys, delivery)?;
                if prepared.is_some() {
                    journal.note(|| "digest of the body".to_owned());
                }
                prepared
            }
            Scheme::Jose(scheme) => {
                let verified = jose::Engine { verifier: self, scheme, keys, delivery }.verify(journal)?;
                return Ok(self.with_ids(verified, request_id, user_token));
            }
            Scheme::Redirect(scheme) => {
                let verified = redirect::verify(self, scheme, keys, delivery, journal)?;
                return Ok(self.with_ids(verified, request_id, user_token));
            }
        };
        let verified = match (prepared, bearer) {
            (Some(prepared), _) => {
                if let Some(at) = prepared.signed_at {
                    journal.note(|| format!("signed time {at}, {}", journal::distance(at, delivery.received_at)));
                }
                let verified = self.verify_signature(prepared, delivery)?;
                let provenance = verified.provenance();
                journal.note(|| {
                    let algorithm = provenance.algorithm.map_or("", |algorithm| algorithm.name());
                    let covered = provenance.covered.join(", ");
                    format!("signature {algorithm}, key {}, over {covered}", provenance.key_id)
                });
                verified
            }
            (None, Some(proof)) => self.rest_on_bearer(proof, delivery)?,
            (None, None) => return Err(Rejection::new(Code::SignatureMissing, "expected a signature, but found none")),
        };
        Ok(self.with_ids(verified, request_id, user_token))
    }

    /// What was read from the head, with whether it is signed.
    fn with_ids(
        &self,
        verified: Verified<Covered>,
        request_id: Option<&str>,
        user_token: Option<Unsigned<Box<str>>>,
    ) -> Verified<Covered> {
        let signed = !verified.provenance().covered.is_empty() && self.profile.id_is_signed();
        verified.map(|covered| Covered {
            request_id: request_id.map(|id| RequestId::new(id, signed)).or(covered.request_id),
            user_token,
            ..covered
        })
    }

    /// Refuses by the head alone what the head alone shows, so that a large body need not be read first. What passes
    /// is not verified by that.
    ///
    /// # Errors
    /// As [`Verifier::verify`], as far as it does not need the body.
    pub fn screen(&self, head: &Delivery) -> Result<(), Rejection> {
        journal::accounted(self.account.as_ref(), |journal| self.screen_with(head, journal))
    }

    fn screen_with(&self, head: &Delivery, journal: &mut Journal) -> Result<(), Rejection> {
        self.request_id(head)?;
        self.user_token(head)?;
        if self.credentials.check(head)?.is_some() {
            journal.note(|| "bearer token".to_owned());
        }
        match &self.profile.scheme {
            Scheme::Body(scheme) => body_signature::head(self, scheme, head).map(drop),
            Scheme::Http(scheme) => {
                let keys = self.keys(head)?;
                http_signature::head(self, scheme, keys.as_deref(), head).map(drop)
            }
            Scheme::Jose(scheme) => {
                let keys = self.keys(head)?;
                jose::Engine { verifier: self, scheme, keys: keys.as_deref(), delivery: head }.head(journal)
            }
            Scheme::Redirect(scheme) => redirect::head(scheme, head).map(drop),
        }
    }

    /// Whether verifying takes a private key of ours.
    pub(crate) fn decrypts(&self) -> bool {
        matches!(&self.profile.scheme, Scheme::Jose(scheme) if scheme.nesting.decrypts())
    }

    /// Refuses what can be refused without a private key, where verifying takes one.
    pub(crate) fn inspect(&self, delivery: &Delivery) -> Result<(), Rejection> {
        self.screen(delivery)?;
        match &self.profile.scheme {
            Scheme::Jose(scheme) if scheme.nesting == Nesting::JweOfJws => {
                let token = jose::text(&delivery.body)?;
                decryption::inspect(self.decryption.as_deref(), token, delivery.received_at).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn keys(&self, delivery: &Delivery) -> Result<Option<Arc<KeySet>>, Rejection> {
        let current = self.keys.as_ref().map(|ring| ring.current(delivery.received_at));
        current.transpose().map_err(renewal::stale)
    }

    fn verify_signature(&self, prepared: Prepared<'_>, delivery: &Delivery) -> Result<Verified<Covered>, Rejection> {
        let Prepared { input, keys, signatures, signed_at, covered } = prepared;
        let (key, proof) = self.fitting(&input, &keys, &signatures)?.ok_or_else(|| {
            Rejection::new(
                Code::SignatureMismatch,
                format!("expected a signature that fits one of {} keys, but found none that does", keys.len()),
            )
        })?;
        let provenance = Provenance {
            endpoint: Arc::clone(&self.endpoint),
            profile: Arc::clone(&self.profile.name),
            key_id: key.id().shared(),
            algorithm: Some(key.algorithm()),
            signed_at,
            received_at: delivery.received_at,
            covered,
        };
        Ok(input.verified(Arc::clone(&delivery.action), provenance, proof))
    }

    /// A sender that does not sign: its token vouches for the connection, and nothing for the body on the way.
    fn rest_on_bearer(&self, proof: SignatureValid, delivery: &Delivery) -> Result<Verified<Covered>, Rejection> {
        self.distrust.check(BEARER)?;
        let provenance = Provenance {
            endpoint: Arc::clone(&self.endpoint),
            profile: Arc::clone(&self.profile.name),
            key_id: BEARER.into(),
            algorithm: None,
            signed_at: None,
            received_at: delivery.received_at,
            covered: Arc::new([]),
        };
        let input = crate::signing_input::SigningInput::new().body(&delivery.body);
        Ok(input.verified(Arc::clone(&delivery.action), provenance, proof))
    }

    /// The first key that one of the signatures fits. Beside a key that is trusted no more another one may have signed.
    fn fitting<'k>(
        &self,
        input: &BoundInput,
        keys: &[&'k Key],
        signatures: &[Vec<u8>],
    ) -> Result<Option<(&'k Key, SignatureValid)>, Rejection> {
        let mut distrusted = Ok(None);
        for signature in signatures {
            for key in keys {
                let Ok(proof) = input.check(key.verifier(), signature) else { continue };
                match self.distrust.check(key.id().as_str()) {
                    Ok(()) => return Ok(Some((key, proof))),
                    Err(rejection) => distrusted = Err(rejection),
                }
            }
        }
        distrusted
    }

    fn request_id<'d>(&self, delivery: &'d Delivery) -> Result<Option<&'d str>, Rejection> {
        let Identification::Header { name, uuid } = &self.profile.identification else { return Ok(None) };
        let value = delivery.header(name).or_else(|rejection| match rejection.code() {
            Code::HeaderUndecodable => Ok(Some("\u{fffd}")),
            _ => Err(rejection),
        })?;
        let value = value.filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| {
            Rejection::new(Code::RequestIdMissing, format!("expected an id in {name}, but found none"))
        })?;
        let visible = value.bytes().all(|byte| byte.is_ascii_graphic());
        if (*uuid && !is_uuid(value)) || !visible || value.len() > LONGEST_ID {
            let expected = if *uuid { "a UUID" } else { "an id of at most 255 visible bytes" };
            return Err(Rejection::new(
                Code::RequestIdMalformed,
                format!("expected {expected} in {name}, but found {} bytes that are none", value.len()),
            ));
        }
        Ok(Some(value))
    }

    fn user_token(&self, delivery: &Delivery) -> Result<Option<Unsigned<Box<str>>>, Rejection> {
        let Some(name) = self.profile.route(&delivery.action).and_then(|route| route.user_token.as_deref()) else {
            return Ok(None);
        };
        match delivery.header(name)?.filter(|token| !token.is_empty()) {
            Some(token) => Ok(Some(Unsigned::new(token.into()))),
            None => Err(Rejection::new(
                Code::CredentialMissing,
                format!("expected the user's token in {name}, but found none"),
            )),
        }
    }
}

/// The keys that are tried for a sender that does not name its key.
fn live_keys<'k>(keys: Option<&'k KeySet>, delivery: &Delivery) -> Result<Vec<&'k Key>, Rejection> {
    let live: Vec<&Key> = keys.into_iter().flat_map(|keys| keys.live(delivery.received_at)).take(MOST_KEYS).collect();
    if live.is_empty() {
        return Err(Rejection::new(Code::KeyUnknown, "expected a key in force, but found none"));
    }
    Ok(live)
}

/// How many keys are tried for a sender that does not name its key.
pub(crate) const MOST_KEYS: usize = 4;
