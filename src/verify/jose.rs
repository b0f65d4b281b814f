//! Engine 3: compact JOSE. The profile says where the token stands, how it is nested and how it binds the body; what
//! arrives is held against that and never asked.

use std::sync::{Arc, LazyLock, OnceLock};

use bytes::Bytes;

use super::claims::{self, demand, time};
use super::{MOST_KEYS, Prepared, Verifier, authorization, decryption, fresh};
use crate::clock::Timestamp;
use crate::delivery::Delivery;
use crate::error::{Code, Rejection};
use crate::keys::{DecryptionKeys, Key, KeySet};
use crate::profile::{BodyHash, Demand, Extension, Form, Fresh, Identification, Jose, Nesting};
use crate::signing_input::{BoundInput, SigningInput};
use crate::verified::{Covered, RequestId, Verified};
use crate::verify::journal::Journal;
use crate::wire::GrammarError;
use crate::wire::bearer::bearer;
use crate::wire::jose::{Claim, ClaimSet, CompactJws, JoseHeader, LARGEST_TOKEN};

/// What a JWS covers: its payload and its protected header.
static COVERED: LazyLock<Arc<[Box<str>]>> = LazyLock::new(|| Arc::new(["body".into(), "protected".into()]));

/// One delivery in the hands of this engine.
pub(super) struct Engine<'a> {
    pub(super) verifier: &'a Verifier,
    pub(super) scheme: &'a Jose,
    pub(super) keys: Option<&'a KeySet>,
    pub(super) delivery: &'a Delivery,
}

impl<'a> Engine<'a> {
    pub(super) fn verify(&self, journal: &mut Journal) -> Result<Verified<Covered>, Rejection> {
        authorization::check(self, journal)?;
        match &self.scheme.form {
            Form::Body => self.body(journal),
            Form::Detached { header, .. } => {
                let jws = self.head_token(header)?;
                let (key, input) = self.detached(&jws)?;
                let signed_at = self.signed_at(None, None)?;
                self.finish(jws, key, input, Said { signed_at, ..Said::default() }, journal)
            }
            Form::Token { header, body_hash } => {
                let token = self.head_token(header)?;
                self.token(token, body_hash, journal)
            }
        }
    }

    /// Everything that can be refused without the body.
    pub(super) fn head(&self, journal: &mut Journal) -> Result<(), Rejection> {
        authorization::check(self, journal)?;
        match &self.scheme.form {
            Form::Body => Ok(()),
            Form::Detached { header, .. } | Form::Token { header, .. } => {
                let jws = self.head_token(header)?;
                self.key_of(&jws.header).map(drop)
            }
        }
    }

    fn decryption(&self) -> Option<&DecryptionKeys> {
        self.verifier.decryption.as_deref()
    }

    /// The body is the token.
    fn body(&self, journal: &mut Journal) -> Result<Verified<Covered>, Rejection> {
        let body = &self.delivery.body;
        match self.scheme.nesting {
            Nesting::Jws => self.attached(body, journal),
            Nesting::JweOfJws => {
                // What was decrypted is not verified: it only becomes so as the JWS that it has to be.
                let decrypted = decryption::open(self.decryption(), text(body)?, self.delivery.received_at, journal)?;
                if decrypted.plaintext().iter().filter(|byte| **byte == b'.').count() != 2 {
                    let message = "expected a signed token inside of the encrypted one, but found something else";
                    return Err(Rejection::new(Code::NestingRefused, message));
                }
                self.attached(decrypted.plaintext(), journal)
            }
            Nesting::JwsOfJwe => {
                let verified = self.attached(body, journal)?;
                let at = self.delivery.received_at;
                let inner = decryption::open(self.decryption(), text(&verified.content)?, at, journal)?;
                let (content, fingerprint) = (inner.plaintext().clone(), OnceLock::new());
                let Said { signed_at, id, issuer } = self.claims_of(&content, journal)?;
                // The signature covers the ciphertext, and the ciphertext has one plaintext under the key that fits.
                Ok(verified
                    .map(|covered| Covered { content, fingerprint, request_id: id, issuer, ..covered })
                    .signed_at(signed_at))
            }
        }
    }

    fn attached(&self, token: &Bytes, journal: &mut Journal) -> Result<Verified<Covered>, Rejection> {
        let jws = CompactJws::parse(text(token)?, usize::MAX).map_err(malformed)?;
        if !jws.header.b64 {
            return Err(malformed(GrammarError::expected("a payload in base64url inside of a body", "b64 false")));
        }
        let holds_jwt = jws.header.holds_jwt();
        if holds_jwt && self.scheme.nesting != Nesting::JwsOfJwe {
            return Err(Rejection::new(Code::NestingRefused, "expected content, but found cty JWT: one token more"));
        }
        let key = self.key_of(&jws.header)?;
        let input = SigningInput::attached(token, &jws).map_err(malformed)?;
        if self.scheme.nesting == Nesting::JwsOfJwe {
            return self.finish(jws, key, input, Said::default(), journal);
        }
        let said = self.claims_of(input.content(), journal)?;
        self.finish(jws, key, input, said, journal)
    }

