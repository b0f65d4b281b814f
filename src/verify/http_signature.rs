//! Engine 2: draft-cavage-http-signatures-12 with a `Digest`. The signing string is built from the list that was
//! received, and that list has to hold what the profile demands.

use std::sync::Arc;

use http::Method;

use super::{Prepared, Verifier, fresh};
use crate::clock::Timestamp;
use crate::crypto::Algorithm;
use crate::delivery::Delivery;
use crate::error::{Code, Rejection};
use crate::keys::{Key, KeySet};
use crate::profile::{Fresh, HttpSignature, KeyIdMatch, Presence};
use crate::signing_input::SigningInput;
use crate::wire::cavage::CavageSignature;
use crate::wire::digest::DigestHeader;
use crate::wire::encoding::Encoding;

/// Largest signature, in bytes: RSA-8192.
const LARGEST_SIGNATURE: usize = 1024;

/// What the head of a message says, before its body is looked at.
pub(super) struct Head<'k, 'd> {
    signature: CavageSignature<'d>,
    key: &'k Key,
    raw: Vec<u8>,
    claimed: DigestHeader,
    signed_at: Option<Timestamp>,
}

/// Everything that can be refused without the body; `None` if the message is not signed and need not be.
pub(super) fn head<'k, 'd>(
    verifier: &Verifier,
    scheme: &HttpSignature,
    keys: Option<&'k KeySet>,
    delivery: &'d Delivery,
) -> Result<Option<Head<'k, 'd>>, Rejection> {
    let header = delivery.header("signature")?;
    let digest = delivery.header("digest")?;
    let header = match (header, digest, scheme.presence) {
        (Some(header), _, _) => header,
        (None, None, Presence::IfPresent) => return Ok(None),
        (None, _, _) => {
            return Err(Rejection::new(Code::SignatureMissing, "expected a signature header, but found none"));
        }
    };
    let signature =
        CavageSignature::parse(header).map_err(|error| Rejection::new(Code::SignatureMalformed, error.to_string()))?;
    demand_cover(scheme, &signature)?;
    let created = created_and_expires(verifier, &signature, delivery.received_at)?;
    let signed_at = signed_at(verifier, &signature, delivery)?.or(created);
    let key = key(scheme, keys, &signature, delivery)?;
    demand_algorithm(scheme, &signature, key.algorithm())?;
    let raw = Encoding::Base64
        .decode(signature.signature, LARGEST_SIGNATURE)
        .map_err(|error| Rejection::new(Code::SignatureMalformed, error.to_string()))?;

    let digest =
        digest.ok_or_else(|| Rejection::new(Code::DigestMissing, "expected a digest header, but found none"))?;
    let claimed =
        DigestHeader::parse(digest).map_err(|error| Rejection::new(Code::DigestMalformed, error.to_string()))?;
    Ok(Some(Head { signature, key, raw, claimed, signed_at }))
}

/// What stands in the message, ready for the cryptography.
pub(super) fn prepare<'k>(
    verifier: &Verifier,
    scheme: &HttpSignature,
    keys: Option<&'k KeySet>,
    delivery: &Delivery,
) -> Result<Option<Prepared<'k>>, Rejection> {
    let Some(Head { signature, key, raw, claimed, signed_at }) = head(verifier, scheme, keys, delivery)? else {
        return Ok(None);
    };
    let input = signing_string(scheme, &signature, delivery)?.digest(&delivery.body, &claimed)?;
    let names = || std::iter::once("body").chain(signature.headers.iter().copied());
    let is_usual = verifier.covered.iter().map(|name| &**name).eq(names());
    let covered = if is_usual { Arc::clone(&verifier.covered) } else { names().map(Into::into).collect() };
    Ok(Some(Prepared { input, keys: vec![key], signatures: vec![raw], signed_at, covered }))
}

/// Section 2.3: one line per listed name, without a last line feed.
fn signing_string(
    scheme: &HttpSignature,
    signature: &CavageSignature<'_>,
    delivery: &Delivery,
) -> Result<SigningInput, Rejection> {
    let mut input = SigningInput::new();
    for (index, name) in signature.headers.iter().enumerate() {
        if index > 0 {
            input.push(b"\n");
        }
        input.push(name.as_bytes());
        input.push(b": ");
        match *name {
            "(request-target)" => push_request_target(&mut input, delivery),
            "(created)" => input.push(integer(signature.created).as_bytes()),
            "(expires)" => input.push(integer(signature.expires).as_bytes()),
            name => {
                // A name that the sender made up does not go into the log.
                let known = scheme.cover.iter().find(|known| &***known == name).map_or("of its list", |known| &**known);
                let value = delivery.header(name).map_err(|rejection| {
                    Rejection::new(rejection.code(), format!("expected one readable header {known}, but found another"))
                })?;
                let value = value.ok_or_else(|| {
                    let message = format!("expected the signed header {known}, but found none");
                    Rejection::new(Code::CoveredHeaderMissing, message)
                })?;
                input.push_header(name, value);
            }
        }
    }
    Ok(input)
}

