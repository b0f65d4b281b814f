//! How Worldline signs: a digest of the body, and a signature over three headers.

use super::craft::{Crafted, DAY, Headers, named};
use super::fault::Fault;
use super::signer::Signer;
use crate::clock::Timestamp;
use crate::crypto::Digest;
use crate::wire::encoding::Encoding;

pub(super) fn headers(crafted: &Crafted, signer: &Signer, now: Timestamp) -> Result<Headers, String> {
    let shift = match crafted.fault {
        Some(Fault::Stale) => DAY.saturating_neg(),
        Some(Fault::Future) => DAY,
        _ => 0,
    };
    let time = Timestamp::from_millis(now.millis().saturating_add(shift)).to_string();
    let hashed: &[u8] = if crafted.fault == Some(Fault::BadDigest) { b"another body" } else { &crafted.body };
    let digest = format!("SHA-256={}", Encoding::Base64.encode(&Digest::sha256_of(hashed)));
    let id = crafted.request_id();
    let input = format!("messagecreatedatetime: {time}\nx-request-id: {id}\ndigest: {digest}");
    let signature = Encoding::Base64.encode(&crafted.signature(signer, input.as_bytes())?);
    let key_id = signer
        .key_id("--certificate: expected the certificate of --key, which names it to this receiver, but found none")?;
    let header = format!(
        "keyId=\"{key_id}\",algorithm=\"rsa-sha256\",headers=\"messagecreatedatetime x-request-id digest\",signature=\"{signature}\""
    );
    Ok(named(&[
        ("content-type", "application/json"),
        ("x-request-id", id),
        ("messagecreatedatetime", &time),
        ("digest", &digest),
        ("signature", &header),
    ]))
}