    /// Appendix F of RFC 7515: the payload is what the profile's template makes of the delivery.
    fn detached(&self, jws: &CompactJws<'_>) -> Result<(Vec<&'a Key>, BoundInput), Rejection> {
        let Form::Detached { header, input: template, unencoded } = &self.scheme.form else {
            return Err(malformed(GrammarError::expected("a detached payload", "another form")));
        };
        if !jws.payload.is_empty() {
            // Two payloads, one signed and one acted on, is the oldest trick with this form.
            return Err(malformed(GrammarError::expected("an empty payload between two dots", "one of its own")));
        }
        if jws.header.b64 == *unencoded {
            let expected = if *unencoded { "b64 false in crit" } else { "no b64 false" };
            return Err(malformed(GrammarError::expected(expected, "the other")));
        }
        let key = self.key_of(&jws.header)?;
        let mut input = SigningInput::new();
        if *unencoded {
            input.push(jws.protected.as_bytes());
            input.push(b".");
        }
        let bound = super::body_signature::template(
            self.verifier,
            template,
            header,
            self.delivery,
            input,
            SigningInput::payload,
        )?;
        Ok((key, if *unencoded { bound } else { bound.behind(jws.protected) }))
    }

    /// A JWT in a header, bound to the body by a claim.
    fn token(
        &self,
        jws: CompactJws<'_>,
        body_hash: &BodyHash,
        journal: &mut Journal,
    ) -> Result<Verified<Covered>, Rejection> {
        if jws.header.holds_jwt() || !jws.header.b64 {
            return Err(Rejection::new(
                Code::NestingRefused,
                "expected a token with claims, but found another token in it",
            ));
        }
        let key = self.key_of(&jws.header)?;
        let payload = jws.decode_payload().map_err(malformed)?;
        let said = self.claims_of(&payload, journal)?;
        let claims = ClaimSet::parse(&payload).map_err(malformed)?;
        let name = &*body_hash.claim;
        let claimed = demand(name, Demand::Required, claims.text(name))?.unwrap_or_default();
        let bare = match &body_hash.prefix {
            Some(prefix) => claimed.strip_prefix(&**prefix).unwrap_or_default(),
            None => &claimed,
        };
        let claimed = body_hash
            .encoding
            .decode(bare, body_hash.hash.length())
            .map_err(|error| Rejection::new(Code::DigestMalformed, format!("claim {name}: {error}")))?;
        let mut input = SigningInput::new();
        input.push(jws.signing_input.as_bytes());
        let input = input.hash(&self.delivery.body, body_hash.hash, &claimed)?;
        journal.note(|| format!("claim {name} is the hash of the body"));
        self.finish(jws, key, input, said, journal)
    }