/// Section 2.3 item 1: the method in lower case, and the target as it was sent.
fn push_request_target(input: &mut SigningInput, delivery: &Delivery) {
    match delivery.method {
        Method::POST => input.push(b"post"),
        ref method => input.push(method.as_str().to_ascii_lowercase().as_bytes()),
    }
    input.push(b" ");
    input.push(delivery.path.as_bytes());
    if let Some(query) = &delivery.query {
        input.push(b"?");
        input.push(query.as_bytes());
    }
}

fn integer(value: Option<i64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn demand_cover(scheme: &HttpSignature, signature: &CavageSignature<'_>) -> Result<(), Rejection> {
    let missing = scheme.cover.iter().find(|name| !signature.headers.contains(&&***name));
    match missing {
        Some(name) => Err(Rejection::new(
            Code::CoverInsufficient,
            format!("expected a signature that covers {name}, but found one that leaves it out"),
        )),
        None => Ok(()),
    }
}

/// Section 2.1.4 and 2.1.5, and section 2.3 items 2 and 3, read with `(expires)` meaning the parameter of that name.
fn created_and_expires(
    verifier: &Verifier,
    signature: &CavageSignature<'_>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Rejection> {
    let malformed = |message| Rejection::new(Code::SignatureMalformed, message);
    let lists = |name: &str| signature.headers.contains(&name);
    let old_algorithm = signature.algorithm.is_some_and(|name| {
        let begins = |prefix: &str| name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix));
        ["rsa", "hmac", "ecdsa"].into_iter().any(begins)
    });
    for (name, value) in [("(created)", signature.created), ("(expires)", signature.expires)] {
        if lists(name) && old_algorithm {
            return Err(malformed(format!("expected no {name} beside an algorithm of the older drafts, but found it")));
        }
        if lists(name) && value.is_none() {
            return Err(malformed(format!("expected a parameter for {name}, but found none")));
        }
    }
    if let Some(expires) = signature.expires {
        if signature.created.is_some_and(|created| expires <= created) {
            return Err(malformed("expected an end after the creation, but found one before it".to_owned()));
        }
        if Timestamp::from_seconds(expires) < now {
            return Err(Rejection::new(
                Code::TimestampStale,
                "expected a signature in force, but found an expired one",
            ));
        }
    }
    let Some(created) = signature.created.map(Timestamp::from_seconds) else { return Ok(None) };
    let age = if verifier.profile.fresh == Fresh::Off { std::time::Duration::MAX } else { verifier.profile.tolerance };
    fresh::within(created, "(created)", now, age)?;
    Ok(lists("(created)").then_some(created))
}

fn signed_at(
    verifier: &Verifier,
    signature: &CavageSignature<'_>,
    delivery: &Delivery,
) -> Result<Option<Timestamp>, Rejection> {
    let (now, tolerance) = (delivery.received_at, verifier.profile.tolerance);
    match &verifier.profile.fresh {
        Fresh::Off | Fresh::Unsaid | Fresh::Claim(_) | Fresh::Expiry | Fresh::Issued => Ok(None),
        // The builder has checked that the signature has to cover this name.
        Fresh::Header(name) if &**name == "(created)" => {
            fresh::check(Some(&integer(signature.created)), name, now, tolerance).map(Some)
        }
        Fresh::Header(name) | Fresh::Member(name) => {
            fresh::check(delivery.header(name)?, name, now, tolerance).map(Some)
        }
    }
}

fn key<'k>(
    scheme: &HttpSignature,
    keys: Option<&'k KeySet>,
    signature: &CavageSignature<'_>,
    delivery: &Delivery,
) -> Result<&'k Key, Rejection> {
    let at = delivery.received_at;
    let key = keys.and_then(|keys| match scheme.key_id {
        KeyIdMatch::Exact => keys.find(signature.key_id, at),
        KeyIdMatch::Hex => keys.find_hex(signature.key_id, at),
    });
    key.ok_or_else(|| {
        Rejection::new(
            Code::KeyUnknown,
            format!("expected the id of a key in force, but found {} bytes that name none", signature.key_id.len()),
        )
    })
}

/// Section 2.1.3: the algorithm comes from the key; the parameter is only compared, and `hs2019` says nothing.
fn demand_algorithm(
    scheme: &HttpSignature,
    signature: &CavageSignature<'_>,
    algorithm: Algorithm,
) -> Result<(), Rejection> {
    let Some(label) = signature.algorithm else { return Ok(()) };
    let registered = match algorithm {
        Algorithm::Rs256 => "rsa-sha256",
        Algorithm::Rs384 => "rsa-sha384",
        Algorithm::Rs512 => "rsa-sha512",
        Algorithm::Es256 => "ecdsa-sha256",
        Algorithm::Es384 => "ecdsa-sha384",
        Algorithm::Es512 => "ecdsa-sha512",
        Algorithm::Hs256 => "hmac-sha256",
        Algorithm::Hs384 => "hmac-sha384",
        Algorithm::Hs512 => "hmac-sha512",
        Algorithm::EdDsa => "ed25519",
        Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 => "hs2019",
    };
    let alias = scheme.aliases.iter().any(|(alias, of)| *alias == label && *of == algorithm);
    if label == "hs2019" || label == registered || alias {
        return Ok(());
    }
    Err(Rejection::new(
        Code::AlgorithmRefused,
        format!("expected {registered} for a key of {algorithm}, but found another"),
    ))
}
