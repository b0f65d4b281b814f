//! What we say to an upstream about who was verified: a JWT (RFC 7519) that only holders of the sink's secret can make. The
//! rule: it names the body by its digest and the sink that it is for, and ends soon, so that it proves nothing else.
//!
//! What the same secret signs as a webhook begins with an event's id in hexadecimal, and this with `eyJ`: neither can be
//! taken for the other.

use serde_json::json;

use crate::clock::Timestamp;
use crate::crypto::MacKey;
use crate::once::Once;
use crate::wire::encoding::Encoding;

/// How long it is worth something, in seconds.
const LIFETIME: i64 = 60;

/// The statement about one event, for the sink of this name.
pub(super) fn statement(key: &MacKey, sink: &str, once: &Once, now: Timestamp) -> String {
    let (event, provenance) = (once.event(), once.event().provenance());
    let claims = json!({
        "iss": "countersign", "aud": sink, "iat": now.seconds(), "exp": now.seconds().saturating_add(LIFETIME),
        "jti": once.id().as_str(), "endpoint": &*provenance.endpoint, "action": once.action(),
        "type": event.event_type().as_str(), "subject": event.subject(), "requestid": once.request_id(),
        "provider": &*provenance.profile, "keyid": &*provenance.key_id,
        "algorithm": provenance.algorithm.map_or("bearer", |algorithm| algorithm.name()),
        "covered": &*provenance.covered,
        "signedat": provenance.signed_at.map(|at| at.to_string()),
        "receivedat": provenance.received_at.to_string(),
        "fingerprint": Encoding::Hex.encode(once.fingerprint()),
    });
    let part = |text: &str| Encoding::Base64Url.encode(text.as_bytes());
    let signed = format!("{}.{}", part(r#"{"alg":"HS256","typ":"countersign+jwt"}"#), part(&claims.to_string()));
    let tag = Encoding::Base64Url.encode(&key.sign(&[signed.as_bytes()]));
    format!("{signed}.{tag}")
}