    /// The token in a header, in compact form.
    fn head_token(&self, header: &str) -> Result<CompactJws<'a>, Rejection> {
        let value = self.delivery.header(header)?.ok_or_else(|| {
            Rejection::new(Code::SignatureMissing, format!("expected a token in {header}, but found none"))
        })?;
        let value = if header == "authorization" { bearer(value).map_err(malformed)? } else { value };
        CompactJws::parse(value, LARGEST_TOKEN).map_err(malformed)
    }

    /// The keys a header speaks of: the one it names, or those of its algorithm if it names none.
    pub(super) fn key_of(&self, header: &JoseHeader) -> Result<Vec<&'a Key>, Rejection> {
        self.admit(header, &self.scheme.typ)?;
        self.extensions(header)?;
        self.keys_named(header)
    }

    /// The algorithm belongs to the key; the header's is only compared with it.
    pub(super) fn keys_named(&self, header: &JoseHeader) -> Result<Vec<&'a Key>, Rejection> {
        let at = self.delivery.received_at;
        let Some(keys) = self.keys else {
            return Err(Rejection::new(Code::KeyUnknown, "expected keys, but found none"));
        };
        let Some(kid) = &header.kid else {
            let found: Vec<_> =
                keys.live(at).filter(|key| key.algorithm().name() == &*header.alg).take(MOST_KEYS).collect();
            if found.is_empty() {
                return Err(Rejection::new(
                    Code::AlgorithmRefused,
                    "expected the algorithm of a key in force, but found another",
                ));
            }
            return Ok(found);
        };
        let key = keys.find(kid, at).ok_or_else(|| {
            let message = format!("expected the id of a key in force, but found {} bytes that name none", kid.len());
            Rejection::new(Code::KeyUnknown, message)
        })?;
        if key.algorithm().name() != &*header.alg {
            let message = format!("expected {}, the algorithm of the key, but found another", key.algorithm());
            return Err(Rejection::new(Code::AlgorithmRefused, message));
        }
        Ok(vec![key])
    }

    pub(super) fn admit(&self, header: &JoseHeader, types: &crate::profile::Types) -> Result<(), Rejection> {
        if !header.typ_is(&types.accepted).unwrap_or(types.may_be_absent) {
            let message = format!("expected typ {}, but found another or none", types.accepted.join(" or "));
            return Err(Rejection::new(Code::TokenTypeRefused, message));
        }
        if header.addresses.iter().any(|found| self.scheme.address.as_ref() != Some(found)) {
            return Err(malformed(GrammarError::expected(
                "no address of keys but the configured one",
                "another in jku or x5u",
            )));
        }
        Ok(())
    }

    fn extensions(&self, header: &JoseHeader) -> Result<(), Rejection> {
        let known = &self.scheme.critical;
        let listed = |name: &str| header.critical.iter().any(|listed| **listed == *name);
        if header.critical.len() != known.len() || !known.iter().all(|(name, _)| listed(name)) {
            return Err(malformed(GrammarError::expected("the extensions of this sender in crit", "others")));
        }
        let leeway = self.scheme.claims.as_ref().map_or(fresh::AHEAD, |rules| rules.leeway);
        let holds = |(name, extension): &(Box<str>, Extension)| match extension {
            Extension::Equals(expected) => header.extension_is(name, expected),
            Extension::Past => header
                .extension(name)
                .and_then(|raw| raw.parse::<u32>().ok().map(i64::from))
                .is_some_and(|at| Timestamp::from_seconds(at).since(self.delivery.received_at) <= leeway),
        };
        match known.iter().find(|one| !holds(one)) {
            Some((name, _)) => {
                Err(Rejection::new(Code::ClaimMismatch, format!("expected {name} as configured, but found another")))
            }
            None => Ok(()),
        }
    }

    /// What the claims say, once they are what the profile demands: the signed time, and the id if one is wanted.
    fn claims_of(&self, payload: &[u8], journal: &mut Journal) -> Result<Said, Rejection> {
        let Some(rules) = &self.scheme.claims else {
            return Ok(Said { signed_at: self.signed_at(None, None)?, ..Said::default() });
        };
        let claims = ClaimSet::parse(payload).map_err(malformed)?;
        let iat = claims::check(rules, &claims, self.delivery.received_at)?;
        let id = match &self.verifier.profile.identification {
            Identification::Claim { name, required } => {
                let demanded = if *required { Demand::Required } else { Demand::Optional };
                demand(name, demanded, claims.text(name))?.map(|id| readable(name, &id)).transpose()?
            }
            _ => None,
        };
        let signed_at = self.signed_at(Some(&claims), iat)?;
        journal.note(|| claims::account(rules, &claims, self.delivery.received_at));
        let issuer = match (&id, claims.text("iss")) {
            (Some(_), Claim::Value(iss)) => Some(Box::from(&*iss)),
            _ => None,
        };
        Ok(Said { signed_at, id, issuer })
    }

    fn signed_at(&self, claims: Option<&ClaimSet<'_>>, iat: Option<Timestamp>) -> Result<Option<Timestamp>, Rejection> {
        let (now, tolerance) = (self.delivery.received_at, self.verifier.profile.tolerance);
        match &self.verifier.profile.fresh {
            Fresh::Off | Fresh::Unsaid | Fresh::Expiry | Fresh::Issued | Fresh::Member(_) => Ok(iat),
            Fresh::Header(name) => fresh::check(self.delivery.header(name)?, name, now, tolerance).map(Some),
            Fresh::Claim(name) => {
                let at = claims.map(|claims| time(name, Demand::Required, claims)).transpose()?.flatten();
                let missing =
                    || Rejection::new(Code::TimestampMissing, format!("expected a time in {name}, but found none"));
                fresh::within(at.ok_or_else(missing)?, name, now, tolerance).map(Some)
            }
        }
    }

    fn finish(
        &self,
        jws: CompactJws<'_>,
        keys: Vec<&Key>,
        input: BoundInput,
        said: Said,
        journal: &mut Journal,
    ) -> Result<Verified<Covered>, Rejection> {
        let Said { signed_at, id, issuer } = said;
        let prepared =
            Prepared { input, keys, signatures: vec![jws.signature], signed_at, covered: Arc::clone(&COVERED) };
        let verified = self.verifier.verify_signature(prepared, self.delivery)?;
        journal.note(|| {
            let typ = jws.header.typ.as_deref().unwrap_or("none");
            format!("JWS {}, key {}, typ {typ}", jws.header.alg, verified.provenance().key_id)
        });
        Ok(verified.map(|covered| Covered { request_id: id, issuer, ..covered }))
    }
}

/// What the claims of a token say, as far as anybody asks.
#[derive(Debug, Default)]
struct Said {
    signed_at: Option<Timestamp>,
    id: Option<RequestId>,
    issuer: Option<Box<str>>,
}

fn readable(name: &str, id: &str) -> Result<RequestId, Rejection> {
    if id.len() > super::LONGEST_ID || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("expected at most 255 visible bytes in claim {name}, but found others");
        return Err(Rejection::new(Code::ClaimOutOfRange, message));
    }
    Ok(RequestId::new(id, true))
}

pub(super) fn text(token: &Bytes) -> Result<&str, Rejection> {
    std::str::from_utf8(token).map_err(|_| malformed(GrammarError::expected("a compact token", "bytes that are none")))
}

pub(super) fn malformed(error: GrammarError) -> Rejection {
    Rejection::new(Code::TokenMalformed, error.to_string())
}
