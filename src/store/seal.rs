//! The seal on a stored record: a MAC over everything that delivery relies on. A record whose seal is broken is never
//! delivered, and opening a seal is how a stored record becomes [`Verified`] again.
//!
//! The key lies in the store itself: the seal finds a flipped bit, a half-written row or an edited column; it does not
//! stop somebody who can read and write the whole store.

use crate::crypto::{Algorithm, BadSignature, MacKey, Secret, random};
use crate::verified::{Provenance, Verified};

use super::Record;

/// Seals records with one key.
#[derive(Debug, Clone)]
pub(crate) struct Seal(MacKey);

impl Seal {
    /// Length of a key, in bytes.
    pub(crate) const KEY_LENGTH: usize = 32;

    /// A fresh key for a new store.
    ///
    /// # Errors
    /// The operating system's source of randomness failed.
    pub(crate) fn generate() -> Result<[u8; Self::KEY_LENGTH], std::io::Error> {
        let mut key = [0; Self::KEY_LENGTH];
        random(&mut key)?;
        Ok(key)
    }

    /// Takes the key of a store.
    ///
    /// # Errors
    /// [`BadSignature`] if it is no key.
    pub(crate) fn new(key: &[u8]) -> Result<Self, BadSignature> {
        let secret = Secret::new(key).map_err(|_| BadSignature)?;
        MacKey::new(Algorithm::Hs256, &secret).map(Self).ok_or(BadSignature)
    }

    /// The seal of a record, 32 bytes, to be stored beside it.
    pub(crate) fn seal(&self, record: &Record, provenance: &Provenance) -> Vec<u8> {
        let columns = columns(record, provenance);
        self.0.sign(&[&columns, &record.content])
    }

    /// Opens a sealed record.
    ///
    /// # Errors
    /// [`BadSignature`] if record or provenance are not what was sealed.
    pub(crate) fn open(
        &self,
        record: Record,
        provenance: Provenance,
        seal: &[u8],
    ) -> Result<Verified<Record>, BadSignature> {
        let columns = columns(&record, &provenance);
        let proof = self.0.verify(&[&columns, &record.content], seal)?;
        Ok(Verified::assertion(record, provenance, proof))
    }
}

/// Every column that delivery relies on, each with its length in front.
fn columns(record: &Record, provenance: &Provenance) -> Vec<u8> {
    let algorithm = provenance.algorithm.map_or("", |algorithm| algorithm.name());
    let signed_at = provenance.signed_at.map(|at| at.millis().to_string()).unwrap_or_default();
    let covered = provenance.covered.join("\n");
    let received_at = provenance.received_at.millis().to_string();
    let parts: [&[u8]; 14] = [
        record.identity.as_bytes(),
        &record.fingerprint,
        record.action.as_bytes(),
        record.event_type.as_bytes(),
        record.subject.as_deref().unwrap_or_default().as_bytes(),
        record.request_id.as_deref().unwrap_or_default().as_bytes(),
        record.problem.as_deref().unwrap_or_default().as_bytes(),
        provenance.endpoint.as_bytes(),
        provenance.profile.as_bytes(),
        provenance.key_id.as_bytes(),
        algorithm.as_bytes(),
        signed_at.as_bytes(),
        received_at.as_bytes(),
        covered.as_bytes(),
    ];
    let mut columns = Vec::with_capacity(256);
    for part in parts {
        columns.extend_from_slice(&(part.len() as u64).to_be_bytes());
        columns.extend_from_slice(part);
    }
    columns
}
