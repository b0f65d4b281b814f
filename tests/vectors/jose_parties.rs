//! What the vectors of JOSE have in common: an engine with the keys of a row, and a delivery that holds its token.

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::Timestamp;
use countersign::crypto::{Algorithm, Backend};
use countersign::delivery::Delivery;
use countersign::error::{Code, ConfigError};
use countersign::keys::{DecryptingKey, DecryptionKeys, Key, KeyError, KeySet, jwk, read_decryption};
use countersign::profile::{Form, Identification, Jose, Nesting, Profile, Types};
use countersign::verify::Verifier;
use serde_json::Value;

/// What a private JWK has and a public one has not.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// The public half of a JWK, or of each key of a set.
pub fn public(jwk: &Value) -> Value {
    match jwk {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !PRIVATE.contains(&&***name))
            .map(|(n, v)| (n.clone(), public(v)))
            .collect(),
        Value::Array(keys) => keys.iter().map(public).collect(),
        other => other.clone(),
    }
}

/// The keys of a JWK or a set, as an operator would hand them over.
pub fn keys(backend: Backend, jwk: &Value, demanded: Option<Algorithm>) -> Result<KeySet, KeyError> {
    let keys: Vec<Key> = jwk::read_set(backend, jwk.to_string().as_bytes(), demanded)?;
    KeySet::new(keys)
}

/// Private keys, each for every algorithm that it can have: the vectors show what the algorithms do, not our defaults.
pub fn decryption(jwk: &Value) -> Result<DecryptionKeys, KeyError> {
    use countersign::crypto::{ContentEncryption, KeyManagement};
    let mut keys = Vec::new();
    for (id, key) in read_decryption(jwk.to_string().as_bytes())? {
        let management: Vec<_> = KeyManagement::ALL.iter().copied().filter(|one| key.takes(*one)).collect();
        keys.push(DecryptingKey::new(id, key, management, ContentEncryption::ALL)?);
    }
    DecryptionKeys::new(keys)
}

/// A body that is a token around something that is no JWT, of any type and any age.
pub fn bare(nesting: Nesting) -> Jose {
    let mut scheme = Jose::new(Form::Body, None);
    scheme.nesting = nesting;
    scheme.typ = Types { accepted: ["JWT", "JOSE", "JOSE+JSON"].map(Into::into).to_vec(), may_be_absent: true };
    scheme
}

pub fn engine(scheme: Jose, keys: KeySet, decryption: Option<DecryptionKeys>) -> Result<Verifier, ConfigError> {
    let profile = Profile::jose(scheme, Identification::Fingerprint);
    let profile = profile.accepting_messages_of_any_age().accepting_tokens_for_others();
    let builder = Endpoint::builder("bank", profile).keys(keys);
    match decryption {
        Some(decryption) => builder.decryption_keys(decryption).verifier(),
        None => builder.verifier(),
    }
}

pub fn delivery(headers: &[(&str, &[u8])], body: &[u8], at: Timestamp) -> Option<Delivery> {
    let mut request = http::Request::post("/hooks").header("host", "hooks.example");
    for (name, value) in headers {
        // What is no header value is refused by every HTTP server.
        request = request.header(*name, http::HeaderValue::from_bytes(value).ok()?);
    }
    Some(Delivery::new(request.body(Bytes::copy_from_slice(body)).unwrap(), "", at))
}

/// The content of a token in a body, or why there is none.
pub fn content(verifier: &Verifier, token: &str, at: Timestamp) -> Result<Bytes, Code> {
    let delivery = delivery(&[], token.as_bytes(), at).unwrap();
    match verifier.verify(&delivery) {
        Ok(verified) => Ok(verified.content().clone()),
        Err(rejection) => Err(rejection.code()),
    }
}
